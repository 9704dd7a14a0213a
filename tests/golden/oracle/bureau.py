"""The bureau on one day of one year: which units, which periods, which records; and what an item is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TypeAlias, TypeVar

from tests.golden.oracle.records import Member, Record, Records, Unit
from tests.golden.oracle.scheme import Node

CENT = Fraction(1, 100)
MICRO = Fraction(1, 1_000_000)
ZERO = Fraction(0)
ONE = Fraction(1)

R = TypeVar("R", bound=Record)


def half_up(value: Fraction, step: Fraction) -> Fraction:
    """The multiple of `step` nearest to a value that is not negative, a half going up."""
    return math.floor(value / step + Fraction(1, 2)) * step


@dataclass(frozen=True)
class Item:
    """One thing that was due, how much of it was done, and the points it cost.

    A fact (bonus, deduction, veto) was never due: its `due` is None. `recorded`: a record that may be another unit's
    says so; a unit's own records are asked for by table.
    """

    item: str
    due: Fraction | None
    done: Fraction
    lost: Fraction = ZERO
    recorded: bool = False

    @property
    def missing(self) -> Fraction:
        """How much of what was due was not done."""
        return ZERO if self.due is None else self.due - self.done


def item(name: str, due: Fraction | int, done: Fraction | int, recorded: bool = False) -> Item:
    """An item, with due and done rounded half up to six places."""
    return Item(name, half_up(Fraction(due), MICRO), half_up(Fraction(done), MICRO), recorded=recorded)


def fact(name: str, points: Fraction | int) -> Item:
    """Something that happened and is worth points."""
    return Item(name, None, half_up(Fraction(points), MICRO))


def slots(target: Fraction, values: Iterable[Fraction | int]) -> list[Item]:
    """A slot for each of a number of things wanted, filled by the best there are."""
    best = sorted(values, reverse=True)
    return [item(str(n + 1), 1, best[n] if n < len(best) else 0) for n in range(int(target))]


def largest(facts: Iterable[tuple[str, Fraction]]) -> list[Item]:
    """Each fact once, for the most points it was given."""
    most: dict[str, Fraction] = {}
    for name, points in facts:
        most[name] = max(points, most.get(name, ZERO))
    return [fact(name, points) for name, points in most.items()]


def months_after(day: date, months: int) -> date:
    """The same day some months later; the month's last day if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), _last_day(date(year, month + 1, 1)))


def _last_day(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True)
class Bureau:
    """The records of one assessment: what is in them, for which year, seen on which day."""

    records: Records
    year: int
    as_of: date

    @property
    def first_day(self) -> date:
        """The first day of the year."""
        return date(self.year, 1, 1)

    @property
    def period_end(self) -> date:
        """The last day that is judged: the year's last, or the as-of date if that is earlier."""
        return min(self.as_of, date(self.year, 12, 31))

    def fell_due(self, day: date) -> bool:
        """Whether a day belongs to the year and has come already."""
        return day.year == self.year and day <= self.as_of

    def units(self) -> list[Unit]:
        """The units that are assessed."""
        end = self.period_end
        return [u for u in self.records.org_unit if u.valid_from <= end and (u.valid_to is None or u.valid_to >= end)]

    def of(self, unit: Unit, rows: Iterable[R]) -> list[R]:
        """The unit's records of the year."""
        return [row for row in rows if row.unit_id == unit.unit_id and row.assessed_in == self.year]

    def members(self, unit: Unit, day: date) -> list[Member]:
        """Who belonged to the unit on a day; somebody in two rows on that day is where the later one says."""
        found: dict[str, Member] = {}
        for row in sorted(self.records.party_member, key=lambda row: row.valid_from):
            if row.valid_from <= day and (row.valid_to is None or row.valid_to >= day):
                found[row.member_id] = row
        return [row for row in found.values() if row.unit_id == unit.unit_id]

    def months(self, unit: Unit) -> Iterator[tuple[str, date, date]]:
        """The months due from a unit: name, first and last day."""
        return self._periods(unit, 1, lambda first: f"{first:%Y-%m}")

    def quarters(self, unit: Unit) -> Iterator[tuple[str, date, date]]:
        """The quarters due from a unit."""
        return self._periods(unit, 3, lambda first: f"{first.year}Q{first.month // 3 + 1}")

    def _periods(self, unit: Unit, length: int, name: Callable[[date], str]) -> Iterator[tuple[str, date, date]]:
        """A period is due once it is over, if the unit existed from its first day to its last."""
        for month in range(1, 13, length):
            first = date(self.year, month, 1)
            last = _last_day(date(self.year, month + length - 1, 1))
            there = unit.valid_from <= first and (unit.valid_to is None or unit.valid_to >= last)
            if last <= self.as_of and there:
                yield name(first), first, last


#: How the items of a unit are found, for one indicator.
Finder: TypeAlias = Callable[[Bureau, Unit, Node], list[Item]]


@dataclass(frozen=True)
class Measure:
    """How a measure's items are found, in which tables a unit reports for it, and what a unit without items gets."""

    items: Finder
    tables: tuple[str, ...] = ()
    not_reported: bool = False  # else not applicable
