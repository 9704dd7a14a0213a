"""Pull: the inbox into the warehouse, each file in one transaction together with its line in the ledger.

A file is (source, relative path) and its SHA-256. Loading it twice changes nothing; a changed file replaces its own
rows; a file gone from the inbox takes its rows with it; one that cannot be read keeps what it last gave.
"""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from kaohe import __version__, progress
from kaohe.cleaning import typed, untyped
from kaohe.contracts import PROVENANCE, Contracts
from kaohe.errors import KaoheError, Unreadable
from kaohe.people import hashed, key_of
from kaohe.sources.files import read_sheets
from kaohe.sources.recognise import FoundTable, Reading, recognise
from kaohe.warehouse import Warehouse
from kaohe.words import say

#: Files that programs leave behind and nobody hands in.
_DEBRIS = ("~$", ".~", "~WRL", ".")
_DEBRIS_NAMES = ("thumbs.db", "desktop.ini")

_REC = "md5(concat_ws(chr(31), _source, _file, _sheet, _row))"


@dataclass
class Pulled:
    """What a pull did, by relative path. ``unreadable``: path → the sentence that says why."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def pull(warehouse: Warehouse, inbox: Path, contracts: Contracts, strict: bool = False) -> Pulled:
    """Bring the warehouse up to date with the inbox.

    Raises ``KaoheError`` for an inbox that is missing or empty, and with ``strict`` for a file that cannot be read.
    """
    source = "inbox"
    files = inbox_files(inbox)
    loaded_with = f"{__version__}:{contracts.digest}"
    warehouse.define(contracts, loaded_with)
    ledger = {
        path: (sha256, version)
        for path, sha256, version in warehouse.rows(
            "select path, sha256, loaded_with from meta.file where source = ?", [source]
        )
    }
    key = key_of(warehouse.home)
    pulled = Pulled()
    for done, path in enumerate(files):
        progress.report(say("step_read", file=path), done, len(files))
        known = ledger.get(path)
        try:
            data = _bytes(inbox / path)
            sha256 = hashlib.sha256(data).hexdigest()
            if known == (sha256, loaded_with):
                pulled.unchanged.append(path)
                continue
            readings = _read(path, data, contracts)
        except Unreadable as unreadable:
            if strict:
                raise
            pulled.unreadable[path] = str(unreadable)
            if known is None or known[1] == loaded_with:
                continue
            sha256 = known[0]
            data = (warehouse.inputs / sha256).read_bytes()
            readings = _read(path, data, contracts)
        else:
            (pulled.new if known is None else pulled.changed).append(path)
        _keep(warehouse, sha256, data)
        with warehouse.transaction():
            _forget(warehouse, source, path, contracts)
            for sheet, hidden, reading in readings:
                _store(warehouse, source, path, sheet, hidden, reading, key)
            warehouse.con.execute("insert into meta.file values (?, ?, ?, ?)", [source, path, sha256, loaded_with])
    for path in sorted(ledger.keys() - set(files)):
        with warehouse.transaction():
            _forget(warehouse, source, path, contracts)
        pulled.removed.append(path)
    return pulled


def inbox_files(inbox: Path) -> list[str]:
    """Relative paths of what was handed in, in order; debris of other programs is passed over.

    Raises ``KaoheError`` for a folder that is not there or holds nothing.
    """
    if not inbox.is_dir():
        raise KaoheError("inbox_missing", path=inbox)
    found = []
    for folder, folders, names in os.walk(inbox):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(_DEBRIS) and name.lower() not in _DEBRIS_NAMES:
                found.append((Path(folder) / name).relative_to(inbox).as_posix())
    if not found:
        raise KaoheError("inbox_empty", path=inbox)
    return sorted(found)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable("file_not_opened", file=path.name, problem=error.strerror or error) from error


def _read(path: str, data: bytes, contracts: Contracts) -> list[tuple[str, bool, Reading]]:
    return [(sheet.name, sheet.hidden, recognise(sheet, contracts)) for sheet in read_sheets(path, data)]


def _keep(warehouse: Warehouse, sha256: str, data: bytes) -> None:
    """Keep the bytes, so that everything can be rebuilt."""
    path = warehouse.inputs / sha256
    if not path.exists():
        aside = path.with_suffix(".part")
        aside.write_bytes(data)
        aside.replace(path)


def _forget(warehouse: Warehouse, source: str, path: str, contracts: Contracts) -> None:
    tables = [f"{schema}.{name}" for name in contracts for schema in ("raw", "typed")]
    for table in [*tables, "meta.sheet", "meta.position", "meta.left_out", "meta.cell_problem"]:
        warehouse.con.execute(f"delete from {table} where _source = ? and _file = ?", [source, path])
    warehouse.con.execute("delete from meta.file where source = ? and path = ?", [source, path])


def _store(
    warehouse: Warehouse, source: str, path: str, sheet: str, hidden: bool, reading: Reading, key: bytes
) -> None:
    place = {"_source": source, "_file": path, "_sheet": sheet}
    entries: list[dict[str, object]] = []
    if (refusal := reading.refusal) is not None:
        nearest = [refusal.nearest.table] if refusal.nearest else []
        fits = [contract.table for contract in refusal.fits] or nearest
        entries.append({"fits": fits, "missing": refusal.missing, "rows": refusal.rows})
    for table in reading.tables:
        _store_table(warehouse, place, table, key)
        unknown = [heading.replace("\n", "") for heading in table.unknown_headings]
        entries.append({"table_name": table.contract.table, "unknown_headings": unknown, "rows": len(table.records)})
    for entry in entries:
        row = {"hidden": hidden, "table_name": None, "fits": [], "missing": [], "unknown_headings": []} | place | entry
        schema = {"table_name": pl.String} | dict.fromkeys(("fits", "missing", "unknown_headings"), pl.List(pl.String))
        warehouse.write("meta.sheet", pl.DataFrame([row], schema_overrides=schema))
    left_out = [(*place.values(), row.row, row.reason, row.text) for row in reading.left_out]
    warehouse.write("meta.left_out", pl.DataFrame(left_out, [*place, "_row", "reason", "text"], orient="row"))


def _store_table(warehouse: Warehouse, place: dict[str, str], table: FoundTable, key: bytes) -> None:
    contract = table.contract
    if not table.records:
        return
    numbers, cells, extra = zip(*table.records, strict=True)
    columns = dict(zip(contract.columns, zip(*cells, strict=True), strict=True))
    raw = pl.DataFrame(
        {name: pl.Series(name, values, pl.String).replace("", None) for name, values in columns.items()}
        | {"_extra": pl.Series(extra, dtype=pl.String), "_row": pl.Series(numbers, dtype=pl.Int32)}
    ).with_columns(pl.lit(value).alias(name) for name, value in place.items())
    cleaned = typed(contract, raw)
    problems = untyped(contract, raw, cleaned).with_columns(
        pl.lit(contract.table).alias("table_name"), *(pl.lit(value).alias(name) for name, value in place.items())
    )
    good = cleaned.filter(~pl.col("_row").is_in(problems["_row"].to_list()))
    good = good.with_columns(hashed(good[name], key).alias(name) for name in contract.person_columns)
    names = ", ".join(contract.columns)
    for target, frame in ((f"raw.{contract.table}", raw), (f"typed.{contract.table}", good)):
        _insert(warehouse, target, frame, f"{names}, _extra" if frame is raw else names)
    _insert(warehouse, "meta.cell_problem", problems, "table_name, column_name")
    positions = pl.DataFrame(
        [(column, position, numbers[0], numbers[-1]) for column, position in table.positions.items()],
        ["column_name", "position", "first_row", "last_row"],
        orient="row",
    ).with_columns(
        pl.lit(contract.table).alias("table_name"), *(pl.lit(value).alias(name) for name, value in place.items())
    )
    warehouse.write("meta.position", positions)


def _insert(warehouse: Warehouse, target: str, frame: pl.DataFrame, columns: str) -> None:
    """Insert with provenance; the table's types cast the canonical text exactly."""
    provenance = ", ".join(name for name in PROVENANCE if name != "_rec")
    warehouse.con.register("incoming", frame)
    warehouse.con.execute(
        f"insert into {target} ({columns}, {provenance}, _rec) select {columns}, {provenance}, {_REC} from incoming"
    )
    warehouse.con.unregister("incoming")
