"""Explaining: from a unit's total down to the records behind each point, read from a publication's snapshot alone.

At every level the parts add up: items to their indicator, indicators to their node, nodes to the total.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kaohe.contracts import Column, Contract, quoted
from kaohe.errors import KaoheError
from kaohe.explaining.reach import Reach, reach
from kaohe.people import MASK
from kaohe.publication import in_force
from kaohe.publication.method import method_of
from kaohe.publication.named import node_named, unit_named
from kaohe.publication.snapshot import Snapshot, read_manifest
from kaohe.scheme import Node
from kaohe.scheme.parts import Leaf
from kaohe.words import say

#: How the parts beside the tree are called where they stand for all of them.
BONUS, DEDUCTIONS, VETOES = "bonus", "deductions", "vetoes"
_NOTHING = Decimal(0)
#: Indicators whose items cost nothing, whatever they are.
_WITHOUT_LOSS = ("pending", "not_applicable", "shown")


@dataclass(frozen=True)
class Record:
    """A record: the title of its table, its place (``column``: where it begins, if its row holds several), and its
    cells under the contract's first headings; people are masked, blank cells left out."""

    table: str
    file: str
    sheet: str
    row: int
    column: str | None
    cells: dict[str, str]

    @property
    def place(self) -> str:
        """Where it stands: file · sheet · row."""
        row = say("row_column", row=self.row, column=self.column) if self.column else say("row", row=self.row)
        return " · ".join(part for part in (self.file, self.sheet, row) if part)


@dataclass(frozen=True)
class Item:
    """What was due and done, what it lost or (of a bonus) gained in points, and the records that say so. ``due`` is
    None for bonus, deductions and vetoes."""

    item: str
    due: Decimal | None
    done: Decimal | None
    lost: Decimal
    gained: Decimal
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Part:
    """A node or indicator of the scheme, or bonus, deductions or vetoes as a whole (``name`` is one of ``BONUS``,
    ``DEDUCTIONS``, ``VETOES``).

    ``points``: those of its ``parts`` together, negative for deductions; None where it has none (not applicable,
    pending, shown; a veto). ``lost``: ``effective_weight`` − ``points``, and that of its parts or items together; of a
    deduction, what it took. ``due`` and ``done``: sums over all its items. ``items``: those that lost or gained, or
    where less was done than was due; all, if the indicator was asked for by name.
    """

    name: str
    title: str
    weight: Decimal
    effective_weight: Decimal
    points: Decimal | None
    lost: Decimal
    leaf: Leaf | None = None
    status: str | None = None
    not_applicable_rule: str | None = None
    due: Decimal | None = None
    done: Decimal | None = None
    parts: "tuple[Part, ...]" = ()
    items: tuple[Item, ...] = ()

    def below(self) -> "Iterator[Part]":
        """This part and all under it."""
        yield self
        for part in self.parts:
            yield from part.below()


@dataclass(frozen=True)
class Explanation:
    """A unit's result. ``score``: its row of the scores; ``ranked``: how many units of its category are ranked;
    ``interval``: its 90 % rank interval, if there is one; ``grade_reasons``: a sentence for each; ``parts``:
    the dimensions, bonus, deductions and vetoes, whose points together are the total, or the one part asked for."""

    manifest: dict[str, Any]
    score: dict[str, Any]
    ranked: int
    interval: tuple[int, int] | None
    grade_reasons: tuple[str, ...]
    parts: tuple[Part, ...]
    asked: str | None


