"""Compare two publications, or schemes tried on one: which units changed, by how much, and what caused it.

One ingredient after the other of A is exchanged for B's, and the scores are made again with today's program in
between: the differences of these steps add up to B − A by the way they are made. Whether the first or the last of two
ingredients that meet in an indicator is charged with what they did together follows from the order, which is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from kaohe.comparing.again import Again
from kaohe.comparing.sides import Ingredients, Input, Program, Side, side
from kaohe.comparing.steps import CAUSES, THINGS, Cause, Step, step
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.publication.snapshot import Snapshot
from kaohe.scheme import load_scheme
from kaohe.scheme.diff import Difference, differences, leaf_paths

#: What differs in the ranking alone; a rank or grade that changes with none of it changed because of others.
_RANKING = ("grades", "tie_break", "vetoes")
#: The order in which ingredients are exchanged; the next one is tried if a correction does not fit the records.
_ORDERS: tuple[tuple[Cause, ...], ...] = (
    ("scheme", "corrections", "as_of", "data"),
    ("scheme", "as_of", "data", "corrections"),
    ("scheme", "as_of", "together"),
)


@dataclass(frozen=True)
class Standing:
    """Where a unit stands. ``rank`` and ``grade``: None without data or while pending."""

    category: str
    total: Decimal
    rank: int | None
    grade: str | None
    veto: str | None
    status: str


@dataclass(frozen=True)
class PointsChange:
    """Points of an indicator before and after (None: none were given), and by cause. ``weight``: the effective one."""

    indicator: str
    title: str
    dimension: str
    before: Decimal | None
    after: Decimal | None
    weight: tuple[Decimal | None, Decimal | None]
    status: tuple[str | None, str | None]
    causes: dict[Cause, Decimal]

    @property
    def change(self) -> Decimal:
        return sum(self.causes.values(), Decimal(0))


@dataclass(frozen=True)
class Moved:
    """How a cause changed a unit's rank or grade. ``by_others``: nothing of its own had changed."""

    cause: Cause
    rank: tuple[str | None, str | None] | None
    grade: tuple[str | None, str | None] | None
    by_others: bool


@dataclass(frozen=True)
class UnitChange:
    """A unit for which something changed. ``before`` and ``after`` are None where it is not assessed; ``causes``: by
    how much each changed its total, all of which add up to ``change``."""

    unit_id: str
    unit_name: str
    before: Standing | None
    after: Standing | None
    causes: dict[Cause, Decimal]
    indicators: list[PointsChange]
    moves: list[Moved]

    @property
    def category(self) -> str:
        standing = self.after or self.before
        assert standing is not None
        return standing.category

    @property
    def change(self) -> Decimal:
        return (self.after.total if self.after else Decimal(0)) - (self.before.total if self.before else Decimal(0))

    @property
    def by_others(self) -> bool:
        """It moved only because others did."""
        return bool(self.moves) and all(move.by_others for move in self.moves) and not any(self.causes.values())

    @property
    def dimensions(self) -> dict[str, Decimal]:
        """By how much the points of each dimension changed."""
        found: dict[str, Decimal] = {}
        for each in self.indicators:
            found[each.dimension] = found.get(each.dimension, Decimal(0)) + each.change
        return found


@dataclass(frozen=True)
class FileChange:
    """A file of the inbox or the ledgers that is not the same: ``kind`` is new, gone or changed."""

    source: str
    path: str
    kind: str
    correction: bool


@dataclass(frozen=True)
class Comparison:
    """What came of comparing two sides. ``scheme``: the differences of their schemes, None if one of them cannot be
    read any more (``scheme_problem`` says why); ``concerned``: indicator → the differences that may be behind its
    points; ``program``: the files of the program that differ; ``titles``, ``names``: of nodes and of units."""

    a: Side
    b: Side
    steps: list[Step]
    units: list[UnitChange]
    titles: dict[str, str]
    scheme: list[Difference] | None
    scheme_problem: str | None
    concerned: dict[str, list[Difference]]
    files: list[FileChange]
    program: list[str]
    names: dict[str, str]

    @property
    def across_years(self) -> bool:
        return self.a.year != self.b.year

    @property
    def causes(self) -> list[Cause]:
        """The causes that were at work, in the order of the steps."""
        return list(dict.fromkeys(each.cause for each in self.steps))


