"""From items to points, totals, ranks and grades."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from fractions import Fraction

from tests.golden.oracle import extras, foundation, integrity, synergy, theory
from tests.golden.oracle.bureau import CENT, ZERO, Bureau, Item, Measure, half_up, item
from tests.golden.oracle.records import Records, Unit
from tests.golden.oracle.scheme import Extra, Grade, Node, Scheme

SHOWN = "shown"
NOT_APPLICABLE = "not_applicable"
PENDING = "pending"
NOT_REPORTED = "not_reported"
SCORED = "scored"
NO_DATA = "no_data"

MEASURES: Mapping[str, Measure] = {
    **theory.MEASURES,
    **foundation.MEASURES,
    **synergy.MEASURES,
    **integrity.MEASURES,
    **extras.MEASURES,
}
#: Tables that report nothing of a unit: registries, the lists of an agreement, which comes with them,
#: and the clues about a unit, which are not its own.
SILENT = {"org_unit", "party_member", "pairing_item", "clue_summary"}


# --- The results -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LeafScore:
    """One unit's score on one indicator; points are None where nothing is scored, due where nothing was ever due."""

    unit_id: str
    indicator: str
    weight: Fraction
    effective_weight: Fraction
    due: Fraction | None
    done: Fraction
    points: Fraction | None
    lost: Fraction
    status: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class UnitScore:
    """One unit's result."""

    unit_id: str
    category: str
    total: Fraction
    base: Fraction
    bonus: Fraction
    deduction: Fraction
    status: str
    veto: str | None = None
    rank: int | None = None
    tied: bool = False
    quota_tie: bool = False
    grade: str | None = None


@dataclass(frozen=True)
class Scores:
    """All results: units by id, indicators by (unit id, indicator id), vetoes with their items by (unit id, veto)."""

    units: Mapping[str, UnitScore]
    leaves: Mapping[tuple[str, str], LeafScore]
    vetoes: Mapping[tuple[str, str], tuple[Item, ...]]


# --- Sharing out -----------------------------------------------------------------------------------------------------


def share_out(amount: Fraction, parts: Sequence[Fraction]) -> list[Fraction]:
    """Divide an amount of whole cents in proportion to `parts`; the first of equal remainders gets a cent more.

    Every share is rounded down to the cent, and the cents left over go to the largest remainders.
    """
    whole = sum(parts, ZERO)
    if not whole:
        return [ZERO for _ in parts]
    cents = [amount / CENT * part / whole for part in parts]
    floors = [math.floor(value) for value in cents]
    left = int(amount / CENT) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda n: (floors[n] - cents[n], n))
    return [(floors[n] + (n in by_remainder[:left])) * CENT for n in range(len(parts))]


def effective_weights(root: Node, present: set[str]) -> dict[str, Fraction]:
    """The weight of every indicator, once the weight of absent ones is shared out.

    From the top down: what a node has is divided among the children that still have an indicator.
    """
    weights = {leaf.id: ZERO for leaf in root.leaves()}

    def divide(node: Node, amount: Fraction) -> None:
        if not node.children:
            weights[node.id] = amount
            return
        there = [child for child in node.children if any(leaf.id in present for leaf in child.leaves())]
        for child, part in zip(there, share_out(amount, [child.weight for child in there]), strict=True):
            divide(child, part)

    divide(root, root.weight)
    return weights


# --- One unit --------------------------------------------------------------------------------------------------------


def reported_tables(bureau: Bureau) -> Mapping[str, set[str]]:
    """For each unit, the tables in which it has a record of the year; a table without a day or year is of every year."""
    found: dict[str, set[str]] = defaultdict(set)
    for table in fields(bureau.records):
        for record in getattr(bureau.records, table.name) if table.name not in SILENT else ():
            if record.assessed_in in {None, bureau.year}:
                found[record.unit_id].add(table.name)
    return found


def measure_of(name: str) -> Measure:
    """The oracle's own idea of a measure."""
    if name not in MEASURES:
        raise LookupError(
            f"the measure {name} has no second opinion yet: add it to MEASURES of a module of tests/golden/oracle"
        )
    return MEASURES[name]


