"""Explaining: from a unit's total down to the records behind each point, read from a publication's snapshot alone.

At every level the parts add up: items to their indicator, indicators to their node, nodes to the total.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any, Self

from kaohe.contracts import Column, Contracts
from kaohe.errors import KaoheError
from kaohe.explaining.facts import Facts
from kaohe.explaining.flagged import warned_of
from kaohe.explaining.reach import Reach, reach
from kaohe.people import MASK
from kaohe.publication import in_force
from kaohe.publication.manifest import read_manifest
from kaohe.publication.method import method_of
from kaohe.publication.named import node_named, unit_named
from kaohe.publication.snapshot import Snapshot
from kaohe.scheme import Node, Scheme
from kaohe.scheme.parts import Leaf
from kaohe.sqltext import quoted
from kaohe.words import say

#: How the parts beside the tree are called where they stand for all of them.
BONUS, DEDUCTIONS, VETOES = "bonus", "deductions", "vetoes"
_NOTHING = Decimal(0)
#: So many units are explained at a time.
_AT_A_TIME = 500


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
class Flagged:
    """Records that were taken and that a rule warns of, such as meetings whose minutes are not there: what is said of
    them may be why they did not count. ``table``: its title."""

    table: str
    sentence: str
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Explanation:
    """A unit's result. ``score``: its row of the scores; ``ranked``: how many units of its category are ranked;
    ``interval``: its 90 % rank interval, if there is one; ``grade_reasons``: a sentence for each; ``parts``:
    the dimensions, bonus, deductions and vetoes, whose points together are the total, or the one part asked for;
    ``flagged``: what rules warn of among the records that these parts are measured from."""

    manifest: dict[str, Any]
    score: dict[str, Any]
    ranked: int
    interval: tuple[int, int] | None
    grade_reasons: tuple[str, ...]
    parts: tuple[Part, ...]
    asked: str | None
    flagged: tuple[Flagged, ...]


class Explainer:
    """Explains the results of one publication: from its snapshot, its manifest, and the method it was made with."""

    def __init__(self, snapshot: Snapshot, manifest: dict[str, Any], contracts: Contracts, scheme: Scheme) -> None:
        self.snapshot, self.manifest, self.contracts, self.scheme = snapshot, manifest, contracts, scheme
        self._units = dict(snapshot.rows("select unit_id, name from main.org_unit"))
        behind = {table for (table,) in snapshot.rows("select distinct table_name from main.measure_table")}
        self._tables = [
            contract for table, contract in contracts.items() if table in behind and not contract.restricted
        ]

    @classmethod
    @contextmanager
    def in_force(cls, home: Path, year: int | None = None) -> Iterator[Self]:
        """Of the publication of ``year`` in force, of the latest year if none is named.

        Raises ``KaoheError`` if nothing is published, by a version that did not keep what is needed, or if the method
        of the publication was not kept.
        """
        publication = in_force(home, year)
        manifest = read_manifest(publication)
        contracts, scheme = method_of(home, manifest)
        with Snapshot(publication) as snapshot:
            kept = "select 1 from duckdb_columns() where table_name = 'org_unit' and column_name = '_at'"  # the newest
            if not snapshot.rows(kept):
                raise KaoheError("explain_old", publication=publication.name)
            yield cls(snapshot, manifest, contracts, scheme)

    def explain(self, unit: str, indicator: str | None = None) -> Explanation:
        """Explain the result of a unit, or what a node or indicator is in it, each by any of their names.

        Raises ``KaoheError`` with the nearest names for one that is not known.
        """
        unit_id, _ = unit_named(self.snapshot, unit)
        asked = node_named(self.snapshot, indicator)[0] if indicator else None
        (found,) = self._explained([unit_id], asked)
        return found

    def explain_all(self) -> Iterator[Explanation]:
        """Explain every unit, in the order of the scores; so many at a time as fit into memory easily."""
        units = [
            unit for (unit,) in self.snapshot.rows("select unit_id from main.scores order by category, rank, unit_id")
        ]
        for begin in range(0, len(units), _AT_A_TIME):
            yield from self._explained(units[begin : begin + _AT_A_TIME], None)

    def _explained(self, units: list[str], asked: str | None) -> Iterator[Explanation]:
        ranked = dict(self.snapshot.rows("select category, count(rank) from main.scores group by category"))
        intervals: dict[str, tuple[int, int]] = {}
        if self.snapshot.has("rank_interval"):
            found = self.snapshot.rows("select unit_id, rank_low, rank_high from main.rank_interval")
            intervals = {unit: (low, high) for unit, low, high in found}
        facts = Facts(self.snapshot, units, asked)
        warned = warned_of(self.snapshot, self.contracts, self.scheme, facts, units, asked)
        flagged = (rec for of_unit in warned.values() for recs in of_unit.values() for rec in recs)
        facts.records = self._records([*facts.told_records, *flagged])
        for unit in units:
            score = facts.scores[unit]
            parts = _Tree(self.scheme, facts, unit, asked).parts()
            if asked:
                parts = tuple(part for top in parts for part in top.below() if part.name == asked)
            reasons = tuple(self._grade_reasons(score, ranked[score["category"]]))
            told = tuple(
                Flagged(self.contracts[table].title, sentence, tuple(facts.records[rec] for rec in recs))
                for (table, sentence), recs in warned.get(unit, {}).items()
            )
            yield Explanation(
                self.manifest, score, ranked[score["category"]], intervals.get(unit), reasons, parts, asked, told
            )

    def reach(self, unit: str, grade: str) -> Reach:
        """What it would have taken a unit to reach a grade (its title or name), all else equal.

        Raises ``KaoheError`` for a unit or a grade that is not known, and for a scheme whose points cannot be told item
        by item.
        """
        return reach(self.snapshot, self.scheme, unit_named(self.snapshot, unit)[0], grade)

    def _records(self, wanted: list[str]) -> dict[str, Record]:
        """``_rec`` → record."""
        found: dict[str, Record] = {}
        for contract in self._tables if wanted else []:
            columns = [name for name in contract.columns if not contract.columns[name].private]
            rows = self.snapshot.rows(
                f"select _rec, _file, _sheet, _row, _at, {', '.join(map(quoted, columns))} from main.{contract.table} "
                "where _rec in (select unnest(?))",
                [wanted],
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

    def __init__(self, scheme: Scheme, facts: Facts, unit_id: str, asked: str | None) -> None:
        self.scheme, self.facts, self.asked = scheme, facts, asked
        self.nodes, self.leaves = facts.nodes[unit_id], facts.leaves[unit_id]
        self.told = facts.told.get(unit_id, {})

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
        items = tuple(self._items(name))
        if row is None:
            return Part(name, node.title, _NOTHING, _NOTHING, None, _NOTHING, node, items=items)
        return Part(
            name, node.title, row["weight"], row["effective_weight"], row["points"], row["lost"], node, row["status"],
            row["not_applicable_rule"], row["due"], row["done"], items=items,
        )  # fmt: skip

    def _items(self, name: str) -> Iterator[Item]:
        for item, due, done, lost, gained, recs in self.told.get(name, []):
            behind = tuple(self.facts.records[rec] for rec in recs if rec in self.facts.records)
            yield Item(item, due, done, lost, gained, behind)


def rough_number(number: Decimal) -> str:
    """A number of which two decimals are enough; never more than it is, so that what is short does not look whole."""
    return plain_number(number.quantize(Decimal("0.01"), ROUND_DOWN))


def plain_number(number: Decimal) -> str:
    """A number without needless zeros."""
    return f"{number.normalize():f}"
