"""A table of a large assessment on its way to be trusted: what of its rows is set aside or flagged, and its views."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from kaohe import records
from kaohe.cleaning import normal_name
from kaohe.contracts import PROVENANCE, SQL_TYPES, literal, quoted
from kaohe.large.asking import SEVERAL, Asking, alike_hashes, among, asking, repeated_hashes
from kaohe.large.rows import BY_ROW, FILES, PLACE, REC, by_record, listed
from kaohe.sources.parquet import Cell, Source
from kaohe.validation.checks import Condition, condition, counts
from kaohe.validation.rules import rules_of
from kaohe.words import say

if TYPE_CHECKING:
    from kaohe.large.records import Records

#: Names by which one unit alone is known.
_NAME_OF_ONE = """
select name, platform, min(unit_id) as unit_id from main.unit_name group by name, platform
having count(distinct unit_id) = 1
"""


@dataclass(frozen=True)
class Reading:
    """How a table was read: its ``rows``, the columns whose cells are ``mended``, and those where units stand by their
    ``names``."""

    rows: int
    mended: list[str]
    names: list[str]


class Table:
    """One table on its way to be trusted."""

    def __init__(self, made: "Records", source: Source) -> None:
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
        self._future()
        return None

    def prove_cells(self) -> None:
        """Make the views, without the rows that a cell of their own keeps from being trusted."""
        odd, untyped = self._scan()
        if odd:
            self._mend(odd)
            odd, untyped = self._scan()
        self._names_of_units()
        for name in untyped:
            self._set_aside(str(self.cells[name].untyped), "bad_cell", name)
        self._view()

    def recall(self, how: Reading, rows: int) -> None:
        """Make the views as they were before, of files with so many rows."""
        self.cells, self.joins = dict(self.source.cells), []
        self._mend(how.mended)
        for name in how.names:
            self._join_names(name)
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
        """Where a unit is not written by its id, read it by the names of the registry and the aliases."""
        for name in self.contract.unit_columns:
            if name not in self.mended and not self.made.has_strangers(self.name, name):
                continue
            if (strangers := self._strangers(name)).height:
                self._know(name, strangers)
                self._join_names(name)
                self._refuse_unknown(name)

    def _strangers(self, name: str) -> pl.DataFrame:
        """What stands in a unit column and is no unit's id: columns written, platform."""
        return self.engine.frame(
            f"select distinct written, platform from (select {self.cells[name].value} as written, "
            f"{self._platform} as platform from main.{FILES}{self.name} as file) as cell where written is not null "
            "and not exists (select 1 from main.org_unit where org_unit.unit_id = cell.written)"
        )

    @property
    def _platform(self) -> str:
        """On which platform a record's units are named, in SQL."""
        if "platform" in self.contract.columns and self.name != "unit_alias":
            return f"coalesce({self.cells['platform'].value}, '')"
        return "''"

    def _know(self, name: str, strangers: pl.DataFrame) -> None:
        """Note in ``main.stranger`` which units are meant by what stands in a unit column, once for each."""
        self.engine.empty("main.written", "written varchar, platform varchar, name varchar")
        written = strangers.with_columns(name=normal_name(pl.col("written")))
        self.engine.write("main.written", written)
        self.engine.empty("main.unit_name", "name varchar, platform varchar, unit_id varchar")
        self.engine.write("main.unit_name", self.made.names_like(written))
        self.engine.make("main.name_of_one", _NAME_OF_ONE)
        self.engine.append(
            "main.stranger",
            f"select {self.text}, {literal(name)}, cell.written, cell.platform, "
            "coalesce(here.unit_id, anywhere.unit_id) from main.written as cell "
            "left join main.name_of_one as here on here.name = cell.name and here.platform = cell.platform "
            "left join main.name_of_one as anywhere on anywhere.name = cell.name "
            f"and anywhere.platform = {literal(records.EVERYWHERE)} "
            f"where not exists (select 1 from main.stranger as known where known.table_name = {self.text} "
            f"and known.column_name = {literal(name)} and known.written = cell.written "
            "and known.platform = cell.platform)",
        )

    def _join_names(self, name: str) -> None:
        """Let a unit column hold the ids of the units that are meant; of nobody's, nothing, or what stands there."""
        self.named.add(name)
        written, keep, named = self.cells[name].value, self.contract.columns[name].unknown == "keep", f"named_{name}"
        self.joins.append(
            f"left join main.stranger as {named} on {named}.table_name = {self.text} "
            f"and {named}.column_name = {literal(name)} and {named}.written = {written} "
            f"and {named}.platform = {self._platform}"
        )
        value = f"case when {named}.written is null then {written} else {named}.unit_id end"
        self.cells[name] = Cell(f"coalesce({named}.unit_id, {written})" if keep else value)

    def _refuse_unknown(self, name: str) -> None:
        """Set aside the records of nobody's unit."""
        if self.contract.columns[name].unknown != "keep":
            unknown = f"named_{name}.written is not null and named_{name}.unit_id is null"
            self._set_aside(unknown, "unknown_unit", name)

    # ---- what is set aside

    def _set_aside(self, rows: str, reason: str, column: str) -> None:
        """Set aside the rows of the files that meet a condition."""
        self.problems = True
        where = f"from main.{FILES}{self.name} as file {' '.join(self.joins)} where {rows}"
        if self._find(f"select file._path, file._place {where}"):
            self._note(reason, reason, column, "critical")

    def _find(self, query: str) -> int:
        """``main.found``: where the rows stand that a query gives, ``_path`` and ``_place``; gives how many."""
        self.engine.make("main.found", query)
        return int(self.engine.rows("select count(*) from main.found")[0][0])

    def _note(self, reason: str, name: str, column: str, severity: str) -> None:
        """Note what is wrong with the rows of ``main.found``; what is only flagged stays."""
        self.engine.append("main.problem", self._problem(reason, name, column, severity))
        if severity == "critical":
            self.problems = True
            self.engine.append("main.set_aside_row", f"select {self.text}, _path, _place from main.found")

    def _problem(self, reason: str, name: str, column: str, severity: str, which: str = "true") -> str:
        return (
            f"select {self.text}, {REC}, {listed(reason, name, column, severity)}, cast(null as varchar) "
            f"from main.found as file where {which}"
        )

    def _set_aside_found(self, query: str, name: str) -> None:
        """Set aside the trusted rows that stand where a query says, for a reason that is no rule of the contract."""
        if self._find(query):
            column = self.contract.event_date if name == "future" else self.contract.key[0]
            self._note("rule" if name == "future" else name, name, str(column), "critical")
            self._view()

    def _future(self) -> None:
        if self.has_future:
            day = f"{quoted(str(self.contract.event_date))} > date {literal(self.made.as_of)}"
            self._set_aside_found(f"select {PLACE} from main.{BY_ROW}{self.name} where {day}", "future")

    def _repeated(self) -> None:
        """Records whose key was handed in before: looked for by the keys' hashes, then among the few by the keys."""
        key = ", ".join(quoted(name) for name in self.contract.key)
        self.engine.make("main.repeated_hash", repeated_hashes(f"main.{self.name}", self.contract.key))
        if not self.engine.rows("select 1 from main.repeated_hash limit 1"):
            return
        text = ", ".join(f"cast({quoted(name)} as varchar)" for name in self.contract.key)
        cells = ", ".join(f"coalesce(cast({quoted(name)} as varchar), chr(0))" for name in self.contract.columns)
        complete = " and ".join(f"{quoted(name)} is not null" for name in self.contract.key)
        repeated = (self.made.project.sql / "records" / "repeated.sql").read_text(encoding="utf-8")
        self.engine.make(
            "main.record",
            f"select {REC} as _rec, file.* from (select {PLACE}, "
            f"case when {complete} then concat_ws(chr(31), {text}) end as _key, "
            f"md5(concat_ws(chr(31), {cells})) as _cells from main.{BY_ROW}{self.name} "
            f"where hash({key}) in (select key_hash from main.repeated_hash)) as file",
        )
        self.engine.make("main.repeated", repeated)
        for rule in ("conflict", "duplicate"):
            self._set_aside_found(
                f"select _path, _place from main.record join main.repeated using (_rec) where rule = {literal(rule)}",
                rule,
            )

    # ---- rules

    def judge(self) -> None:
        """Ask the rules: those about single rows where the scan has counted failures, or before units were read by
        name."""
        if not self.source.files:
            return
        self.say_rules()
        for is_alone, rules in itertools.groupby(self.conditions, key=lambda each: bool(each.rows)):
            if is_alone:
                self.ask_together([each for each in rules if self.fails(each)])
            else:
                for each in rules:
                    self.ask(each)

    def fails(self, each: Condition) -> bool:
        """The scan found rows that fail a rule about single rows; before units were read by name nobody can tell."""
        return bool(self.failing[id(each)] or self.joins)

    def say_rules(self) -> None:
        """Note the sentences of all that may be wrong with a record."""
        said = [(each.rule.name, each.rule.column, each.rule.sentence) for each in self.conditions]
        for name, column in self.contract.columns.items():
            values = say("between").join(column.values or [])
            allowed = say("in_brackets", text=values) if column.type == "list" else ""
            said.append(("bad_cell", name, say(f"bad_{column.type}") + allowed))
        said += [("unknown_unit", name, say("rule_unknown_unit")) for name in self.contract.unit_columns]
        said += [(rule, self.contract.key[0], say(f"rule_{rule}")) for rule in ("conflict", "duplicate")]
        if day := self.contract.event_date:
            said.append(("future", day, say("rule_future", as_of=self.made.as_of)))
        self.made.said += [(self.name, *each) for each in said]

    def ask_together(self, rules: list[Condition]) -> bool:
        """Ask rules about single rows, one after another, in one scan: of what one sets aside no later one is asked.
        Tells whether any row was set aside."""
        if not rules:
            return False
        tests = [f"coalesce({each.rows}, false) as _fails_{number}" for number, each in enumerate(rules)]
        some = " or ".join(f"({each.rows})" for each in rules)
        if not self._find(f"select {PLACE}, {', '.join(tests)} from main.{BY_ROW}{self.name} where {some}"):
            return False
        problems, aside = [], "false"
        for number, rule in enumerate(each.rule for each in rules):
            which = f"_fails_{number} and not ({aside})"
            problems.append(self._problem("rule", rule.name, rule.column, rule.severity, which))
            aside += f" or _fails_{number}" if rule.severity == "critical" else ""
        self.engine.append("main.problem", " union all ".join(problems))
        where = f"from main.found where {aside}"
        if not self.engine.rows(f"select 1 {where} limit 1"):
            return False
        self.problems = True
        self.engine.append("main.set_aside_row", f"select {self.text}, _path, _place {where}")
        self._view()
        return True

    def ask(self, each: Condition, rows: str | None = None) -> int:
        """Ask a rule that compares rows: of the trusted ones, or of ``rows`` that are like ``main.row_<table>``; gives
        how many fail it."""
        days = frozenset(name for name, column in self.contract.columns.items() if column.type == "date")
        asked = asking(str(each.query), frozenset(self.contract.columns), days)
        which = self._which(asked) if rows is None else "true"
        rows = rows or f"main.{BY_ROW}{self.name}"
        if asked.by_place:
            found = f"select distinct found._rec._path, found._rec._place from ({asked.of(rows, which)}) as found"
        else:
            rows = f"({by_record(rows)})"
            found = f"select _file as _path, _row - 1 as _place from {rows} as record where _rec in ({asked.of(rows)})"
        rule, count = each.rule, self._find(found)
        if count:
            self._note("rule", rule.name, rule.column, rule.severity)
            if rule.severity == "critical":
                self._view()
        return count

    def _which(self, asked: Asking) -> str:
        """The condition that rows of the table can fail a rule, as far as that is found out sooner than the rule."""
        rows = f"main.{BY_ROW}{self.name}"
        if asked.alike:
            if len(asked.alike.columns) == 1 and asked.alike.differing == SEVERAL:
                return among(asked.alike, self.made.again(self.name, *asked.alike.columns))
            self.engine.make("main.alike", alike_hashes(asked.alike, rows))
            return among(asked.alike, "main.alike")
        if asked.above:
            found = asked.can_fail(rows, self.made.least(asked.above), self.made.usual_days)
            self.engine.make("main.can_fail", f"select found._rec._path, found._rec._place from ({found}) as found")
            return (
                "exists (select 1 from main.can_fail where can_fail._path = the_rows._file "
                "and can_fail._place = the_rows._rec)"
            )
        return "true"

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
