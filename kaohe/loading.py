"""Pull: the files of every source (inboxes, snapshots of databases and APIs, and the office's own ledgers) into the
warehouse, each file in one transaction together with its line in the list of files.

A file is (source, relative path) and its SHA-256. Loading it twice changes nothing; a changed file replaces its own
rows; a file gone from its source takes its rows with it; one that cannot be read keeps what it last gave.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from kaohe import progress
from kaohe.cleaning import typed, untyped
from kaohe.contracts import Contract, Contracts
from kaohe.errors import KaoheError, Unreadable
from kaohe.people import fingerprint, hashed, key_of
from kaohe.project import code_hashes
from kaohe.sources.files import read_sheets
from kaohe.sources.recognise import FoundTable, Headings, Reading, recognise
from kaohe.warehouse import Warehouse
from kaohe.words import say

#: Files that programs leave behind and nobody hands in.
_DEBRIS = ("~$", ".~", "~WRL", ".")
_DEBRIS_NAMES = ("thumbs.db", "desktop.ini")

INBOX, LEDGERS = "inbox", "ledgers"
#: Source → relative path → where the file is now.
Files = dict[str, dict[str, Path]]
#: The ledgers that the program keeps itself, by lifecycle.py.
OWN_LEDGERS = ("correction.csv", "score_appeal.csv")
_REC = "md5(concat_ws(chr(31), _source, _file, _sheet, _row)) as _rec"

#: So many records are stored in one transaction, or a little more.
_BATCH_ROWS = 200_000

_PLACE = {"_source": pl.String, "_file": pl.String, "_sheet": pl.String}
_LIST = pl.List(pl.String)
_META_COLUMNS: dict[str, dict[str, Any]] = {
    "sheet": _PLACE
    | {"hidden": pl.Boolean, "table_name": pl.String, "fits": _LIST, "missing": _LIST, "unknown_headings": _LIST}
    | {"rows": pl.Int32},
    "position": _PLACE
    | {"table_name": pl.String, "column_name": pl.String, "position": pl.Int32}
    | {"first_row": pl.Int32, "last_row": pl.Int32},
    "left_out": _PLACE | {"_row": pl.Int32, "reason": pl.String, "text": pl.String},
}


@dataclass
class Pulled:
    """What a pull did, by relative path. ``unreadable``: path → the sentence that says why."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Pulled") -> None:
        """Take up what another source did."""
        self.new += other.new
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.removed += other.removed
        self.unreadable |= other.unreadable


def pull(warehouse: Warehouse, files: Files, contracts: Contracts, strict: bool = False) -> Pulled:
    """Bring the warehouse up to date with the files of all sources; a source that is not among them is gone.

    Raises ``KaoheError`` for a ledger of our own that cannot be read, and with ``strict`` for any such file.
    """
    warehouse.define(contracts, loading_way(contracts, warehouse.home))
    pulled = Pulled()
    gone = {name for (name,) in warehouse.rows("select distinct source from meta.file")} - files.keys()
    for source in sorted(files.keys() | gone | {LEDGERS}, key=lambda name: (name != LEDGERS, name)):
        ours = source == LEDGERS
        found = _pull_source(warehouse, source, files.get(source, {}), contracts, strict or ours)
        if not ours:
            pulled.add(found)
    return pulled


def own_ledgers(folder: Path) -> dict[str, Path]:
    """The ledgers that the program keeps in ``folder``."""
    return {name: folder / name for name in OWN_LEDGERS if (folder / name).exists()}


def _pull_source(
    warehouse: Warehouse, source: str, files: Mapping[str, Path], contracts: Contracts, strict: bool
) -> Pulled:
    loaded_with = loading_way(contracts, warehouse.home)
    headings = Headings(contracts)
    ledger = {
        path: (sha256, version)
        for path, sha256, version in warehouse.rows(
            "select path, sha256, loaded_with from meta.file where source = ?", [source]
        )
    }
    pulled = Pulled(removed=sorted(ledger.keys() - files.keys()))
    batch = _Batch(warehouse, contracts, source, loaded_with)
    batch.forget += pulled.removed
    for done, (path, place) in enumerate(files.items()):
        progress.report(say("step_read", file=path), done, len(files))
        known = ledger.get(path)
        try:
            data = _bytes(place)
            sha256 = hashlib.sha256(data).hexdigest()
            if known == (sha256, loaded_with):
                pulled.unchanged.append(path)
                continue
            readings = _read(path, data, headings)
        except Unreadable as unreadable:
            if strict:
                raise
            pulled.unreadable[path] = str(unreadable)
            if known is None or known[1] == loaded_with:
                continue
            sha256 = known[0]
            data = (warehouse.inputs / sha256).read_bytes()
            readings = _read(path, data, headings)
        else:
            (pulled.new if known is None else pulled.changed).append(path)
        warehouse.keep(data)
        if known:
            batch.forget.append(path)
        batch.add(path, sha256, readings)
        if batch.rows > _BATCH_ROWS:
            batch.store()
    batch.store()
    return pulled


def loading_way(contracts: Contracts, home: Path) -> str:
    """What decides how a file is read beside its bytes: the contracts, this program, and the key that hashes people."""
    return hashlib.sha256(f"{contracts.digest} {code_hashes()} {fingerprint(key_of(home))}".encode()).hexdigest()


