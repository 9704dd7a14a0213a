"""Scores, ranks and grades of any scheme, worked out as docs/scheme.md says."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.oracle import leaves, nodes
from tests.oracle.leaves import Missing, Stages
from tests.oracle.nodes import Scores
from tests.oracle.numbers import Number, decimals, rounded, written
from tests.oracle.table import Rows, Table
from tests.oracle.tree import Node, leaf, tree

STAGES = ("value", "denominated", "imputed", "treated", "score")

__all__ = ["Missing", "Result", "Scored", "score"]


@dataclass(frozen=True)
class Scored:
    """A unit's score, grade (its title) and rank."""

    score: Number | None
    grade: str | None
    rank: int | None


@dataclass
class Result:
    """What a scheme makes of a table. ``exact`` is "leaf" where all points are decimals, to be met to the last digit, "total"
    where only the final scores are, and empty where nothing is rounded.
    ``unsure``: units whose numbers may turn over with a last bit of floating point (a value right at a limit).
    ``effective``: effective weights of the leaves, in a points scheme.
    """

    scores: dict[str, Scored] = field(default_factory=dict)
    nodes: dict[tuple[str, str], Number | None] = field(default_factory=dict)
    stages: dict[tuple[str, str], dict[str, float | None]] = field(default_factory=dict)
    exact: str = ""
    unsure: set[str] = field(default_factory=set)
    effective: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    categories: dict[str, str | None] = field(default_factory=dict)
    deducted: dict[str, Fraction] = field(default_factory=dict)
    screened: set[str] = field(default_factory=set)  # units with too few values


def score(scheme: dict[str, Any], values: Rows, units: Rows) -> Result:
    """Score a table; a ``ValueError`` for what docs/scheme.md calls an error."""
    table, root = Table(values, units), tree(scheme)
    rounding, at = _rounding(scheme, root)
    points = root.all_sum()
    at_leaf = (rounding if at == "leaf" else None) if rounding else None
    stages = {each.name: leaves.measured(each, table) for each in root.leaves()}
    missing: list[Missing] = []
    scored = [unit for unit in table.units if unit in table.known and _screened_in(scheme, root, table, stages, unit)]
    for each in root.leaves():
        try:
            leaves.scored(each, table, stages[each.name], scored)
        except Missing as error:
            missing.append(error)
    if missing:
        raise min(missing, key=lambda error: (error.unit, error.indicator))

    result = Result(exact=at if rounding else "")
    result.screened = set(table.units) - set(scored)
    result.categories = {unit: table.cell(unit, "category") for unit in table.units}
    extra = {
        name: _facts(scheme.get(name) or {}, table, scored, rounding if at == "leaf" else None)
        for name in ("bonus", "deductions")
    }
    final: dict[str, Number] = {}
    for unit in table.units:
        found: Scores = {each.name: stages[each.name].score.get(unit) for each in root.leaves()}
        if unit not in scored:
            found = dict.fromkeys(node.name for node in (root, *root.walk()))
        elif points:
            found, effective, hanging = nodes.points(root, found, written(scheme.get("total", 100)), at_leaf)
            result.effective |= {(unit, name): part for name, part in effective.items()}
            result.unsure |= {unit} if hanging else set()
        else:
            found, hanging = nodes.aggregated(root, found)
            result.unsure |= {unit} if hanging else set()
        base = found.pop(root.name)
        shown = {each.name for each in root.leaves() if each.weight == 0}
        result.nodes |= {(unit, name): None if name in shown else number for name, number in found.items()}
        for each in root.leaves():
            of = stages[each.name]
            result.stages[unit, each.name] = {stage: _float(getattr(of, stage).get(unit)) for stage in STAGES}
            result.unsure |= {unit} & of.unsure
        if base is not None and rounding and at == "leaf":
            # What is rounded at the leaf adds up: deductions stop at what was earned.
            left = max(Fraction(0), base + _of(extra["bonus"], unit))
            for indicator in (scheme.get("deductions") or {}).get("indicators", {}):
                taken = min(left, extra["deductions"].get((unit, indicator), Fraction(0)))
                extra["deductions"][unit, indicator] = taken
                left -= taken
        for name in extra:
            for indicator in (scheme.get(name) or {}).get("indicators", {}):
                got = extra[name].get((unit, indicator), Fraction(0))
                result.nodes[unit, indicator] = None if base is None else got
        if base is not None:
            if scheme.get("bonus") or scheme.get("deductions"):
                base = max(Fraction(0), base + _of(extra["bonus"], unit) - _of(extra["deductions"], unit))
            if rounding and at == "total":
                either = {rounded(decimal, *rounding) for decimal in decimals(base, 10)}
                result.unsure |= {unit} if len(either) > 1 else set()
                base = min(either)
            final[unit] = base
    result.deducted = {unit: _of(extra["deductions"], unit) for unit in scored}
    ranks = _ranks(scheme, result, final)
    for unit in table.units:
        grade = _grade(scheme, table, unit, final, ranks, result.categories)
        result.scores[unit] = Scored(final.get(unit), grade, ranks.get(unit))
    return result


