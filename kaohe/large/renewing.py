"""The trusted tables of a night: only files that are new are proved, and only units that changed records concern are
found, where that gives the same as proving everything again.

That is so for a table of which nothing was set aside but for cells of its own rows (a cell that cannot be typed, an
unknown unit, a day to come): then whether a row is trusted hangs on no other row. Rules about single rows are asked of
the new ones; rules that compare rows, of all. As soon as more than that is set aside, or a day has come, the whole
table is proved again, and what is trusted otherwise than before counts as changed.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

from kaohe.contracts import Contract, literal, quoted
from kaohe.large.engine import LargeEngine
from kaohe.large.kept import Kept, NotInSteps, Seen, bytes_of
from kaohe.large.narrowing import narrowed
from kaohe.large.parts import concerns
from kaohe.large.proving import Reading, Table
from kaohe.large.records import Records
from kaohe.large.rows import BY_ROW, REC, by_record
from kaohe.models import tables_in
from kaohe.sources.parquet import source_of
from kaohe.validation.checks import Condition

#: Before a table's name: its rows that changed (before or after); these, and those it has now.
CHANGED, EVER = "changed_", "ever_"
#: Reasons to set a row aside for which no other row matters.
_OF_ITS_OWN = ("bad_cell", "unknown_unit", "future")
#: Registries on which everything hangs.
REGISTRIES = frozenset({"org_unit", "unit_alias", "work_calendar"})


class Renewal:
    """From the trusted tables of the last run to those of this one.

    ``changed``: tables with rows that are trusted now and were not, or the other way round, or in files that came or
    went. ``main.changed_<table>`` has these, ``main.touched`` the units that they concern; ``of_all``: those whose rows
    are no unit's.
    """

    def __init__(self, engine: LargeEngine, records: Records, kept: Kept, folder: Path, inbox: Path) -> None:
        self.engine, self.records, self.kept, self.folder, self.inbox = engine, records, kept, folder, inbox
        self.contracts = records.contracts
        self.since = dt.date.fromisoformat(kept.as_of)
        self.changed: set[str] = set()
        self.of_all: set[str] = set()
        if engine.rows("select 1 from main.problem where rule = 'alias_taken' limit 1"):
            raise NotInSteps

    def renew(self, files: Mapping[str, Mapping[str, Seen]]) -> None:
        """Make the trusted tables of ``files``: table → path below the inbox → file.

        Raises ``NotInSteps`` for a change that takes a run of everything.
        """
        for name, contract in self.contracts.items():
            before, now = self.kept.files.get(name, {}), files[name]
            gone = {path: seen for path, seen in before.items() if path not in now or now[path].sha256 != seen.sha256}
            new = [path for path, seen in now.items() if path not in before or before[path].sha256 != seen.sha256]
            if (gone or new) and name in REGISTRIES:
                raise NotInSteps
            _Renewed(self, contract, list(now), new, gone).renew()
        self._touch()

    def _touch(self) -> None:
        """``main.touched``: which units the changed records of a table concern."""
        self.engine.empty("main.touched", "table_name varchar, unit_id varchar")
        for name, contract in self.contracts.items():
            columns = ", ".join(map(quoted, contract.columns))
            ever = f"select {columns} from main.{BY_ROW}{name}"
            if name in self.changed:
                ever += f" union all select {columns} from main.{CHANGED}{name}"
            self.engine.view(f"main.{EVER}{name}", ever)
        for name in sorted(self.changed):
            self.touch(self.contracts[name], f"main.{CHANGED}{name}")

    def touch(self, contract: Contract, rows: str) -> None:
        """Note the units that rows of a table concern."""
        own = [f"select record.unit_id from {rows} as record"] if "unit_id" in contract.columns else []
        found = own + [
            f"select {concern.unit} from {rows} as record {concern.join(EVER)}"
            for concern in concerns(contract, self.contracts)
        ]
        if not found:
            self.of_all.add(contract.table)
            return
        self.engine.append(
            "main.touched",
            f"select {literal(contract.table)}, unit_id from ({' union '.join(found)}) as units (unit_id) "
            "where unit_id is not null",
        )


class _Renewed:
    """A table, of which files may be ``new`` and others ``gone`` (a file that changed is both)."""

    def __init__(
        self, renewal: Renewal, contract: Contract, paths: list[str], new: list[str], gone: Mapping[str, Seen]
    ) -> None:
        self.renewal, self.engine, self.records = renewal, renewal.engine, renewal.records
        self.contract, self.name, self.text = contract, contract.table, literal(contract.table)
        self.paths, self.new, self.gone = paths, new, gone
        self.how = Reading(**renewal.kept.tables[self.name]["how"])
        self.types: dict[str, str] = renewal.kept.tables[self.name]["types"]

    def renew(self) -> None:
        if not (self.types or self.paths):
            table = self._table(self.paths)
            table.look()
            return self._take(table)
        if bool(self.types) != bool(self.paths):
            raise NotInSteps  # the table came or went as a whole
        self.engine.make(
            "main.aside_before", f"select distinct _path, _place from main.set_aside_row where table_name = {self.text}"
        )
        self._look_at_gone()
        table = self._table(self.paths)
        table.recall(self.how, self.how.rows)
        has_come = self._a_day_has_come()
        if has_come or not self._step(table):
            table = self._table(self.paths)
            self._forget("")
            table.look()
            table.judge()
        else:
            table.say_rules()
        self._take(table)
        self._note_changes(table)
        return None

    def _take(self, table: Table) -> None:
        self.records.take(table)
        self.records.types[self.name] = self.types

    def _table(self, paths: Iterable[str]) -> Table:
        """The table of some of its files. Raises ``NotInSteps`` if their columns are not what they were."""
        files = [self.renewal.inbox / path for path in paths]
        types = self.engine.read_files(self.name, self.renewal.inbox, files) if files else {}
        if types != self.types:
            raise NotInSteps
        return Table(self.records, source_of(self.contract, files, types))

    # ---- what was in files that are gone

    def _look_at_gone(self) -> None:
        """``main.gone``: the rows of files that are gone, as they are. Raises ``NotInSteps`` if they are lost."""
        files = {path: bytes_of(self.renewal.folder, seen) for path, seen in self.gone.items()}
        self.gone_rows = 0
        if files:
            self.engine.make("main.gone", self._rows_of(files))
            self.gone_rows = self.engine.rows("select count(*) from main.gone")[0][0]

    def _rows_of(self, files: Mapping[str, Path | None]) -> str:
        """A query of the rows of files as they are, by their paths below the inbox."""
        columns = ", ".join(f"cast({quoted(name)} as {kind}) as {quoted(name)}" for name, kind in self.types.items())
        queries = []
        for path, file in files.items():
            if file is None:
                raise NotInSteps
            queries.append(
                f"select {columns}, {literal(path)} as _path, file_row_number as _place "
                f"from read_parquet({literal(file)}, file_row_number = true)"
            )
        return " union all ".join(queries)

    # ---- in steps

    def _step(self, table: Table) -> bool:
        """Prove what is new; False if that is not enough, for rows set aside beside others."""
        reads = {name for each in table.conditions if each.query for name in _reads(each)} & self.renewal.changed
        if not (self.new or self.gone or reads):
            return True
        if self._set_aside_beside_others():
            return False
        if self.gone:
            self._forget_gone()
        rows = self.how.rows - self.gone_rows
        how = self.how
        if self.new:
            part = self._table(self.new)
            part.prove_cells()
            if part.has_future or self._waits():  # their keys count, too
                return False
            if part.ask_together([each for each in part.conditions if each.rows and part.fails(each)]):
                return False
            key = ", ".join(quoted(column) for column in self.contract.key)
            self.engine.make("main.new_key", f"select hash({key}) as key_hash from main.{self.name}")
            rows += part.rows
            how = Reading(rows, sorted({*how.mended, *part.mended}), sorted({*how.names, *part.named}))
        if self.new or self.gone:
            table.__dict__.update(self._table(self.paths).__dict__)  # of all files, and of what is set aside now
            table.recall(how, rows)
        if self.new and self._is_a_key_repeated(key):
            return False
        self._note_changes(table)
        return self._compare_rows(table, reads)

    def _set_aside_beside_others(self) -> bool:
        return bool(self.engine.rows(
            f"select 1 from main.problem where table_name = {self.text} and severity = 'critical' "
            f"and rule not in ({', '.join(map(literal, _OF_ITS_OWN))}) limit 1"
        ))  # fmt: skip

    def _waits(self) -> bool:
        """A record is set aside because its day is still to come."""
        return bool(self.engine.rows(
            f"select 1 from main.problem where table_name = {self.text} and rule = 'future' limit 1"
        ))  # fmt: skip

    def _a_day_has_come(self) -> bool:
        """A record that was set aside because its day was still to come is there now."""
        day = self.contract.event_date
        if self.records.as_of == self.renewal.since or not day:
            return False
        return self._waits() and bool(self.engine.rows(
            f"select 1 from ({self.records.given(self.name)}) as record where {quoted(day)} > date "
            f"{literal(self.renewal.since)} and {quoted(day)} <= date {literal(self.records.as_of)} limit 1"
        ))  # fmt: skip

    def _is_a_key_repeated(self, key: str) -> bool:
        return bool(self.engine.rows(
            f"select 1 from main.{self.name} where hash({key}) in (select key_hash from main.new_key) "
            f"group by hash({key}) having count(*) > 1 limit 1"
        ))  # fmt: skip

    def _compare_rows(self, table: Table, reads: set[str]) -> bool:
        """Ask the rules that compare rows, if any of them changed."""
        for each in table.conditions:
            if each.query and (self.new or self.gone or reads & _reads(each)):
                rows = self._asked_again(each)
                self._forget(
                    f"and rule = {literal(each.rule.name)} and column_name = {literal(each.rule.column)} "
                    f"and _rec in (select _rec from ({by_record(rows)}) as record)",
                    rows=False,
                )
                if table.ask(each, rows) and each.rule.severity == "critical":
                    return False
        return True

    def _asked_again(self, each: Condition) -> str:
        """The rows of which a rule that compares rows must be asked again, with all of the table that matter to them;
        where that cannot be told, all."""
        bound = narrowed(str(each.query), frozenset(self.contract.columns))
        if bound is None:
            return f"main.{BY_ROW}{self.name}"
        changed, rows = self.renewal.changed, f"main.{BY_ROW}{self.name}"
        matter = [
            f"{quoted(ours)} in (select {quoted(theirs)} from main.{CHANGED}{table})"
            for table, theirs, ours in sorted(bound.others) if table in changed
        ]  # fmt: skip
        if bound.own:
            own = quoted(bound.own)
            values = [f"select {own} from {rows} where {test}" for test in matter]
            if self.new or self.gone:
                values.append(f"select {own} from main.{CHANGED}{self.name}")
            matter = [f"{own} in ({' union '.join(values)})"]
        if self.new:
            matter.append(f"_file in ({', '.join(map(literal, self.new))})")
        which = " or ".join(matter) or "false"
        self.engine.view("main.asked_again", f"select * from {rows} where {which}")
        return "main.asked_again"

    def _forget(self, which: str, rows: bool = True) -> None:
        """Forget problems of the table."""
        self.engine.delete("main.problem", f"table_name = {self.text} {which}")
        if rows:
            self.engine.delete("main.set_aside_row", f"table_name = {self.text}")

    def _forget_gone(self) -> None:
        paths = ", ".join(map(literal, self.gone))
        self._forget(f"and _rec in (select {REC} from main.gone as file)", rows=False)
        self.engine.delete("main.set_aside_row", f"table_name = {self.text} and _path in ({paths})")

    # ---- what changed

    def _note_changes(self, table: Table) -> None:
        """``main.changed_<table>``: rows of new files and of those that are gone, and rows of the others that were set
        aside and are no more, or the other way round."""
        columns = ", ".join(map(quoted, self.contract.columns))
        name = f"main.{CHANGED}{self.name}"
        moved = ", ".join(map(literal, {*self.new, *self.gone}))
        apart = f"where _path not in ({moved})" if moved else ""
        now = f"select distinct _path, _place from main.set_aside_row where table_name = {self.text}"
        self.engine.make(
            "main.aside_changed",
            f"select * from ((select * from main.aside_before except ({now})) "
            f"union all (({now}) except select * from main.aside_before)) as place {apart}",
        )
        flipped = self.engine.rows("select 1 from main.aside_changed limit 1")
        if not (self.new or self.gone or flipped):
            return
        self.engine.make(
            name,
            f"select {columns} from ({self.records.given(self.name)}) as record where exists (select 1 from "
            "main.aside_changed as place where place._path = record._file and place._place = record._row - 1)"
            if flipped else f"select {columns} from main.{self.name} limit 0",
        )  # fmt: skip
        new = self._rows_of({path: self.renewal.inbox / path for path in self.new}) if self.new else ""
        for rows in [f"({new})"] * bool(new) + ["main.gone"] * bool(self.gone):
            self.engine.append(name, f"select {columns} from ({table.typed(rows)}) as record")
        self.renewal.changed.add(self.name)


def _reads(each: Condition) -> frozenset[str]:
    """The tables that a rule reads, its own apart."""
    return tables_in(str(each.query).replace("{batch}", "subselect")) - {"subselect"}
