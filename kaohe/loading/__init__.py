"""Pull: the files of every source (inboxes, snapshots of databases and APIs, and the office's own ledgers) into the
warehouse, each file in one transaction together with its line in the list of files.

A file is (source, relative path) and its SHA-256. Loading it twice changes nothing; a changed file replaces its own
rows; a file gone from its source takes its rows with it; one that cannot be read keeps what it last gave.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from kaohe import progress
from kaohe.cleaning import told, typed, untyped
from kaohe.contracts import Contract, Contracts
from kaohe.errors import Unreadable
from kaohe.loading import parquet as loading_parquet
from kaohe.people import fingerprint, hashed, key_of, note_key
from kaohe.project import code_hashes
from kaohe.sources.files import read_sheets
from kaohe.sources.found import FoundTable, Reading, Refusal
from kaohe.sources.headings import Headings
from kaohe.sources.inbox import INBOX, LEDGERS, Files
from kaohe.sources.parquet import SUFFIX, ParquetFile, read_parquet
from kaohe.sources.recognise import recognise
from kaohe.warehouse import Warehouse
from kaohe.words import say

_REC = "md5(concat_ws(chr(31), _source, _file, _sheet, _row, _at)) as _rec"

#: So many records are stored in one transaction, or a little more.
_BATCH_ROWS = 200_000
#: Of more, so many are typed and stored at a time: what is not yet committed takes up memory.
_PIECE_ROWS = 122_880

_PLACE = {"_source": pl.String, "_file": pl.String, "_sheet": pl.String}
_LIST = pl.List(pl.String)
_META_COLUMNS: dict[str, dict[str, Any]] = {
    "sheet": _PLACE
    | {"hidden": pl.Boolean, "hidden_rows": pl.Int32, "table_name": pl.String, "fits": _LIST, "missing": _LIST}
    | {"unknown_headings": _LIST, "rows": pl.Int32},
    "position": _PLACE
    | {"table_name": pl.String, "column_name": pl.String, "_at": pl.String, "letters": pl.String}
    | {"first_row": pl.Int32, "last_row": pl.Int32},
    "left_out": _PLACE | {"_row": pl.Int32, "reason": pl.String, "text": pl.String},
}
_BAD_CELL: dict[str, Any] = _PLACE | {
    "_row": pl.Int32, "_at": pl.String, "table_name": pl.String, "column_name": pl.String, "rule": pl.String
}  # fmt: skip


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


def pull(
    warehouse: Warehouse, files: Files, contracts: Contracts, strict: bool = False, keep_untyped: bool = False
) -> Pulled:
    """Bring the warehouse up to date with the files of all sources; a source that is not among them is gone.
    ``keep_untyped``: a record with a cell that cannot be typed stays, with nothing in it, so that rules see the rest.

    Raises ``KaoheError`` for a ledger of our own that cannot be read, and with ``strict`` for any such file.
    """
    note_key(warehouse.home)
    warehouse.define(contracts, loading_way(contracts, warehouse.home))
    pulled = Pulled()
    gone = {name for (name,) in warehouse.rows("select distinct source from meta.file")} - files.keys()
    for source in sorted(files.keys() | gone | {LEDGERS}, key=lambda name: (name != LEDGERS, name)):
        ours = source == LEDGERS
        found = _pull_source(warehouse, source, files.get(source, {}), contracts, strict or ours, keep_untyped)
        if not ours:
            pulled.add(found)
    return pulled


def _pull_source(
    warehouse: Warehouse,
    source: str,
    files: Mapping[str, Path],
    contracts: Contracts,
    strict: bool,
    keep_untyped: bool,
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
    batch = _Batch(warehouse, contracts, source, loaded_with, keep_untyped)
    batch.forget += pulled.removed
    for done, (path, place) in enumerate(files.items()):
        progress.report(say("step_read", file=path), done, len(files))
        known = ledger.get(path)
        name = path if source == INBOX else path.removeprefix(f"{source}/")
        try:
            data = _bytes(place, name)
            sha256 = hashlib.sha256(data).hexdigest()
            if known == (sha256, loaded_with):
                warehouse.keep_again(sha256, data)
                pulled.unchanged.append(path)
                continue
            readings = _read(warehouse, path, name, data, headings)
        except Unreadable as unreadable:
            if strict:
                raise
            pulled.unreadable[path] = str(unreadable)
            if known is None or known[1] == loaded_with:
                continue
            sha256 = known[0]
            data = (warehouse.inputs / sha256).read_bytes()
            readings = _read(warehouse, path, name, data, headings)
        else:
            (pulled.new if known is None else pulled.changed).append(path)
        warehouse.keep(data)
        if known:
            batch.forget.append(path)
        batch.add(path, sha256, readings)
        del data, readings  # a large one takes up memory that storing it needs
        if batch.rows > _BATCH_ROWS:
            batch.store()
    batch.store()
    return pulled


def loading_way(contracts: Contracts, home: Path) -> str:
    """What decides how a file is read beside its bytes: the contracts, this program, and the key that hashes people."""
    return hashlib.sha256(f"{contracts.digest} {code_hashes()} {fingerprint(key_of(home))}".encode()).hexdigest()


def _bytes(path: Path, name: str) -> bytes:
    """The bytes of a file, called ``name`` below its folder; a link that leads out of that is not followed."""
    try:
        if path.exists() and not (path.is_file() and (not path.is_symlink() or _is_below(path, name))):
            raise Unreadable("file_elsewhere", file=PurePosixPath(name).name)
        return path.read_bytes()
    except OSError as error:
        raise Unreadable("file_not_opened", file=PurePosixPath(name).name, problem=error.strerror or error) from error


def _is_below(path: Path, name: str) -> bool:
    """What ``path`` leads to lies in the folder below which it is called ``name``; what the home keeps is called
    otherwise than it lies there, and has not so many folders above it."""
    folder = [path, *path.parents][: len(PurePosixPath(name).parts) + 1][-1]
    return path.resolve().is_relative_to(folder.resolve())


#: A sheet's name, whether it is hidden, how many hidden rows it has, and what was found on it.
_SheetReading = tuple[str, bool, int, Reading]


def _read(
    warehouse: Warehouse, path: str, name: str, data: bytes, headings: Headings
) -> list[_SheetReading] | ParquetFile:
    """What was found in a file, called ``name`` below its folder; the rows of Parquet stay where its bytes are kept."""
    if path.lower().endswith(SUFFIX):
        return read_parquet(path, name, warehouse.inputs / warehouse.keep(data), headings.contracts)
    return [
        (sheet.name, sheet.hidden, sheet.hidden_rows, recognise(sheet, headings, path))
        for sheet in read_sheets(path, data)
    ]


class _Batch:
    """Files that are stored together, in one transaction with their lines in the ledger."""

    def __init__(
        self, warehouse: Warehouse, contracts: Contracts, source: str, loaded_with: str, keep_untyped: bool
    ) -> None:
        self.warehouse, self.contracts, self.source, self.loaded_with = warehouse, contracts, source, loaded_with
        self.keep_untyped = keep_untyped
        self.key = key_of(warehouse.home)
        self.forget: list[str] = []
        self._clear()

    def _clear(self) -> None:
        self.rows = 0
        self.forget.clear()
        self.files: list[tuple[str, str, str]] = []
        self.records: dict[str, list[pl.DataFrame]] = {}
        self.parquet: list[tuple[str, str, ParquetFile]] = []
        self.bad_cells: list[tuple[object, ...]] = []
        self.meta: dict[str, list[tuple[object, ...]]] = {table: [] for table in _META_COLUMNS}

    def add(self, path: str, sha256: str, readings: list[_SheetReading] | ParquetFile) -> None:
        """Take up what was found in a file."""
        self.files.append((self.source, path, sha256))
        if isinstance(readings, ParquetFile):
            self._add_parquet(path, sha256, readings)
            return
        for name, hidden, hidden_rows, reading in readings:
            place = (self.source, path, name)
            seen = (*place, hidden, hidden_rows)
            if reading.refusal is not None:
                self._add_refusal(seen, reading.refusal)
            for number, table in enumerate(reading.tables):
                unknown = [heading.replace("\n", "") for heading in table.unknown_headings]
                self.meta["sheet"].append((*seen, table.contract.table, [], [], unknown, table.frame.height))
                self._add_table(place, number, table)
            self.meta["left_out"] += [(*place, row.row, row.reason, row.text) for row in reading.left_out]

    def _add_refusal(self, seen: tuple[object, ...], refusal: Refusal) -> None:
        fits = refusal.fits or ([refusal.nearest] if refusal.nearest else [])
        tables = [contract.table for contract in fits]
        self.meta["sheet"].append((*seen, None, tables, refusal.missing, [], refusal.rows))

    def _add_parquet(self, path: str, sha256: str, found: ParquetFile) -> None:
        """Take up a Parquet file; where a cell stands is said by its column's name: 检查日期#12."""
        place = (self.source, path, "")
        seen = (*place, False, 0)
        if found.refusal is not None:
            self._add_refusal(seen, found.refusal)
        if found.contract is not None:
            table = found.contract.table
            self.meta["sheet"].append((*seen, table, [], [], found.unknown, found.rows))
            for column, there in found.columns.items():
                self.meta["position"].append((*place, table, column, None, f"{there}#", 1, found.rows))
            self.parquet.append((path, sha256, found))
            self.rows += found.rows

    def _add_table(self, place: tuple[str, str, str], number: int, table: FoundTable) -> None:
        name = table.contract.table
        self.meta["position"] += [
            (*place, name, position.column, position.at, position.letters, position.first_row, position.last_row)
            for position in table.positions
        ]
        self.bad_cells += [(*place, bad.row, bad.at, name, bad.column, bad.rule) for bad in table.bad_cells]
        stood = zip(_PLACE, place, strict=True)
        constant = [pl.lit(number, pl.Int32).alias("_table"), *(pl.lit(text).alias(column) for column, text in stood)]
        self.records.setdefault(name, []).append(table.frame.with_columns(constant))
        self.rows += table.frame.height

    def store(self) -> None:
        """Write what was taken up, forget what went before, and begin anew.

        A file's line in the ledger comes with its rows, in one transaction. Very many rows are written piece by piece;
        until all are there the line says that the file is to be loaded again, so a run that is broken off does no harm.
        """
        if self.rows <= _BATCH_ROWS:
            with self.warehouse.transaction():
                self._forget()
                self._store_all(nullcontext)
        else:
            with self.warehouse.transaction():
                self._forget()
                self._store_files("")
            self._store_all(self.warehouse.transaction)
        self._clear()

    def _forget(self) -> None:
        if self.forget:
            gone = [self.source, self.forget]
            tables = [f"{schema}.{name}" for name in self.contracts for schema in ("raw", "typed")]
            for table in [*tables, *(f"meta.{name}" for name in (*_META_COLUMNS, "cell_problem"))]:
                self.warehouse.con.execute(f"delete from {table} where _source = ? and list_contains(?, _file)", gone)
            self.warehouse.con.execute("delete from meta.file where source = ? and list_contains(?, path)", gone)

    def _store_files(self, loaded_with: str) -> None:
        rows = [(*file, loaded_with) for file in self.files]
        files = pl.DataFrame(rows, ["source", "path", "sha256", "loaded_with"], orient="row")
        self.warehouse.con.register("incoming", files)
        self.warehouse.con.execute("insert or replace into meta.file by name select * from incoming")
        self.warehouse.con.unregister("incoming")

    def _store_all(self, transaction: Callable[[], AbstractContextManager[None]]) -> None:
        write = self.warehouse.write
        bad_cells = pl.DataFrame(self.bad_cells, _BAD_CELL, orient="row")
        for name, frames in self.records.items():
            raw = told(self.contracts[name], pl.concat(frames))
            bad = bad_cells.filter(pl.col("table_name") == name)
            for part in raw.iter_slices(_PIECE_ROWS):
                with transaction():
                    self._store_records(self.contracts[name], part, bad)
        for path, sha256, found in self.parquet:
            with transaction():
                kept, place = self.warehouse.inputs / sha256, (self.source, path)
                loading_parquet.store(self.warehouse, place, kept, found, self.key, self.keep_untyped)
        with transaction():
            write("meta.cell_problem", bad_cells, _REC)
            for table, rows in self.meta.items():
                write(f"meta.{table}", pl.DataFrame(rows, _META_COLUMNS[table], orient="row"))
            self._store_files(self.loaded_with)

    def _store_records(self, contract: Contract, raw: pl.DataFrame, bad_cells: pl.DataFrame) -> None:
        """Records of one contract: all as text, those that could be typed as values, and the cells that could not."""
        place = ["_source", "_file", "_sheet", "_row", "_at"]
        cleaned = typed(contract, raw)
        problems = untyped(contract, raw, cleaned)
        bad = pl.concat([problems.select(place), bad_cells.select(place)])
        good = cleaned
        if bad.height and not self.keep_untyped:
            good = cleaned.join(bad, on=place, how="anti", nulls_equal=True)
        if contract.person_columns:
            good = good.with_columns(hashed(good[name], self.key).alias(name) for name in contract.person_columns)
        problems = problems.join(bad_cells, on=[*place, "column_name"], how="anti", nulls_equal=True)
        problems = problems.with_columns(table_name=pl.lit(contract.table))
        kept = [*contract.columns, *place]
        self.warehouse.write(f"raw.{contract.table}", raw.select(*kept, "_extra"), _REC)
        self.warehouse.write(f"typed.{contract.table}", good.select(kept), _REC)
        self.warehouse.write("meta.cell_problem", problems, _REC)
