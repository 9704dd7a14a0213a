"""Check before hand-in: what a run would say of files, told to whoever filled them in; no warehouse is needed.

The files go through the same reading, typing and rules as at night, in a folder that is thrown away. Names of units and
references to other tables can only be checked where the registry, or that table, is among the files.
"""

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kaohe import clock, loading, records, validation
from kaohe.contracts import Contract, Contracts, Severity, load_contracts, quoted, tables_named
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.publishing.workbook import sheet_remarks
from kaohe.sources.details import column_index
from kaohe.sources.inbox import INBOX
from kaohe.warehouse import Warehouse
from kaohe.words import listed, say

_REGISTRY, _NAMES = "org_unit", "unit_alias"


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
        return f"{self.letters or ''}{self.row or ''}"


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
    """What was found, file by file. ``units_known``: the registry was there, so names of units were checked."""

    files: list[CheckedFile]
    units_known: bool

    @property
    def wrong(self) -> bool:
        return any(file.wrong for file in self.files)


def check(paths: Sequence[Path], registry: Path | None = None) -> Checked:
    """Check files as a run would, with the names of units in ``registry`` (or in one of the files).

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
                validation.validate(warehouse, known, project.sql, clock.today(), checking=True)
                if _REGISTRY in found:
                    _look_for_units(warehouse, contracts, known)
            told = _Told(warehouse, contracts, known)
            each = [(path, names[path.resolve()]) for path in dict.fromkeys(paths)]
            checked = [told.file(path, name, pulled.unreadable.get(name)) for path, name in each]
            return Checked(checked, _REGISTRY in found)


def marked_copy(file: CheckedFile) -> bytes:
    """The workbook as it was handed over, with the cells to mend in red and a first sheet that lists them."""
    from kaohe.marking import marked
    from kaohe.marking.mark import Mark

    marks = [
        Mark(p.sheet, p.row, column_index(p.letters) if p.letters else None, p.value, p.problem, p.remedy)
        for p in file.problems
        if p.severity == "critical"
    ]
    return marked(file.path.name, file.path.read_bytes(), marks)


def _named(paths: Sequence[Path], registry: Path | None, contracts: Contracts) -> dict[str, Path]:
    """A name for each file, its own if no other has it → the file. A folder that says which table it holds stays."""
    files: dict[str, Path] = {}
    seen: set[Path] = set()
    for number, path in enumerate([*paths, *([registry] if registry else [])]):
        if not path.is_file():
            raise KaoheError("check_no_file", file=path)
        if path.resolve() not in seen:
            seen.add(path.resolve())
            name = f"{path.parent.name}/{path.name}" if path.parent.name in contracts else path.name
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


def _look_for_units(warehouse: Warehouse, contracts: Contracts, known: Contracts) -> None:
    """Add the names that the registry does not know to the problems."""
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
            hints = records.nearest_names(warehouse, sorted({written for _, written in unknown}))
            for rec, written in unknown:
                said = [table, rec, "unknown_unit", "unknown_unit", name, "critical", hints[written]]
                warehouse.con.execute("insert into main.problem values (?, ?, ?, ?, ?, ?, ?)", said)


class _Told:
    """Puts what the warehouse found into the words of whoever filled in the file."""

    def __init__(self, warehouse: Warehouse, contracts: Contracts, known: Contracts) -> None:
        self.warehouse, self.contracts = warehouse, contracts
        self.left_out = dict(warehouse.rows("select _file, count(*) from meta.left_out group by _file"))
        self.tables: dict[str, list[CheckedTable]] = defaultdict(list)
        self.problems: dict[str, list[Problem]] = defaultdict(list)
        for contract in known.values():
            self._count(contract)
            self._look_at_cells(contract)
        self._look_at_sheets()

    def file(self, path: Path, name: str, unreadable: str | None) -> CheckedFile:
        if unreadable is not None:
            said = unreadable.replace(name, path.name)
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
            "select distinct column_name from main.problem where table_name = ? and _rec <> '' order by 1", [table]
        )
        for (column,) in wrong:
            found = self.warehouse.rows(
                "select record._file, record._sheet, record._row, position.letters, "
                f"record.{quoted(column)}, said.sentence, problem.hint, problem.rule, problem.severity "
                f"from main.problem join raw.{table} as record using (_rec) "
                "join main.said on said.table_name = problem.table_name and said.rule = problem.rule "
                "and said.column_name = problem.column_name "
                "left join meta.position on position._file = record._file and position._sheet = record._sheet "
                "and position.table_name = problem.table_name and position.column_name = problem.column_name "
                "and position._at is not distinct from record._at "
                "and record._row between position.first_row and position.last_row "
                "where problem.table_name = ? and problem.column_name = ? "
                "and (problem.reason = 'bad_cell' or not exists (from main.problem as bad "
                "where bad.table_name = problem.table_name and bad._rec = problem._rec "
                "and bad.reason = 'bad_cell' and bad.column_name = problem.column_name))",
                [table, column],
            )
            for file, sheet, row, letters, value, sentence, hint, rule, severity in found:
                if rule == "unknown_unit":
                    sentence = say("check_unknown_unit")
                wrong_with_it, _, what_to_do = sentence.rstrip("：: ").partition(say("check_please"))
                remedy = what_to_do or self._remedy(contract, column, rule, hint)
                problem = Problem(sheet, row, letters, value, wrong_with_it.strip(), remedy, severity)
                self.problems[file].append(problem)

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
