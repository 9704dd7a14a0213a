"""Which units of a month are inspected: stratified lots that everybody can draw again.

The order is that of SHA-256 over "seed|unit_id", and all else is arithmetic on whole numbers.
"""

import datetime as dt
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal, get_args

from kaohe.scheme.parts import Quality
from kaohe.words import listed, say

#: Results of the last check, those to be looked at earlier first.
QUALITIES: tuple[Quality, ...] = get_args(Quality)

#: Why a unit was drawn: it will be closed, an earlier round passed it by, it was drawn before and not inspected, lot.
Reason = Literal["closing", "overdue", "again", "lot"]
REASONS: tuple[Reason, ...] = ("closing", "overdue", "again", "lot")


@dataclass(frozen=True)
class Rules:
    """What the scheme says. ``rounds``: their first and last months, together the whole year; ``weight``: how many
    times the units with a result count when places are shared out; ``at_least``: the points from which on a check is
    good, or middling."""

    rounds: Mapping[int, tuple[int, int]]
    weight: Mapping[Quality, int]
    at_least: Mapping[str, Decimal]

    def round_of(self, month: int) -> int:
        """The round that a month belongs to."""
        return next(number for number, (first, last) in self.rounds.items() if first <= month <= last)


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
    drawn among, the places that are theirs in proportion to units × weight, and those drawn by lot."""

    category: str
    quality: Quality
    weight: int
    units: int
    first: int
    pool: int
    share: Fraction
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
class Recorded:
    """Another draw of the same month that stands in inspection_plan."""

    units: int
    seeds: tuple[str, ...]


@dataclass(frozen=True)
class Draw:
    """The draw of a month. ``needed``: units a month, from this one on, that still cover all in the round; ``later``:
    rounds to come, and what they will need; ``size``: ``per_month``, the number asked for, else ``needed``."""

    rules: Rules
    year: int
    month: int
    drawn_on: dt.date
    seed: str
    per_month: int | None
    size: int
    needed: int
    later: tuple[tuple[int, int], ...]
    picks: tuple[Pick, ...]
    strata: tuple[Stratum, ...]
    coverage: tuple[Coverage, ...]
    recorded: Recorded | None = None

    @property
    def round(self) -> int:
        return self.rules.round_of(self.month)

    @property
    def warnings(self) -> list[str]:
        """What stands in the way of full coverage, or of this draw, as sentences."""
        found = []
        if other := self.recorded:
            found.append(say("plan_recorded", month=self.month, count=other.units, seeds=listed(other.seeds)))
        if self.size < self.needed:
            found.append(say("plan_too_few", size=self.size, round=self.round, needed=self.needed))
        for number, needed in self.later:
            if self.per_month and self.per_month < needed:
                found.append(say("plan_too_few_later", size=self.size, round=number, needed=needed))
        for one in self.coverage:
            if one.lost:
                found.append(say("plan_lost", round=one.round, count=len(one.lost), units=listed(one.lost)))
        return found


def lot(seed: str, unit_id: str) -> str:
    """A unit's place in the order: SHA-256 of "seed|unit_id", in hexadecimal."""
    return hashlib.sha256(f"{seed}|{unit_id}".encode()).hexdigest()


def draw(
    duties: Iterable[Duty],
    rules: Rules,
    year: int,
    month: int,
    seed: str,
    per_month: int | None = None,
    drawn_on: dt.date | None = None,
) -> Draw:
    """Draw the units of ``month``. ``duties`` are those of all rounds of the year, inspected ones included;
    ``drawn_on`` is the first day of the month unless it is said.

    Who cannot wait comes first: units that will be closed, units an earlier round passed by, units drawn before. The
    other places go to the strata in proportion to their units, weaker results counting more, and within a stratum by
    lot.
    """
    duties = list(duties)
    waiting, lost = _open(duties, rules, month)
    needed = _needed(waiting, rules, month)
    ahead = {number: months[0] for number, months in rules.rounds.items() if months[0] > month}
    later = [
        (number, _needed([duty for duty in duties if duty.round == number and not duty.inspected], rules, first))
        for number, first in ahead.items()
    ]
    size = per_month or needed
    there = sorted((duty for duty in waiting if duty.first_month <= month), key=lambda d: lot(seed, d.unit_id))
    picks = [Pick(duty, reason, lot(seed, duty.unit_id)) for duty in there if (reason := _reason(duty, rules, month))]
    picks = sorted(picks, key=_urgency)[:size]
    pool = _strata(duty for duty in there if _reason(duty, rules, month) is None)
    shares = _shares(size - len(picks), {stratum: len(units) for stratum, units in pool.items()}, rules)
    places = _whole(shares)
    strata = [
        Stratum(
            *stratum,
            weight=rules.weight[stratum[1]],
            units=len(units),
            first=sum(_stratum(pick.duty) == stratum for pick in picks),
            pool=len(pool.get(stratum, ())),
            share=shares.get(stratum, Fraction(0)),
            lots=places.get(stratum, 0),
        )
        for stratum, units in _strata(there).items()
    ]
    for stratum, units in sorted(pool.items(), key=lambda s: QUALITIES.index(s[0][1])):
        picks += [Pick(duty, "lot", lot(seed, duty.unit_id)) for duty in units[: places[stratum]]]
    return Draw(
        rules=rules,
        year=year,
        month=month,
        drawn_on=drawn_on or dt.date(year, month, 1),
        seed=seed,
        per_month=per_month,
        size=size,
        needed=needed,
        later=tuple(later),
        picks=tuple(picks),
        strata=tuple(strata),
        coverage=tuple(_coverage(duties, rules, lost, picks)),
    )


