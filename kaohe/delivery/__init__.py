"""Delivery: what was published goes to those named in HOME/delivery.yml, once. Without that file nothing is sent.

A delivery is due while the log has no ``sent`` of it for the act that made the publication current; only the
publication in force is ever delivered, and the home's lock is held meanwhile, so two runs never send twice.
"""

from dataclasses import dataclass, field
from pathlib import Path

from kaohe.corrections import nearest
from kaohe.delivery.channels import Channel, Sending
from kaohe.delivery.config import DELIVERY_FILE, Config, read_config
from kaohe.delivery.letters import Letters
from kaohe.delivery.log import Log
from kaohe.delivery.parcels import MAIL, WEBHOOK, Parcel, Plan, plan
from kaohe.errors import KaoheError
from kaohe.proceedings import Proceedings, look_up, proceedings
from kaohe.publication import in_force
from kaohe.secrets import Secrets
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
    def exit_code(self) -> int:
        """0 all is well, 3 something needs a look."""
        return 3 if self.failed or self.doubtful or self.wrong else 0


class Delivery:
    """The deliveries of a home's year (the latest published).

    Raises ``KaoheError`` for a mistake in the delivery file, before anything is started.
    """

    def __init__(self, home: Path, year: int | None = None) -> None:
        self.home, self.year, self.file = home, year, home / DELIVERY_FILE
        self.config: Config | None = read_config(self.file) if self.file.exists() else None

    def must_be_configured(self) -> Config:
        """The delivery file. Raises ``KaoheError`` if there is none."""
        if self.config is None:
            raise KaoheError("delivery_none", path=self.file)
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
        """All parcels, and what the log says of them. Raises ``KaoheError`` if nothing was published."""
        found = look_up(self.home, self._year)
        return self._plan(found), Log.read(found.folder)

    def deliver(self, again: str | None = None) -> Delivered:
        """Send what is due; or to the recipient ``again`` all that is meant for them, whatever the log says.

        Raises ``KaoheError``, before anything is sent, if that cannot be done at all.
        """
        if self.config is None:
            return Delivered()
        with proceedings(self.home, self._year) as found:
            made, log = self._plan(found), Log.read(found.folder)
            due = _addressed(made.parcels, again) if again else [p for p in made.parcels if log.state(p) in _DUE]
            letters = Letters(made)
            for parcel in due:
                letters.of(parcel)  # a mistake in their words is found now
            failed: dict[Parcel, str] = {}
            for channel, parcels in self._channels(due, letters):
                sending = Sending(channel, parcels, log)
                sending.hand_over()
                failed |= sending.failed
            return _outcome(made, log, due, failed)

    def afterwards(self) -> Delivered:
        """``deliver`` once something was published: whatever hinders it is said, and undoes nothing."""
        try:
            return self.deliver()
        except KaoheError as error:
            return Delivered(wrong=[str(error)])

    @property
    def _year(self) -> int:
        return self.year or int(in_force(self.home).parent.name)

    def _plan(self, found: Proceedings) -> Plan:
        return plan(found, self.must_be_configured(), self.file)

    def _channels(self, due: list[Parcel], letters: Letters) -> list[tuple[Channel, list[Parcel]]]:
        """Each channel that has something to do, and what."""
        config, secrets = self.must_be_configured(), Secrets()
        channels: list[tuple[Channel, list[Parcel]]] = []
        if config.mail and (mails := [parcel for parcel in due if parcel.channel == MAIL]):
            from kaohe.delivery.mail import Mailer

            channels.append((Mailer(config.mail, letters, secrets), mails))
        for hook in config.webhooks:
            if notes := [parcel for parcel in due if parcel.channel == WEBHOOK and parcel.recipient == hook.name]:
                from kaohe.delivery.webhook import Robot

                channels.append((Robot(hook, letters, secrets), notes))
        return channels


#: What is tried without being asked: never what may have arrived.
_DUE = ("due", "failed")


def _addressed(parcels: list[Parcel], recipient: str) -> list[Parcel]:
    """All for a recipient. Raises ``KaoheError`` with the nearest ones if there is nothing for them."""
    known = list(dict.fromkeys(parcel.recipient for parcel in parcels))
    if recipient not in known:
        raise KaoheError("delivery_recipient", recipient=recipient, near=nearest(recipient, known) or "—")
    return [parcel for parcel in parcels if parcel.recipient == recipient]


def _outcome(made: Plan, log: Log, due: list[Parcel], failed: dict[Parcel, str]) -> Delivered:
    outcome = Delivered(failed=failed, wrong=made.wrong)
    for parcel in made.parcels:
        match log.state(parcel):
            case "sent":
                (outcome.sent if parcel in due else outcome.before).append(parcel)
            case "doubtful":
                entry = log.entry(parcel)
                outcome.doubtful[parcel] = (entry and entry.why) or say("delivery_broken_off")
    return outcome
