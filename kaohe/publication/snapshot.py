"""The snapshot of a publication: a DuckDB file of the trusted tables and the results, which anybody may read."""

from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl

from kaohe.publication import SNAPSHOT
from kaohe.warehouse import as_sentences


class Snapshot:
    """The tables of the publication in ``folder``, read-only."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / SNAPSHOT
        with as_sentences(self.path):
            self.con = duckdb.connect(str(self.path), read_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def frame(self, query: str, values: list[Any] | None = None) -> pl.DataFrame:
        """The rows of a query."""
        with as_sentences(self.path):
            frame: pl.DataFrame = self.con.sql(query, params=values).pl()
        return frame

    def rows(self, query: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query as tuples."""
        with as_sentences(self.path):
            return self.con.sql(query, params=values).fetchall()

    def has(self, table: str) -> bool:
        """The publication has such a table."""
        return bool(self.rows("select 1 from duckdb_tables() where table_name = ?", [table]))
