"""Last good snapshots: what a database or an API gave, as one CSV a table, which is then loaded like any file.

A snapshot is sorted and holds every row once, so that the same content has the same bytes in whatever order it came. It
is replaced whole, and only after all of its source was read: an outage leaves it as it was.
"""

import csv
import datetime as dt
import json
import shutil
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kaohe import clock, progress
from kaohe.contracts import Contract, Contracts, quoted
from kaohe.outage import Outage, Passing, Shifted
from kaohe.project import sha256_of
from kaohe.retries import retrying
from kaohe.safely import put, replace
from kaohe.secrets import Secrets
from kaohe.sources.config import Api, Database, Endpoint, Remote, Selection, Table, definition, heading_columns
from kaohe.sources.files import Sheet
from kaohe.sources.forms import normal_heading
from kaohe.sources.headings import Headings
from kaohe.sources.recognise import recognise
from kaohe.words import listed, say

_STATE = "state.json"
_MEMORY = "256MB"
_ZONED = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)"


@dataclass(frozen=True)
class Changes:
    """What differs from the snapshot before, in rows by key."""

    rows: int
    came: int
    vanished: int
    changed: int

    def __bool__(self) -> bool:
        return bool(self.came or self.vanished or self.changed)


class Snapshots:
    """The snapshots of one source, in ``folder``."""

    def __init__(self, folder: Path, name: str, contracts: Contracts) -> None:
        self.folder, self.name, self.contracts = folder / name, name, contracts

    @property
    def since(self) -> dt.date | None:
        """The day on which the source was last read whole; None if it never was."""
        loaded = self._state.get("loaded")
        return dt.date.fromisoformat(loaded) if loaded else None

    def files(self, source: Remote) -> dict[str, Path]:
        """The snapshots that are there, by what the source calls them."""
        found = {f"{self.name}/{table.title}.csv": self._path(table) for table in source.tables}
        return {name: path for name, path in found.items() if path.exists()}

    def read_today(self, **tables: dict[str, str]) -> None:
        """Note that the source was read whole today; ``tables``: definition and SHA-256 of each snapshot."""
        said = {"loaded": clock.today().isoformat(), "tables": tables}
        replace(self.folder / _STATE, json.dumps(said, ensure_ascii=False, indent=1).encode())

    def refresh(self, source: Remote, full: bool, secrets: Secrets) -> dict[str, Changes]:
        """Read all tables of the source anew, or what is new in those with a cursor unless ``full``.

        Raises ``Outage`` if anything of it cannot be read; then nothing has changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob(".*"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        done: dict[str, Changes] = {}
        state: dict[str, dict[str, str]] = {}
        for number, table in enumerate(source.tables):
            progress.report(say("step_source", source=self.name, table=table.title), number, len(source.tables))
            said = definition(source, table)
            with _Staging(self.folder) as staging:
                contract = self.contracts[table.table]
                staging.take_old(self._path(table), self._known(table))
                done[table.title] = _fetch(staging, source, table, contract, self.contracts, secrets,
                                           full or self._known(table, said) is None)  # fmt: skip
                state[table.title] = {"definition": said, "sha256": staging.write(self._aside(table))}
        for table in source.tables:
            put(self._aside(table), self._path(table))
        self.read_today(**state)
        return done

    def _path(self, table: Table) -> Path:
        return self.folder / f"{table.title}.csv"

    def _aside(self, table: Table) -> Path:
        return self.folder / f".{table.title}.csv.new"

    @property
    def _state(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _known(self, table: Table, said: str | None = None) -> str | None:
        """The SHA-256 of the table's snapshot as it was written, if it is of this definition."""
        tables = self._state.get("tables")
        entry = tables.get(table.title) if isinstance(tables, dict) else None
        known = entry if isinstance(entry, dict) and said in (None, entry.get("definition")) else {}
        return known.get("sha256")


def _fetch(
    staging: "_Staging", source: Remote, table: Table, contract: Contract, contracts: Contracts, secrets: Secrets,
    full: bool,
) -> Changes:  # fmt: skip
    """Read one table into ``staging``, from the start again while that may help, and merge it if it is incremental."""
    since = None if full else staging.since(table)
    doubted = False
    # An API's pages have been tried again one by one.
    for attempt in retrying(source.retries, Shifted if isinstance(source, Api) else Passing):
        with attempt:
            since = _take(staging, source, table, contract, contracts, secrets, since)
            if isinstance(source, Api) and not doubted and staging.conflicts:
                doubted = True  # a record may have changed between two pages: once more, and then it is so
                raise Shifted(say("source_record_changed"))
    if table.incremental:
        staging.check_cursor(table)
    if since is not None:
        staging.merge()
    changes = staging.changes
    if not changes.rows and changes.vanished and not table.may_be_empty:
        raise Outage(say("source_now_empty", table=table.title, count=changes.vanished))
    return changes


