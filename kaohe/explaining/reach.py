"""What it would have taken to reach a grade, all else equal: the cheapest set of items of a unit of a publication."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, Literal

from kaohe.errors import KaoheError
from kaohe.explaining.cheapest import Choice, Part, Vector, cheapest, everything
from kaohe.publication.snapshot import Snapshot
from kaohe.scheme import Scheme
from kaohe.scheme.indicator import EXACT, Indicator
from kaohe.scheme.parts import FEWER_DEDUCTIONS
from kaohe.words import listed, say

#: already: the unit has the grade or a better one. veto, pending, no_data: no items would do. short: nor would all
#: there are. items: these would.
Outcome = Literal["already", "veto", "pending", "no_data", "short", "items"]
_MICRO = 1_000_000


@dataclass(frozen=True)
class Line:
    """What the grade takes: ``at_least`` points and, with a quota, one of ``places`` among ``ranked`` units, that is,
    not to be behind the unit with ``last`` points, the last of the others that would have one (None: places enough)."""

    at_least: Decimal
    places: int | None
    ranked: int
    last: Decimal | None

    @property
    def points(self) -> Decimal:
        """The fewest points that can do."""
        return max(self.at_least, self.last or Decimal(0))


@dataclass(frozen=True)
class Item:
    """An item to put right: what was due and done of it (for a deduction: nothing, and its points), and its records."""

    indicator: str
    title: str
    item: str
    due: Decimal | None
    done: Decimal
    records: list[str]


#: The items of a unit by indicator.
Evidence = dict[str, list[Item]]


@dataclass(frozen=True)
class Righted:
    """An indicator, or the deductions together (``indicator`` None), with its points now and with these items right."""

    indicator: str | None
    title: str
    points: Decimal
    would_be: Decimal
    items: list[Item]


@dataclass(frozen=True)
class Event:
    """What a veto that caps below the grade rests on. ``document``: None if the ledger of the event names none."""

    veto: str
    title: str
    grade_at_most: str
    item: str
    document: str | None


@dataclass(frozen=True)
class Reach:
    """The answer for one unit and grade (its title). ``would_be`` and ``would_rank``: with the items of ``righted``,
    for ``short`` with every item there is. ``missing``: how many points are then still missing (0: the tie-breaks).
    ``pending``: titles of indicators whose deadline has not passed. ``closest``: no set of as few items is closer."""

    unit_id: str
    unit_name: str
    category: str | None
    grade: str
    outcome: Outcome
    total: Decimal
    rank: int | None
    grade_now: str | None
    line: Line | None = None
    would_be: Decimal | None = None
    would_rank: int | None = None
    missing: Decimal | None = None
    righted: tuple[Righted, ...] = ()
    events: tuple[Event, ...] = ()
    pending: tuple[str, ...] = ()
    closest: bool = True

    @property
    def count(self) -> int:
        """How many items are to be put right."""
        return sum(len(part.items) for part in self.righted)


def reach(snapshot: Snapshot, scheme: Scheme, unit_id: str, grade: str) -> Reach:
    """The cheapest set of items with which the unit would have had ``grade`` (its title or id), the others unchanged.

    Raises ``KaoheError`` for a grade that the scheme does not have, and for one whose points cannot be told item by
    item.
    """
    name = next((name for name, known in scheme.grades.items() if grade in (name, known.title)), None)
    if name is None:
        raise KaoheError("reach_grade", grade=grade, grades=listed(each.title for each in scheme.grades.values()))
    unit = snapshot.frame("select * from main.scores where unit_id = ?", [unit_id]).row(0, named=True)
    better = [known.title for known in list(scheme.grades.values())[: list(scheme.grades).index(name) + 1]]
    known = {key: unit[key] for key in ("unit_id", "unit_name", "category", "total", "rank")}
    known |= {"grade": scheme.grades[name].title, "grade_now": unit["grade"]}
    if unit["grade"] in better:
        return Reach(**known, outcome="already")
    if unit["status"] != "scored":
        return Reach(**known, outcome=unit["status"], pending=_pending(snapshot, scheme, unit_id))
    if events := _events(snapshot, scheme, unit_id, name):
        return Reach(**known, outcome="veto", events=events)
    table = _Table(snapshot, scheme, unit["category"])
    line, goal = table.line(unit_id, name)
    evidence = _evidence(snapshot, scheme, unit_id)
    leaves = _leaves(snapshot, scheme, unit_id, evidence, table.ties)
    tallies = [*leaves, *_deductions(scheme, evidence, table.ties)]
    parts = [tally.part for tally in tallies]
    have = table.before_the_floor(
        unit_id, unit["base"] + unit["bonus"], sum(t.points for t in tallies if not t.indicator)
    )
    choice = cheapest(parts, have, goal)
    if choice is None:
        most = everything(parts, have)
        missing = max(_points(goal[0] - most[0]), Decimal(0))
        return Reach(**known, outcome="short", line=line, missing=missing, **table.place(unit_id, most))
    gained = [tally.part.worth(choice.gains.get(tally.part.name, 0)) for tally in tallies]
    place = table.place(unit_id, tuple(map(sum, zip(have, *gained, strict=True))))
    righted = tuple(tally.righted(choice) for tally in tallies if tally.part.name in choice.items)
    return Reach(**known, outcome="items", line=line, righted=righted, closest=choice.closest, **place)


def _points(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


def _hundredths(points: Decimal) -> int:
    return int(points * 100)


class _Table:
    """The ranked units of a category by score and tie-breaks, in hundredths of a point, as sql/scores ranks them."""

    def __init__(self, snapshot: Snapshot, scheme: Scheme, category: str | None) -> None:
        self.scheme = scheme
        #: for each tie-break the leaves that count for it
        self.ties = [_below(scheme, name) for name in scheme.tie_break]
        nodes = {
            (unit, node): points
            for unit, node, points in snapshot.rows(
                "select unit_id, node, points from main.node_scores where list_contains(?, node)", [scheme.tie_break]
            )
        }
        self.units: dict[str, Vector] = {}
        for unit, total, deduction in snapshot.rows(
            "select unit_id, total, deduction from main.scores "
            "where category is not distinct from ? and status <> 'no_data' order by unit_id",
            [category],
        ):
            points = [
                -deduction if node == FEWER_DEDUCTIONS else nodes.get((unit, node), 0) for node in scheme.tie_break
            ]
            self.units[unit] = tuple(_hundredths(Decimal(each)) for each in (total, *points))

    def before_the_floor(self, unit_id: str, earned: Decimal, deduction: int) -> Vector:
        """The unit's score as if deductions could take it below 0: then everything adds up."""
        names = self.scheme.tie_break
        ties = (
            deduction if name == FEWER_DEDUCTIONS else tie
            for name, tie in zip(names, self.units[unit_id][1:], strict=True)
        )
        return _hundredths(earned) + deduction, *ties

    def line(self, unit_id: str, name: str) -> tuple[Line, Vector]:
        """What the grade takes of the unit, in words and as the score (with tie-breaks, if they matter) to reach."""
        grade = self.scheme.grades[name]
        at_least, ranked = (_hundredths(grade.at_least),), len(self.units)
        if grade.quota is None:
            return Line(_points(at_least[0]), None, ranked, None), at_least
        places = grade.places(ranked)
        others = self._others(unit_id)
        if len(others) < places:
            return Line(_points(at_least[0]), places, ranked, None), at_least
        last = others[places - 1]
        line = Line(_points(at_least[0]), places, ranked, _points(last[0]))
        return line, max(last, at_least)

    def place(self, unit_id: str, score: Vector) -> dict[str, Any]:
        """The unit's total and rank with this score, the others unchanged."""
        total = max(score[0], 0)
        rank = 1 + sum(other > (total, *score[1:]) for other in self._others(unit_id))
        return {"would_be": _points(total), "would_rank": rank}

    def _others(self, unit_id: str) -> list[Vector]:
        """The other units, best first; as ranks are counted: where they leave none out, equal units once."""
        others = [score for unit, score in self.units.items() if unit != unit_id]
        return sorted(set(others) if self.scheme.ranking == "dense" else others, reverse=True)