def _open(duties: list[Duty], rules: Rules, month: int) -> tuple[list[Duty], list[Duty]]:
    """Duties that wait for a check with the months in which it can be, and those that no month is left for.

    A unit is inspected once a month at most, so one that also owes an earlier round owes that first; if there are
    fewer months than rounds, the later ones count.
    """
    now = rules.round_of(month)
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


def _needed(waiting: list[Duty], rules: Rules, month: int) -> int:
    """The fewest units a month with which each is inspected in its months."""
    last = max((duty.last_month for duty in waiting), default=month)
    # Whatever can only be done between two months must fit between them.
    size = max(
        -(-sum(begin <= duty.first_month and duty.last_month <= end for duty in waiting) // (end - begin + 1))
        for begin in range(month, last + 1)
        for end in range(begin, last + 1)
    )
    while not _in_time(waiting, rules, month, size):
        size += 1
    return size


def _in_time(waiting: list[Duty], rules: Rules, month: int, size: int) -> bool:
    """So many units a month, drawn in this order, are enough. Months may go unused where a unit owes two rounds, since
    it is inspected once a month at most."""
    left = sorted(waiting, key=lambda d: (d.last_month, REASONS.index(_reason(d, rules, month) or "lot")))
    while left:
        drawn: set[str] = set()
        rest = []
        for duty in left:
            if len(drawn) < size and duty.first_month <= month and duty.unit_id not in drawn:
                drawn.add(duty.unit_id)
            else:
                rest.append(duty)
        if any(duty.last_month <= month for duty in rest):
            return False
        left, month = rest, month + 1
    return True


def _reason(duty: Duty, rules: Rules, month: int) -> Reason | None:
    """Why a unit comes before those that are drawn by lot, if it does."""
    if duty.closes_on:
        return "closing"
    if duty.round < rules.round_of(month):
        return "overdue"
    return "again" if duty.drawn_month else None


def _urgency(pick: Pick) -> tuple[int, int, dt.date, int, str]:
    duty = pick.duty
    day = duty.closes_on or dt.date.max
    return duty.last_month, REASONS.index(pick.reason), day, duty.drawn_month or 0, pick.lot


def _stratum(duty: Duty) -> tuple[str, Quality]:
    return duty.category, duty.quality


def _strata(duties: Iterable[Duty]) -> dict[tuple[str, Quality], list[Duty]]:
    """Duties by category and last result, the weaker results first."""
    found: dict[tuple[str, Quality], list[Duty]] = {}
    for duty in duties:
        found.setdefault(_stratum(duty), []).append(duty)
    by_quality = sorted(found.items(), key=lambda s: QUALITIES.index(s[0][1]))
    return dict(sorted(by_quality, key=lambda s: s[0][0], reverse=True))


def _shares(places: int, units: Mapping[tuple[str, Quality], int], rules: Rules) -> dict[tuple[str, Quality], Fraction]:
    """The places of each stratum in proportion to its units × weight, never more than it has units."""
    places, rest = min(places, sum(units.values())), dict(units)
    full: dict[tuple[str, Quality], Fraction] = {}
    while rest:
        whole = sum(count * rules.weight[quality] for (_, quality), count in rest.items())
        shares = {s: Fraction(places * count * rules.weight[s[1]], whole) for s, count in rest.items()}
        if not (now_full := {s: Fraction(rest[s]) for s in rest if shares[s] >= rest[s]}):
            return full | shares
        for stratum in now_full:
            places -= rest.pop(stratum)
        full |= now_full
    return full


def _whole(shares: Mapping[tuple[str, Quality], Fraction]) -> dict[tuple[str, Quality], int]:
    """Shares as whole places by largest remainder; of equal remainders the weaker result's comes first."""
    given = {stratum: math.floor(share) for stratum, share in shares.items()}
    by_remainder = sorted(shares, key=lambda s: (given[s] - shares[s], QUALITIES.index(s[1])))
    for stratum in by_remainder[: int(sum(shares.values())) - sum(given.values())]:
        given[stratum] += 1
    return given


def _coverage(duties: Sequence[Duty], rules: Rules, lost: Sequence[Duty], picks: Sequence[Pick]) -> list[Coverage]:
    found = []
    for number in rules.rounds:
        units = [duty for duty in duties if duty.round == number]
        inspected = sum(duty.inspected for duty in units)
        drawn = sum(pick.duty.round == number for pick in picks)
        gone = tuple(duty.unit_name for duty in lost if duty.round == number)
        left = len(units) - inspected - drawn - len(gone)
        found.append(Coverage(number, len(units), inspected, drawn, left, gone))
    return found