def _take(
    staging: "_Staging", source: Remote, table: Table, contract: Contract, contracts: Contracts, secrets: Secrets,
    since: str | int | None,
) -> str | int | None:  # fmt: skip
    """Read one table from the start into ``staging``. Gives ``since``, or None if all was read after all."""
    with closing(_reading(source, table, contract, secrets, since)) as batches:
        headings = next(batches).schema.names
        if since is None or headings == staging.old:
            staging.begin(headings, _fit(headings, table, contract, contracts), contract)
            for batch in batches:
                staging.add(batch)
            return since
    # The columns are others than in the snapshot: there is nothing to merge with.
    return _take(staging, source, table, contract, contracts, secrets, None)


def _reading(
    source: Remote, table: Table, contract: Contract, secrets: Secrets, since: str | int | None
) -> Generator[pa.RecordBatch, None, None]:
    """The rows of a table as text under their headings, the first batch empty; ``since``: the cursor's least value."""
    if isinstance(source, Database):
        from kaohe.sources.databases import batches

        assert isinstance(table, Selection)
        for batch in batches(source, table, since, secrets):
            yield batch.rename_columns([table.heading(name) for name in batch.schema.names])
    else:
        assert isinstance(table, Endpoint)
        yield from _pages(source, table, contract, since, secrets)


def _pages(
    source: Api, table: Endpoint, contract: Contract, since: str | int | None, secrets: Secrets
) -> Iterator[pa.RecordBatch]:
    """The records of an API under the contract's headings: fields that it does not know are not taken."""
    from kaohe.sources.http import Client, field

    known = heading_columns(contract)
    mapped = {known[normal_heading(ours)]: (ours, [theirs]) for theirs, ours in table.headings.items()}
    columns = {name: mapped.get(name, (c.headings[0], c.headings)) for name, c in contract.columns.items()}
    taken = dict(columns.values())
    cursor = table.incremental.cursor if table.incremental else None
    if cursor and not any(cursor in theirs for theirs in taken.values()):
        taken[cursor] = [cursor]
    found: set[str] = set()
    read = 0
    yield _texts({heading: [] for heading in taken})
    with Client(source, secrets) as client:
        for page in client.pages(table, since):
            cells: dict[str, list[str | None]] = {}
            for heading, theirs in taken.items():
                cells[heading] = [_first(field(record, name) for name in theirs) for record in page]
                found |= {heading} if any(cell is not None for cell in cells[heading]) else set()
            read += len(page)
            yield _texts(cells)
    missing = [columns[name][0] for name in contract.required if columns[name][0] not in found]
    if read and missing and since is None:
        raise Outage(say("source_lacks", table=table.title, contract=contract.label, missing=listed(missing)))


def _first(cells: Iterator[str | None]) -> str | None:
    return next((cell for cell in cells if cell is not None), None)


