"""Check before hand-in: what a run would say of files, told to whoever filled them in; no warehouse is needed.

The files go through the same reading, typing and rules as at night, in a folder that is thrown away. Names of units and
references to other tables can only be checked where the registry, or that table, is among the files.
"""

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from kaohe import clock, loading, records, validation
from kaohe.cleaning import normal_names
from kaohe.contracts import Contract, Contracts, Severity, load_contracts, tables_named
from kaohe.errors import KaoheError
from kaohe.marking import marked
from kaohe.marking.mark import Mark
from kaohe.project import Project
from kaohe.publishing.workbook import sheet_remarks
from kaohe.sources.details import column_index
from kaohe.sources.inbox import INBOX, legible
from kaohe.sqltext import quoted
from kaohe.warehouse import Warehouse
from kaohe.words import listed, say

_REGISTRY, _NAMES = "org_unit", "unit_alias"
#: The rows of the registry that were set aside, but for those that only say again what another says.
_LOST = f"from main.quarantine where table_name = '{_REGISTRY}' and reason <> 'duplicate'"


@dataclass(frozen=True)
class Problem:
    """Something wrong, and what to do. ``row`` from 1 and ``letters`` of the column, None where it is about a row, a
    sheet or the file as a whole; ``value``: the cell as it is."""

    sheet: str
    row: int | None
    letters: str | None
    value: str | None
    problem: str
    remedy: str
    severity: Severity = "critical"

    @property
    def cell(self) -> str:
        """The cell's address, or the row."""
        if self.letters is None:
            return "" if self.row is None else say("row", row=self.row)
        return f"{self.letters}{self.row or ''}"


@dataclass(frozen=True)
class CheckedTable:
    """A table found in a file: how many of its rows would be taken, and how many not."""

    sheet: str
    table: str
    title: str
    good: int
    bad: int


@dataclass
class CheckedFile:
    """What there is to say of a file. ``left_out``: rows that are no records (titles, totals, notes)."""

    path: Path
    tables: list[CheckedTable] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0

    @property
    def wrong(self) -> bool:
        """Something must be mended before it is handed in."""
        return any(problem.severity == "critical" for problem in self.problems)


@dataclass(frozen=True)
class Checked:
    """What was found, file by file. ``units_known``: the registry was there, so names of units were checked;
    ``units_lost``: which of its units cannot be assessed, and why."""

    files: list[CheckedFile]
    units_known: bool
    units_lost: list[str]

    @property
    def wrong(self) -> bool:
        return any(file.wrong for file in self.files)