def _below(scheme: Scheme, name: str) -> set[str]:
    """The leaves whose points count for a tie-break. Raises ``KaoheError`` for one that items of a deduction change in
    another way than by what they add up to."""
    if name == FEWER_DEDUCTIONS:
        return {FEWER_DEDUCTIONS}
    if name in scheme.deductions.indicators:
        raise KaoheError("reach_tie_break", name=scheme.deductions.indicators[name].title)
    parents = {entry.name: entry.parent for entry in scheme.entries}

    def is_below(leaf: str) -> bool:
        return leaf == name or (bool(leaf) and is_below(parents[leaf]))

    return {entry.name for entry, _ in scheme.leaves if is_below(entry.name)}


@dataclass(frozen=True)
class _Tally:
    """A part of the score with what is needed to show it. ``points``: now, in hundredths."""

    indicator: str | None
    title: str
    points: int
    part: Part
    items: dict[str, Item]

    def righted(self, choice: Choice) -> Righted:
        name = self.part.name
        items = [self.items[item] for item in choice.items[name]]
        now, then = self.points, self.points + choice.gains[name]
        return Righted(self.indicator, self.title, _points(now), _points(then), items)


def _leaves(
    snapshot: Snapshot, scheme: Scheme, unit_id: str, evidence: Evidence, ties: Sequence[set[str]]
) -> list[_Tally]:
    """The weighted indicators with points, in the order of the scheme."""
    scored = {
        name: (_hundredths(weight), status == "scored", _hundredths(points))
        for name, weight, status, points in snapshot.rows(
            "select indicator, effective_weight, status, points from main.indicator_scores "
            "where unit_id = ? and points is not null and status in ('scored', 'not_reported')",
            [unit_id],
        )
    }
    found = []
    for entry, leaf in scheme.leaves:
        if isinstance(leaf, Indicator) and entry.name in scored:
            weight, reported, points = scored[entry.name]
            items = {item.item: item for item in evidence.get(entry.name, [])}
            gaps, gain = _leaf(scheme, leaf, weight, reported, list(items.values()))
            part = Part(entry.name, gaps, gain, tuple(int(entry.name in names) for names in ties))
            found.append(_Tally(entry.name, leaf.title, points, part, items))
    return found


