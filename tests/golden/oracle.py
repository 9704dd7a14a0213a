"""An independent recomputation of the scores, in exact fractions.

Written from the rules alone, in plain Python, for one purpose: to disagree with the program when the program is wrong.
It shares no code with it, reads no SQL, and is slow and plain on purpose. It takes *trusted* clean records (what is
left after quarantine), a year, an as-of date and the scheme's YAML, and gives every number a reader can see.

Amounts of points are `Fraction`; nothing is ever rounded but where the rules round.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import yaml

CENT = Fraction(1, 100)
MICRO = Fraction(1, 1_000_000)
ZERO = Fraction(0)
ONE = Fraction(1)

SCORED = "scored"
PENDING = "pending"
NOT_REPORTED = "not_reported"
NOT_APPLICABLE = "not_applicable"
NO_DATA = "no_data"


# --- What a record is ------------------------------------------------------------------------------------------------


class Unit(Protocol):
    """A unit of the registry."""

    @property
    def unit_id(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


class Inspection(Protocol):
    """A check of a unit's organisational-life records."""

    @property
    def inspection_id(self) -> str: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def round(self) -> int: ...
    @property
    def inspected_on(self) -> date: ...
    @property
    def fixed_time(self) -> bool: ...
    @property
    def agenda(self) -> bool: ...
    @property
    def procedure(self) -> bool: ...
    @property
    def detailed_record(self) -> bool: ...


class Finding(Protocol):
    """A problem found by a check."""

    @property
    def finding_id(self) -> str: ...
    @property
    def inspection_id(self) -> str: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def found_on(self) -> date: ...
    @property
    def due_on(self) -> date: ...
    @property
    def rechecked_on(self) -> date | None: ...


class StudyStat(Protocol):
    """A unit's month on a learning platform."""

    @property
    def platform(self) -> str: ...
    @property
    def period(self) -> date: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def enrolled(self) -> int: ...
    @property
    def participation_rate(self) -> Decimal: ...
    @property
    def passed(self) -> int | None: ...


class Agreement(Protocol):
    """A pairing agreement."""

    @property
    def agreement_id(self) -> str: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def partner_type(self) -> str: ...
    @property
    def signed_on(self) -> date: ...
    @property
    def expires_on(self) -> date: ...


class Activity(Protocol):
    """An activity held under an agreement."""

    @property
    def activity_id(self) -> str: ...
    @property
    def agreement_id(self) -> str: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def held_on(self) -> date: ...
    @property
    def theme(self) -> str: ...


class Item(Protocol):
    """A line of an agreement's lists."""

    @property
    def item_id(self) -> str: ...
    @property
    def agreement_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def done_on(self) -> date | None: ...


class Records(Protocol):
    """Clean records that may count, table by table."""

    @property
    def units(self) -> Sequence[Unit]: ...
    @property
    def inspections(self) -> Sequence[Inspection]: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def study_stats(self) -> Sequence[StudyStat]: ...
    @property
    def agreements(self) -> Sequence[Agreement]: ...
    @property
    def activities(self) -> Sequence[Activity]: ...
    @property
    def items(self) -> Sequence[Item]: ...