def _items(bureau: Bureau, unit: Unit, leaf: Node) -> list[Item]:
    return sorted(measure_of(leaf.measure).items(bureau, unit, leaf), key=lambda i: i.item)


def _status(leaf: Node, items: Sequence[Item], tables: set[str], overdue: bool) -> str:
    """The first that fits: shown, not applicable, pending, not reported, scored."""
    measure = measure_of(leaf.measure)
    reported = bool(tables & set(measure.tables)) or any(i.recorded for i in items)
    if not leaf.weight:
        return SHOWN
    if not items and (reported or not measure.not_reported):
        return NOT_APPLICABLE
    if reported:
        return SCORED
    return NOT_REPORTED if overdue else PENDING


def _weighted(bureau: Bureau, scheme: Scheme, unit: Unit, tables: set[str]) -> list[LeafScore]:
    """The unit's scores on the indicators of the tree, in scheme order."""
    leaves = list(scheme.root.leaves())
    items = {leaf.id: _items(bureau, unit, leaf) for leaf in leaves}
    status = {
        leaf.id: _status(leaf, items[leaf.id], tables, bureau.as_of > (leaf.deadline or scheme.deadline))
        for leaf in leaves
    }
    present = {name for name, value in status.items() if value in {SCORED, NOT_REPORTED}}
    weights = effective_weights(scheme.root, present)
    return [_leaf(unit, leaf, weights[leaf.id], status[leaf.id], items[leaf.id]) for leaf in leaves]


def _leaf(unit: Unit, leaf: Node, weight: Fraction, status: str, items: Sequence[Item]) -> LeafScore:
    points: Fraction | None = None
    lost = ZERO
    if status == NOT_REPORTED:
        items = [replace(i, done=ZERO) for i in items] or [item("none", 1, 0)]
    due = sum((i.due or ZERO for i in items), ZERO)
    done = sum((i.done for i in items), ZERO)
    if status in {SCORED, NOT_REPORTED}:
        points = half_up(weight * done / due, CENT)
        lost = weight - points
        parts = share_out(lost, [i.missing for i in items])
        items = [replace(i, lost=part) for i, part in zip(items, parts, strict=True)]
    return LeafScore(unit.unit_id, leaf.id, leaf.weight, weight, due, done, points, lost, status, tuple(items))


def _facts(bureau: Bureau, unit: Unit, extra: Extra, cap: Fraction, sign: int) -> list[LeafScore]:
    """Bonus or deductions of a unit. The same fact counts once, the largest, the first of equals in scheme order;
    what exceeds the cap is taken from the last."""
    found = [(leaf, i) for leaf in extra.leaves for i in _items(bureau, unit, leaf)]
    best: dict[str, tuple[str, Fraction]] = {}
    for leaf, i in found:
        if i.item not in best or i.done > best[i.item][1]:
            best[i.item] = leaf.id, i.done
    counted: dict[str, list[tuple[Item, Fraction]]] = {leaf.id: [] for leaf in extra.leaves}
    left = cap
    for leaf, i in found:
        points = min(left, half_up(i.done, CENT)) if best[i.item][0] == leaf.id else ZERO
        left -= points
        counted[leaf.id].append((i, points))
    scores = []
    for name, pairs in counted.items():
        done = sum((points for _, points in pairs), ZERO)
        lost = done if sign < 0 else ZERO
        items = tuple(replace(i, lost=points if sign < 0 else ZERO) for i, points in pairs)
        scores.append(LeafScore(unit.unit_id, name, ZERO, ZERO, None, done, sign * done, lost, SCORED, items))
    return scores


# --- All of them -----------------------------------------------------------------------------------------------------


