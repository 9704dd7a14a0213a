"""Checks of grades and vetoes: bands that nobody can be in, quotas and vetoes without effect."""

import math
from collections.abc import Iterator
from fractions import Fraction

from kaohe.linting import bounds
from kaohe.linting.found import Found
from kaohe.scheme import Composite
from kaohe.scheme.diff import shown
from kaohe.words import say

#: Where nobody says how many units there are: no category has more.
_MOST_UNITS = 1000


def check(scheme: Composite, units: int | None) -> Iterator[Found]:
    """``units``: how many there are to be graded, if it is known."""
    yield from _bands(scheme)
    yield from _quotas(scheme, units or _MOST_UNITS)
    best = next(iter(scheme.grades), None)
    for name, veto in scheme.vetoes.items():
        if veto.grade_at_most == best:
            title = scheme.grades[best].title
            yield Found("error", ("vetoes", name, "grade_at_most"), say("lint_veto_best", veto=name, grade=title))


def _bands(scheme: Composite) -> Iterator[Found]:
    total = bounds.of_total(scheme)
    if total is None:
        return
    low, high = total.low - _rounding(scheme), total.high + _rounding(scheme)
    grain = Fraction(1, 10**scheme.rounding.digits) if scheme.rounding else None
    upper: Fraction | None = None
    pushed_down = bool(scheme.vetoes)  # by quota or veto units get into a band that their score is above
    for name, grade in scheme.grades.items():
        begin, at = Fraction(grade.at_least), ("grades", name, "at_least")
        lowest = math.ceil(begin / grain) * grain if grain else begin
        values = {"grade": grade.title, "at_least": shown(grade.at_least)}
        if begin > high:
            yield Found("error", at, say("lint_grade_high", highest=_shown(total.high), **values))
        elif upper is not None and not pushed_down and low >= upper:
            yield Found("error", at, say("lint_grade_low", lowest=_shown(total.low), **values))
        elif upper is not None and not pushed_down and lowest >= upper and scheme.rounding:
            digits = scheme.rounding.digits
            yield Found("error", at, say("lint_grade_empty", digits=digits, below=_shown(upper), **values))
        upper, pushed_down = begin, pushed_down or grade.quota is not None


def _rounding(scheme: Composite) -> Fraction:
    """How far rounding can carry the whole beyond its bounds."""
    if scheme.rounding is None:
        return Fraction(0)
    times = sum(1 for entry, _ in scheme.leaves if entry.weight) if scheme.is_points else 1
    return Fraction(times, 2 * 10**scheme.rounding.digits)


def _quotas(scheme: Composite, units: int) -> Iterator[Found]:
    for number, (name, grade) in enumerate(scheme.grades.items(), start=1):
        at = ("grades", name, "quota")
        if grade.quota is None:
            continue
        if number == len(scheme.grades):
            yield Found("error", at, say("lint_quota_last", grade=grade.title))
        elif grade.quota * units < 1:
            places = grade.quota_at_least
            yield Found(
                "warning",
                at,
                say("lint_quota_small", grade=grade.title, quota=shown(grade.quota), units=units, places=places),
            )


def _shown(number: bounds.Number) -> str:
    return f"{float(number):.2f}".rstrip("0").rstrip(".")
