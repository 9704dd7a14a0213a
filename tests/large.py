"""What tests of large runs need: records as Parquet, the same as CSV, a large run without Prefect, its tables."""

import csv
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from kaohe.contracts import SQL_TYPES, Contract, Contracts, load_contracts
from kaohe.large.run import LargeOutcome, LargeRun
from kaohe.sqltext import literal, quoted
from tests.helpers import AS_OF, ROOT, YEAR, Result

OURS: Contracts = load_contracts(ROOT / "expectations")

#: Table → its records, each a mapping of columns to cells; what is not given is null.
Tables = Mapping[str, Sequence[Mapping[str, object]]]


def parquet(path: Path, query: str, con: duckdb.DuckDBPyConnection | None = None) -> Path:
    """Write the rows of a query as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (con or duckdb).execute(f"copy ({query}) to {literal(path)} (format parquet)")
    return path


def write_tables(inbox: Path, tables: Tables) -> Path:
    """Write records as ``inbox``/<table>.parquet, typed as the contracts say."""
    for name, records in tables.items():
        write_table(inbox / f"{name}.parquet", OURS[name], records)
    return inbox


def write_table(
    path: Path, contract: Contract, records: Sequence[Mapping[str, object]], types: Mapping[str, str] | None = None
) -> None:
    """Write records as Parquet, typed as the contract says, or by ``types``."""
    wanted = {name: SQL_TYPES[column.type] for name, column in contract.columns.items()} | dict(types or {})
    columns = list(contract.columns)
    frame = pl.DataFrame(
        [[_text(record.get(name)) for name in columns] for record in records],
        {name: pl.List(pl.String) if column.type == "list" else pl.String for name, column in contract.columns.items()},
        orient="row",
    )
    with duckdb.connect() as con:
        con.register("given", frame)
        typed = (f"cast({quoted(name)} as {kind}) as {quoted(name)}" for name, kind in wanted.items())
        parquet(path, f"select {', '.join(typed)} from given", con)


def _text(cell: object) -> object:
    return cell if cell is None or isinstance(cell, list) else str(cell)


def write_sample(sample: Result, inbox: Path, files: int = 1) -> Path:
    """Write the trusted records of a run as Parquet, each table in one file, or in several in folders of their own."""
    with duckdb.connect(str(sample.home / "warehouse" / "kaohe.duckdb"), read_only=True) as con:
        for name, contract in OURS.items():
            if name == "correction":
                continue  # the trusted records are as corrected
            columns = ", ".join(map(quoted, contract.columns))
            for number in range(files):
                path = inbox / f"{name}.parquet" if files == 1 else inbox / name / f"n{number}" / "part.parquet"
                parquet(path, f"select {columns} from main.{name} where hash(_rec) % {files} = {number} "
                              "order by _rec", con)  # fmt: skip
    return inbox


def make_inbox(home: Path, out: Path, units: int, *more: str) -> Path:
    """Make the records of so many units; ``home``: where the sample was judged."""
    command = [sys.executable, str(ROOT / "benchmarks" / "generate.py"), "--units", str(units), "--out", str(out),
               "--home", str(home), *more]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return out


def write_csv_of(inbox: Path, out: Path) -> Path:
    """The same records as an office would hand them in."""
    with duckdb.connect() as con:
        for name, contract in OURS.items():
            if not (paths := sorted(map(str, [*inbox.glob(f"{name}.parquet"), *inbox.glob(f"{name}/**/*.parquet")]))):
                continue
            rows = con.execute("select * from read_parquet($1)", [paths])
            there = [column[0] for column in rows.description or ()]
            out.mkdir(parents=True, exist_ok=True)
            with (out / f"{name}.csv").open("w", newline="", encoding="utf-8-sig") as file:
                writer = csv.writer(file)
                writer.writerow([contract.columns[column].headings[0] for column in there])
                writer.writerows([[_written(cell) for cell in row] for row in rows.fetchall()])
    return out


def _written(cell: object) -> object:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    return "、".join(cell) if isinstance(cell, list) else cell


@dataclass
class Large:
    """What a large run left behind."""

    outcome: LargeOutcome

    @property
    def folder(self) -> Path:
        return self.outcome.publication

    @property
    def manifest(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return loaded

    def table(self, name: str) -> pl.DataFrame:
        """A table, its files together, as anybody's reader gives it."""
        path = self.folder / f"{name}.parquet"
        if path.is_file():
            return pl.read_parquet(path)
        folder = path if path.is_dir() else self.folder / name  # Spark writes folders of files
        return pl.read_parquet(folder / "**" / "*.parquet", hive_partitioning=True)

    @property
    def refused(self) -> dict[tuple[str, int], set[str]]:
        """(table, row in its file) → the reasons why it was set aside."""
        found: dict[tuple[str, int], set[str]] = {}
        for row in self.table("quarantine").iter_rows(named=True):
            found.setdefault((row["table_name"], row["_row"]), set()).add(row["reason"])
        return found


def run_large(inbox: Path, home: Path, units_per_part: int = 250_000, year: int = YEAR, as_of: dt.date = AS_OF,
              scheme: Path | None = None, threads: int | None = None) -> Large:  # fmt: skip
    """The flow's work, without Prefect."""
    return Large(LargeRun(inbox, year, as_of, scheme, home, None, threads, units_per_part).go())


def same_scores(large: Large, run: Result) -> None:
    """The scores and the scores of indicators are those of an ordinary run, to the last digit."""
    for name, key in (("scores", ["unit_id"]), ("indicator_scores", ["unit_id", "indicator"])):
        theirs = run.table(name).sort(key)
        ours = large.table(name).sort(key)
        shared = [column for column in theirs.columns if column in ours.columns]
        assert {"unit_id"} < set(shared)
        assert ours.select(shared).rows() == theirs.select(shared).rows(), name
