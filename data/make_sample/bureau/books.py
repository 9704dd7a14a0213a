"""The books of the bureau while it is being made up: good records by kind, bad rows aside."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from make_sample.chance import AS_OF, YEAR
from make_sample.records import Key, Member, R, Record, Records, Unit, event_of, key_of, table_of
from make_sample.stories import CLOSED_IN_JUNE, NO_DATA, PERFECT, STORIES, TWINS, UNREPORTED, WEAK
from make_sample.truth import Entry, Truth

_QUALITY: Mapping[str, float] = {
    "J06": 0.97,
    "J04": 0.93,
    **dict.fromkeys((*PERFECT, *TWINS), 1.0),
    **dict.fromkeys(WEAK, -0.6),
}


@dataclass
class Books:
    """Everything that is known of the bureau so far."""

    seed: int
    rows: dict[type[Record], list[Record]] = field(default_factory=lambda: defaultdict(list))
    quality: dict[str, float] = field(default_factory=dict)  # how well a unit does, up to 1 (below 0: very badly)
    bad: list[Entry] = field(default_factory=list)
    remarks: dict[tuple[str, Key], str] = field(default_factory=dict)
    slips: dict[tuple[str, Key], Record] = field(default_factory=dict)
    touched: set[tuple[str, Key]] = field(default_factory=set)
    _rosters: dict[str, list[Member]] = field(default_factory=dict)

    def rng(self, topic: str) -> random.Random:
        """Draws of its own for each topic, so that a new one changes no other."""
        return random.Random(f"{self.seed}/{topic}")

    def of(self, kind: type[R]) -> list[R]:
        """The records of a kind."""
        return cast(list[R], self.rows[kind])

    @property
    def units(self) -> list[Unit]:
        """The registry."""
        return self.of(Unit)

    def judge(self, units: Sequence[Unit]) -> None:
        """Decide how well each unit does; everything else about it follows."""
        rng = self.rng("quality")
        for unit in units:
            drawn = rng.triangular(-0.1, 1.0, 0.75)
            self.quality[unit.unit_id] = _QUALITY.get(unit.unit_id, drawn)

    def file(self, kind: type[R], rows: Iterable[R]) -> None:
        """Keep the records that a unit could have made: while it was there."""
        units = {unit.unit_id: unit for unit in self.units}
        for row in rows:
            unit = units.get(getattr(row, "unit_id", ""))
            event, due = event_of(row), getattr(row, row.YEAR) if row.YEAR else None
            if unit and event and not is_there(unit, event):
                continue
            if unit and isinstance(due, date) and due < unit.valid_from:
                continue
            self.rows[kind].append(row)

    def reporting(self, kind: type[Record]) -> list[Unit]:
        """The units that hand in a table; the one that was closed is out of tables without events."""
        silent = {NO_DATA, *UNREPORTED.get(kind.TABLE, ())}
        if kind.EVENT is None:
            silent.add(CLOSED_IN_JUNE)
        return [unit for unit in self.units if unit.unit_id not in silent]

    def roster(self, unit_id: str, day: date, *, full: bool = False) -> list[Member]:
        """The members of a unit on a day, or its full members."""
        if not self._rosters:
            self._rosters = defaultdict(list)
            for member in self.of(Member):
                self._rosters[member.unit_id].append(member)
        return [
            member
            for member in self._rosters[unit_id]
            if member.valid_from <= day <= (member.valid_to or day) and (member.status == "正式" or not full)
        ]

    def committee(self, unit_id: str, day: date) -> list[Member]:
        """The secretary and the other members of the committee on a day."""
        return [member for member in self.roster(unit_id, day, full=True) if member.role in ("书记", "班子")]

    # --- Bad rows -----------------------------------------------------------------------------------------------------

    def pick(self, rows: Sequence[R], fits: Callable[[R], bool] = lambda _: True) -> R:
        """A record of this year not picked before, of a unit without a story, in a file that is kept once."""

        def free(row: R) -> bool:
            return (
                (table_of(row), key_of(row)) not in self.touched
                and getattr(row, "unit_id", "") not in STORIES
                and (event_of(row) or AS_OF).year != YEAR - 1
                and not _copied(row)
                and fits(row)
            )

        rng = self.rng(f"pick/{len(self.touched)}")
        row = rng.choice([row for row in rows if free(row)])
        self.touched.add((table_of(row), key_of(row)))
        return row

    def take(self, rows: list[R], fits: Callable[[R], bool] = lambda _: True) -> R:
        """Pick a record and take it out of the good ones."""
        row = self.pick(rows, fits)
        rows.remove(row)
        return row

    def add(self, record: Record, reason: str, note: str, /, slot: str | None = None, **raw: str) -> None:
        """File a bad row."""
        self.bad.append(Entry(record, reason, note, tuple(raw.items()), slot))

    def remark(self, record: Record, note: str) -> None:
        """Remember a good record that is worth a look."""
        self.remarks[table_of(record), key_of(record)] = note

    def change(self, row: R, changed: R, note: str) -> None:
        """Put a record in the place of another, and remember why it is worth a look."""
        rows = self.of(type(row))
        rows[rows.index(row)] = changed
        self.touched.add((table_of(changed), key_of(changed)))
        self.remark(changed, note)

    def close(self) -> Truth:
        """The finished truth."""
        return Truth(self.seed, Records.of(self.rows), tuple(self.bad), self.remarks, self.slips)


def is_there(unit: Unit, day: date) -> bool:
    """Whether the unit exists on a day."""
    return unit.valid_from <= day <= (unit.valid_to or day)


def _copied(row: Record) -> bool:
    """Whether the row is in a month that is filed twice, so that no bad row goes there."""
    day = event_of(row)
    months = {"inspection": (3,), "study_stat": (9,)}
    return day is not None and day.year == YEAR and day.month in months.get(table_of(row), ())
