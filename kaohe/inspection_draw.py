"""Which units of a month are inspected: stratified lots that everybody can draw again.

The order is that of SHA-256 over "seed|unit_id", and all else is arithmetic on whole numbers.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kaohe.words import say

#: Round → its first and last month. [default]: every unit once in each half of the year.
ROUNDS = {1: (1, 6), 2: (7, 12)}

Quality = Literal["never", "weak", "middle", "good"]
#: Results of the last check, those to be looked at earlier first.
QUALITIES: tuple[Quality, ...] = ("never", "weak", "middle", "good")

#: Why a unit was drawn: it will be closed, an earlier round passed it by, it was drawn before and not inspected, lot.
Reason = Literal["closing", "overdue", "again", "lot"]
REASONS: tuple[Reason, ...] = ("closing", "overdue", "again", "lot")


@dataclass(frozen=True)
class Duty:
    """A unit owes a round one check between two months, both included. ``closes_on``: the day in the round on which
    the unit ends, if it does; ``drawn_month``: the earlier month it was drawn for."""

    unit_id: str
    unit_name: str
    category: str
    round: int
    first_month: int
    last_month: int
    quality: Quality = "never"
    last_inspected_on: dt.date | None = None
    closes_on: dt.date | None = None
    inspected: bool = False
    drawn_month: int | None = None


@dataclass(frozen=True)
class Pick:
    """A unit that was drawn, its round, and why; ``lot`` is the hash that gave its place."""

    duty: Duty
    reason: Reason
    lot: str


@dataclass(frozen=True)
class Stratum:
    """Units of a category with the same last result that owe a check: all, those drawn first, those that lots are
    drawn among, and those drawn by lot."""

    category: str
    quality: Quality
    units: int
    first: int
    pool: int
    lots: int


@dataclass(frozen=True)
class Coverage:
    """One round: units that owe it, inspected, drawn now, left for later months, and out of reach (closed, or no
    month is left for them)."""

    round: int
    units: int
    inspected: int
    drawn: int
    left: int
    lost: tuple[str, ...]


@dataclass(frozen=True)
class Draw:
    """The draw of a month. ``needed``: units a month, from this one on, that still cover all in the round; ``size``:
    ``per_month``, the number asked for, else that."""

    year: int
    month: int
    seed: str
    per_month: int | None
    size: int
    needed: int
    picks: tuple[Pick, ...]
    strata: tuple[Stratum, ...]
    coverage: tuple[Coverage, ...]

    @property
    def round(self) -> int:
        return round_of(self.month)

    @property
    def drawn_on(self) -> dt.date:
        """The first day of the month, whenever the draw is made: the same question gives the same bytes."""
        return dt.date(self.year, self.month, 1)

    @property
    def warnings(self) -> list[str]:
        """What stands in the way of full coverage, as sentences."""
        found = []
        if self.size < self.needed:
            found.append(say("plan_too_few", size=self.size, round=self.round, needed=self.needed))
        for one in self.coverage:
            if one.lost:
                found.append(say("plan_lost", round=one.round, count=len(one.lost), units="、".join(one.lost)))
        return found


def round_of(month: int) -> int:
    """The round that a month belongs to."""
    return next(number for number, (first, last) in ROUNDS.items() if first <= month <= last)


def lot(seed: str, unit_id: str) -> str:
    """A unit's place in the order: SHA-256 of "seed|unit_id", in hexadecimal."""
    return hashlib.sha256(f"{seed}|{unit_id}".encode()).hexdigest()


def draw(duties: Iterable[Duty], year: int, month: int, seed: str, per_month: int | None = None) -> Draw:
    """Draw the units of ``month``. ``duties`` are those of all rounds of the year, inspected ones included.

    Who cannot wait comes first: units that will be closed, units an earlier round passed by, units drawn before. The
    other places go to the strata in proportion, and within a stratum by lot.
    """
    duties = list(duties)
    waiting, lost = _open(duties, month)
    needed = _needed(waiting, month)
    size = per_month or needed
    there = sorted((duty for duty in waiting if duty.first_month <= month), key=lambda d: lot(seed, d.unit_id))
    picks = [Pick(duty, reason, lot(seed, duty.unit_id)) for duty in there if (reason := _reason(duty, month))]
    picks = sorted(picks, key=_urgency)[:size]
    pool = [duty for duty in there if _reason(duty, month) is None]
    strata = []
    places = _share(size - len(picks), pool)
    for stratum, units in _strata(there).items():
        first = sum(_stratum(pick.duty) == stratum for pick in picks)
        lots = [duty for duty in pool if _stratum(duty) == stratum]
        strata.append(Stratum(*stratum, len(units), first, len(lots), places.get(stratum, 0)))
    for stratum, units in sorted(_strata(pool).items(), key=lambda s: QUALITIES.index(s[0][1])):
        picks += [Pick(duty, "lot", lot(seed, duty.unit_id)) for duty in units[: places[stratum]]]
    coverage = _coverage(duties, lost, picks)
    return Draw(year, month, seed, per_month, size, needed, tuple(picks), tuple(strata), tuple(coverage))


