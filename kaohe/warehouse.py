"""The warehouse: one DuckDB file in the home folder, for the pipeline alone (readers get publications).

Schemas: ``meta`` the ledger of files and what was found in them, ``raw`` every record as text, ``typed`` the records
whose cells could all be typed; ``main`` holds what a run computes (trusted tables, evidence, scores) and is made anew.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl

from kaohe.contracts import Contracts
from kaohe.errors import KaoheError, from_os_error
from kaohe.homelock import WAIT_SECONDS, lock
from kaohe.safely import make_folder, put

NAME = "kaohe.duckdb"
#: What DuckDB raises for a file that it cannot read, beside a plain error that says "Corrupt database file".
_UNREADABLE = (duckdb.IOException, duckdb.SerializationException, duckdb.FatalException)
#: What it says of a file that another program has opened: which file, and which program.
_LOCKED = re.compile(r'Could not set lock on file "(.*?)": (?:Conflicting lock is held in )?(.*?)\.?(?: See also .*)?$')

#: The tables of ``meta``, where they are not there yet, and the schemas.
META = """
create schema if not exists meta; create schema if not exists raw; create schema if not exists typed;
create table if not exists meta.file (
  source varchar, path varchar, sha256 varchar, loaded_with varchar, primary key (source, path));
create table if not exists meta.sheet (
  _source varchar, _file varchar, _sheet varchar, hidden boolean, hidden_rows integer, table_name varchar,
  fits varchar[], missing varchar[], unknown_headings varchar[], rows integer);
create table if not exists meta.position (
  _source varchar, _file varchar, _sheet varchar, table_name varchar, column_name varchar, _at varchar,
  letters varchar, first_row integer, last_row integer);
create table if not exists meta.left_out (
  _source varchar, _file varchar, _sheet varchar, _row integer, reason varchar, text varchar);
create table if not exists meta.cell_problem (
  _source varchar, _file varchar, _sheet varchar, _row integer, _at varchar, _rec varchar, table_name varchar,
  column_name varchar, rule varchar);
"""


class Engine:
    """A DuckDB connection with the few ways in which SQL is run. Scoring knows no others, so that another engine that
    has them can take its place (kaohe/engines/)."""

    con: duckdb.DuckDBPyConnection
    #: What it raises for SQL that cannot be run, or not on these rows.
    sql_errors: tuple[type[Exception], ...] = (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError)

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.con.execute("begin")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):
                self.con.execute("rollback")
            raise
        self.con.execute("commit")

    def frame(self, query: str, values: list[Any] | None = None) -> pl.DataFrame:
        """The rows of a query."""
        frame: pl.DataFrame = self.con.sql(query, params=values).pl()
        return frame

    def rows(self, query: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query as tuples."""
        return self.con.sql(query, params=values).fetchall()

    def macros(self, path: Path) -> None:
        """Make the macros of a file known to the queries that follow."""
        self.con.execute(path.read_text(encoding="utf-8"))

    def empty(self, table: str, columns: str) -> None:
        """Make ``table`` anew, without rows. ``columns`` as in a definition: ``unit_id varchar, rank integer``."""
        self.con.execute(f"create or replace table {table} ({columns})")

    def make(self, table: str, query: str, values: list[Any] | None = None) -> None:
        """Make ``table`` anew from the rows of a query."""
        self.con.execute(f"create or replace table {table} as {query}", values)

    def make_temporary(self, table: str, query: str, values: list[Any] | None = None) -> None:
        """A small table of this connection alone, such as the parameters of the measure that runs next."""
        self.con.execute(f"create or replace temp table {table} as {query}", values)

    def append(self, table: str, query: str, values: list[Any] | None = None) -> None:
        """Put the rows of a query into ``table``, column by place."""
        self.con.execute(f"insert into {table} {query}", values)

    def view(self, name: str, query: str) -> None:
        """Let ``name`` stand for a query."""
        self.con.execute(f"create or replace view {name} as {query}")

    def drop(self, table: str) -> None:
        """Forget a table."""
        self.con.execute(f"drop table {table}")

    def write(self, table: str, frame: pl.DataFrame, *more: str) -> None:
        """Put the rows of ``frame`` into ``table``, column by name; ``more``: columns computed in SQL."""
        if frame.height:
            self.con.register("incoming", frame)
            self.con.execute(f"insert into {table} by name select {', '.join(['*', *more])} from incoming")
            self.con.unregister("incoming")