def _leaf(
    scheme: Scheme, leaf: Indicator, weight: int, reported: bool, items: Sequence[Item]
) -> tuple[dict[str, int], Callable[[int], int]]:
    """What there is to put right by item, in millionths, and what putting right so much gains. Where less is better an
    item is right at nothing done; if it was not reported either, all its items must be put right to gain anything."""
    less = _less_is_better(leaf)
    dues = [_micro(item.due) for item in items if item.due is not None]
    due, done = sum(dues) if dues else _MICRO, sum(_micro(item.done) for item in items)

    @cache
    def points(restored: int) -> int:
        if not reported and not restored:
            return 0
        value = Fraction(done - restored if less else done + restored, due)
        return rounded(weight * _score(leaf, value), scheme.rounding.mode)

    if less and not reported:
        whole = rounded(weight * _score(leaf, Fraction(0)), scheme.rounding.mode)
        return {item.item: 1 for item in items}, lambda restored: whole if restored == len(items) else 0
    missing = {item.item: item.done if less else (item.due or item.done) - item.done for item in items}
    gaps = {item: _micro(gap) for item, gap in missing.items() if gap > 0}
    return gaps, lambda restored: points(restored) - points(0)


def _score(leaf: Indicator, value: Fraction) -> Fraction:
    """The score of a value by an exact rule (docs/scheme.md), from 0 to 1."""
    match leaf.rule:
        case "linear":
            floor, target = Fraction(leaf.floor or 0), Fraction(leaf.target or 0)
            value = (value - floor) / (target - floor)
        case "steps":
            gives = (
                Fraction(step.give)
                for step in leaf.steps or []
                if (step.at_least is not None and value >= step.at_least)
                or (step.at_most is not None and value <= step.at_most)
            )
            value = next(gives, Fraction(0))
    return min(Fraction(1), max(Fraction(0), value))