def score(records: Records, scheme: Scheme, year: int, as_of: date) -> Scores:
    """Score every assessed unit."""
    bureau = Bureau(records, year, as_of)
    reported = reported_tables(bureau)
    leaves: dict[tuple[str, str], LeafScore] = {}
    vetoes: dict[tuple[str, str], tuple[Item, ...]] = {}
    units: list[UnitScore] = []
    for unit in bureau.units():
        tables = reported.get(unit.unit_id, set())
        weighted = _weighted(bureau, scheme, unit, tables)
        base = sum((leaf.points or ZERO for leaf in weighted), ZERO)
        won = _facts(bureau, unit, scheme.bonus, scheme.bonus.cap, 1)
        bonus = sum((leaf.done for leaf in won), ZERO)
        taken = _facts(bureau, unit, scheme.deductions, min(scheme.deductions.cap, base + bonus), -1)
        deduction = sum((leaf.done for leaf in taken), ZERO)
        leaves |= {(unit.unit_id, leaf.indicator): leaf for leaf in (*weighted, *won, *taken)}
        own = {veto.leaf.id: tuple(_items(bureau, unit, veto.leaf)) for veto in scheme.vetoes}
        vetoes |= {(unit.unit_id, name): items for name, items in own.items()}
        pending = any(leaf.status == PENDING for leaf in weighted)
        told = any(leaf.status == SCORED for leaf in weighted)  # by another unit's records
        units.append(
            UnitScore(
                unit_id=unit.unit_id,
                category=unit.category,
                total=base + bonus - deduction,
                base=base,
                bonus=bonus,
                deduction=deduction,
                status=NO_DATA if not tables and not told else PENDING if pending else SCORED,
                veto=_worst(scheme, {name for name, items in own.items() if items}),
            )
        )
    ranked = _rank(units, leaves, scheme)
    return Scores({unit.unit_id: unit for unit in ranked}, leaves, vetoes)


def _worst(scheme: Scheme, applied: set[str]) -> str | None:
    """The veto that leaves the lowest grade."""
    order = [grade.id for grade in scheme.grades]
    caps = {veto.leaf.id: order.index(veto.grade_at_most) for veto in scheme.vetoes if veto.leaf.id in applied}
    return max(caps, key=lambda name: caps[name], default=None)


def _rank(
    units: Sequence[UnitScore], leaves: Mapping[tuple[str, str], LeafScore], scheme: Scheme
) -> Iterator[UnitScore]:
    """Rank each category and give the grades; a unit without data has neither."""
    nodes = {node.id: [leaf.id for leaf in node.leaves()] for node in scheme.root.nodes()}

    def standing(unit: UnitScore) -> tuple[Fraction, ...]:
        def worth(name: str) -> Fraction:
            if name == "fewer_deductions":
                return -unit.deduction
            return sum((leaves[unit.unit_id, leaf].points or ZERO for leaf in nodes[name]), ZERO)

        return unit.total, *map(worth, scheme.tie_break)

    for unit in units:
        if unit.status == NO_DATA:
            yield unit
            continue
        rivals = [standing(other) for other in units if other.category == unit.category and other.status != NO_DATA]
        own = standing(unit)
        rank = 1 + sum(other > own for other in rivals)
        last = rank + rivals.count(own) - 1  # the last place of those who share the rank
        unit = replace(unit, rank=rank, tied=last > rank)
        if unit.status != PENDING:
            grade = _grade(unit, len(rivals), scheme)
            over = grade.quota is not None and last > _places(grade, grade.quota, len(rivals))
            unit = replace(unit, grade=grade.title, quota_tie=over)
        yield unit


def _places(grade: Grade, quota: Fraction, ranked: int) -> int:
    return max(grade.quota_at_least, math.floor(quota * ranked))


def _grade(unit: UnitScore, ranked: int, scheme: Scheme) -> Grade:
    """The best grade that the unit has the points and the rank for, and that no veto keeps from it."""
    order = [grade.id for grade in scheme.grades]
    caps = {veto.leaf.id: order.index(veto.grade_at_most) for veto in scheme.vetoes}
    for grade in scheme.grades[caps[unit.veto] if unit.veto else 0 :]:
        placed = grade.quota is None or (unit.rank or 0) <= _places(grade, grade.quota, ranked)
        if unit.total >= grade.at_least and placed:
            return grade
    raise ValueError(f"no grade for {unit.total}")
