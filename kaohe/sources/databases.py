"""Databases: what a query gives, as batches of text. The database itself writes every value as text, exactly (decimals
digit by digit, dates as ISO), so that typing stays with the contracts, and nothing is ever held whole.

PostgreSQL is read through ADBC, MySQL and MariaDB through PyMySQL, SQLite and DuckDB through their own libraries.
"""

import importlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import duckdb
import pyarrow as pa
from sqlalchemy.engine import URL

from kaohe.outage import Outage, Passing
from kaohe.secrets import Secrets
from kaohe.sources.config import Database, Selection
from kaohe.sqltext import literal
from kaohe.words import say

_BATCH_ROWS = 20_000
_CONNECTING = 30.0  # seconds
_LONGEST_SAYING = 300  # characters of what a driver says

#: What may be over in a moment. PostgreSQL by class of SQLSTATE; MySQL: all but these; SQLite by name.
_PASSING_SQLSTATES = ("08", "40", "53", "55", "57", "58")
_LASTING_MYSQL = (1044, 1045, 1049, 1142, 1698, 2054)
_PASSING_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR")

#: The names of a query's columns, and its rows as batches of text.
_Answer = tuple[list[str], Iterator[pa.RecordBatch]]
_Ask = Callable[[str], AbstractContextManager[_Answer]]


def batches(
    database: Database, table: Selection, since: str | int | None, secrets: Secrets
) -> Iterator[pa.RecordBatch]:
    """The rows of ``table`` as text by the names of their columns, in batches, the first of them empty; ``since``: the
    cursor's least value. What goes wrong with the database is an ``Outage`` without secrets."""
    driver = _DRIVERS[database.database.get_backend_name()]
    password = secrets.look_up(database.password) if database.password else None
    try:
        with driver.open(database.database, password, database.timeout) as ask:
            yield from _rows(ask, driver, table, since)
    except (driver.error, pa.ArrowException, OSError) as error:
        passing = isinstance(error, OSError | pa.ArrowException) or driver.passes(error)
        said = " ".join(secrets.hide(str(error)).split())[:_LONGEST_SAYING]
        raise (Passing if passing else Outage)(say("source_said", problem=said)) from None


def _rows(ask: _Ask, driver: "_Driver", table: Selection, since: str | int | None) -> Iterator[pa.RecordBatch]:
    if table.relation:
        query = f"select * from {'.'.join(driver.quoted(part) for part in table.relation.split('.'))}"
    else:
        query = str(table.query).strip().rstrip(";")
    with ask(f"select * from (\n{query}\n) as q where 1 = 0") as (names, _):
        pass
    columns = [f"cast({driver.quoted(name)} as {driver.text}) as {driver.quoted(name)}" for name in names]
    chosen = ""
    if table.incremental and since is not None:
        cursor = driver.quoted(table.incremental.cursor)
        least = since if isinstance(since, int) else literal(since)
        chosen = f" where {cursor} >= {least} or {cursor} is null"
    with ask(f"select {', '.join(columns)} from (\n{query}\n) as q{chosen}") as (_, rows):
        yield _batch(names, [])
        yield from rows


def _batch(names: list[str], rows: list[Any]) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], names)


def _asking(connection: Any) -> _Ask:
    """How a connection of Python's database interface is asked."""

    @contextmanager
    def ask(query: str) -> Iterator[_Answer]:
        with closing(connection.cursor()) as cursor:
            cursor.execute(query)
            names = [column[0] for column in cursor.description]
            yield names, _batches_of(cursor, names)

    return ask


def _batches_of(cursor: Any, names: list[str]) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(_BATCH_ROWS):
        yield _batch(names, rows)


