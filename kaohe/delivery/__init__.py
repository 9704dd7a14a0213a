"""Delivery: what was published goes to those named in HOME/delivery.yml, once. Without that file nothing is sent.

A delivery is due while the log has no ``sent`` of it for the act that made the publication current; only the
publication in force is ever delivered, and the home's lock is held meanwhile, so two runs never send twice.
"""

from dataclasses import dataclass, field
from pathlib import Path

from kaohe.delivery.channels import Sending
from kaohe.delivery.config import DELIVERY_FILE, Config, read_config
from kaohe.delivery.letters import Letters, read_template
from kaohe.delivery.log import Log
from kaohe.delivery.parcels import Parcel, Plan, plan
from kaohe.delivery.ways import ways
from kaohe.errors import KaoheError, from_os_error, keep_traceback, nearest
from kaohe.homelock import WAIT_SECONDS
from kaohe.lifecycle.proceedings import Proceedings, look_up, proceedings
from kaohe.project import Project
from kaohe.publication import in_force
from kaohe.words import say


@dataclass
class Delivered:
    """What came of it. ``sent``: now, ``before``: earlier; ``failed`` and ``doubtful``: why; ``wrong``: what could not
    even be tried, in sentences."""

    sent: list[Parcel] = field(default_factory=list)
    before: list[Parcel] = field(default_factory=list)
    failed: dict[Parcel, str] = field(default_factory=dict)
    doubtful: dict[Parcel, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """How many were reached, without a name."""
        counts = {name: len(getattr(self, name)) for name in ("sent", "before", "failed", "doubtful")}
        return say("delivery_count", **counts) if any(counts.values()) else say("delivery_nothing")

    @property
    def errors(self) -> list[str]:
        """What could not be tried, and who was not reached, in sentences."""
        return [*(say("delivery_wrong", sentence=sentence) for sentence in self.wrong),
                *(say("delivery_failed", **_told(parcel), why=why) for parcel, why in self.failed.items())]  # fmt: skip

    @property
    def doubts(self) -> list[str]:
        """Who may have been reached, in sentences."""
        return [say("delivery_doubtful", **_told(parcel), why=why) for parcel, why in self.doubtful.items()]

    @property
    def troubles(self) -> list[str]:
        """All that needs a look."""
        return self.errors + self.doubts

    @property
    def exit_code(self) -> int:
        """0 all is well, 3 something needs a look."""
        return 3 if self.troubles else 0


def _told(parcel: Parcel) -> dict[str, str]:
    return {"recipient": parcel.recipient, "what": parcel.contents}


class Delivery:
    """The deliveries of a home's year (the latest published). ``again``: only to this recipient, once more;
    ``wait_seconds``: how long for the home's lock.

    Raises ``KaoheError`` for a mistake in the delivery file or in the words of the letters, before anything is started.
    """

    def __init__(
        self, home: Path, year: int | None = None, again: str | None = None, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.home, self.year, self.again, self.file = home, year, again, home / DELIVERY_FILE
        self.wait_seconds = wait_seconds
        self.config: Config | None = read_config(self.file) if self.file.exists() else None
        if self.config:
            read_template()

    def must_be_configured(self) -> Config:
        """The delivery file. Raises ``KaoheError`` if there is none."""
        if self.config is None:
            raise KaoheError("delivery_none", path=self.file, example=Project.shipped().example("delivery"))
        return self.config

    @property
    def outstanding(self) -> bool:
        """Something is to be sent, or to be looked at."""
        if self.config is None:
            return False
        try:
            made, log = self.look()
        except KaoheError:
            return True
        return bool(made.wrong) or any(log.state(parcel) != "sent" for parcel in made.parcels)

    def look(self) -> tuple[Plan, Log]:
        """All parcels, and what the log says of them.

        Raises ``KaoheError`` if nothing was published, or nothing is meant for whom it should go to again.
        """
        found = look_up(self.home, self._year)
        made, log = self._plan(found), Log.read(found.folder)
        self._due(made, log)
        return made, log

    def deliver(self) -> Delivered:
        """Send what is due; or to the recipient ``again`` what they have not got for certain, and else all.

        Raises ``KaoheError``, before anything is sent, if that cannot be done at all.
        """
        if self.config is None:
            return Delivered()
        with proceedings(self.home, self._year, self.wait_seconds) as found:
            made, log = self._plan(found), Log.read(found.folder)
            due = self._due(made, log)
            letters = Letters(made)
            try:
                config = self.must_be_configured()
                for channel, parcels in ways(config.mail, config.webhooks, due, letters):
                    Sending(channel, parcels, log, found.must_be_held).hand_over()
            except OSError as error:  # nothing goes out that cannot be logged
                made.wrong.append(str(from_os_error(error, log.path)))
            except KeyboardInterrupt:
                made.wrong.append(say("delivery_interrupted"))
            return _outcome(made, log, due)

    def afterwards(self) -> Delivered:
        """``deliver`` once something was published: whatever hinders it is said, and undoes nothing."""
        try:
            return self.deliver()
        except KaoheError as error:
            return Delivered(wrong=[str(error)])
        except KeyboardInterrupt:
            return Delivered(wrong=[say("delivery_interrupted")])
        except Exception as error:
            log = keep_traceback(error)
            return Delivered(wrong=[say("delivery_unexpected", problem=type(error).__name__, log=log)])

    def _due(self, made: Plan, log: Log) -> list[Parcel]:
        """What is to be sent. Raises ``KaoheError`` with the nearest recipients if there is nothing for ``again``."""
        if self.again is None:
            return [parcel for parcel in made.parcels if log.state(parcel) in _DUE]
        known = list(dict.fromkeys(parcel.recipient for parcel in made.parcels))
        if self.again not in known:
            raise KaoheError("delivery_recipient", recipient=self.again, near=nearest(self.again, known) or "—")
        own = [parcel for parcel in made.parcels if parcel.recipient == self.again]
        return [parcel for parcel in own if log.state(parcel) != "sent"] or own

    @property
    def _year(self) -> int:
        return self.year or int(in_force(self.home).parent.name)

    def _plan(self, found: Proceedings) -> Plan:
        return plan(found, self.must_be_configured(), self.file)


#: What is tried without being asked: never what may have arrived.
_DUE = ("due", "failed")


def _outcome(made: Plan, log: Log, due: list[Parcel]) -> Delivered:
    outcome = Delivered(wrong=made.wrong)
    for parcel in made.parcels:
        entry = log.entry(parcel)
        match log.state(parcel):
            case "sent":
                (outcome.sent if parcel in due else outcome.before).append(parcel)
            case "failed":
                outcome.failed[parcel] = entry.why if entry else ""
            case "doubtful":
                outcome.doubtful[parcel] = (entry and entry.why) or say("delivery_broken_off")
    return outcome