def compare(home: Path, a: str, b: str, year: int | None = None) -> Comparison:
    """Compare what ``a`` and ``b`` name (see ``sides.side``); ``year``: of which ``current`` is current.

    Raises ``KaoheError`` if one of them is not there, or scores that have to be made again cannot be.
    """
    sides = side(home, a, year), side(home, b, year)
    contracts = load_contracts(Project.find().expectations)
    with Again(home) as again:
        path = list(_path(*sides, again))
        steps = [step(cause, before, after, contracts) for cause, before, after in path if before != after]
        ends = (path[0][1], path[-1][2]) if path else (sides[0].publication,) * 2
        return _compared(*sides, steps, *ends)


_Way = list[tuple[Cause, Path, Path]]


def _path(a: Side, b: Side, again: Again) -> _Way:
    """The steps from A's scores to B's: cause, and the folders of the snapshots before and after."""
    maker = _Maker(a, b, again)
    differ: list[Cause] = ["code"] if a.program.changed(b.program) else []
    differ += [cause for cause in _ORDERS[0] if getattr(a.ingredients, cause) != getattr(b.ingredients, cause)]
    if a.year != b.year:
        return [("year", maker.scores(a), maker.scores(b))]
    if a.published and b.published and len(differ) <= 1:
        return [(differ[0], a.publication, b.publication)] if differ else []
    start, end = maker.scores(a), maker.scores(b)
    first, last = maker.made(a.ingredients), maker.made(b.ingredients)
    middle = maker.between(first, last)
    return [("code", start, first), *middle, ("code", last, end)]


class _Maker:
    """Finds the scores of ingredients, or has them made."""

    def __init__(self, a: Side, b: Side, again: Again) -> None:
        self.a, self.b, self.again = a, b, again
        self.today = Program.today()

    def scores(self, asked: Side) -> Path:
        """The scores of a side."""
        return asked.publication if asked.published else self.made(asked.ingredients)

    def made(self, asked: Ingredients) -> Path:
        """Scores by today's program; a publication of just this will do."""
        for each in (self.a, self.b):
            if each.published and each.ingredients == asked and not each.program.changed(self.today):
                return each.publication
        try:
            return self.again.scores(asked)
        except KaoheError as error:
            if error.key == "compare_input_gone":
                raise
            raise KaoheError("compare_not_again", problem=error) from error

    def between(self, first: Path, last: Path) -> _Way:
        """The steps between both sides' scores by today's program, in the first order that goes."""
        for order in _ORDERS[:-1]:
            try:
                return self._in_order(order, first, last)
            except KaoheError as error:
                cause = error.__cause__
                if not isinstance(cause, KaoheError) or cause.key != "correction_refused":
                    raise
        return self._in_order(_ORDERS[-1], first, last)

    def _in_order(self, order: tuple[Cause, ...], first: Path, last: Path) -> _Way:
        way: _Way = []
        here, asked, target = first, self.a.ingredients, self.b.ingredients
        for cause in order:
            parts = ("data", "corrections") if cause == "together" else (cause,)
            wanted = replace(asked, **{part: getattr(target, part) for part in parts})
            if wanted != asked:
                there = last if wanted == target else self.made(wanted)
                way.append((cause, here, there))
                here, asked = there, wanted
        return way


def _compared(a: Side, b: Side, steps: list[Step], start: Path, end: Path) -> Comparison:
    found, problem, concerned = _schemes(a, b)
    titles, dimensions = _nodes(start, end)
    ranking = found is None or any(each.path[0] in _RANKING for each in found)
    standings = [_standings(folder) for folder in (start, end)]
    leaves = [_leaves(folder) for folder in (start, end)]
    names = {unit: name for standing in standings for unit, (name, _) in standing.items()}
    units = [
        _unit_change(unit, names[unit], steps, standings, leaves, titles, dimensions, ranking)
        for unit in sorted({unit for each in steps for unit in each.changed})
    ]
    units.sort(key=lambda each: each.unit_id)
    units.sort(key=lambda each: (each.after.rank if each.after else None) or len(names) + 1)
    units.sort(key=lambda each: each.category, reverse=True)
    changed_program = a.program.changed(b.program)
    return Comparison(a, b, steps, units, titles, found, problem, concerned, _files(a, b), changed_program, names)