def _less_is_better(leaf: Indicator) -> bool:
    """Raises ``KaoheError`` for a rule by which a score also hangs on other units, or that both rises and falls."""
    match leaf.rule:
        case "linear":
            return (leaf.target or 0) < (leaf.floor or 0)
        case "steps":
            given = [bound for step in leaf.steps or [] for bound in (step.at_least, step.at_most)]
            bounds = sorted({Fraction(bound) for bound in given if bound is not None})
            between = [bounds[0] - 1, *((low + high) / 2 for low, high in pairwise(bounds)), bounds[-1] + 1]
            scores = [_score(leaf, value) for value in sorted([*bounds, *between])]
            if scores == sorted(scores):
                return False
            if scores == sorted(scores, reverse=True):
                return True
    if leaf.rule not in EXACT or leaf.rule == "steps":
        raise KaoheError("reach_rule", indicator=leaf.title, rule=leaf.rule)
    return False


def _deductions(scheme: Scheme, evidence: Evidence, ties: Sequence[set[str]]) -> list[_Tally]:
    """All deductions together, if there are any: facts that count once, the largest, and stop at the cap."""
    facts: dict[str, Item] = {}
    for name in scheme.deductions.indicators:
        for item in evidence.get(name, []):
            if item.item not in facts or item.done > facts[item.item].done:
                facts[item.item] = item
    points = {item: rounded(Fraction(fact.done) * 100, scheme.rounding.mode) for item, fact in facts.items()}
    gaps = {item: number for item, number in points.items() if number > 0}
    whole, cap = sum(gaps.values()), _hundredths(scheme.deductions.cap)
    if not gaps:
        return []
    counted = min(whole, cap)
    counts_for = tuple(int(FEWER_DEDUCTIONS in names) for names in ties)
    part = Part(FEWER_DEDUCTIONS, gaps, lambda undone: counted - min(whole - undone, cap), counts_for)
    return [_Tally(None, say("heading_deduction"), -counted, part, facts)]


def _evidence(snapshot: Snapshot, scheme: Scheme, unit_id: str) -> Evidence:
    """The items of a unit by indicator, in order."""
    titles = {entry.name: leaf.title for entry, leaf in scheme.leaves}
    found: Evidence = {}
    for indicator, item, due, done, records in snapshot.rows(
        "select indicator, item, due, done, records from main.evidence where unit_id = ? order by indicator, item",
        [unit_id],
    ):
        done = Decimal(0) if done is None else done
        found.setdefault(indicator, []).append(Item(indicator, titles[indicator], item, due, done, records or []))
    return found


def _pending(snapshot: Snapshot, scheme: Scheme, unit_id: str) -> tuple[str, ...]:
    titles = {entry.name: leaf.title for entry, leaf in scheme.leaves}
    rows = snapshot.rows(
        "select indicator from main.indicator_scores where unit_id = ? and status = 'pending'", [unit_id]
    )
    return tuple(title for name, title in titles.items() if (name,) in rows)


def _events(snapshot: Snapshot, scheme: Scheme, unit_id: str, grade: str) -> tuple[Event, ...]:
    """What the vetoes that cap below ``grade`` rest on, with the documents of the ledger of adverse events."""
    order = list(scheme.grades)
    evidence = _evidence(snapshot, scheme, unit_id)
    has_ledger = snapshot.has("adverse_event")
    documents = dict(snapshot.rows("select _rec, source_doc from main.adverse_event")) if has_ledger else {}
    found = []
    for name, veto in scheme.vetoes.items():
        if order.index(veto.grade_at_most) > order.index(grade):
            for item in evidence.get(name, []):
                if item.done > 0:
                    document = next((documents[record] for record in item.records if record in documents), None)
                    most = scheme.grades[veto.grade_at_most].title
                    found.append(Event(name, veto.title, most, item.item, document))
    return tuple(found)


def _micro(number: Decimal) -> int:
    return int(number * _MICRO)


def rounded(number: Fraction, mode: str) -> int:
    """A number as a whole one: half_up (away from zero), half_even, or down (towards zero)."""
    whole, rest = divmod(abs(number), 1)
    up = {"half_up": rest >= Fraction(1, 2), "half_even": round(abs(number)) > whole, "down": False}[mode]
    return (whole + up) * (1 if number >= 0 else -1)
