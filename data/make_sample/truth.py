"""The truth: what the records are, which of them may count on a day, and which rows are bad on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from make_sample.chance import AS_OF
from make_sample.records import Key, Record, Records, event_of, kinds, table_of


@dataclass(frozen=True)
class Entry:
    """One record row of a file: a record, and where it is bad on purpose, why it must be quarantined."""

    record: Record
    reason: str | None = None
    note: str = ""
    raw: tuple[tuple[str, str], ...] = ()  # cells written as given, whatever the record says
    slot: str | None = None  # the sheet it is filed under, where not the usual one
    written: Record | None = None  # what stands in the file, where a correction sets it right

    @property
    def table(self) -> str:
        """The table the row belongs to."""
        return table_of(self.record)


@dataclass(frozen=True)
class Truth:
    """The bureau as it really is, and the rows that are bad on purpose."""

    seed: int
    records: Records
    bad: tuple[Entry, ...] = ()
    remarks: Mapping[tuple[str, Key], str] = field(default_factory=dict)  # good records worth a look
    slips: Mapping[tuple[str, Key], Record] = field(default_factory=dict)  # as filed, until a correction applies

    def trusted(self, as_of: date = AS_OF) -> Records:
        """The records that may count on a day: all good ones whose event is not in the future."""
        kept: dict[type[Record], list[Any]] = {
            kind: [row for row in getattr(self.records, name) if (event_of(row) or as_of) <= as_of]
            for name, kind in kinds().items()
        }
        return Records.of(kept)