def _schemes(a: Side, b: Side) -> tuple[list[Difference] | None, str | None, dict[str, list[Difference]]]:
    """The differences of two schemes, and by indicator those that may be behind its points."""
    files = a.ingredients.scheme, b.ingredients.scheme
    if files[0] == files[1]:
        return [], None, {}
    try:
        one, other = (load_scheme(file.path) for file in files)
    except KaoheError as error:
        return None, str(error), {}
    found = differences(one, other)
    paths = leaf_paths(one) | leaf_paths(other)
    concerned = {leaf: [each for each in found if each.concerns(path)] for leaf, path in paths.items()}
    return found, None, concerned


def _nodes(*folders: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Node → its title, and node → its dimension; the later snapshot's if both have it."""
    titles: dict[str, str] = {}
    dimensions: dict[str, str] = {}
    for folder in folders:
        with Snapshot(folder) as snapshot:
            for node, title, dimension in snapshot.rows("select node, title, dimension from main.scheme_node"):
                titles[node], dimensions[node] = title, dimension
    return titles, dimensions


def _standings(folder: Path) -> dict[str, tuple[str, Standing]]:
    with Snapshot(folder) as snapshot:
        rows = snapshot.rows("select unit_id, unit_name, category, total, rank, grade, veto, status from main.scores")
    return {unit: (name, Standing(*rest)) for unit, name, *rest in rows}


def _leaves(folder: Path) -> dict[tuple[str, str], tuple[Decimal | None, Decimal, str]]:
    with Snapshot(folder) as snapshot:
        rows = snapshot.rows("select unit_id, indicator, points, effective_weight, status from main.indicator_scores")
    return {(unit, indicator): (points, weight, status) for unit, indicator, points, weight, status in rows}


def _unit_change(
    unit: str,
    name: str,
    steps: list[Step],
    standings: list[dict[str, tuple[str, Standing]]],
    leaves: list[dict[tuple[str, str], tuple[Decimal | None, Decimal, str]]],
    titles: dict[str, str],
    dimensions: dict[str, str],
    ranking: bool,
) -> UnitChange:
    things = {thing for each in steps for thing in each.changed.get(unit, {}) if thing not in THINGS}
    before, after = (standing[unit][1] if unit in standing else None for standing in standings)
    indicators = []
    for thing in (node for node in titles if node in things):
        was, now = (leaf.get((unit, thing), (None, None, None)) for leaf in leaves)
        indicators.append(
            PointsChange(
                indicator=thing,
                title=titles[thing],
                dimension=dimensions[thing],
                before=was[0],
                after=now[0],
                weight=(was[1], now[1]),
                status=(was[2], now[2]),
                causes=_by_cause(steps, unit, thing),
            )
        )
    same_category = before is not None and after is not None and before.category == after.category
    moves = [move for each in steps for move in _moves(each, unit, same_category, ranking)]
    return UnitChange(unit, name, before, after, _by_cause(steps, unit, "total"), indicators, moves)


def _by_cause(steps: list[Step], unit: str, thing: str) -> dict[Cause, Decimal]:
    """By how much each cause changed a number; the two ends of the path may have the same cause."""
    causes: dict[Cause, Decimal] = {}
    for each in steps:
        causes[each.cause] = causes.get(each.cause, Decimal(0)) + each.change(unit, thing)
    return causes


def _moves(each: Step, unit: str, same_category: bool, ranking: bool) -> Iterator[Moved]:
    changed = each.changed.get(unit, {})
    rank, grade = changed.get("rank"), changed.get("grade")
    if rank is None and grade is None:
        return
    own = bool(changed.keys() - {"rank", "grade"})
    rules = each.cause in ("code", "year") or (each.cause == "scheme" and ranking)
    yield Moved(each.cause, rank, grade, by_others=same_category and not own and not rules)


def _files(a: Side, b: Side) -> list[FileChange]:
    """Files that are not the same on both sides; nothing between two years, where all are."""
    if a.year != b.year:
        return []
    corrections = a.ingredients.corrections | b.ingredients.corrections
    before, after = (_by_place(each.ingredients.data | each.ingredients.corrections) for each in (a, b))
    found = []
    for place in sorted(before.keys() | after.keys()):
        was, now = before.get(place), after.get(place)
        if was != now:
            kind = "new" if was is None else "gone" if now is None else "changed"
            found.append(FileChange(*place, kind, bool({was, now} & corrections)))
    return found


def _by_place(inputs: frozenset[Input]) -> dict[tuple[str, str], Input]:
    return {(each.source, each.path): each for each in inputs}


__all__ = ["CAUSES", "Comparison", "compare"]
