"""DuckDB on one machine, for more than fits into memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import duckdb
import polars as pl

from kaohe.contracts import literal
from kaohe.errors import KaoheError
from kaohe.large.records import FILES
from kaohe.warehouse import Engine


class LargeEngine(Engine):
    """A DuckDB database in ``folder``, which holds what does not fit into ``memory`` (``8GB``); a context manager. A
    database that cannot be read is made anew."""

    def __init__(self, folder: Path, memory: str | None = None, threads: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(_opened(folder / "large.duckdb"))
        self.con.execute("set preserve_insertion_order = false")
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
        listed = ", ".join(literal(path) for path in files)
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

    def save(self, query: str, path: Path, partition: str | None = None, name: str = "part", order: str = "") -> None:
        """Write the rows of a query to a Parquet or CSV file, or to a folder of Parquet files by ``partition``, each in
        ``order``. The same rows give the same bytes, on any number of threads."""
        self.con.execute("set preserve_insertion_order = true")
        if partition:
            self._save_parts(query, path, partition, name, order)
        else:
            options = "format csv, header" if path.suffix == ".csv" else "format parquet, compression zstd"
            self.con.execute(f"copy ({query}) to {literal(path)} ({options})")
        self.con.execute("set preserve_insertion_order = false")

    def _save_parts(self, query: str, path: Path, partition: str, name: str, order: str) -> None:
        """One file after another: DuckDB's own way (``partition_by``) writes rows as its threads come to them."""
        self.make_temporary("sorted", f"select * from ({query}) as unsorted order by {partition}, {order}")
        for (value,) in self.rows(f"select distinct {partition} from sorted order by 1"):
            folder = path / f"{partition}={quote(value, safe='')}"  # as Hive does; it leads nowhere else
            folder.mkdir(parents=True, exist_ok=True)
            rows = f"select * exclude ({partition}) from sorted where {partition} = {literal(value)}"
            self.con.execute(
                f"copy ({rows}) to {literal(folder / f'{name}.parquet')} (format parquet, compression zstd)"
            )
        self.con.execute("drop table sorted")

    def append_rows(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Put a few rows into a table, column by place."""
        names = [row[0] for row in self.rows(f"select name from pragma_table_info({literal(table)})")]
        self.write(table, pl.DataFrame(rows, names, orient="row"))

    def delete(self, table: str, where: str) -> None:
        """Take rows out of a table."""
        self.con.execute(f"delete from {table} where {where}")

    def rename(self, table: str, name: str) -> None:
        """Call a table of ``main`` by another name, in place of what had it."""
        self.con.execute(f"drop table if exists main.{name}")
        self.con.execute(f"alter table main.{table} rename to {name}")

    def clear(self, but: Iterable[str]) -> None:
        """Forget all tables and views of ``main`` but a few."""
        stay = ", ".join(map(literal, but))
        for kind in ("view", "table"):
            found = self.rows(
                f"select {kind}_name from duckdb_{kind}s() where database_name = current_database() "
                f"and schema_name = 'main' and not internal and not temporary and {kind}_name not in ({stay})"
            )
            for (name,) in found:
                self.con.execute(f"drop {kind} main.{name}")

    def make_passing(self, table: str, query: str) -> None:
        """Make ``table`` for the queries that follow at once: in memory, as far as there is room. It goes by its name
        without a schema."""
        self.con.execute(f"create or replace temp table {table.removeprefix('main.')} as {query}")

    def drop(self, table: str) -> None:
        """Forget a table."""
        self.con.execute(f"drop table {table}")


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path))
    except duckdb.Error as error:
        if "lock on file" in str(error):
            raise
        for name in (path.name, f"{path.name}.wal"):  # what was killed while it was made; all of it can be made again
            path.with_name(name).unlink(missing_ok=True)
        return duckdb.connect(str(path))
