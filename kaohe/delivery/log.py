"""The log of deliveries of a year: who was sent what of which publication, when, and what came of it.

``published/<year>/deliveries.jsonl`` holds one line before and one after each try; a line is only ever added, and is on
the disk before anything goes out. Addresses stand in it as they are, so only its owner may read it (mode 0600).
"""

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Self

from pydantic import TypeAdapter

from kaohe import clock
from kaohe.delivery.parcels import Parcel
from kaohe.errors import KaoheError
from kaohe.safely import add_line, whole_lines

#: ``sending``: it is going out; without an end it is as doubtful as what is said to be ``doubtful``.
Event = Literal["sending", "sent", "failed", "doubtful"]
State = Literal["due", "sent", "failed", "doubtful"]

NAME = "deliveries.jsonl"


@dataclass(frozen=True)
class Entry:
    """One line. ``number``: that of the act that made the publication current; ``files``: their SHA-256."""

    at: str
    event: Event
    channel: str
    recipient: str
    what: str
    number: int
    publication: str
    files: dict[str, str]
    why: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        return self.number, self.publication, self.channel, self.recipient, self.what

    @property
    def state(self) -> State:
        """Where a delivery stands whose last line this is."""
        return "doubtful" if self.event == "sending" else self.event


@dataclass
class Log:
    """The last line of each delivery."""

    path: Path
    last: dict[tuple[object, ...], Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, name: str = NAME) -> Self:
        """The log in ``folder``, for a year its own. Raises ``KaoheError`` naming a line that is none."""
        log = cls(folder / name)
        for number, line in enumerate(whole_lines(log.path), start=1):
            entry = _entry(line)
            if entry is None:
                raise KaoheError("delivery_log_broken", path=log.path, line=number)
            log.last[entry.key] = entry
        return log

    def state(self, parcel: Parcel) -> State:
        """Where the delivery of a parcel stands."""
        entry = self.last.get(parcel.key)
        return entry.state if entry else "due"

    def entry(self, parcel: Parcel) -> Entry | None:
        """The last line about a parcel."""
        return self.last.get(parcel.key)

    def add(self, event: Event, parcel: Parcel, why: str = "") -> None:
        """Add a line; the home's lock must be held."""
        at = clock.now().isoformat(timespec="seconds")
        entry = Entry(
            at, event, parcel.channel, parcel.recipient, parcel.what, parcel.number, parcel.publication.name,
            parcel.files, why,
        )  # fmt: skip
        self._write((json.dumps(asdict(entry), ensure_ascii=False) + "\n").encode())
        self.last[entry.key] = entry

    def _write(self, line: bytes) -> None:
        add_line(self.path, line, 0o600)


_LINE = TypeAdapter(Entry)


def _entry(line: bytes) -> Entry | None:
    try:
        entry = _LINE.validate_json(line, strict=True, extra="forbid")
        dt.datetime.fromisoformat(entry.at)
    except ValueError:
        return None
    return entry