class Explainer:
    """The publication of ``year`` in force, of the latest year if none is named; a context manager.

    Raises ``KaoheError`` if nothing is published, by a version that did not keep what is needed, or if the method of
    the publication was not kept.
    """

    def __init__(self, home: Path, year: int | None = None) -> None:
        self.publication = in_force(home, year)
        self.manifest = read_manifest(self.publication)
        self.contracts, self.scheme = method_of(home, self.manifest)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self.snapshot = self._open.enter_context(Snapshot(self.publication))
        kept = "select 1 from duckdb_columns() where table_name = 'org_unit' and column_name = '_at'"  # the newest
        if not self.snapshot.rows(kept):
            self._open.close()
            raise KaoheError("explain_old", publication=self.publication.name)
        self._units = dict(self.snapshot.rows("select unit_id, name from main.org_unit"))
        self._tables: dict[str, list[Contract]] = {}
        for indicator, table in self.snapshot.rows("select * from main.measure_table order by all"):
            if table in self.contracts:
                self._tables.setdefault(indicator, []).append(self.contracts[table])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def explain(self, unit: str, indicator: str | None = None) -> Explanation:
        """Explain the result of a unit, or what a node or indicator is in it, each by any of their names.

        Raises ``KaoheError`` with the nearest names for one that is not known.
        """
        unit_id, _ = unit_named(self.snapshot, unit)
        asked = node_named(self.snapshot, indicator)[0] if indicator else None
        score = self.snapshot.frame("select * from main.scores where unit_id = ?", [unit_id]).row(0, named=True)
        ranks = "select count(*) from main.scores where category = ? and rank is not null"
        ((ranked,),) = self.snapshot.rows(ranks, [score["category"]])
        interval = None
        if self.snapshot.has("rank_interval"):
            found = self.snapshot.rows(
                "select rank_low, rank_high from main.rank_interval where unit_id = ?", [unit_id]
            )
            interval = found[0] if found else None
        parts = _Tree(self, unit_id, asked).parts()
        if asked:
            parts = tuple(part for top in parts for part in top.below() if part.name == asked)
        return Explanation(
            self.manifest, score, ranked, interval, tuple(self._grade_reasons(score, ranked)), parts, asked
        )

    def reach(self, unit: str, grade: str) -> Reach:
        """What it would have taken a unit to reach a grade (its title or name), all else equal.

        Raises ``KaoheError`` for a unit or a grade that is not known, and for a scheme whose points cannot be told item
        by item.
        """
        return reach(self.snapshot, self.scheme, unit_named(self.snapshot, unit)[0], grade)

    def records(self, indicator: str, wanted: Sequence[str]) -> dict[str, Record]:
        """``_rec`` → record, of those that an indicator looks at."""
        found: dict[str, Record] = {}
        for contract in self._tables.get(indicator, []) if wanted else []:
            columns = [name for name in contract.columns if not contract.columns[name].private]
            rows = self.snapshot.rows(
                f"select _rec, _file, _sheet, _row, _at, {', '.join(map(quoted, columns))} from main.{contract.table} "
                "where list_contains(?, _rec)",
                [list(wanted)],
            )
            for rec, file, sheet, row, column, *values in rows:
                cells = {
                    contract.columns[name].headings[0]: self._shown(contract.columns[name], value)
                    for name, value in zip(columns, values, strict=True)
                    if value is not None
                }
                found[rec] = Record(contract.title, file, sheet, row, column, cells)
        return found

    def _shown(self, column: Column, value: Any) -> str:
        """A typed value as an office writes it."""
        match column.type:
            case "person":
                return MASK
            case "unit":
                return str(self._units.get(value, value))
            case "flag":
                return say("flag_yes") if value else say("flag_no")
            case "percent":
                return f"{plain_number(value * 100)}%"
            case "month":
                return f"{value:%Y-%m}"
            case "list":
                return "、".join(map(str, value))
            case "number":
                return plain_number(value)
        return str(value)

    def _grade_reasons(self, score: dict[str, Any], ranked: int) -> Iterator[str]:
        """Why no better grade, grade by grade, and why this one."""
        if score["status"] != "scored":
            yield say(f"explain_grade_{score['status']}")
            return
        grades = list(self.scheme.grades)
        veto = self.scheme.vetoes.get(score["veto"])
        lowest = grades.index(veto.grade_at_most) if veto else 0
        for number, grade in enumerate(self.scheme.grades.values()):
            if score["total"] < grade.at_least:
                short = grade.at_least - score["total"]
                yield say("explain_grade_short", grade=grade.title, at_least=plain_number(grade.at_least), short=short)
            elif veto and number < lowest:
                yield say("explain_grade_veto", grade=grade.title, title=veto.title)
            elif grade.quota is not None and score["rank"] > (places := grade.places(ranked)):
                yield say("explain_grade_quota", grade=grade.title, places=places, ranked=ranked, rank=score["rank"])
            else:
                yield say("explain_grade_is", grade=grade.title, at_least=plain_number(grade.at_least))
                return