class Warehouse(Engine):
    """The open warehouse of a home folder; holds the folder's lock until it is closed.

    Raises ``KaoheError`` if the folder cannot be written, another run holds it, or the file is not a warehouse.
    """

    def __init__(self, home: Path, wait_seconds: float = WAIT_SECONDS) -> None:
        self.home = home
        self.folder = home / "warehouse"
        self.inputs = self.folder / "inputs"
        self.path = self.folder / NAME
        self.held = lock(home, wait_seconds)
        try:
            with as_sentences(self.path):
                make_folder(self.inputs)
                if not self.path.exists():
                    _make(self.path)
                super().__init__(duckdb.connect(str(self.path)))
                self.con.execute("set preserve_insertion_order = true")
                self.con.execute(META)
        except BaseException:
            self.held.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            with suppress(duckdb.Error, OSError):
                if not self.held.is_ours:
                    self.con.execute("pragma disable_checkpoint_on_shutdown")  # the file is another machine's now
            self.con.close()
        finally:
            self.held.release()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; nothing once another machine has taken the home."""
        self.held.must_be_ours()
        with super().transaction():
            yield
            self.held.must_be_ours()

    def keep(self, data: bytes) -> str:
        """Keep the bytes of an input under their SHA-256, so that everything can be rebuilt; gives it."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.inputs / sha256
        if not _whole(path, data):
            aside = path.with_suffix(".part")
            aside.write_bytes(data)
            put(aside, path)
        return sha256

    def keep_again(self, sha256: str, data: bytes) -> None:
        """Keep the bytes of an input that was kept before, if they were lost since."""
        if not _whole(self.inputs / sha256, data):
            self.keep(data)

    def define(self, contracts: Contracts, loaded_with: str) -> None:
        """Make the raw and typed tables of ``contracts``; what was loaded otherwise is to be loaded again."""
        with self.transaction():
            if not self.has_loaded(loaded_with):
                self.con.execute("drop schema raw cascade; create schema raw")
                self.con.execute("drop schema typed cascade; create schema typed")
                for table in ("sheet", "position", "left_out", "cell_problem"):
                    self.con.execute(f"drop table meta.{table}")
                self.con.execute(META)
                self.con.execute("update meta.file set loaded_with = ''")
            for name, contract in contracts.items():
                self.con.execute(f"create table if not exists raw.{name} ({contract.definition(text=True)})")
                self.con.execute(f"create table if not exists typed.{name} ({contract.definition()})")

    def has_loaded(self, loaded_with: str) -> bool:
        """Files were loaded in just this way before."""
        return bool(self.rows("select 1 from meta.file where loaded_with = ? limit 1", [loaded_with]))


def _make(path: Path) -> None:
    """An empty warehouse, there whole or not at all: DuckDB does not open a file that it was killed in making."""
    aside = path.with_name(f".{path.name}.new")
    for leftover in (aside, aside.with_name(f"{aside.name}.wal")):
        leftover.unlink(missing_ok=True)
    duckdb.connect(str(aside)).close()
    put(aside, path)


def _whole(path: Path, data: bytes) -> bool:
    """The file is there and as long as it should be: a power cut may have left less."""
    return path.exists() and path.stat().st_size == len(data)


@contextmanager
def as_sentences(path: Path) -> Iterator[None]:
    """Turn what DuckDB says of a full disk, a folder that cannot be written, a file that another program has opened or
    a strange file into a sentence. ``path``: the file, or the home it is in."""
    folder = path if path.is_dir() else path.parent
    try:
        yield
    except OSError as error:
        raise from_os_error(error, path) from error
    except duckdb.Error as error:
        text = str(error)
        if "No space left" in text or "File too large" in text or "Disk quota" in text:
            raise KaoheError("disk_full", path=folder) from error
        if "Permission denied" in text or "Read-only file system" in text:
            raise KaoheError("not_writable", path=folder) from error
        if locked := _LOCKED.search(text.splitlines()[0]):
            raise KaoheError("database_locked", path=locked[1], program=locked[2]) from error
        if sentence := _broken(error, path):
            raise sentence from error
        raise


def _broken(error: duckdb.Error, path: Path) -> KaoheError | None:
    """The sentence for a database file that cannot be read. ``path``: the file, or the home whose warehouse it is."""
    problem = str(error).splitlines()[0]
    other = "storage version" in problem
    if not (other or "Corrupt database file" in problem or isinstance(error, _UNREADABLE)):
        return None
    if path.suffix == ".duckdb" and path.name != NAME:
        home = next((folder.parent for folder in path.parents if folder.name == "published"), path.parent)
        return KaoheError("snapshot_broken", path=path, home=home, problem=problem)
    home = path.parents[1] if path.name == NAME else path
    warehouse = home / "warehouse" / NAME
    if other:
        return KaoheError("warehouse_version", path=warehouse, home=home, version=duckdb.__version__)
    return KaoheError("warehouse_broken", path=warehouse, home=home, problem=problem)
