"""DuckDB on one machine, for more than fits into memory.

What a run computes is in memory, and on disk where it does not fit: to write all of it to a database would cost more
than to compute it. Only what the next run goes on from is written, to the database ``kept``.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import duckdb
import polars as pl
import sqlglot
from sqlglot import exp

from kaohe.errors import KaoheError
from kaohe.large.kept import KEPT_IN
from kaohe.large.rows import FILES, listed
from kaohe.sqltext import literal
from kaohe.warehouse import Engine

_AS_PARQUET = "format parquet, compression zstd"

#: A file, and bounds of the texts in one of its columns.
Span = tuple[Path, str, str]


class LargeEngine(Engine):
    """A DuckDB database that puts into ``folder`` what does not fit into ``memory`` (``8GB``); a context manager."""

    def __init__(self, folder: Path, memory: str | None = None, threads: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(duckdb.connect())
        self.folder = folder
        self._brought_near: list[str] = []
        self.con.execute("set preserve_insertion_order = false")
        # a checkpoint of what is in memory saves nothing, and looks through all of it for rows that were deleted
        self.con.execute("set checkpoint_threshold = '1TB'")
        self.con.execute("set parquet_metadata_cache = true")  # the same files are looked into again and again
        shutil.rmtree(folder / "spilled", ignore_errors=True)  # of a run that was killed
        self.con.execute(f"set temp_directory = {literal(folder / 'spilled')}")
        if memory:
            self.con.execute("set memory_limit = ?", [memory])
        if threads:
            self.con.execute("set threads = ?", [threads])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.con.close()

    def read_files(self, table: str, inbox: Path, files: Iterable[Path]) -> dict[str, str]:
        """Make ``main.parquet_<table>``: the rows of Parquet files as they are, with ``_path`` below the inbox and
        ``_place`` (from 0) in the file. Gives the columns and their types."""
        listed = ", ".join(literal(path.as_posix()) for path in files)  # as they are then given in ``filename``
        prefix = len(str(inbox)) + 2
        try:
            ways = self.rows(
                "select count(distinct columns) > 1 from (select list(concat_ws(' ', name, type, converted_type, "
                f"logical_type, precision, scale) order by name) as columns from parquet_schema([{listed}]) "
                "group by file_name)"
            )[0][0]
            union = ", union_by_name = true" if ways else ""  # else it takes time, with every query
            self.view(
                f"main.{FILES}{table}",
                f"select * exclude (filename, file_row_number), substr(filename, {prefix}) as _path, "
                f"file_row_number as _place "
                f"from read_parquet([{listed}], filename = true, file_row_number = true{union})",
            )
        except duckdb.Error as error:
            raise KaoheError("parquet_broken", file=inbox / table, problem=str(error).splitlines()[0]) from error
        described = self.rows(f"select column_name, column_type from (describe main.{FILES}{table})")
        return {name: kind for name, kind in described if name not in ("_path", "_place")}

    def spans(self, files: Iterable[Path], column: str) -> list[Span]:
        """Between which texts a column of each Parquet file lies, as the file itself says."""
        listed = ", ".join(literal(path) for path in files)
        return [
            (Path(path), lowest, highest) if known else (Path(path), "", chr(sys.maxunicode))
            for path, lowest, highest, known in self.rows(
                "select file_name, min(stats_min_value), max(stats_max_value), "
                "bool_and(stats_min_value is not null and stats_max_value is not null) "
                f"from parquet_metadata([{listed}]) where path_in_schema = {literal(column)} "
                "group by file_name order by file_name"
            )
        ]

    def save(self, query: str, path: Path) -> None:
        """Write the rows of a query to a Parquet or CSV file, in their order."""
        options = "format csv, header" if path.suffix == ".csv" else _AS_PARQUET
        with self._in_order():
            self.con.execute(f"copy ({query}) to {literal(path)} ({options})")

    def save_parts(self, parts: Mapping[str, str], path: Path, partition: str, name: str, order: str) -> None:
        """Write to a folder of Parquet files by ``partition``: value of it → query of its rows, which are put in
        ``order``. The same rows give the same bytes, on any number of threads: one file is written by one statement.
        (DuckDB's own ``partition_by`` writes rows as its threads come to them.) What is held as numbers is written as
        the texts that it is: as an ENUM a night would write it otherwise than a whole run."""
        numbered = [name for query in list(parts.values())[:1] for name, kind in self.rows(
            f"select column_name, column_type from (describe {query})") if kind.startswith("ENUM")]  # fmt: skip
        texts = ", ".join(f"cast({name} as varchar) as {name}" for name in numbered)
        as_read = f"select * exclude ({partition}) {f'replace ({texts})' if texts else ''}"

        def write(value: str) -> None:
            folder = path / f"{partition}={quote(value, safe='')}"  # as Hive does; it leads nowhere else
            folder.mkdir(parents=True, exist_ok=True)
            rows = f"{as_read} from (select * from ({parts[value]}) as unsorted order by {order}) as sorted"
            with self.con.cursor() as con:  # a file's rows are too few for DuckDB to divide them among threads
                con.execute(f"copy ({rows}) to {literal(folder / f'{name}.parquet')} ({_AS_PARQUET})")

        with self._in_order(), ThreadPoolExecutor(self.rows("select current_setting('threads')")[0][0]) as threads:
            list(threads.map(write, parts))
        while self._brought_near:
            self.drop(self._brought_near.pop())

    @contextmanager
    def _in_order(self) -> Iterator[None]:
        self.con.execute("set preserve_insertion_order = true")
        yield
        self.con.execute("set preserve_insertion_order = false")

    def parts(self, query: str, partition: str, by_unit: Iterable[str] = ()) -> dict[str, str]:
        """Value of ``partition`` → query of the rows of a query that have it.

        ``by_unit``: tables of the query in which each row is a unit's; ``main.place`` says to which partition a unit
        belongs. Their rows are brought near one another, and the query is asked of those of each partition.
        """
        if by_unit:
            return self._parts_by_unit(query, partition, by_unit)
        self._bring_near("main.part", f"select * from ({query}) as unsorted order by {partition}")
        values = [value for (value,) in self.rows(f"select distinct {partition} from main.part order by 1")]
        return {value: f"select * from main.part where {partition} = {literal(value)}" for value in values}

    def _parts_by_unit(self, query: str, partition: str, by_unit: Iterable[str]) -> dict[str, str]:
        self._bring_near(
            "main.part",
            f"select unit_id, {partition}, cast(row_number() over (order by {partition}, unit_id) as integer) as _unit "
            "from main.place",
        )
        asked = {column.name for column in sqlglot.parse_one(query, dialect="duckdb").find_all(exp.Column)}
        for table in by_unit:
            described = self.rows(f"select column_name from (describe main.{table})")
            columns = ", ".join(f"its.{name}" for (name,) in described if name in asked)
            self._bring_near(
                f"main.part_{table}",
                f"select part._unit, {columns} from main.{table} as its join main.part as part "
                "on part.unit_id = its.unit_id order by part._unit",
            )
        bounds = self.rows(f"select {partition}, min(_unit), max(_unit) from main.part group by {partition} order by 1")
        return {
            value: "with "
            + ", ".join(
                f"{table} as (select * exclude (_unit) from main.part_{table} where _unit between {first} and {last})"
                for table in by_unit
            )
            + f" {query}"
            for value, first, last in bounds
        }

    def _bring_near(self, table: str, query: str) -> None:
        self._brought_near.append(table)
        self.make(table, query)

    def read(self, table: str, folder: Path) -> None:
        """Let ``table`` stand for the Parquet files of a folder, partitioned (``region=R1/``) or not."""
        files = ", ".join(literal(path) for path in sorted(folder.rglob("*.parquet")))
        self.view(
            table, f"select * from read_parquet([{files}], hive_partitioning = true, hive_types_autocast = false)"
        )

    def number(self, tables: Iterable[str], columns: Iterable[str]) -> None:
        """Hold the texts of some columns as numbers in the order of the texts: as an ENUM, which reads as they do.

        For names that stand in very many rows of what is made from these tables. A text that is in none of them can
        stand there no more.
        """
        found = self.rows(
            "select table_name, column_name from duckdb_columns() where database_name = 'memory' "
            f"and table_name in ({listed(*tables)}) and column_name in ({listed(*columns)}) order by all"
        )
        texts = " union ".join(f"select {column} from main.{table}" for table, column in found)
        self.con.execute(f"create type if not exists name as enum (select * from ({texts}) as text order by all)")
        for table, column in found:
            self.con.execute(f"alter table main.{table} alter {column} type name")

    def append_rows(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Put a few rows into a table, column by place."""
        names = [row[0] for row in self.rows(f"select name from pragma_table_info({literal(table)})")]
        self.write(table, pl.DataFrame(rows, names, orient="row"))

    def delete(self, table: str, where: str) -> None:
        """Take rows out of a table."""
        self.con.execute(f"delete from {table} where {where}")

    def open_kept(self) -> set[str]:
        """Open the database of what is kept from run to run: its tables are ``kept.<table>``. Gives their names."""
        self.con.execute(f"attach if not exists {literal(self.folder / KEPT_IN)} as kept")
        return {name for (name,) in self.rows("select table_name from duckdb_tables() where database_name = 'kept'")}

    def keep(self, tables: Iterable[str]) -> None:
        """Keep tables of ``main``. They are written as they are: to compress them takes twice as long."""
        self.open_kept()
        self.con.execute("set force_compression = 'uncompressed'")
        for table in tables:
            self.make(f"kept.{table}", f"select * from main.{table}")