def _float(number: Number | None) -> float | None:
    return None if number is None else float(number)


def _of(extra: dict[tuple[str, str], Fraction], unit: str) -> Fraction:
    return sum((points for (of, _), points in extra.items() if of == unit), Fraction(0))


def _rounding(scheme: dict[str, Any], root: Node) -> tuple[tuple[int, str] | None, str]:
    """(Digits, mode), if anything is rounded, and where."""
    asked = scheme.get("rounding")
    if not asked:
        return None, "total"
    at = asked.get("at", "leaf" if root.all_sum() else "total")
    if at == "leaf" and not root.all_sum():
        raise ValueError("rounding at the leaf where not every node is a sum")
    return (int(asked["digits"]), str(asked.get("mode", "half_up"))), at


def _screened_in(scheme: dict[str, Any], root: Node, table: Table, stages: dict[str, Stages], unit: str) -> bool:
    """Whether a unit has values enough."""
    own = [each for each in root.leaves() if each.weight > 0 and leaves.for_unit(each, table, unit)]
    there = sum(unit in stages[each.name].denominated for each in own)
    return not own or Fraction(there, len(own)) >= written(scheme.get("screen", 0))


def _facts(
    section: dict[str, Any], table: Table, units: list[str], rounding: tuple[int, str] | None
) -> dict[tuple[str, str], Fraction]:
    """(Unit, indicator) → points of the facts that count, up to the cap."""
    found: dict[tuple[str, str], Fraction] = {}
    for unit in units if section else ():
        facts: dict[Any, tuple[Fraction, int]] = {}  # item → points, and minus the place of the indicator
        indicators = [leaf(name, keys, {}) for name, keys in section.get("indicators", {}).items()]
        for place, indicator in enumerate(indicators):
            if not leaves.for_unit(indicator, table, unit):
                continue
            for number, item in enumerate(table.items(unit, indicator.keys["measure"])):
                got = rounded(item.done, *rounding) if rounding else item.done
                fact = ("", place, number) if item.name is None else (item.name, 0, 0)
                facts[fact] = max(facts.get(fact, (got, -place)), (got, -place))
        left = written(section["cap"])
        # In file order, then by item.
        for place, _, got in sorted((-minus_place, name, got) for name, (got, minus_place) in facts.items()):
            counted = min(got, left)
            left -= counted
            key = unit, indicators[place].name
            found[key] = found.get(key, Fraction(0)) + counted
    return found


def ranking_key(scheme: dict[str, Any], result: Result, unit: str) -> list[Number]:
    """What a unit is ranked by after its score: an absent node counts as 0."""
    found: list[Number] = []
    for by in scheme.get("tie_break") or ():
        got = -result.deducted[unit] if by == "fewer_deductions" else result.nodes[unit, by]
        found.append(Fraction(0) if got is None else got)
    return found


def _ranks(scheme: dict[str, Any], result: Result, final: dict[str, Number]) -> dict[str, int]:
    """Unit → rank within its category."""
    keys = {unit: (result.categories[unit], (final[unit], *ranking_key(scheme, result, unit))) for unit in final}
    found = {}
    for unit, (category, own) in keys.items():
        better = [key for of, key in keys.values() if of == category and key > own]
        found[unit] = 1 + len(set(better) if scheme.get("ranking") == "dense" else better)
    return found


def _grade(
    scheme: dict[str, Any],
    table: Table,
    unit: str,
    final: dict[str, Number],
    ranks: dict[str, int],
    categories: dict[str, str | None],
) -> str | None:
    """The best grade a unit reaches."""
    grades: dict[str, dict[str, Any]] = scheme.get("grades") or {}
    if unit not in final:
        return None
    names = list(grades)
    best = 0  # the place of the best grade that no veto forbids
    for name, veto in (scheme.get("vetoes") or {}).items():
        of = leaf(name, veto, {})
        if leaves.for_unit(of, table, unit) and any(item.done > 0 for item in table.items(unit, of.keys["measure"])):
            best = max(best, names.index(veto["grade_at_most"]))
    ranked = sum(categories[other] == categories[unit] for other in final)
    for name in names[best:]:
        grade = grades[name]
        if final[unit] < written(grade["at_least"]):
            continue
        if "quota" in grade:
            places = max(math.floor(written(grade["quota"]) * ranked), int(grade.get("quota_at_least", 1)))
            if ranks[unit] > places:
                continue
        return str(grade.get("title", name))
    return None
