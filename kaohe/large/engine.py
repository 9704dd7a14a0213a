"""DuckDB on one machine, for more than fits into memory."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from kaohe.large.records import FILES
from kaohe.warehouse import Engine


class LargeEngine(Engine):
    """A DuckDB database in ``folder``, which holds what does not fit into ``memory`` (``8GB``); a context manager."""

    def __init__(self, folder: Path, memory: str | None = None, threads: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(duckdb.connect(str(folder / "large.duckdb")))
        self.con.execute("set preserve_insertion_order = false")
        self.con.execute(f"set temp_directory = '{str(folder / 'spilled').replace(chr(39), chr(39) * 2)}'")
        if memory:
            self.con.execute("set memory_limit = ?", [memory])
        if threads:
            self.con.execute("set threads = ?", [threads])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.con.close()

    def read(self, table: str, inbox: Path, files: Iterable[Path]) -> dict[str, str]:
        """Make ``main.parquet_<table>``: the rows of Parquet files as they are, with ``_path`` below the inbox and ``_place``
        (from 0) in the file. Gives the columns and their types."""
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        prefix = len(str(inbox)) + 2
        self.view(
            f"main.{FILES}{table}",
            f"select * exclude (filename, file_row_number), substr(filename, {prefix}) as _path, "
            f"file_row_number as _place from read_parquet([{listed}], filename = true, file_row_number = true)",
        )
        described = self.rows(f"select column_name, column_type from (describe main.{FILES}{table})")
        return {name: kind for name, kind in described if name not in ("_path", "_place")}