@contextmanager
def _postgresql(url: URL, password: str | None, timeout: float) -> Iterator[_Ask]:
    import adbc_driver_postgresql.dbapi as driver

    milliseconds = f"{timeout * 1000:.0f}"
    limits = {"connect_timeout": str(max(2, round(min(timeout, _CONNECTING)))), "tcp_user_timeout": milliseconds}
    address = url.set(drivername="postgresql", query=limits | dict(url.query)).render_as_string()
    if password:  # written as libpq reads it, which knows no + for a blank
        address = address.replace("@", f":{quote(password, safe='')}@", 1)
    with closing(driver.connect(address, autocommit=True)) as connection:
        with closing(connection.cursor()) as cursor:
            for setting in (
                "datestyle = 'ISO'", "timezone = 'Asia/Shanghai'", "default_transaction_read_only = on",
                f"statement_timeout = {milliseconds}", "extra_float_digits = 1",
            ):  # fmt: skip
                cursor.execute(f"set {setting}")

        @contextmanager
        def ask(query: str) -> Iterator[_Answer]:
            with closing(connection.cursor()) as cursor:
                cursor.execute(query)
                yield [column[0] for column in cursor.description], iter(cursor.fetch_record_batch())

        yield ask


def _postgresql_passes(error: Exception) -> bool:
    state = getattr(error, "sqlstate", None)
    return state.startswith(_PASSING_SQLSTATES) if state else type(error).__name__ != "ProgrammingError"


@contextmanager
def _mysql(url: URL, password: str | None, timeout: float) -> Iterator[_Ask]:
    import pymysql

    from kaohe.sources.mysql_cursor import StreamingCursor  # brings in PyMySQL

    options = {key: str(value) for key, value in url.query.items()}
    connection = pymysql.connect(
        host=url.host, port=url.port or 3306, unix_socket=options.get("unix_socket"), ssl_ca=options.get("ssl_ca"),
        user=url.username, password=(password or "").encode(), database=url.database, charset="utf8mb4",
        cursorclass=StreamingCursor, connect_timeout=max(1, round(min(timeout, _CONNECTING))),
        read_timeout=timeout, write_timeout=timeout,
        autocommit=True,
    )  # fmt: skip
    with closing(connection):
        for setting in ("time_zone = '+08:00'", "session transaction read only"):
            with closing(connection.cursor()) as cursor:
                cursor.execute(f"set {setting}")
        yield _asking(connection)


def _mysql_passes(error: Exception) -> bool:
    return type(error).__name__ in ("OperationalError", "InterfaceError") and error.args[0] not in _LASTING_MYSQL


@contextmanager
def _sqlite(url: URL, _: str | None, timeout: float) -> Iterator[_Ask]:
    address = f"file:{quote(str(url.database))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=min(timeout, _CONNECTING))) as connection:
        yield _asking(connection)


def _sqlite_passes(error: Exception) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith(_PASSING_SQLITE)


@contextmanager
def _duckdb(url: URL, _: str | None, timeout: float) -> Iterator[_Ask]:
    here_only: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    with closing(duckdb.connect(str(url.database), read_only=True, config=here_only)) as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")

        @contextmanager
        def ask(query: str) -> Iterator[_Answer]:
            asked = connection.sql(query)
            rows: Any = asked.to_arrow_reader(_BATCH_ROWS)
            yield asked.columns, iter(rows)

        yield ask


def _duckdb_passes(error: Exception) -> bool:
    return type(error).__name__ == "IOException"


@dataclass(frozen=True)
class _Driver:
    """How a kind of database is opened; ``module.Error`` is what goes wrong, and ``passes`` whether it may be over in a
    moment. ``mark`` quotes names, ``text`` is the type that values are cast to."""

    module: str
    open: Any
    passes: Callable[[Exception], bool]
    mark: str = '"'
    text: str = "varchar"

    def quoted(self, name: str) -> str:
        """A name in its SQL."""
        return self.mark + name.replace(self.mark, self.mark * 2) + self.mark

    @property
    def error(self) -> type[Exception]:
        found: type[Exception] = importlib.import_module(self.module).Error
        return found


_MYSQL = _Driver("pymysql", _mysql, _mysql_passes, "`", "char")
_DRIVERS = {
    "postgresql": _Driver("adbc_driver_postgresql.dbapi", _postgresql, _postgresql_passes),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "sqlite": _Driver("sqlite3", _sqlite, _sqlite_passes),
    "duckdb": _Driver("duckdb", _duckdb, _duckdb_passes),
}
