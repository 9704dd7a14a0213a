"""Contracts: expectations/*.yml, the one place that says what a good row of a table is.

A contract drives the reader (headings), the typing (column types), the warehouse's table definition and the
Great Expectations suite. A new source table is one new file here.
"""

import datetime as dt
import hashlib
import re
from decimal import Decimal
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal, Self

import sqlglot
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlglot import exp

from kaohe.errors import KaoheError
from kaohe.sqltext import quoted
from kaohe.words import language, say
from kaohe.yamlfile import line_of, misplaced, read_yaml_once, wrong

Severity = Literal["critical", "warning"]

#: Column type → type in the warehouse. ``person`` holds a keyed hash, never a name; a ``month`` is its first day;
#: a ``percent`` is a share (96.5 % = 0.965); a ``list`` holds several of its ``values``.
SQL_TYPES = {
    "code": "varchar",
    "text": "varchar",
    "choice": "varchar",
    "unit": "varchar",
    "person": "varchar",
    "integer": "bigint",
    "number": "decimal(18,6)",
    "percent": "decimal(18,6)",
    "date": "date",
    "month": "date",
    "flag": "boolean",
    "list": "varchar[]",
}

#: Where a record came from; ``_at``: the column where it begins, if its row holds several side by side, else null.
#: ``_rec`` is the MD5 of the others that are not null, joined by the unit separator (U+001F).
PROVENANCE = dict.fromkeys(("_source", "_file", "_sheet"), "varchar") | {"_row": "integer"}
PROVENANCE |= dict.fromkeys(("_at", "_rec"), "varchar")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NO_ELEMENT = re.compile(r"""[\s、,;/\[\]'"\\]|^null$|^$""", re.IGNORECASE)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(_Strict):
    """A column that names the key of another table."""

    table: str
    severity: Severity


class Column(_Strict):
    """One column of a source table. ``private``: never published, as it may tell of a person (why one was absent).
    ``example``: what the template shows, if not what its type usually does.
    ``fill_down``: a cell merged downwards, or 同上, says the same for every row it covers."""

    type: Literal[
        "code", "text", "choice", "list", "unit", "person", "integer", "number", "percent", "date", "month", "flag"
    ]
    headings: list[str] = Field(min_length=1)
    required: bool = False
    help: str | None = None
    values: list[str] | None = None
    synonyms: dict[str, str] = {}
    references: Reference | None = None
    unknown: Literal["quarantine", "keep"] = "quarantine"
    private: bool = False
    fill_down: bool = False
    example: str | int | Decimal | dt.date | None = None

    @field_validator("synonyms", mode="before")
    @classmethod
    def _as_text(cls, given: object) -> object:
        return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.type in ("choice", "list")) != (self.values is not None):
            raise wrong("contract_values_for_choice")
        if self.type == "list" and any(_NO_ELEMENT.search(value) for value in self.values or []):
            raise wrong("contract_values_of_list")
        if self.unknown == "keep" and self.type != "unit":
            raise wrong("contract_unknown_for_unit")
        return self


class Expectation(BaseModel):
    """One rule, with Great Expectations' own name and arguments, and what to say when it fails.

    ``severity`` critical puts the row into quarantine (or stops the run, when the rule is about the table);
    warning keeps the row and flags it. ``column`` also says which cell to point at.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    severity: Severity
    say: str
    say_en: str
    column: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Great Expectations' arguments beside ``type``, ``severity`` and ``column``."""
        return dict(self.model_extra or {})

    @property
    def sentence(self) -> str:
        return self.say if language() == "zh" else self.say_en

    @property
    def columns(self) -> list[str]:
        """The columns that the rule names."""
        named = [self.column, self.arguments.get("column_A"), self.arguments.get("column_B")]
        return [name for name in [*named, *self.arguments.get("column_list", [])] if name is not None]