# --- The scheme ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """A dimension (with children) or an indicator (with a measure)."""

    id: str
    weight: Fraction
    children: tuple[Node, ...] = ()
    measure: str = ""
    params: Mapping[str, Any] | None = None

    def leaves(self) -> Iterator[Node]:
        """The indicators under this node, in scheme order; a leaf is its own."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


@dataclass(frozen=True)
class Grade:
    """A band of the grades, from `at_least` upwards; a quota limits how many of a category get it."""

    title: str
    at_least: Fraction
    quota: Fraction | None = None
    quota_at_least: int = 0


@dataclass(frozen=True)
class Scheme:
    """The tree of weights, the deadline, the grades from best to worst, and the node that breaks ties."""

    root: Node
    deadline: date
    grades: tuple[Grade, ...]
    tie_break: str = "spot_check"


def exact(number: object) -> Fraction:
    """A number of the YAML as written there: 0.3 is three tenths."""
    return Fraction(Decimal(str(number)))


def load_scheme(path: Path) -> Scheme:
    """Read a scheme."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    children = tuple(_node(name, body) for name, body in raw["dimensions"].items())
    return Scheme(
        root=Node("total", Fraction(100), children),
        deadline=raw["deadline"],
        grades=tuple(
            Grade(
                grade["title"],
                exact(grade["at_least"]),
                exact(grade["quota"]) if "quota" in grade else None,
                int(grade.get("quota_at_least", 0)),
            )
            for grade in sorted(raw["grades"].values(), key=lambda grade: exact(grade["at_least"]), reverse=True)
        ),
        tie_break=raw["tie_break"][0],
    )


def _node(name: str, body: Mapping[str, Any]) -> Node:
    children = tuple(_node(child, below) for child, below in body.get("children", {}).items())
    return Node(name, exact(body["weight"]), children, body.get("measure", ""), body.get("params"))


# --- The results -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemScore:
    """One thing that was due, how much of it was done, and the points it cost."""

    item: str
    due: Fraction
    done: Fraction
    lost: Fraction = ZERO


@dataclass(frozen=True)
class LeafScore:
    """One unit's score on one indicator; points and lost are None where nothing is scored."""

    unit_id: str
    indicator: str
    weight: Fraction
    effective_weight: Fraction
    due: Fraction
    done: Fraction
    points: Fraction | None
    lost: Fraction | None
    status: str
    items: tuple[ItemScore, ...]


@dataclass(frozen=True)
class UnitScore:
    """One unit's result."""

    unit_id: str
    category: str
    base: Fraction
    total: Fraction
    status: str
    rank: int | None = None
    tied: bool = False
    grade: str | None = None


@dataclass(frozen=True)
class Scores:
    """All results: units by id, indicators by (unit id, indicator id)."""

    units: Mapping[str, UnitScore]
    leaves: Mapping[tuple[str, str], LeafScore]


# --- Rounding and sharing --------------------------------------------------------------------------------------------


def half_up(value: Fraction, step: Fraction) -> Fraction:
    """The multiple of `step` nearest to a value that is not negative, a half going up."""
    return math.floor(value / step + Fraction(1, 2)) * step


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


# --- The measures: what was due and what was done --------------------------------------------------------------------


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

    def counts(self, day: date) -> bool:
        """Whether something that happened on a day belongs to the year and has happened already."""
        return day.year == self.year and day <= self.as_of

    def units(self) -> list[Unit]:
        """The units that are assessed."""
        end = self.period_end
        return [u for u in self.records.units if u.valid_from <= end and (u.valid_to is None or u.valid_to >= end)]

    def months(self, unit: Unit) -> Iterator[date]:
        """The first day of each month that is over and in which the unit existed from the first day to the last."""
        for number in range(1, 13):
            first = date(self.year, number, 1)
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            there = unit.valid_from <= first and (unit.valid_to is None or unit.valid_to >= last)
            if last <= self.as_of and there:
                yield first

    def agreements_of(self, unit: Unit, kinds: Iterable[str]) -> list[Agreement]:
        """The unit's agreements with some kinds of partner."""
        wanted = set(kinds)
        return [a for a in self.records.agreements if a.unit_id == unit.unit_id and a.partner_type in wanted]


def item(name: str, due: Fraction | int, done: Fraction | int) -> ItemScore:
    """An item, with due and done rounded half up to six places."""
    return ItemScore(name, half_up(Fraction(due), MICRO), half_up(Fraction(done), MICRO))