class _Tree:
    """The parts of one unit."""

    def __init__(self, explainer: Explainer, unit_id: str, asked: str | None) -> None:
        self.explainer, self.scheme = explainer, explainer.scheme
        snapshot = explainer.snapshot
        of_unit = "where unit_id = ? order by all"
        self.nodes = {
            node: numbers
            for node, *numbers in snapshot.rows(
                f"select node, effective_weight, points, lost from main.node_scores {of_unit}", [unit_id]
            )
        }
        leaves = snapshot.frame("select * from main.indicator_scores where unit_id = ?", [unit_id])
        self.leaves = {row["indicator"]: row for row in leaves.iter_rows(named=True)}
        self.items: dict[str, list[tuple[Any, ...]]] = {}
        columns = "indicator, item, due, done, lost, gained, records"
        for indicator, *rest in snapshot.rows(f"select {columns} from main.evidence {of_unit}", [unit_id]):
            self.items.setdefault(indicator, []).append(tuple(rest))
        self.asked = asked

    def parts(self) -> tuple[Part, ...]:
        """The dimensions, then bonus, deductions and vetoes, each if the scheme has any."""
        found = [self._part(name, child) for name, child in self.scheme.dimensions.items()]
        sections: list[tuple[str, Mapping[str, Leaf]]] = [
            (BONUS, self.scheme.bonus.indicators), (DEDUCTIONS, self.scheme.deductions.indicators),
            (VETOES, self.scheme.vetoes),
        ]  # fmt: skip
        for name, leaves in sections:
            if leaves:
                parts = tuple(self._part(leaf_name, leaf) for leaf_name, leaf in leaves.items())
                points = None if name == VETOES else sum((part.points or _NOTHING for part in parts), _NOTHING)
                lost = sum((part.lost for part in parts), _NOTHING)
                found.append(Part(name, say(f"explain_part_{name}"), _NOTHING, _NOTHING, points, lost, parts=parts))
        return tuple(found)

    def _part(self, name: str, node: Node | Leaf) -> Part:
        if isinstance(node, Node):
            weight, points, lost = self.nodes[name]
            parts = tuple(self._part(child_name, child) for child_name, child in node.children.items())
            return Part(name, node.title, node.weight, weight, points, lost, parts=parts)
        row = self.leaves.get(name)
        items = tuple(self._items(name, row))
        if row is None:
            return Part(name, node.title, _NOTHING, _NOTHING, None, _NOTHING, node, items=items)
        return Part(
            name, node.title, row["weight"], row["effective_weight"], row["points"], row["lost"], node, row["status"],
            row["not_applicable_rule"], row["due"], row["done"], items=items,
        )  # fmt: skip

    def _items(self, name: str, row: dict[str, Any] | None) -> Iterator[Item]:
        told = [
            item
            for item in self.items.get(name, [])
            if name == self.asked or _is_told(item, row["status"] if row else "veto")
        ]
        records = self.explainer.records(name, sorted({rec for *_, recs in told for rec in recs}))
        for item, due, done, lost, gained, recs in told:
            behind = tuple(records[rec] for rec in recs if rec in records)
            yield Item(item, due, done, lost, gained, behind)


def _is_told(item: tuple[Any, ...], status: str) -> bool:
    _, due, done, lost, gained, _ = item
    if status == "veto":
        return bool(done)
    if status in _WITHOUT_LOSS:
        return False
    return bool(lost or gained or (due is not None and (done or 0) < due))


def plain_number(number: Decimal) -> str:
    """A number without needless zeros."""
    return f"{number.normalize():f}"