def inbox_files(inbox: Path) -> list[str]:
    """Relative paths of what was handed in, in order; debris of other programs is passed over.

    Raises ``KaoheError`` for a folder that is not there or holds nothing.
    """
    if not inbox.is_dir():
        raise KaoheError("inbox_missing", path=inbox)
    found = []
    for folder, folders, names in os.walk(inbox, onerror=_refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(_DEBRIS) and name.lower() not in _DEBRIS_NAMES:
                found.append((Path(folder) / name).relative_to(inbox).as_posix())
    if not found:
        raise KaoheError("inbox_empty", path=inbox)
    return sorted(found)


def _refuse_folder(error: OSError) -> None:
    """A folder that cannot be listed is no folder whose files were taken away."""
    raise KaoheError("os_refused", path=error.filename, problem=error.strerror or error) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable("file_not_opened", file=path.name, problem=error.strerror or error) from error


#: A sheet's name, whether it is hidden, and what was found on it.
_SheetReading = tuple[str, bool, Reading]


def _read(path: str, data: bytes, headings: Headings) -> list[_SheetReading]:
    return [(sheet.name, sheet.hidden, recognise(sheet, headings)) for sheet in read_sheets(path, data)]


class _Batch:
    """Files that are stored together, in one transaction with their lines in the ledger."""

    def __init__(self, warehouse: Warehouse, contracts: Contracts, source: str, loaded_with: str) -> None:
        self.warehouse, self.contracts, self.source, self.loaded_with = warehouse, contracts, source, loaded_with
        self.key = key_of(warehouse.home)
        self.forget: list[str] = []
        self._clear()

    def _clear(self) -> None:
        self.rows = 0
        self.forget.clear()
        self.files: list[tuple[str, str, str, str]] = []
        self.records: dict[str, list[tuple[object, ...]]] = {}
        self.meta: dict[str, list[tuple[object, ...]]] = {table: [] for table in _META_COLUMNS}

    def add(self, path: str, sha256: str, readings: list[_SheetReading]) -> None:
        """Take up what was found in a file."""
        self.files.append((self.source, path, sha256, self.loaded_with))
        for name, hidden, reading in readings:
            place = (self.source, path, name)
            if (refusal := reading.refusal) is not None:
                fits = refusal.fits or ([refusal.nearest] if refusal.nearest else [])
                tables = [contract.table for contract in fits]
                self.meta["sheet"].append((*place, hidden, None, tables, refusal.missing, [], refusal.rows))
            for number, table in enumerate(reading.tables):
                self._add_table(place, hidden, number, table)
            self.meta["left_out"] += [(*place, row.row, row.reason, row.text) for row in reading.left_out]

    def _add_table(self, place: tuple[str, str, str], hidden: bool, number: int, table: FoundTable) -> None:
        name, records = table.contract.table, table.records
        unknown = [heading.replace("\n", "") for heading in table.unknown_headings]
        self.meta["sheet"].append((*place, hidden, name, [], [], unknown, len(records)))
        if records:
            rows = records[0][0], records[-1][0]
            self.meta["position"] += [(*place, name, column, at, *rows) for column, at in table.positions.items()]
            kept = self.records.setdefault(name, [])
            kept += [(*cells, extra, number, *place, row) for row, cells, extra in records]
            self.rows += len(records)

    def store(self) -> None:
        """Write what was taken up, forget what went before, and begin anew."""
        con, write = self.warehouse.con, self.warehouse.write
        with self.warehouse.transaction():
            if self.forget:
                gone = [self.source, self.forget]
                tables = [f"{schema}.{name}" for name in self.contracts for schema in ("raw", "typed")]
                for table in [*tables, *(f"meta.{name}" for name in (*_META_COLUMNS, "cell_problem"))]:
                    con.execute(f"delete from {table} where _source = ? and list_contains(?, _file)", gone)
                con.execute("delete from meta.file where source = ? and list_contains(?, path)", gone)
            for name, records in self.records.items():
                self._store_records(self.contracts[name], records)
            for table, rows in self.meta.items():
                write(f"meta.{table}", pl.DataFrame(rows, _META_COLUMNS[table], orient="row"))
            write("meta.file", pl.DataFrame(self.files, ["source", "path", "sha256", "loaded_with"], orient="row"))
        self._clear()

    def _store_records(self, contract: Contract, records: list[tuple[object, ...]]) -> None:
        """Records of one contract: all as text, those that could be typed as values, and the cells that could not."""
        texts: dict[str, Any] = dict.fromkeys((*contract.columns, "_extra"), pl.String)
        places = {"_table": pl.Int32, **_PLACE, "_row": pl.Int32}
        blank_is_null = pl.col(*contract.columns).replace("", None)
        raw = pl.DataFrame(records, texts | places, orient="row").with_columns(blank_is_null)
        cleaned = typed(contract, raw)
        problems = untyped(contract, raw, cleaned)
        good = cleaned.join(problems, on=["_file", "_sheet", "_row"], how="anti")
        if contract.person_columns:
            good = good.with_columns(hashed(good[name], self.key).alias(name) for name in contract.person_columns)
        problems = problems.with_columns(table_name=pl.lit(contract.table))
        self.warehouse.write(f"raw.{contract.table}", raw.drop("_table"), _REC)
        self.warehouse.write(f"typed.{contract.table}", good.drop("_table", "_extra"), _REC)
        self.warehouse.write("meta.cell_problem", problems, _REC)