def _study(bureau: Bureau, unit: Unit, node: Node, rate: Callable[[StudyStat], Fraction]) -> list[ItemScore]:
    params = node.params or {}
    rows = {
        stat.period: stat
        for stat in bureau.records.study_stats
        if stat.unit_id == unit.unit_id and stat.platform == params["platform"] and stat.period <= bureau.as_of
    }
    items = []
    for month in bureau.months(unit):
        stat = rows.get(month)
        if stat is None:
            items.append(item(f"{month:%Y-%m}", 1, 0))
        elif stat.enrolled > 0:
            items.append(item(f"{month:%Y-%m}", 1, min(ONE, rate(stat) / exact(params["target"]))))
    return items


def study_participation(bureau: Bureau, unit: Unit, node: Node) -> list[ItemScore]:
    """A month on a platform: its participation rate, measured against the target."""
    return _study(bureau, unit, node, lambda stat: Fraction(stat.participation_rate))


def study_hours_met(bureau: Bureau, unit: Unit, node: Node) -> list[ItemScore]:
    """A month on a platform: those who met their hours, of those enrolled, against the target."""
    return _study(bureau, unit, node, lambda stat: Fraction(stat.passed or 0, stat.enrolled))


def spot_check(bureau: Bureau, unit: Unit, node: Node) -> list[ItemScore]:
    """A check of the round: 25 for each of the four musts, less the penalties of its findings, never below 0."""
    params = node.params or {}
    penalties: dict[str, Fraction] = defaultdict(Fraction)
    for finding in bureau.records.findings:
        if finding.found_on <= bureau.as_of:
            penalties[finding.inspection_id] += exact(params["penalty"][finding.severity])
    items = []
    for check in bureau.records.inspections:
        if check.unit_id == unit.unit_id and check.round == params["round"] and bureau.counts(check.inspected_on):
            musts = sum((check.fixed_time, check.agenda, check.procedure, check.detailed_record))
            points = exact(params["must"]) * musts - penalties[check.inspection_id]
            items.append(item(check.inspection_id, 4 * exact(params["must"]), max(ZERO, points)))
    return items


def findings_closed(bureau: Bureau, unit: Unit, node: Node) -> list[ItemScore]:
    """A finding fallen due: its weight, done if it was rechecked in time. Inspected and nothing due: all is done."""
    params = node.params or {}
    items = []
    for finding in bureau.records.findings:
        if finding.unit_id == unit.unit_id and bureau.counts(finding.found_on) and finding.due_on <= bureau.as_of:
            weight = exact(params["severity"][finding.severity])
            in_time = finding.rechecked_on is not None and finding.rechecked_on <= finding.due_on
            items.append(item(finding.finding_id, weight, weight if in_time else 0))
    inspected = any(c.unit_id == unit.unit_id and bureau.counts(c.inspected_on) for c in bureau.records.inspections)
    return items or ([item("none", 1, 1)] if inspected else [])


def agreement_live(bureau: Bureau, unit: Unit, node: Node) -> list[ItemScore]:
    """The year: done if an agreement was in force on any day of it so far."""
    agreements = bureau.agreements_of(unit, (node.params or {})["partner_type"])
    live = any(a.signed_on <= bureau.period_end and a.expires_on >= bureau.first_day for a in agreements)
    return [item("year", 1, 1 if live else 0)]


def activities_held(bureau: Bureau, unit: Unit, node: Node) -> list[ItemScore]:
    """A slot for each activity wanted, filled by the valid ones."""
    params = node.params or {}
    wanted = set(params["partner_type"])
    kinds = {a.agreement_id: a.partner_type for a in bureau.records.agreements}
    held = sum(kinds[activity.agreement_id] in wanted for activity in _valid_activities(bureau, unit))
    return [item(str(slot), 1, 1 if slot <= held else 0) for slot in range(1, params["target"] + 1)]


