"""Apache Spark as the engine of a large run: the same views, checks, measures and scores, on many machines."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl
from sqlglot import exp

from kaohe.engines.spark import SparkEngine
from kaohe.errors import KaoheError
from kaohe.large.rows import FILES


class LargeSpark(SparkEngine):
    """A session of Spark that reads and writes what a large run does. All machines must see the inbox, the home and the
    scratch folder under the same paths."""

    def read_files(self, table: str, inbox: Path, files: Iterable[Path]) -> dict[str, str]:
        """As ``LargeEngine.read_files``."""
        try:
            frame = self.session.read.parquet(*(str(path) for path in files))
        except Exception as error:
            raise KaoheError("parquet_broken", file=inbox / table, problem=str(error).splitlines()[0]) from error
        prefix = len(str(inbox.resolve())) + 2
        path = "url_decode(replace(regexp_replace(_metadata.file_path, '^file:/+', '/'), '+', '%2B'))"
        frame.selectExpr(
            "*", f"substr({path}, {prefix}) as _path", "_metadata.row_index as _place"
        ).createOrReplaceTempView(f"{FILES}{table}")  # fmt: skip
        return {field.name: _in_duckdb(field.dataType.simpleString()) for field in frame.schema}

    def save(self, query: str, path: Path) -> None:
        """As ``LargeEngine.save``; a Parquet file is a folder of them, in no order."""
        if path.suffix == ".csv":
            self.frame(query).write_csv(path)
        else:
            self.export(query, path)

    def parts(self, query: str, partition: str, by_unit: Iterable[str] = ()) -> dict[str, str]:
        """The query alone: Spark divides its rows as it writes them."""
        return {"": query}

    def save_parts(self, parts: Mapping[str, str], path: Path, partition: str, name: str, order: str) -> None:
        """As ``LargeEngine.save_parts``, in no order."""
        for query in parts.values():
            self.export(query, path, [partition])

    def number(self, tables: Iterable[str], columns: Iterable[str]) -> None:
        """Spark has no such type; its files number texts of few kinds by themselves."""

    def append_rows(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        """As ``LargeEngine.append_rows``."""
        names = self.session.table(table.removeprefix("main.")).columns
        self.write(table, pl.DataFrame(rows, names, orient="row"))


def _in_duckdb(kind: str) -> str:
    """A type of Spark as DuckDB names it."""
    named = exp.DataType.build(kind, dialect="spark").sql(dialect="duckdb").replace(", ", ",")
    return named.replace("TEXT", "VARCHAR").replace("REAL", "FLOAT")
