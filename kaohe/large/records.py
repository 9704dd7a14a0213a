"""Trusted tables of a large assessment: views over the Parquet files, without the rows that break a critical rule.

Each table is proved in one scan: cells that cannot be typed, cells to be read otherwise, what has not happened yet, and
every rule about single rows. Keys that were handed in twice are looked for by their hashes. ``main.problem`` gets one
row per record and problem, like the bureau's.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kaohe import records
from kaohe.contracts import PROVENANCE, SQL_TYPES, Contracts, literal, quoted
from kaohe.errors import KaoheError
from kaohe.large.checks import Condition, condition, counts
from kaohe.large.sources import Cell, Source
from kaohe.project import Project
from kaohe.rules import Rule, rules_of
from kaohe.warehouse import Engine
from kaohe.words import say

#: Names before a table's: its files as they are; its trusted rows, told apart by where they stand.
FILES, BY_ROW = "parquet_", "row_"

_DEFINE = {
    "problem": "table_name varchar, _rec varchar, reason varchar, rule varchar, column_name varchar, severity varchar, "
    "hint varchar",
    "set_aside_row": "table_name varchar, _path varchar, _place bigint",
    "unit_name": "name varchar, platform varchar, unit_id varchar",
    "record_count": "table_name varchar, records_in bigint, records_used bigint, records_quarantined bigint",
}


#: What is known of the records' problems; a run can go on from it.
PROBLEMS = ("problem", "set_aside_row")


@dataclass(frozen=True)
class Reading:
    """How a table was read: its ``rows``, the columns whose cells are ``mended``, and those where units stand by their
    ``names``."""

    rows: int
    mended: list[str]
    names: list[str]


@dataclass
class Trusted:
    """The trusted tables of a run. ``rows``: table → rows in its files; ``flagged``, ``refused``: (table, rule) → how
    many records it flagged, or set aside."""

    rows: dict[str, int] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    flagged: dict[tuple[str, str], int] = field(default_factory=dict)


class Records:
    """Makes the trusted tables of ``contracts``, in their order. ``queries``: (prefix, table) → what its view stands
    for; ``said``: the sentence of each rule, by table, rule and column; ``how``: table → how it was read; ``types``:
    table → the types of its files' columns.

    ``anew``: nothing is known of any problem yet.
    """

    def __init__(
        self, engine: Engine, project: Project, contracts: Contracts, as_of: dt.date, anew: bool = True
    ) -> None:
        self.engine, self.project, self.contracts, self.as_of = engine, project, contracts, as_of
        self.how: dict[str, Reading] = {}
        self.types: dict[str, dict[str, str]] = {}
        self.trusted = Trusted()
        self.queries: dict[tuple[str, str], str] = {}
        self.said: list[tuple[str, str, str, str]] = []
        self._known: set[str] = set()
        for name, columns in _DEFINE.items():
            if anew or name not in PROBLEMS:
                engine.empty(f"main.{name}", columns)

    def trust(self, source: Source) -> None:
        """Prove a table and make its views: ``main.<table>`` and ``main.row_<table>``.

        Raises ``KaoheError`` if a critical rule about the table as a whole fails.
        """
        table = Table(self, source)
        table.look()
        table.judge()
        if source.contract.table == "org_unit" and not table.rows:
            raise KaoheError("inbox_no_registry")
        self.take(table)

    def take(self, table: "Table") -> None:
        """Note how a table was read."""
        self.trusted.rows[table.name] = table.rows
        self.how[table.name] = Reading(table.rows, sorted(table.mended), sorted(table.named))

    def add_up(self) -> None:
        """Count the problems that were found."""
        for severity, counted in (("critical", self.trusted.refused), ("warning", self.trusted.flagged)):
            counted.clear()
            found = self.engine.rows(
                "select table_name, rule, count(*) from main.problem where severity = ? group by all order by all",
                [severity],
            )
            counted.update({(table, rule): count for table, rule, count in found})

    @property
    def knows_names(self) -> bool:
        """In some table units stand by their names."""
        return bool(self._known)

    def given(self, table: str) -> str:
        """A query of all rows of a table's files, typed, those that were set aside among them."""
        return self.queries["given", table]

    def know_names(self) -> None:
        """The names under which units are known; most files give their ids, and need none."""
        if "names" not in self._known:
            records.know_units(self.engine)
            self._known.add("names")
        if "unit_alias" in self.trusted.rows and "aliases" not in self._known:
            records.know_aliases(self.engine)
            self._known.add("aliases")