class Layout(_Strict):
    """Another shape in which a table is handed in, beside one heading for each column.

    ``headings``: more headings, before those of the columns. ``from_year``, ``to_year``: it holds for records of these
    years alone. ``sheet_name``: the column that the sheet's name gives (one sheet per unit). ``above``: columns given
    once above the table, as 单位名称：水务中心. ``across``: the column whose values (months, platforms) are headings
    over groups of columns, one record each; ``value``: the column of the cells right below them, where no second
    heading says it.
    """

    title: str
    headings: dict[str, list[str]] = {}
    from_year: int | None = None
    to_year: int | None = None
    sheet_name: str | None = None
    above: list[str] = []
    across: str | None = None
    value: str | None = None

    @property
    def given(self) -> set[str]:
        """The columns that need no heading."""
        return {*self.above, *(name for name in (self.sheet_name, self.across, self.value) if name)}

    def holds_in(self, year: int) -> bool:
        return (self.from_year or 0) <= year <= (self.to_year or 9999)


class NotScored(_Strict):
    """From which year on, and by which rule, a table may be shown but not scored."""

    from_year: int
    rule: str


def tables_named(arguments: dict[str, Any]) -> set[str]:
    """The tables that a rule in SQL reads, by its arguments (and the names it gives to parts of itself)."""
    query = arguments.get("unexpected_rows_query")
    return set(_tables_in(str(query).replace("{batch}", "batch"))) if query else set()