def _texts(columns: dict[str, list[Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _fit(headings: list[str], table: Table, contract: Contract, contracts: Contracts) -> list[str]:
    """The headings of the contract's key. Raises ``Outage`` if the columns are not those of the contract."""
    known = heading_columns(contract)
    columns: dict[str, str] = {}
    for heading in headings:
        column = known.get(normal_heading(heading))
        if column and column in columns:
            raise Outage(say("source_column_twice", table=table.title, one=columns[column], other=heading))
        if column:
            columns[column] = heading
    if missing := [contract.columns[name].headings[0] for name in contract.required if name not in columns]:
        raise Outage(say("source_lacks", table=table.title, contract=contract.label, missing=listed(missing)))
    if table.incremental and table.heading(table.incremental.cursor) not in headings:
        raise Outage(say("source_no_cursor", table=table.title, cursor=table.incremental.cursor))
    fitting = recognise(Sheet.of("", [headings]), Headings(contracts)).tables
    if not fitting or fitting[0].contract.table != contract.table:
        raise Outage(say("source_other_table", table=table.title, contract=contract.label))
    return [columns[name] for name in contract.key]


class _Staging:
    """The rows of one table on their way, as text in a small DuckDB that spills to ``folder``: ``new`` what was read,
    ``old`` the snapshot before. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._scratch = folder / ".scratch"
        self._con = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(self._scratch)})
        self._con.execute("set TimeZone = 'Asia/Shanghai'")
        self.old: list[str] = []
        self._headings: list[str] = []
        self._keys: list[str] = []
        self._taking = ""

    def __enter__(self) -> "_Staging":
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def take_old(self, path: Path, sha256: str | None) -> None:
        """The snapshot before, if it is as it was written."""
        if sha256 is None or not path.exists() or sha256_of(path) != sha256:
            return
        with path.open(encoding="utf-8", newline="") as file:
            self.old = next(csv.reader(file))
        columns = ", ".join(f"{_literal(name)}: 'varchar'" for name in self.old)
        self._con.execute(
            f"create table old as select * from read_csv({_literal(str(path))}, columns = {{{columns}}}, "
            "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', max_line_size = 100000000)"
        )

    def since(self, table: Table) -> str | int | None:
        """The least value of the cursor that is asked for, by the snapshot before; None without one."""
        incremental = table.incremental
        if incremental is None or table.heading(incremental.cursor) not in self.old:
            return None
        cursor, kind = quoted(table.heading(incremental.cursor)), _cursor_type(table)
        ((largest,),) = self._con.execute(f"select arg_max({cursor}, try_cast({cursor} as {kind})) from old").fetchall()
        if largest is None:
            return None
        return before(largest, incremental.overlap)

    def begin(self, headings: list[str], keys: list[str], contract: Contract) -> None:
        """Take rows under these headings, of which ``keys`` tell them apart."""
        self._headings, self._keys = headings, keys
        known = heading_columns(contract)
        days = {name for name, column in contract.columns.items() if column.type in ("date", "month")}
        cells = [_local(h) if known.get(normal_heading(h)) in days else f"nullif({quoted(h)}, '')" for h in headings]
        self._taking = ", ".join(cells)
        self._con.execute(f"create or replace table new ({', '.join(f'{quoted(h)} varchar' for h in headings)})")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take rows."""
        self._con.register("batch", pa.Table.from_batches([batch]))
        self._con.execute(f"insert into new select {self._taking} from batch")
        self._con.unregister("batch")

    @property
    def conflicts(self) -> bool:
        """A key has two different rows."""
        query = f"select 1 from (select distinct * from new) group by {_list(self._keys)} having count(*) > 1 limit 1"
        return bool(self._con.execute(query).fetchall())

    def check_cursor(self, table: Table) -> None:
        """Raises ``Outage`` for a cursor that is neither a time nor a number, as its overlap says."""
        assert table.incremental
        cursor = quoted(table.heading(table.incremental.cursor))
        bad = f"{cursor} is not null and try_cast({cursor} as {_cursor_type(table)}) is null"
        query = f"select 1 from new where {bad} limit 1"
        if self._con.execute(query).fetchall():
            raise Outage(say("source_bad_cursor", table=table.title, cursor=table.incremental.cursor))

    def merge(self) -> None:
        """Add the rows of the snapshot before whose keys were not read again."""
        same = " and ".join(f"new.{quoted(key)} = old.{quoted(key)}" for key in self._keys)
        self._con.execute(f"insert into new select * from old where not exists (select 1 from new where {same})")

    @property
    def changes(self) -> Changes:
        """What differs from the snapshot before."""
        ((rows,),) = self._con.execute("select count(*) from (select distinct * from new)").fetchall()
        if not set(self._keys) <= set(self.old):
            return Changes(rows, rows, 0, 0)
        key, cells = _list(self._keys), _list(sorted(set(self._headings) & set(self.old)))
        one = "select {key}, sum(hash({cells})) as cells from (select distinct {cells} from {table}) group by {key}"
        parts = (one.format(key=key, cells=cells, table=table) for table in ("new", "old"))
        same = " and ".join(f"new.{quoted(key)} is not distinct from old.{quoted(key)}" for key in self._keys)
        query = (
            "select count(*) filter (old.cells is null), count(*) filter (new.cells is null), "
            "count(*) filter (new.cells <> old.cells) from ({}) as new full join ({}) as old on {}"
        ).format(*parts, same)
        ((came, vanished, changed),) = self._con.execute(query).fetchall()
        return Changes(rows, came, vanished, changed)

    def write(self, path: Path) -> str:
        """Write what is to be the snapshot; gives its SHA-256."""
        order = _list(list(dict.fromkeys([*self._keys, *self._headings])))
        self._con.execute(
            f"copy (select distinct * from new order by {order}) to {_literal(str(path))} "
            "(format csv, header, delimiter ',', quote '\"', escape '\"')"
        )
        return sha256_of(path)


def before(largest: str, overlap: dt.timedelta | int) -> str | int:
    """A cursor's value so much below the largest, written as that one is.

    Raises ``Outage`` for one that is neither a number nor a date or time.
    """
    try:
        if isinstance(overlap, int):
            return int(largest) - overlap
        moment = dt.datetime.fromisoformat(largest) - overlap
    except (ValueError, OverflowError):
        raise Outage(say("source_bad_cursor_value")) from None
    if len(largest) <= len("2023-01-01"):
        return moment.date().isoformat()
    said = moment.isoformat(largest[10], "seconds")
    return said.removesuffix("+00:00") + "Z" if largest.endswith("Z") else said


def _cursor_type(table: Table) -> str:
    assert table.incremental
    return "hugeint" if isinstance(table.incremental.overlap, int) else "timestamptz"


def _local(heading: str) -> str:
    """A moment with its zone as the office's date and time; anything else as it is."""
    cell = quoted(heading)
    local = f"cast(timezone('Asia/Shanghai', try_cast({cell} as timestamptz)) as varchar)"
    return f"case when regexp_full_match({cell}, '{_ZONED}') then coalesce({local}, {cell}) else nullif({cell}, '') end"


def _list(headings: list[str]) -> str:
    return ", ".join(map(quoted, headings))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