def check(
    paths: Sequence[Path], registry: Path | None = None, as_of: dt.date | None = None, year: int | None = None
) -> Checked:
    """Check files as a run would as of a day, else today, with the names of units in ``registry`` (or in one of the
    files). Records of another than the ``year``, if one is given, are pointed out.

    Raises ``KaoheError`` for a file that is not there, and for a registry in which no unit can be found.
    """
    project = Project.find()
    contracts = load_contracts(project.expectations)
    with tempfile.TemporaryDirectory(prefix="kaohe-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        files = _named(paths, registry, contracts)
        names = {path.resolve(): name for name, path in files.items()}
        with Warehouse(folder) as warehouse:
            pulled = loading.pull(warehouse, {INBOX: files}, contracts, keep_untyped=True)
            found = {table for (table,) in warehouse.rows("select distinct table_name from meta.sheet")}
            if registry is not None and _REGISTRY not in found:
                raise KaoheError("check_registry", file=registry)
            known = _as_far_as_known(contracts, found)
            if known:
                validation.check_rules(known, project.expectations, checking=True)
                validation.validate(warehouse, known, project.sql, as_of or clock.today(), checking=True)
                if _REGISTRY in found:
                    _look_for_units(warehouse, contracts, known)
            told = _Told(warehouse, contracts, known, year)
            each = [(path, names[path.resolve()]) for path in dict.fromkeys(paths)]
            checked = [told.file(path, name, pulled.unreadable.get(name)) for path, name in each]
            return Checked(checked, _REGISTRY in found, _units_lost(warehouse) if _REGISTRY in found else [])


def marked_copy(file: CheckedFile) -> bytes:
    """The workbook as it was handed over, with the cells to mend in red and a first sheet that lists them."""
    marks = [
        Mark(p.sheet, p.row, column_index(p.letters) if p.letters else None, p.value, p.problem, p.remedy)
        for p in file.problems
        if p.severity == "critical"
    ]
    return marked(legible(file.path.name), file.path.read_bytes(), marks)


def _named(paths: Sequence[Path], registry: Path | None, contracts: Contracts) -> dict[str, Path]:
    """A name for each file, its own if no other has it → the file. A folder that says which table it holds stays."""
    files: dict[str, Path] = {}
    seen: set[Path] = set()
    for number, path in enumerate([*paths, *([registry] if registry else [])]):
        if not path.is_file():
            raise KaoheError("check_no_file", file=path)
        if path.resolve() not in seen:
            seen.add(path.resolve())
            name = legible(f"{path.parent.name}/{path.name}" if path.parent.name in contracts else path.name)
            files[name if name not in files else f"{number}/{name}"] = path
    return files


def _as_far_as_known(contracts: Contracts, found: set[str]) -> Contracts:
    """The contracts of the tables that were found, without what only other tables could tell. Names of units stay as
    they are, so that the rules see records of unknown ones too."""
    known = Contracts(
        (name, _alone(contract, contracts, found)) for name, contract in contracts.items() if name in found
    )
    known.hashes = contracts.hashes
    return known


def _alone(contract: Contract, contracts: Contracts, found: set[str]) -> Contract:
    columns = {}
    for name, column in contract.columns.items():
        updated: dict[str, object] = {}
        if column.references and column.references.table not in found:
            updated["references"] = None
        if column.type == "unit":
            updated["unknown"] = "keep"
        columns[name] = column.model_copy(update=updated)
    needed = [(rule, tables_named(rule.arguments) & contracts.keys()) for rule in contract.expectations]
    rules = [rule for rule, tables in needed if tables <= found]
    return contract.model_copy(update={"columns": columns, "expectations": rules})


def _units_lost(warehouse: Warehouse) -> list[str]:
    """The rows of the registry that were set aside, each in a sentence."""
    return [
        say("summary_unit_lost", place=_place(file, sheet, row), problems=problems)
        for file, sheet, row, problems in warehouse.rows(f"select _file, _sheet, _row, problems {_LOST} order by all")
    ]


def _place(file: str, sheet: str, row: int) -> str:
    return " · ".join(part for part in (file, sheet, say("row", row=row)) if part)


def _names_lost(warehouse: Warehouse) -> dict[str, str]:
    """Each name, as it is matched, of a unit whose row in the registry was set aside → where that row stands."""
    rows = warehouse.rows(
        "select name, short_name, unit_id, _file, _sheet, _row from raw.org_unit "
        f"where _rec in (select _rec {_LOST}) order by _rec"
    )
    named = {name: _place(file, sheet, row) for *names, file, sheet, row in rows for name in names if name}
    return dict(zip(normal_names(pl.Series([*named], dtype=pl.String)), named.values(), strict=True))


def _look_for_units(warehouse: Warehouse, contracts: Contracts, known: Contracts) -> None:
    """Add the names that the registry does not know to the problems."""
    lost = _names_lost(warehouse)
    for table in known:
        for name in contracts[table].unit_columns:
            if contracts[table].columns[name].unknown == "keep":
                continue
            cell = f"record.{quoted(name)}"
            here = "record.platform" if "platform" in contracts[table].columns else "null"
            unknown = warehouse.rows(
                f"select _rec, {cell} from typed.{table} as record where {cell} is not null and not exists "
                f"(select 1 from main.unit_name where name = {cell} and platform in (?, {here})) order by 1",
                [records.EVERYWHERE],
            )
            hints = records.nearest_names(warehouse, sorted({written for _, written in unknown} - lost.keys()))
            for rec, written in unknown:
                reason = "unit_lost" if written in lost else "unknown_unit"
                said = [table, rec, reason, "unknown_unit", name, "critical", (lost | hints)[written]]
                warehouse.con.execute("insert into main.problem values (?, ?, ?, ?, ?, ?, ?)", said)


def _pointed_at(contract: Contract, column: str, rule: str) -> list[str]:
    """The columns whose cells a rule about ``column`` points at: where it compares two, both."""
    if rule.startswith("rule_"):
        arguments = contract.expectations[int(rule.removeprefix("rule_")) - 1].arguments
        if column == arguments.get("column_A"):
            return [column, arguments["column_B"]]
    return [column]


class _Told:
    """Puts what the warehouse found into the words of whoever filled in the file."""

    def __init__(self, warehouse: Warehouse, contracts: Contracts, known: Contracts, year: int | None) -> None:
        self.warehouse, self.contracts = warehouse, contracts
        self.left_out = dict(warehouse.rows("select _file, count(*) from meta.left_out group by _file"))
        self.tables: dict[str, list[CheckedTable]] = defaultdict(list)
        self.problems: dict[str, list[Problem]] = defaultdict(list)
        for contract in known.values():
            self._count(contract)
            self._look_at_cells(contract)
            if year is not None:
                self._look_at_years(contract, year)
        self._look_at_sheets()

    def file(self, path: Path, name: str, unreadable: str | None) -> CheckedFile:
        if unreadable is not None:
            said = unreadable.replace(name, legible(path.name))
            return CheckedFile(path, problems=[Problem("", None, None, None, said, say("remedy_file"))])
        problems = sorted(
            self.problems[name],
            key=lambda p: (p.sheet, p.row or 0, len(p.letters or ""), p.letters or "", p.problem),
        )
        return CheckedFile(path, self.tables[name], problems, self.left_out.get(name, 0))

    def _count(self, contract: Contract) -> None:
        table = contract.table
        for file, sheet, rows, bad in self.warehouse.rows(
            "select _file, _sheet, count(*), count(problem._rec) "
            f"from raw.{table} as record left join (select distinct _rec from main.problem "
            "where table_name = ? and severity = 'critical') as problem on problem._rec = record._rec "
            "group by all order by all",
            [table],
        ):
            self.tables[file].append(CheckedTable(sheet, table, contract.title, rows - bad, bad))

    def _look_at_cells(self, contract: Contract) -> None:
        """The problems of a table's records."""
        table = contract.table
        wrong = self.warehouse.rows(
            "select distinct column_name, rule from main.problem where table_name = ? and _rec <> '' order by all",
            [table],
        )
        for column, rule in wrong:
            for shown in _pointed_at(contract, column, rule):
                self._look_at_column(contract, column, rule, shown)

    def _look_at_column(self, contract: Contract, column: str, rule: str, shown: str) -> None:
        """What a rule found in a column, at the cells of the column ``shown``."""
        table = contract.table
        found = self.warehouse.rows(
            "select record._file, record._sheet, record._row, position.letters, "
            f"record.{quoted(shown)}, said.sentence, problem.hint, problem.reason, problem.severity "
            f"from main.problem join raw.{table} as record using (_rec) "
            "join main.said on said.table_name = problem.table_name and said.rule = problem.rule "
            "and said.column_name = problem.column_name "
            "left join meta.position on position._file = record._file and position._sheet = record._sheet "
            "and position.table_name = problem.table_name and position.column_name = ? "
            "and position._at is not distinct from record._at "
            "and record._row between position.first_row and position.last_row "
            "where problem.table_name = ? and problem.column_name = ? and problem.rule = ? "
            "and (problem.reason = 'bad_cell' or not exists (from main.problem as bad "
            "where bad.table_name = problem.table_name and bad._rec = problem._rec "
            "and bad.reason = 'bad_cell' and bad.column_name = problem.column_name))",
            [shown, table, column, rule],
        )
        for file, sheet, row, letters, value, sentence, hint, reason, severity in found:
            if reason == "unit_lost":
                wrong_with_it, remedy = say("check_unit_lost"), say("remedy_unit_lost", place=hint)
            else:
                said = say("check_unknown_unit") if rule == "unknown_unit" else sentence
                wrong_with_it, _, what_to_do = said.rstrip("：: ").partition(say("check_please"))
                remedy = what_to_do or self._remedy(contract, column, rule, hint)
            problem = Problem(sheet, row, letters, value, wrong_with_it.strip(), remedy, severity)
            self.problems[file].append(problem)

    def _look_at_years(self, contract: Contract, year: int) -> None:
        """Records of another year, sheet by sheet."""
        for file, sheet, count, first, last in self.warehouse.rows(
            f"select _file, _sheet, count(*), min(_year), max(_year) from main.{contract.table} where _year <> ? "
            "group by all",
            [year],
        ):
            years = str(first) if first == last else f"{first}–{last}"
            remark = say("check_other_year", count=count, years=years, year=year)
            self.problems[file].append(Problem(sheet, None, None, None, remark, say("remedy_other_year"), "warning"))

    def _remedy(self, contract: Contract, name: str, rule: str, hint: str | None) -> str:
        """What to do about a cell."""
        column = contract.columns[name]
        if rule == "unknown_unit":
            return say("remedy_unit", nearest=hint or "—")
        if rule in ("conflict", "duplicate"):
            return say(f"remedy_{rule}", place=(hint or "").strip("： "))
        if allowed := contract.values(name):
            return say("remedy_values", values=listed(map(str, allowed)))
        if rule in ("bad_cell", "required"):
            said = say("remedy_unit_name" if column.type == "unit" else f"remedy_{column.type}")
            return said + say("in_brackets", text=column.help) if column.help else said
        return say("remedy_rule")

    def _look_at_sheets(self) -> None:
        """Sheets that look like a table and could not be read as one; any, if there is no table in the file at all."""
        for file, sheet, hidden, hidden_rows, table, fits, missing, unknown, rows in self.warehouse.rows(
            "select _file, _sheet, hidden, hidden_rows, table_name, fits, missing, unknown_headings, rows "
            "from meta.sheet"
        ):
            said = {"table": table, "fits": fits, "missing": missing, "unknown_headings": unknown}
            remarks = sheet_remarks(said | {"hidden": hidden, "hidden_rows": hidden_rows}, self.contracts)
            wrong = table is None and bool(rows) and (bool(fits) or file not in self.tables)
            for number, remark in enumerate(remarks):
                severity: Severity = "critical" if wrong and number == 0 else "warning"
                remedy = say("remedy_sheet" if severity == "critical" else "remedy_look")
                self.problems[file].append(Problem(sheet, None, None, None, remark, remedy, severity))