@cache
def _tables_in(query: str) -> frozenset[str]:
    """The tables that a query names; none of SQL that cannot be parsed, which is refused when it is tried."""
    try:
        parsed = sqlglot.parse_one(query, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        return frozenset()
    return frozenset(table.name for table in parsed.find_all(exp.Table))


class Contract(_Strict):
    """What a good row of one table is.

    ``event_date``: the column with the day a record tells about. ``year``: the column (a year, or a date) that says
    which year's assessment the record belongs to; where it is empty or not named, the event's date does.
    ``reference``: a registry; having rows in it is not reporting. ``restricted``: never scored nor published.
    """

    table: str
    title: str
    key: list[str] = Field(min_length=1)
    event_date: str | None = None
    year: str | None = None
    reference: bool = False
    restricted: bool = False
    not_scored: NotScored | None = None
    columns: dict[str, Column] = Field(min_length=1)
    layouts: dict[str, Layout] = {}
    expectations: list[Expectation] = []

    @model_validator(mode="after")
    def _layouts(self) -> Self:
        for name, layout in self.layouts.items():
            at = ("layouts", name)
            for column in sorted(layout.given | layout.headings.keys()):
                if column not in self.columns:
                    raise wrong("contract_unknown_column", at=at, column=column)
            if layout.across and self.columns[layout.across].type not in ("month", "choice"):
                raise wrong("contract_across", at=at, column=layout.across)
            if layout.value and not layout.across:
                raise wrong("contract_layout_value", at=at)
            if (layout.from_year or layout.to_year) and not (self.year or self.event_date):
                raise wrong("contract_layout_years", at=at)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in [self.table, *self.columns]:
            if not _NAME.fullmatch(name):
                raise wrong("contract_bad_name", at=("columns", name), name=name)
        for name in self.key:
            if name not in self.columns or not self.columns[name].required:
                raise wrong("contract_bad_key", at=("key",), column=name)
        if self.event_date and self.columns.get(self.event_date, None) is None:
            raise wrong("contract_unknown_column", at=("event_date",), column=self.event_date)
        if self.event_date and self.columns[self.event_date].type not in ("date", "month"):
            raise wrong("contract_event_date", at=("event_date",), column=self.event_date)
        if self.year and self.columns.get(self.year, None) is None:
            raise wrong("contract_unknown_column", at=("year",), column=self.year)
        if self.year and self.columns[self.year].type not in ("integer", "date"):
            raise wrong("contract_year", at=("year",), column=self.year)
        for number, rule in enumerate(self.expectations):
            for name in rule.columns:
                if name not in self.columns:
                    raise wrong("contract_unknown_column", at=("expectations", number), column=name)
        if (
            not self.reference
            and "unit_id" not in self.columns
            and not any(c.references for c in self.columns.values())
        ):
            raise wrong("contract_no_unit", at=("columns",))
        seen: dict[str, str] = {}
        for name, column in self.columns.items():
            for heading in column.headings:
                if (other := seen.setdefault(heading, name)) != name:
                    raise wrong("contract_heading_twice", at=("columns", name), heading=heading, one=other, other=name)
        return self

    @property
    def label(self) -> str:
        """How messages name the table: 组织生活记录抽查 (inspection)."""
        return f"{self.title} ({self.table})"

    @property
    def required(self) -> list[str]:
        return [name for name, column in self.columns.items() if column.required]

    @property
    def unit_columns(self) -> list[str]:
        return [name for name, column in self.columns.items() if column.type == "unit"]

    @property
    def private_columns(self) -> list[str]:
        """Columns that stay out of publications."""
        return [name for name, column in self.columns.items() if column.private]

    @property
    def person_columns(self) -> list[str]:
        return [name for name, column in self.columns.items() if column.type == "person"]

    @property
    def owner(self) -> tuple[str, str] | None:
        """(column, table) through which a table without a ``unit_id`` belongs to a unit; None if it has its own."""
        if "unit_id" in self.columns:
            return None
        references = {name: column.references for name, column in self.columns.items() if column.references}
        name, reference = next(iter(references.items()))
        return name, reference.table

    def values(self, column: str) -> list[str] | list[int]:
        """The values a column may have: those of a choice or list, or of its rule ``…_to_be_in_set``. Empty: any."""
        if column in self.columns and (named := self.columns[column].values):
            return named
        sets = [rule.arguments["value_set"] for rule in self.expectations
                if rule.type == "expect_column_values_to_be_in_set" and rule.column == column]  # fmt: skip
        return list(sets[0]) if sets else []

    def definition(self, text: bool = False) -> str:
        """The column list of ``create table``: typed, or all text as in the file (then with ``_extra``, the cells
        under headings that the contract does not know, as JSON)."""
        columns = {name: "varchar" if text else SQL_TYPES[column.type] for name, column in self.columns.items()}
        if text:
            columns["_extra"] = "varchar"
        return ", ".join(f"{quoted(name)} {sql_type}" for name, sql_type in (columns | PROVENANCE).items())


class Contracts(dict[str, Contract]):
    """All contracts by table, those that others refer to first."""

    hashes: dict[str, str]

    @cached_property
    def digest(self) -> str:
        """Changes when any contract changes."""
        joined = "\n".join(f"{name} {digest}" for name, digest in sorted(self.hashes.items()))
        return hashlib.sha256(joined.encode()).hexdigest()


def load_contracts(folder: Path) -> Contracts:
    """Every contract of ``folder``.

    Raises ``KaoheError`` with file and line for an unknown key, a rule about a column that is not there, a file
    that is not named after its table, or references that go round in a circle.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise KaoheError("contracts_missing", path=folder)
    read: dict[str, Contract] = {}
    for path in files:
        contract = read_yaml_once(path, Contract)
        if contract.table != path.stem:
            at = ("table",)
            raise misplaced(path, at, line_of(path, at), say("contract_file_name", table=contract.table))
        read[contract.table] = contract
    before = {name: _must_come_first(contract, read, folder) for name, contract in read.items()}
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise KaoheError("contract_cycle", tables=" → ".join(error.args[1])) from error
    contracts = Contracts((name, read[name]) for name in order)
    contracts.hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return contracts


def _must_come_first(contract: Contract, contracts: dict[str, Contract], folder: Path) -> list[str]:
    """The tables whose trusted rows this one's need: corrections, the registry for names of units, references, and what
    its rules in SQL read."""
    tables = ["correction"] if "correction" in contracts and contract.table != "correction" else []
    for name, column in contract.columns.items():
        if column.references is None:
            continue
        if column.references.table not in contracts:
            path, at = folder / f"{contract.table}.yml", ("columns", name, "references")
            raise misplaced(path, at, line_of(path, at), say("contract_unknown_table", table=column.references.table))
        tables.append(column.references.table)
    if contract.unit_columns:
        tables += [name for name in ("org_unit", "unit_alias") if name in contracts and name != contract.table]
    for rule in contract.expectations:
        tables += tables_named(rule.arguments) & contracts.keys() - {contract.table}
    return sorted(set(tables))
