"""Where what was scored disagrees with the oracle."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from tests.oracle.composite import Result, ranking_key
from tests.oracle.numbers import Number, near, written

Row = Mapping[str, Any]


def disagreements(
    scheme: dict[str, Any], right: Result, scores: Iterable[Row], nodes: Iterable[Row], stages: Iterable[Row]
) -> list[str]:
    """Everything that differs: decimals by a digit, DOUBLEs by more than 1e-9, ranks and grades at all. What a last bit of
    floating point decides is left out (see tests/oracle/strategies.py).
    """
    wrong: list[str] = []

    def check(what: str, wanted: object, got: object, same: bool) -> None:
        if not same:
            wrong.append(f"{what}: {got}, not {float(wanted) if isinstance(wanted, Fraction) else wanted}")

    scored = _by(scores, "unit_id")
    at_nodes = _by(nodes, "unit_id", "node")
    at_stages = _by(stages, "unit_id", "indicator")
    for name, keys, found in (
        ("scores", {(unit,) for unit in right.scores}, scored),
        ("nodes", set(right.nodes), at_nodes),
        ("stages", set(right.stages), at_stages),
    ):
        check(f"rows of {name}", sorted(keys - found.keys()), sorted(found.keys() - keys), keys == found.keys())
    if wrong:
        return wrong

    settled = settled_categories(scheme, right)
    for unit, wanted in right.scores.items():
        if unit in right.unsure:
            continue
        row = scored[(unit,)]
        check(f"{unit} score", wanted.score, row["score"], _same(wanted.score, row["score"], bool(right.exact)))
        if right.categories[unit] in settled:
            check(f"{unit} rank", wanted.rank, row["rank"], wanted.rank == row["rank"])
            if not at_a_bound(scheme, right, wanted.score):
                check(f"{unit} grade", wanted.grade, row["grade"], wanted.grade == row["grade"])
    for (unit, node), number in right.nodes.items():
        if unit not in right.unsure:
            got = at_nodes[unit, node]["score"]
            check(f"{unit} {node}", number, got, _same(number, got, right.exact == "leaf"))
    for (unit, indicator), stage in right.stages.items():
        for name, number in stage.items():
            # What becomes of the values of a unit that is not scored is nobody's business.
            aside = unit in right.screened and name not in ("value", "denominated")
            if unit not in right.unsure and not aside:
                got = at_stages[unit, indicator][name]
                check(f"{unit} {indicator} {name}", number, got, _same(number, got, False))
    return wrong


def settled_categories(scheme: dict[str, Any], right: Result) -> set[str | None]:
    """The categories whose ranks are the same in floating point: no unit is unsure, and any two are apart in their scores
    or tie-breaks, or alike in everything (such must tie).
    """

    def order_hangs(left: str, other: str) -> bool:
        pairs = zip(_key(scheme, right, left), _key(scheme, right, other), strict=True)
        for place, (one, two) in enumerate(pairs):
            if right.exact == "leaf" or (right.exact == "total" and not place):
                if one != two:
                    return False
            elif not near(one, two):
                return False
            elif not _alike(right, left, other):
                return True
        return False

    found = set(right.categories.values())
    ranked = [unit for unit, scored in right.scores.items() if scored.score is not None]
    found -= {right.categories[unit] for unit in right.unsure}
    for left, other in combinations(ranked, 2):
        if right.categories[left] == right.categories[other] and order_hangs(left, other):
            found.discard(right.categories[left])
    return found


def at_a_bound(scheme: dict[str, Any], right: Result, score: Number | None) -> bool:
    """Whether a DOUBLE score is as good as equal to what a grade asks for."""
    if score is None or right.exact:
        return False
    return any(near(score, written(grade["at_least"])) for grade in (scheme.get("grades") or {}).values())


def _by(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        assert key not in found, f"twice: {key}"
        found[key] = row
    return found


def _same(wanted: Number | None, got: str | float | None, exact: bool) -> bool:
    if wanted is None or got is None:
        return wanted is got
    if exact:
        return Fraction(Decimal(str(got))) == wanted
    return math.isclose(float(wanted), float(got), rel_tol=1e-9, abs_tol=1e-9)


def _key(scheme: dict[str, Any], right: Result, unit: str) -> list[Number]:
    score = right.scores[unit].score
    assert score is not None
    return [score, *ranking_key(scheme, right, unit)]


def _alike(right: Result, left: str, other: str) -> bool:
    """Whether two units have the same numbers at every stage and node."""
    tables: tuple[Mapping[tuple[str, str], object], ...] = right.stages, right.nodes
    return all(of[left, name] == of[other, name] for of in tables for unit, name in of if unit == left)