def _valid_activities(bureau: Bureau, unit: Unit) -> list[Activity]:
    """The unit's activities of the year held while their agreement was in force, each counted once.

    Activities on the same day with the same theme are one, whatever the kind of pairing: the lowest id is kept.
    """
    agreements = {a.agreement_id: a for a in bureau.records.agreements if a.unit_id == unit.unit_id}
    kept: dict[tuple[date, str], Activity] = {}
    for activity in sorted(bureau.records.activities, key=lambda activity: activity.activity_id):
        agreement = agreements.get(activity.agreement_id)
        if activity.unit_id != unit.unit_id or agreement is None or not bureau.counts(activity.held_on):
            continue
        if agreement.signed_on <= activity.held_on <= agreement.expires_on:
            kept.setdefault((activity.held_on, activity.theme), activity)
    return list(kept.values())


def projects_done(bureau: Bureau, unit: Unit, node: Node) -> list[ItemScore]:
    """A project fallen due under the unit's agreements: done if it is done by the as-of date."""
    agreements = {a.agreement_id for a in bureau.agreements_of(unit, (node.params or {})["partner_type"])}
    items = []
    for project in bureau.records.items:
        if project.kind != "项目" or project.agreement_id not in agreements or project.due_on is None:
            continue
        if bureau.counts(project.due_on):
            done = project.done_on is not None and project.done_on <= bureau.as_of
            items.append(item(project.item_id, 1, 1 if done else 0))
    return items


@dataclass(frozen=True)
class Measure:
    """How a measure's items are found, and which tables say that a unit has reported."""

    items: Callable[[Bureau, Unit, Node], list[ItemScore]]
    tables: tuple[str, ...]
    empty: str


MEASURES: Mapping[str, Measure] = {
    "study_participation": Measure(study_participation, ("study_stat",), NOT_REPORTED),
    "study_hours_met": Measure(study_hours_met, ("study_stat",), NOT_REPORTED),
    "spot_check": Measure(spot_check, ("inspection", "inspection_finding"), NOT_APPLICABLE),
    "findings_closed": Measure(findings_closed, ("inspection", "inspection_finding"), "full"),
    "agreement_live": Measure(agreement_live, ("pairing_agreement",), NOT_REPORTED),
    "activities_held": Measure(activities_held, ("pairing_activity", "pairing_agreement"), NOT_REPORTED),
    "projects_done": Measure(projects_done, ("pairing_item", "pairing_agreement"), NOT_APPLICABLE),
}


def reported_tables(bureau: Bureau) -> Mapping[str, set[str]]:
    """For each unit, the tables in which it has a record of the year; a table without a date is of every year."""
    records = bureau.records
    found: dict[str, set[str]] = defaultdict(set)
    for check in records.inspections:
        if bureau.counts(check.inspected_on):
            found[check.unit_id].add("inspection")
    for finding in records.findings:
        if bureau.counts(finding.found_on):
            found[finding.unit_id].add("inspection_finding")
    for stat in records.study_stats:
        if bureau.counts(stat.period):
            found[stat.unit_id].add("study_stat")
    owners = {}
    for agreement in records.agreements:
        owners[agreement.agreement_id] = agreement.unit_id
        found[agreement.unit_id].add("pairing_agreement")
    for activity in records.activities:
        if bureau.counts(activity.held_on):
            found[activity.unit_id].add("pairing_activity")
    for line in records.items:
        if line.agreement_id in owners:
            found[owners[line.agreement_id]].add("pairing_item")
    return found


# --- The scores ------------------------------------------------------------------------------------------------------


def score(records: Records, scheme: Scheme, year: int, as_of: date) -> Scores:
    """Score every assessed unit."""
    bureau = Bureau(records, year, as_of)
    reported = reported_tables(bureau)
    leaves: dict[tuple[str, str], LeafScore] = {}
    units: list[UnitScore] = []
    for unit in bureau.units():
        scored = _score_unit(bureau, scheme, unit, reported.get(unit.unit_id, set()))
        leaves |= {(unit.unit_id, leaf.indicator): leaf for leaf in scored}
        base = sum((leaf.points or ZERO for leaf in scored), ZERO)
        pending = any(leaf.status == PENDING for leaf in scored)
        status = NO_DATA if not reported.get(unit.unit_id) else PENDING if pending else SCORED
        units.append(UnitScore(unit.unit_id, unit.category, base, base, status))
    ranked = _rank(units, leaves, scheme)
    return Scores({unit.unit_id: unit for unit in ranked}, leaves)


