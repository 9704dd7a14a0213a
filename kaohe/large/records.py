"""Trusted tables of a large assessment: views over the Parquet files, without the rows that break a critical rule.

Each table is proved in one scan: cells that cannot be typed, cells to be read otherwise, what has not happened yet, and
every rule about single rows. Keys that were handed in twice are looked for by their hashes. ``main.problem`` gets one
row per record and problem, like the bureau's.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from kaohe import corrections, records
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.large.asking import Above, repeated_hashes
from kaohe.large.proving import Reading, Table
from kaohe.large.rows import FILES, listed
from kaohe.project import Project
from kaohe.sources.parquet import Source
from kaohe.warehouse import Engine
from kaohe.words import say

_DEFINE = {
    "problem": "table_name varchar, _rec varchar, reason varchar, rule varchar, column_name varchar, severity varchar, "
    "hint varchar",
    "set_aside_row": "table_name varchar, _path varchar, _place bigint",
    "stranger": "table_name varchar, column_name varchar, written varchar, platform varchar, unit_id varchar",
    "record_count": "table_name varchar, records_in bigint, records_used bigint, records_quarantined bigint",
}

#: What is known of the records' problems, and of units by name; a run can go on from it.
PROBLEMS = ("problem", "set_aside_row", "stranger")


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
        self._names: pl.DataFrame | None = None
        self._aliases: pl.DataFrame | None = None
        self._again: set[tuple[str, str]] = set()
        self._least: dict[str, str] = {}
        self._expected: list[Source] = []
        self._strange: set[tuple[str, str]] | None = None
        for name, columns in _DEFINE.items():
            if anew or name not in PROBLEMS:
                engine.empty(f"main.{name}", columns)

    def expect(self, sources: Iterable[Source]) -> None:
        """Say of which tables ``trust`` will be asked, so that their units are looked for together."""
        self._expected = [source for source in sources if source.files]

    def has_strangers(self, table: str, column: str) -> bool:
        """Whatever stands in a unit column of the files may be no unit's id."""
        cells = {(source.contract.table, name): source.cells[name].value
                 for source in self._expected for name in source.contract.unit_columns}  # fmt: skip
        if (table, column) not in cells:
            return True
        if self._strange is None:
            queries = [
                f"select {listed(table)} as table_name, {listed(name)} as column_name, {value} as written "
                f"from main.{FILES}{table} as file"
                for (table, name), value in cells.items()
            ]
            self._strange = set(self.engine.rows(
                f"select distinct table_name, column_name from ({' union all '.join(queries)}) as cell "
                "where written is not null "
                "and not exists (select 1 from main.org_unit where org_unit.unit_id = cell.written)"
            ))  # fmt: skip
        return (table, column) in self._strange

    def trust(self, source: Source) -> None:
        """Prove a table and make its views: ``main.<table>`` and ``main.row_<table>``.

        Raises ``KaoheError`` if a critical rule about the table as a whole fails, and for corrections, which large runs
        do not carry out.
        """
        table = Table(self, source)
        table.look()
        if source.contract.table == corrections.TABLE and table.rows:
            raise KaoheError("large_corrections", file=source.files[0], rows=table.rows)
        table.judge()
        if source.contract.table == "org_unit" and not table.rows:
            raise KaoheError("inbox_no_registry")
        self.take(table)

    def take(self, table: Table) -> None:
        """Note how a table was read."""
        self.trusted.rows[table.name] = table.rows
        self.how[table.name] = Reading(table.rows, sorted(table.mended), sorted(table.named))

    def given(self, table: str) -> str:
        """A query of all rows of a table's files, typed, those that were set aside among them."""
        return self.queries["given", table]

    def names_like(self, written: pl.DataFrame) -> pl.DataFrame:
        """name, platform, unit_id: the names under which units are known, of those that are ``written``. Most files
        give ids, and need none. A name of several units is nobody's: of so many, some share one."""
        if self._names is None:
            named = records.names_of_units(self.engine)
            self._names = named.select("name", pl.lit(records.EVERYWHERE).alias("platform"), "unit_id")
        if "unit_alias" in self.trusted.rows and self._aliases is None:
            self._aliases, any_bad = records.names_by_alias(self.engine, self._names)
            if any_bad:
                self._set_aside_aliases()
        known = [self._names] if self._aliases is None else [self._names, self._aliases]
        return pl.concat(names.join(written, on="name", how="semi") for names in known)

    def _set_aside_aliases(self) -> None:
        self.engine.append(
            "main.set_aside_row",
            "select 'unit_alias', _file, _row - 1 from main.unit_alias where _rec in "
            "(select _rec from main.problem where table_name = 'unit_alias' and rule = 'alias_taken')",
        )
        self.said.append(("unit_alias", "alias_taken", "alias", say("rule_alias_taken")))

    def again(self, table: str, column: str) -> str:
        """A table of the hashes of all values that stand in more than one row of a column; made once."""
        name = f"main.again_{table}_{column}"
        if (table, column) not in self._again:
            self.engine.make(name, repeated_hashes(f"main.{table}", [column]))
            self._again.add((table, column))
        return name

    @property
    def usual_days(self) -> tuple[dt.date, dt.date]:
        """Nearly all records are of days between these."""
        return dt.date(self.as_of.year - 1, 1, 1), self.as_of

    def least(self, above: Above) -> str:
        """A table of how many rows of another table there are at least, on any usual day; made once."""
        query = above.least(self.again(above.table, above.column), self.usual_days)
        if query not in self._least:
            self._least[query] = f"main.least_{len(self._least)}"
            self.engine.make(self._least[query], query)
        return self._least[query]

    def count_problems(self) -> None:
        """Note in ``trusted`` how many records were refused, and how many flagged."""
        self.trusted.refused.clear()
        self.trusted.flagged.clear()
        for table, rule, severity, count in self.engine.rows(
            "select table_name, rule, severity, count(distinct _rec) from main.problem group by all order by all"
        ):
            told = self.trusted.refused if severity == "critical" else self.trusted.flagged
            told[table, rule] = count