def _open(duties: list[Duty], month: int) -> tuple[list[Duty], list[Duty]]:
    """Duties that wait for a check with the months in which it can be, and those that no month is left for.

    A unit is inspected once a month at most, so one that also owes an earlier round owes that first; if there are
    fewer months than rounds, the later ones count.
    """
    now = round_of(month)
    units: dict[str, list[Duty]] = {}
    for duty in sorted(duties, key=lambda d: (d.unit_id, d.round)):
        units.setdefault(duty.unit_id, []).append(duty)
    waiting, lost = [], []
    for mine in units.values():
        owed = [duty for duty in mine if duty.round <= now and not duty.inspected]
        present = next((duty for duty in mine if duty.round == now and duty.last_month >= month), None)
        if present is None:
            lost += owed
            continue
        first, last = max(month, present.first_month), present.last_month
        kept = owed[-(last - first + 1) :]
        lost += owed[: len(owed) - len(kept)]
        waiting += [
            replace(duty, first_month=first + place, last_month=last - behind, closes_on=present.closes_on)
            for place, (behind, duty) in enumerate(zip(reversed(range(len(kept))), kept, strict=True))
        ]
    return waiting, lost


def _needed(waiting: list[Duty], month: int) -> int:
    """The fewest units a month with which each is inspected in its months: whatever can only be done between two
    months must fit between them."""
    last = max((duty.last_month for duty in waiting), default=month)
    return max(
        -(-sum(begin <= duty.first_month and duty.last_month <= end for duty in waiting) // (end - begin + 1))
        for begin in range(month, last + 1)
        for end in range(begin, last + 1)
    )


def _reason(duty: Duty, month: int) -> Reason | None:
    """Why a unit comes before those that are drawn by lot, if it does."""
    if duty.closes_on:
        return "closing"
    if duty.round < round_of(month):
        return "overdue"
    return "again" if duty.drawn_month else None


def _urgency(pick: Pick) -> tuple[int, int, dt.date, int, str]:
    duty = pick.duty
    day = duty.closes_on or dt.date.max
    return duty.last_month, REASONS.index(pick.reason), day, duty.drawn_month or 0, pick.lot


def _stratum(duty: Duty) -> tuple[str, Quality]:
    return duty.category, duty.quality


def _strata(duties: Sequence[Duty]) -> dict[tuple[str, Quality], list[Duty]]:
    """Duties by category and last result, the weaker results first."""
    found: dict[tuple[str, Quality], list[Duty]] = {}
    for stratum in sorted({_stratum(duty) for duty in duties}, key=lambda s: QUALITIES.index(s[1])):
        found[stratum] = [duty for duty in duties if _stratum(duty) == stratum]
    return dict(sorted(found.items(), key=lambda s: s[0][0], reverse=True))


def _share(places: int, pool: list[Duty]) -> dict[tuple[str, Quality], int]:
    """Places for each stratum in proportion to its units, by largest remainder; of equal remainders the weaker
    result's comes first."""
    places = min(places, len(pool))
    units = {stratum: len(duties) for stratum, duties in _strata(pool).items()}
    given = {stratum: places * count // len(pool) for stratum, count in units.items()}
    by_remainder = sorted(units, key=lambda s: (-(places * units[s] % len(pool)), QUALITIES.index(s[1])))
    for stratum in by_remainder[: places - sum(given.values())]:
        given[stratum] += 1
    return given


def _coverage(duties: list[Duty], lost: list[Duty], picks: list[Pick]) -> list[Coverage]:
    found = []
    for number in ROUNDS:
        units = [duty for duty in duties if duty.round == number]
        inspected = sum(duty.inspected for duty in units)
        drawn = sum(pick.duty.round == number for pick in picks)
        gone = tuple(duty.unit_name for duty in lost if duty.round == number)
        left = len(units) - inspected - drawn - len(gone)
        found.append(Coverage(number, len(units), inspected, drawn, left, gone))
    return found
