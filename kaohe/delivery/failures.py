"""Notices that a night's run has failed, or could not reach something: to those named under ``failures`` in the
delivery file, once for each run, with the first sentence of what was wrong."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kaohe import clock
from kaohe.delivery.channels import Sending
from kaohe.delivery.config import DELIVERY_FILE, plain, read_config
from kaohe.delivery.letters import Letter, read_template
from kaohe.delivery.log import Log
from kaohe.delivery.parcels import MAIL, WEBHOOK, Parcel
from kaohe.delivery.ways import ways
from kaohe.errors import KaoheError
from kaohe.journal import LOGS
from kaohe.publishing.prose import fill
from kaohe.safely import append
from kaohe.words import language, say

#: What a parcel holds that is such a notice.
FAILURE = "failure"
NAME = "notices.jsonl"
_FIRST = re.compile(r".*?(?:。|\.(?=\s|$))|.+")


@dataclass(frozen=True)
class Failure:
    """What went wrong. ``about``: what must not be told twice, a year of a run or of a night that was missed;
    ``sentences``: all that was wrong, the worst first; ``run``: its number in the journal, if there is one."""

    about: str
    year: int | None
    sentences: list[str]
    run: str = "—"

    @property
    def first(self) -> str:
        """The first sentence of the worst."""
        found = _FIRST.match(plain(self.sentences[0]))
        return found[0] if found else ""


class FailureLetters:
    """What the notices of one failure say, in the language of the run."""

    def __init__(self, failure: Failure, home: Path) -> None:
        self.file, template = read_template()
        self.at: datetime = clock.now()
        self.wording = (template.zh if language() == "zh" else template.en).failure
        self.values = {
            "year": failure.year or say("failure_every_year"),
            "run": failure.run,
            "at": f"{self.at:%Y-%m-%d %H:%M}",
            "sentence": failure.first,
            "count": len(failure.sentences),
            "home": home.resolve().name,
        }

    def of(self, parcel: Parcel) -> Letter:
        body = [fill(self.file, line.text, **self.values) for line in self.wording.body]
        return Letter(fill(self.file, self.wording.subject, **self.values), "\n".join(body) + "\n")


class _Tolerant(Log):
    """The log of notices. One that cannot be written, on a full disk, keeps no notice back."""

    def _write(self, line: bytes) -> None:
        with suppress(OSError):
            append(self.path, line, 0o600)


def tell(home: Path, failure: Failure) -> dict[str, str]:
    """Tell those who are to know, unless they have been told. Gives who could not be told, and why.

    Raises ``KaoheError`` for a mistake in the delivery file.
    """
    file = home / DELIVERY_FILE
    if not file.exists():
        return {}
    config = read_config(file)
    about = Path(failure.about)
    hooks = config.failures.webhooks
    parcels = [Parcel(MAIL, recipient, FAILURE, 0, about) for recipient in config.failures.mail]
    parcels += [Parcel(WEBHOOK, hook.name, FAILURE, 0, about) for hook in hooks]
    log = _read(home)
    due = [parcel for parcel in parcels if log.state(parcel) != "sent"]
    letters = FailureLetters(failure, home)
    for channel, waiting in ways(config.mail, hooks, due, letters):
        Sending(channel, waiting, log).hand_over()
    return {parcel.recipient: (entry.why if (entry := log.entry(parcel)) else "") for parcel in due
            if log.state(parcel) != "sent"}  # fmt: skip


def _read(home: Path) -> Log:
    """The log; one that cannot be read is as good as none: better told twice than never."""
    try:
        return _Tolerant.read(home / LOGS, NAME)
    except (KaoheError, OSError):
        return _Tolerant(home / LOGS / NAME)