class Table:
    """One table on its way to be trusted."""

    def __init__(self, made: Records, source: Source) -> None:
        self.made, self.engine, self.source, self.contract = made, made.engine, source, source.contract
        self.name = source.contract.table
        self.text = literal(self.name)
        self.cells = dict(source.cells)
        self.joins: list[str] = []
        self.mended: set[str] = set()
        self.named: set[str] = set()
        self.problems = False
        self.rows = 0
        rules = [rule for rule in rules_of(self.contract, made.contracts) if not rule.type.startswith("expect_table_")]
        self.conditions = [condition(self.contract, rule) for rule in rules]

    # ---- what stands in the files

    def look(self) -> None:
        """Make the views, after setting aside what a rule about single cells or keys refuses."""
        if not self.source.files:
            return self._view()
        self.prove_cells()
        self._repeated()
        return None

    def prove_cells(self) -> None:
        """Make the views, without the rows that a cell of their own keeps from being trusted."""
        odd, untyped = self._scan()
        if odd:
            self._mend(odd)
            odd, untyped = self._scan()
        self._names_of_units()
        for name in untyped:
            self._set_aside(str(self.cells[name].untyped), "bad_cell", "bad_cell", name)
        self._view()
        self._future()

    def recall(self, how: Reading, rows: int) -> None:
        """Make the views as they were before, of files with so many rows."""
        self._mend(how.mended)
        for name in how.names:
            self._read_by_name(name)
        self.rows = rows
        self.problems = bool(
            self.engine.rows(f"select 1 from main.set_aside_row where table_name = {self.text} limit 1")
        )
        self._view()

    def _mend(self, columns: Iterable[str]) -> None:
        for name in columns:
            self.cells[name] = Cell(str(self.cells[name].mended), self.cells[name].untyped)
            self.mended.add(name)

    def _scan(self) -> tuple[list[str], list[str]]:
        """Count all that one scan can tell; gives the columns to be read otherwise, and those with cells that cannot be
        typed."""
        odd = [name for name, cell in self.cells.items() if cell.odd]
        untyped = [name for name, cell in self.cells.items() if cell.untyped]
        self.plain = [each for each in self.conditions if each.rows]
        future = [f"count(*) filter (where {quoted(day)} > date {literal(self.made.as_of)})"
                  for day in [self.contract.event_date] if day]  # fmt: skip
        flags = [f"({self.cells[name].odd}) as _odd_{name}" for name in odd]
        flags += [f"({self.cells[name].untyped}) as _untyped_{name}" for name in untyped]
        asked = [f"count(*) filter (where _odd_{name})" for name in odd]
        asked += [f"count(*) filter (where _untyped_{name})" for name in untyped]
        asked += [*future, *counts(self.plain)]
        typed = ", ".join([*self._typed(), *flags])
        found = self.engine.rows(
            f"select {', '.join(['count(*)', *asked])} from (select *, {records.year_of(self.contract)} as _year "
            f"from (select {typed} from main.{FILES}{self.name} as file) as record) as record"
        )[0]
        self.rows = found[0]
        counted = list(found[1:])
        was_odd = [name for name, count in zip(odd, counted, strict=False) if count]
        was_untyped = [name for name, count in zip(untyped, counted[len(odd) :], strict=False) if count]
        self.has_future = bool(future and counted[len(odd) + len(untyped)])
        self.failing = dict(zip(map(id, self.plain), counted[len(odd) + len(untyped) + len(future) :], strict=True))
        return was_odd, was_untyped

    def _typed(self) -> list[str]:
        return [f"{cell.value} as {quoted(name)}" for name, cell in self.cells.items()]

    # ---- units by name

    def _names_of_units(self) -> None:
        """Where a unit is not written by its id, read it by the names of the registry."""
        for name in self.contract.unit_columns:
            if self._strangers(name):
                written = self._read_by_name(name)
                if self.contract.columns[name].unknown != "keep":
                    self._set_aside(f"{written} is not null and {self.cells[name].value} is null", "unknown_unit",
                                    "unknown_unit", name)  # fmt: skip

    def _strangers(self, name: str) -> bool:
        value = self.cells[name].value
        return bool(self.engine.rows(
            f"select 1 from (select {value} as unit from main.{FILES}{self.name} as file) as written "
            "where unit is not null "
            "and not exists (select 1 from main.org_unit where org_unit.unit_id = written.unit) limit 1"
        ))  # fmt: skip

    def _read_by_name(self, name: str) -> str:
        """From now on a column's units are known by name, too; gives its cells as they are written."""
        self.made.know_names()
        self.named.add(name)
        written, keep = self.cells[name].value, self.contract.columns[name].unknown == "keep"
        found = f"{name}_anywhere.unit_id"
        self.joins.append(
            f"left join main.unit_name as {name}_anywhere on {name}_anywhere.name = lower({written}) "
            f"and {name}_anywhere.platform = {literal(records.EVERYWHERE)}"
        )
        if "platform" in self.contract.columns:
            found = f"{name}_here.unit_id, {found}"
            self.joins.append(
                f"left join main.unit_name as {name}_here on {name}_here.name = lower({written}) "
                f"and {name}_here.platform = {self.cells['platform'].value}"
            )
        kept = f", {written}" if keep else ""
        self.cells[name] = replace(self.cells[name], value=f"coalesce({found}{kept})", untyped=None)
        return written

    # ---- what is set aside

    def _set_aside(self, rows: str, reason: str, rule: str, column: str, severity: str = "critical") -> None:
        """Note the rows of the files that meet a condition."""
        self.problems = True
        joins = " ".join(self.joins)
        where = f"from main.{FILES}{self.name} as file {joins} where {rows}"
        self.engine.append(
            "main.problem",
            f"select {self.text}, {REC}, {_listed(reason, rule, column, severity)}, cast(null as varchar) {where}",
        )
        self.engine.append("main.set_aside_row", f"select {self.text}, file._path, file._place {where}")

    def _set_aside_found(self, query: str, reason: str, rule: Rule | None, name: str, column: str) -> int:
        """Note the trusted rows whose ``_rec`` a query gives; gives how many. What is only flagged stays."""
        severity = rule.severity if rule else "critical"
        before = self._problems()
        self.engine.append(
            "main.problem",
            f"select distinct {self.text}, found._rec, {_listed(reason, name, column, severity)}, "
            f"cast(null as varchar) from ({query}) as found",
        )
        count = self._problems() - before
        if count and severity == "critical":
            self.problems = True
            self.engine.append(
                "main.set_aside_row",
                f"select {self.text}, _file, _row - 1 from main.{self.name} where _rec in (select _rec from "
                f"main.problem where table_name = {self.text} and severity = 'critical')",
            )
            self._view()
        return count

    def _problems(self) -> int:
        return int(self.engine.rows("select count(*) from main.problem")[0][0])

    def _future(self) -> None:
        if self.has_future:
            day = str(self.contract.event_date)
            self._set_aside_found(
                f"select _rec from main.{self.name} where {quoted(day)} > date {literal(self.made.as_of)}",
                "rule", None, "future", day,
            )  # fmt: skip

    def _repeated(self) -> None:
        """Records whose key was handed in before: looked for by the keys' hashes, then among the few by the keys."""
        key = ", ".join(quoted(name) for name in self.contract.key)
        self.engine.make(
            "main.repeated_hash", f"select hash({key}) as key_hash from main.{self.name} group by 1 having count(*) > 1"
        )
        if not self.engine.rows("select 1 from main.repeated_hash limit 1"):
            return
        text = ", ".join(f"cast({quoted(name)} as varchar)" for name in self.contract.key)
        cells = ", ".join(f"coalesce(cast({quoted(name)} as varchar), chr(0))" for name in self.contract.columns)
        complete = " and ".join(f"{quoted(name)} is not null" for name in self.contract.key)
        repeated = (self.made.project.sql / "records" / "repeated.sql").read_text(encoding="utf-8")
        self.engine.make(
            "main.record",
            f"select _rec, case when {complete} then concat_ws(chr(31), {text}) end as _key, "
            f"md5(concat_ws(chr(31), {cells})) as _cells from main.{self.name} "
            f"where hash({key}) in (select key_hash from main.repeated_hash)",
        )
        self.engine.make("main.repeated", repeated)
        for rule in ("conflict", "duplicate"):
            self._set_aside_found(
                f"select _rec from main.repeated where rule = {literal(rule)}", rule, None, rule, self.contract.key[0]
            )

    # ---- rules

    def judge(self) -> None:
        """Ask the rules: those about single rows where the scan has counted failures."""
        if not self.source.files:
            return
        self.say_rules()
        for each in self.conditions:
            if not each.rows or self.failing[id(each)]:
                self.ask(each)

    def say_rules(self) -> None:
        """Note the rules' sentences."""
        if day := self.contract.event_date:
            self.made.said.append((self.name, "future", day, say("rule_future", as_of=self.made.as_of)))
        for each in self.conditions:
            self.made.said.append((self.name, each.rule.name, each.rule.column, each.rule.sentence))

    def ask(self, each: Condition, batch: str | None = None) -> int:
        """Ask a rule of the trusted rows, or of those of a table ``batch``; gives how many fail it."""
        batch = batch or f"main.{self.name}"
        query = f"select _rec from {batch} where {each.rows}" if each.rows else str(each.query).format(
            batch=f"{batch} as subselect"
        )  # fmt: skip
        return self._set_aside_found(query, "rule", each.rule, each.rule.name, each.rule.column)

    # ---- views

    def _view(self) -> None:
        queries = self.made.queries
        queries["given", self.name] = self._query(REC, False)
        for prefix, rec in (("", REC), (BY_ROW, "file._place")):
            queries[prefix, self.name] = self._query(rec, self.problems)
            self.engine.view(f"main.{prefix}{self.name}", queries[prefix, self.name])

    def typed(self, rows: str) -> str:
        """A query of the rows of a table like the files, typed."""
        return f"select {', '.join(self._typed())} from {rows} as file {' '.join(self.joins)}"

    def _query(self, rec: str, without: bool) -> str:
        """The rows of the files, typed and with where they stand; ``without`` those that were set aside."""
        year = records.year_of(self.contract)
        if not self.source.files:
            columns = {name: SQL_TYPES[column.type] for name, column in self.contract.columns.items()} | PROVENANCE
            typed = ", ".join(f"cast(null as {kind}) as {quoted(name)}" for name, kind in columns.items())
            return f"select *, {year} as _year from (select {typed}) as record where false"
        place = ["'inbox' as _source", "file._path as _file", "'' as _sheet",
                 "cast(file._place + 1 as integer) as _row", "cast(null as varchar) as _at",
                 f"{rec} as _rec"]  # fmt: skip
        aside = (
            "where not exists (select 1 from main.set_aside_row as aside "
            f"where aside.table_name = {self.text} and aside._path = file._path and aside._place = file._place)"
        )
        return (
            f"select *, {year} as _year from (select {', '.join([*self._typed(), *place])} "
            f"from main.{FILES}{self.name} as file {' '.join(self.joins)} {aside if without else ''}) as record"
        )


#: As PROVENANCE says, of a row of a Parquet file.
REC = "md5(concat_ws(chr(31), 'inbox', file._path, '', cast(file._place + 1 as varchar)))"


def by_record(rows: str) -> str:
    """A query of rows told apart by where they stand, as in ``main.row_<table>``, with the ``_rec`` of each."""
    return (
        f"select file.* exclude (_path, _place) replace ({REC} as _rec) "
        f"from (select *, _file as _path, _rec as _place from {rows}) as file"
    )


def _listed(*texts: str) -> str:
    return ", ".join(literal(text) for text in texts)
