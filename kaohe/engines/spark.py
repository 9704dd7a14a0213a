"""Apache Spark in DuckDB's place: the same methods as ``kaohe.warehouse.Engine``, the same SQL, many machines.

Every table that is made is written as Parquet into a scratch folder and read back from there: what follows does not
compute it again, and a lost worker takes nothing with it. All machines must see that folder under the same path.
"""

import logging
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import duckdb
import polars as pl
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kaohe.engines.dialect import CannotCarry, Macros, macros_in, to_spark
from kaohe.engines.java import check_java
from kaohe.engines.recursion import Recursive, recursive
from kaohe.errors import KaoheError
from kaohe.sqltext import literal
from kaohe.warehouse import Engine

try:
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession
except ImportError as error:
    raise KaoheError("spark_missing") from error

#: Settings under which Spark says the same as DuckDB: errors instead of nulls, no digit of a decimal lost in silence,
#: texts compared byte by byte, values of folders (``year=2023``) left as they are written.
_EXACT = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.storeAssignmentPolicy": "ANSI",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.crossJoin.enabled": "true",
    "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
}
#: Settings of how it works.
_WORK = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.eventLog.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
}
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


class SparkEngine:
    """A session of Spark; a context manager.

    ``master``: ``spark://host:7077``, or None for this machine's own cores. ``scratch``: an empty or new folder, taken
    away at the end. ``settings``: more of Spark's own. Raises ``KaoheError`` if it cannot be started.
    """

    sql_errors: tuple[type[Exception], ...] = (PySparkException, CannotCarry, SqlglotError)

    def __init__(self, master: str | None, scratch: Path, settings: Mapping[str, str] | None = None) -> None:
        check_java()
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # it would print where Spark failed
        self.scratch = scratch.resolve()
        self.scratch.mkdir(parents=True, exist_ok=True)
        self._macros: Macros = {}
        self._tables: dict[str, _Table] = {}
        self._made = 0
        master = master or "local[*]"
        local = master.startswith("local") or urlsplit(master).hostname in ("127.0.0.1", "localhost")
        builder = SparkSession.builder.master(master).appName("kaohe")
        here = {"spark.sql.warehouse.dir": str(self.scratch / "catalog")}
        for name, value in (_EXACT | _WORK | (_LOOPBACK if local else {}) | here | dict(settings or {})).items():
            builder = builder.config(name, value)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of versions of pandas, which is not used
                self.session = builder.getOrCreate()
        except Exception as error:
            raise KaoheError("spark_not_started", master=master, problem=str(error).splitlines()[0]) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    # What scoring asks of an engine.

    def macros(self, path: Path) -> None:
        """Make the macros of a file known to the queries that follow."""
        self._macros = {**self._macros, **macros_in(path.read_text(encoding="utf-8"))}

    def empty(self, table: str, columns: str) -> None:
        """Make ``table`` anew, without rows. ``columns`` as in a definition: ``unit_id varchar, rank integer``."""
        self._tables[_name(table)] = _Table(self._new_folder(table), columns, _types(columns))
        self._show(table)

    def make(self, table: str, query: str, values: list[Any] | None = None) -> None:
        """Make ``table`` anew from the rows of a query."""
        if steps := recursive(query):
            self._recur(steps)
            query = steps.query
        frame, folder = self._query(query, values, ordered=False), self._new_folder(table)
        types = {field.name: field.dataType.simpleString() for field in frame.schema}
        self._tables[_name(table)] = _Table(folder, "", types)
        self._keep(frame, folder).createOrReplaceTempView(_name(table))

    def make_temporary(self, table: str, query: str, values: list[Any] | None = None) -> None:
        """A small table, such as the parameters of the measure that runs next."""
        self._query(query, values).createOrReplaceTempView(_name(table))

    def append(self, table: str, query: str, values: list[Any] | None = None) -> None:
        """Put the rows of a query into ``table``, column by place."""
        known, frame = self._tables[_name(table)], self._query(query, values, ordered=False)
        named = frame.toDF(*(f"c{number}" for number, _ in enumerate(frame.columns)))
        casts = [f"cast(c{number} as {kind}) as `{name}`" for number, (name, kind) in enumerate(known.types.items())]
        named.selectExpr(*casts).write.mode("append").parquet(str(known.folder))
        self._show(table)

    def view(self, name: str, query: str) -> None:
        """Let ``name`` stand for a query."""
        self._query(query, None).createOrReplaceTempView(_name(name))

    def drop(self, table: str) -> None:
        """Forget a table."""
        self.session.catalog.dropTempView(_name(table))

    def rows(self, query: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query as tuples."""
        return [tuple(row) for row in self._query(query, values).collect()]

    def frame(self, query: str, values: list[Any] | None = None) -> pl.DataFrame:
        """The rows of a query."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pl.from_arrow(self._query(query, values).toArrow())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def write(self, table: str, frame: pl.DataFrame, *more: str) -> None:
        """Put the rows of ``frame`` into ``table``, column by name; ``more``: columns computed in SQL. DuckDB types
        them, so that they are what they are there."""
        known = self._tables[_name(table)]
        with duckdb.connect() as con:
            con.execute(f"create table given ({known.columns})")
            Engine(con).write("given", frame, *more)
            self._made += 1
            path = Path(known.folder) / f"given-{self._made}.parquet"
            con.execute(f"copy given to {literal(path)} (format parquet)")
        self._show(table)

    # What others ask of this one.

    def read(self, table: str, *paths: Path | str, columns: str | None = None) -> None:
        """Let ``table`` stand for folders or files of Parquet, partitioned (``year=2023/``) or not. ``columns``: its
        definition; what the files lack of it is null, what they have beyond it is left out. Without it Spark has to
        look into the files first."""
        reader = self.session.read if columns is None else self.session.read.schema(_schema(_types(columns)))
        reader.parquet(*(str(path) for path in paths)).createOrReplaceTempView(_name(table))

    def export(self, query: str, folder: Path, by: Sequence[str] = ()) -> None:
        """Write the rows of a query as Parquet, in a folder of their own for each value of the columns ``by``."""
        self._query(query, None).write.mode("overwrite").partitionBy(*by).parquet(str(folder))

    def _keep(self, frame: DataFrame, folder: Path) -> DataFrame:
        """The same rows, from files."""
        frame.write.mode("append").parquet(str(folder))
        return self.session.read.schema(frame.schema).parquet(str(folder))

    def _recur(self, steps: Recursive) -> None:
        """Make the recursive part of a query, and what comes before it."""
        for name, query in steps.before.items():
            self.make(name, query)
        rows = [self._keep(self._query(steps.first, None), self._new_folder(steps.name))]
        while not rows[-1].isEmpty():
            rows[-1].createOrReplaceTempView(steps.name)
            step = self._query(steps.step, None)
            casts = [
                f"cast(`{a}` as {b.dataType.simpleString()}) as `{b.name}`"
                for a, b in zip(step.columns, rows[0].schema, strict=True)
            ]
            rows.append(self._keep(step.selectExpr(*casts), self._new_folder(steps.name)))
        reduce(DataFrame.unionAll, rows).createOrReplaceTempView(steps.name)

    def _query(self, query: str, values: list[Any] | None, ordered: bool = True) -> DataFrame:
        return self.session.sql(to_spark(query, self._macros, values or [], ordered))

    def _show(self, table: str) -> None:
        """Let the table's name stand for the files in its folder."""
        known = self._tables[_name(table)]
        self.session.read.schema(_schema(known.types)).parquet(str(known.folder)).createOrReplaceTempView(_name(table))

    def _new_folder(self, table: str) -> Path:
        self._made += 1
        folder = self.scratch / f"{_name(table)}-{self._made}"
        folder.mkdir()
        return folder


@dataclass(frozen=True)
class _Table:
    """A table that rows are put into: the folder of its files, its definition, its columns and their types in Spark."""

    folder: Path
    columns: str
    types: dict[str, str]


def _name(table: str) -> str:
    return table.removeprefix("main.")


def _schema(types: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` {kind}" for name, kind in types.items())


def _types(columns: str) -> dict[str, str]:
    """Column → type in Spark, of a definition in DuckDB's words."""
    defined = sqlglot.parse_one(f"create table defined ({columns})", dialect="duckdb").find_all(exp.ColumnDef)
    return {column.name: column.args["kind"].sql(dialect="spark") for column in defined}
