"""Publish: write aside, audit, make current. Readers only ever see a whole publication.

``home/published/<year>/<publication id>/`` never changes once it stands; the file ``CURRENT`` names the one in force
and is replaced atomically.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.loading import Pulled
from kaohe.publishing.manifest import manifest
from kaohe.publishing.workbook import write_workbook
from kaohe.scheme import Scheme
from kaohe.warehouse import Warehouse

WORKBOOK = "评分表.xlsx"
_PARQUET = ("scores", "indicator_scores", "evidence")
_SNAPSHOT = (
    *_PARQUET,
    "node_scores",
    "lost_points",
    "record_count",
    "assessment",
    "scheme_node",
    "scheme_indicator",
    "scheme_param",
    "scheme_grade",
    "scheme_alert",
    "measure_table",
    "systems",
)

#: The alerts that a publication has: all but the restricted ones.
_ALERTS = "from main.alerts where not restricted"


def current(folder: Path) -> Path | None:
    """The publication in force, or None before the first."""
    try:
        return folder / (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def in_force(home: Path, year: int | None = None) -> Path:
    """The publication of ``year`` in force, of the latest year if none is named.

    Raises ``KaoheError`` if there is none.
    """
    published = home / "published"
    years = [year] if year else sorted((int(path.name) for path in published.glob("[0-9]*")), reverse=True)
    for candidate in years:
        if publication := current(published / str(candidate)):
            return publication
    raise KaoheError("nothing_published", year=year or "—", home=home)


def publish(
    warehouse: Warehouse,
    contracts: Contracts,
    scheme: Scheme,
    folder: Path,
    name: str,
    identity: dict[str, Any],
    pulled: Pulled,
) -> Path:
    """Write the run's tables as publication ``name`` under ``folder`` and make it current.

    If anything fails on the way, what was current stays so.
    """
    target, aside = folder / name, folder / f".{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(".*.part"):
            shutil.rmtree(leftover)
        if not target.exists():
            aside.mkdir()
            _write(warehouse, contracts, scheme, aside, name, identity, pulled)
            aside.rename(target)
        _point(folder, name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _point(folder: Path, name: str) -> None:
    pointer = folder / ".CURRENT.part"
    with pointer.open("w", encoding="utf-8") as file:
        file.write(f"{name}\n")
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(folder / "CURRENT")


def _write(
    warehouse: Warehouse,
    contracts: Contracts,
    scheme: Scheme,
    aside: Path,
    name: str,
    identity: dict[str, Any],
    pulled: Pulled,
) -> None:
    for table in _PARQUET:
        path = str(aside / f"{table}.parquet").replace("'", "''")
        warehouse.con.execute(f"copy (select * from main.{table}) to '{path}' (format parquet)")
    restricted = [table for table, contract in contracts.items() if contract.restricted]
    quarantine = warehouse.frame("select * from main.quarantine").filter(~pl.col("table_name").is_in(restricted))
    warehouse.frame("select * from main.scores").write_csv(aside / "scores.csv", include_bom=True)
    quarantine.write_csv(aside / "quarantine.csv", include_bom=True)
    warehouse.frame(f"select * exclude (restricted) {_ALERTS}").write_csv(aside / "alerts.csv", include_bom=True)
    _snapshot(warehouse, contracts, aside / "snapshot.duckdb")
    said = manifest(warehouse, name, identity, pulled)
    write_workbook(warehouse, contracts, scheme, said, quarantine, aside / WORKBOOK)
    text = json.dumps(said, ensure_ascii=False, indent=2, default=str)
    (aside / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _snapshot(warehouse: Warehouse, contracts: Contracts, path: Path) -> None:
    """A DuckDB file of the trusted tables and the results, in a format that DuckDB 1.5 opens too."""
    public = [table for table, contract in contracts.items() if not contract.restricted]
    restricted = [table for table, contract in contracts.items() if contract.restricted]
    con = warehouse.con
    quoted = str(path).replace("'", "''")
    con.execute(f"attach '{quoted}' as snapshot (storage_version 'v1.5.0', block_size 16384)")
    try:
        for table in [*public, *_SNAPSHOT]:
            con.execute(f"create table snapshot.{table} as select * from main.{table}")
        con.execute(f"create table snapshot.alerts as select * {_ALERTS}")
        for table in ("quarantine", "flagged"):  # chosen, not deleted afterwards: that would leave traces in the file
            query = f"select * from main.{table} where not list_contains(?, table_name)"
            con.execute(f"create table snapshot.{table} as {query}", [restricted])
    finally:
        con.execute("detach snapshot")