def _score_unit(bureau: Bureau, scheme: Scheme, unit: Unit, reported: set[str]) -> list[LeafScore]:
    items: dict[str, list[ItemScore]] = {}
    status: dict[str, str] = {}
    for leaf in scheme.root.leaves():
        measure = MEASURES[leaf.measure]
        items[leaf.id] = sorted(measure.items(bureau, unit, leaf), key=lambda i: i.item)
        has_reported = bool(reported & set(measure.tables))
        status[leaf.id] = _status(measure, bool(items[leaf.id]), has_reported, bureau.as_of > scheme.deadline)
    weights = effective_weights(scheme.root, {name for name, value in status.items() if value not in _ABSENT})
    return [_score_leaf(unit, leaf, weights[leaf.id], status[leaf.id], items[leaf.id]) for leaf in scheme.root.leaves()]


_ABSENT = {NOT_APPLICABLE, PENDING}


def _status(measure: Measure, has_items: bool, reported: bool, overdue: bool) -> str:
    if not has_items:
        return NOT_APPLICABLE if measure.empty != NOT_REPORTED or reported or overdue else PENDING
    if reported:
        return SCORED
    return NOT_REPORTED if overdue else PENDING


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


def _score_leaf(unit: Unit, leaf: Node, weight: Fraction, status: str, items: Sequence[ItemScore]) -> LeafScore:
    due = sum((i.due for i in items), ZERO)
    done = sum((i.done for i in items), ZERO)
    points: Fraction | None = None
    lost: Fraction | None = None
    if status == SCORED:
        points = half_up(weight * done / due, CENT)
    elif status == NOT_REPORTED:
        points = ZERO
    if points is not None:
        lost = weight - points
        parts = share_out(lost, [i.due - i.done for i in items])
        items = [replace(i, lost=part) for i, part in zip(items, parts, strict=True)]
    return LeafScore(unit.unit_id, leaf.id, leaf.weight, weight, due, done, points, lost, status, tuple(items))


def _rank(
    units: Sequence[UnitScore], leaves: Mapping[tuple[str, str], LeafScore], scheme: Scheme
) -> Iterator[UnitScore]:
    """Rank each category and give the grades; a unit without data has neither."""
    breakers = [leaf.id for leaf in _find(scheme.root, scheme.tie_break).leaves()]

    def standing(unit: UnitScore) -> tuple[Fraction, Fraction]:
        spot = sum((leaves[unit.unit_id, name].points or ZERO for name in breakers), ZERO)
        return unit.total, spot

    for unit in units:
        if unit.status == NO_DATA:
            yield unit
            continue
        rivals = [standing(other) for other in units if other.category == unit.category and other.status != NO_DATA]
        own = standing(unit)
        rank = 1 + sum(other > own for other in rivals)
        grade = None if unit.status == PENDING else _grade(unit.total, rank, len(rivals), scheme)
        yield replace(unit, rank=rank, tied=rivals.count(own) > 1, grade=grade)


def _find(node: Node, name: str) -> Node:
    if node.id == name:
        return node
    for child in node.children:
        if any(below.id == name for below in _walk(child)):
            return _find(child, name)
    raise KeyError(name)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _grade(total: Fraction, rank: int, ranked: int, scheme: Scheme) -> str:
    for grade in scheme.grades:
        if total < grade.at_least:
            continue
        if grade.quota is None or rank <= max(grade.quota_at_least, math.floor(grade.quota * ranked)):
            return grade.title
    raise ValueError(f"no grade for {total}")
