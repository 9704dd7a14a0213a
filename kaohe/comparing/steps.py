"""One step of a comparison: what differs between two snapshots that differ in one ingredient alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

import duckdb

from kaohe.contracts import Contract, Contracts
from kaohe.errors import KaoheError
from kaohe.people import MASK
from kaohe.project import Project
from kaohe.publication import SNAPSHOT
from kaohe.sqltext import literal, quoted
from kaohe.warehouse import as_sentences
from kaohe.words import say

#: In the order in which the ingredients are exchanged. ``together``: data and corrections that do not go one by one;
#: ``year``: everything, between two years.
Cause = Literal["code", "scheme", "corrections", "as_of", "data", "together", "year"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
#: What can differ of a unit beside its points.
THINGS = ("total", "rank", "grade", "veto", "status")
#: Causes that can change records. (Between two years nothing can be said of single records.)
_OF_RECORDS = ("code", "corrections", "as_of", "data", "together")

Amount = Decimal | None


@dataclass(frozen=True)
class Cell:
    """A cell of a record that reads otherwise: its heading, and what stood and stands there; people are masked."""

    heading: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Place:
    """Where a record stands."""

    file: str
    sheet: str
    row: int

    def __str__(self) -> str:
        return " · ".join(part for part in (self.file, self.sheet, say("row", row=self.row)) if part)


@dataclass(frozen=True)
class RecordChange:
    """A trusted record, by its key, that only one of two snapshots has or that differs in some cells.

    ``before`` and ``after``: where it stands, None where it does not count; ``set_aside``: why the other snapshot has
    a record of this key in quarantine; ``recs``: its ``_rec`` before and after.
    """

    table: str
    title: str
    key: str
    unit_id: str | None
    before: Place | None
    after: Place | None
    cells: tuple[Cell, ...] = ()
    set_aside: str | None = None
    recs: tuple[str | None, str | None] = field(default=(None, None), repr=False)


@dataclass(frozen=True)
class ItemChange:
    """An item of the evidence before and after, with the changed records behind it; all None where it is not there."""

    unit_id: str
    indicator: str
    item: str
    due: tuple[Amount, Amount]
    done: tuple[Amount, Amount]
    lost: tuple[Amount, Amount]
    records: tuple[RecordChange, ...] = ()


@dataclass(frozen=True)
class Corrected:
    """A correction that only one of two snapshots has, ``withdrawn`` if it is the first."""

    title: str
    key: str
    heading: str
    before: str | None
    after: str | None
    document: str | None
    withdrawn: bool


@dataclass(frozen=True)
class Step:
    """What a cause changed. ``changed``: unit → thing → before and after, as text; a thing is one of ``THINGS`` or an
    indicator, whose points they are."""

    cause: Cause
    before: Path
    after: Path
    changed: dict[str, dict[str, tuple[str | None, str | None]]]
    items: tuple[ItemChange, ...] = ()
    records: tuple[RecordChange, ...] = ()
    corrected: tuple[Corrected, ...] = ()

    def change(self, unit: str, thing: str) -> Decimal:
        """By how much a total, points or a rank changed; what is not there counts as 0."""
        before, after = self.changed.get(unit, {}).get(thing, (None, None))
        return Decimal(after or 0) - Decimal(before or 0)


def step(cause: Cause, before: Path, after: Path, contracts: Contracts) -> Step:
    """What differs between the snapshots in two folders.

    Raises ``KaoheError`` for a snapshot of an older program that lacks what is compared.
    """
    with _both(before, after) as con:
        changed: dict[str, dict[str, tuple[str | None, str | None]]] = {}
        for _, unit, _, thing, _, was, now in _asked(con, "changed"):
            changed.setdefault(unit, {})[thing] = was, now
        if cause == "year":
            return Step(cause, before, after, changed)
        records = tuple(_records(con, contracts)) if cause in _OF_RECORDS else ()
        items = tuple(_items(con, records))
        corrected = tuple(_corrected(con, contracts)) if cause in _OF_RECORDS else ()
        return Step(cause, before, after, changed, items, records, corrected)


@contextmanager
def _both(before: Path, after: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection on which the later snapshot's tables go by their names, the earlier one's stand in ``earlier``."""
    with as_sentences(after / SNAPSHOT), duckdb.connect() as con:
        try:
            for folder, name in ((before, "earlier"), (after, "later")):
                con.execute(f"attach {literal(folder / SNAPSHOT)} as {name} (read_only)")
            con.execute("use later")
            yield con
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise KaoheError("compare_old", publication=f"{before.name}, {after.name}") from error


def _asked(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    """The rows of a query of sql/publications."""
    query = (Project.find().sql / "publications" / f"{name}.sql").read_text(encoding="utf-8")
    return con.execute(query).fetchall()


def _items(con: duckdb.DuckDBPyConnection, records: Sequence[RecordChange]) -> Iterator[ItemChange]:
    by_rec = [{record.recs[at]: record for record in records} for at in range(2)]
    tables: dict[str, set[str]] = {}
    for indicator, table in con.execute(
        "select indicator, table_name from measure_table union select indicator, table_name from earlier.measure_table"
    ).fetchall():
        tables.setdefault(indicator, set()).add(table)
    for unit, indicator, item, *numbers, recs_before, recs_after in _asked(con, "changed_items"):
        due, done, lost = ((numbers[at], numbers[at + 3]) for at in range(3))
        named = ((by_rec[at], rec) for at, recs in enumerate((recs_before, recs_after)) for rec in recs)
        behind = list(dict.fromkeys(known[rec] for known, rec in named if rec in known))
        if not behind:  # what is due comes from a registry, say: then what changed of the unit where the measure looks
            read = tables.get(indicator, set())
            behind = [record for record in records if record.unit_id == unit and record.table in read]
        yield ItemChange(unit, indicator, item, due, done, lost, tuple(behind))


def _columns(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """(snapshot, table) → its columns."""
    found: dict[tuple[str, str], list[str]] = {}
    for database, table, column in con.execute(
        "select database_name, table_name, column_name from duckdb_columns() "
        "where database_name in ('earlier', 'later') order by database_name, table_name, column_index"
    ).fetchall():
        found.setdefault((database, table), []).append(column)
    return found


def _records(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> Iterator[RecordChange]:
    columns = _columns(con)
    for table, contract in contracts.items():
        if {("earlier", table), ("later", table)} <= columns.keys():
            both = [name for name in columns["later", table] if name in columns["earlier", table]]
            yield from _records_of(con, contract, [name for name in both if name in contract.columns])


def _records_of(con: duckdb.DuckDBPyConnection, contract: Contract, columns: list[str]) -> Iterator[RecordChange]:
    """Records of a table, told apart by their keys, which no two trusted records share: a row that only moved is the
    same record. (Where a contract has another key than before, by their places.)"""
    keys = contract.key if set(contract.key) <= set(columns) else ["_rec"]
    was, now = ([f"cast({side}.{quoted(name)} as varchar)" for name in columns] for side in ("was", "now"))
    pairs = [tuple(f"cast({side}.{quoted(name)} as varchar)" for side in ("was", "now")) for name in keys]
    places = [f"{side}.{name}" for side in ("was", "now") for name in ("_file", "_sheet", "_row", "_rec")]
    aside = [_set_aside(contract, keys, *sides) for sides in (("was", "later"), ("now", "earlier"))]
    rows = con.execute(
        f"select {', '.join(places)}, case when now._rec is null then {aside[0]} when was._rec is null then {aside[1]} "
        f"end, {', '.join(was + now)} "
        f"from earlier.{contract.table} as was full join later.{contract.table} as now "
        f"on {' and '.join(f'{one} = {other}' for one, other in pairs)} "
        "where was._rec is null or now._rec is null or "
        f"{' or '.join(f'{one} is distinct from {other}' for one, other in zip(was, now, strict=True))} "
        f"order by {', '.join(f'coalesce({one}, {other})' for one, other in pairs)}"
    ).fetchall()
    for row in rows:
        yield _record_change(contract, columns, row[:4], row[4:8], row[8], row[9:])


def _set_aside(contract: Contract, keys: list[str], record: str, snapshot: str) -> str:
    """SQL: why a snapshot has the record's key in quarantine, where cells are as they were written."""
    same = [
        f"json_extract_string(aside.record, '$.{name}') = cast({record}.{quoted(name)} as varchar)" for name in keys
    ]
    return (
        f"(select min(aside.reason) from {snapshot}.quarantine as aside "
        f"where aside.table_name = {literal(contract.table)} and {' and '.join(same)})"
    )


def _record_change(
    contract: Contract,
    columns: list[str],
    was: tuple[Any, ...],
    now: tuple[Any, ...],
    reason: str | None,
    cells: tuple[str | None, ...],
) -> RecordChange:
    """``was`` and ``now``: file, sheet, row and ``_rec``; ``cells``: those of ``columns`` before, then after."""
    rec_before, rec_after = was[3], now[3]
    before = dict(zip(columns, cells[: len(columns)], strict=True))
    after = dict(zip(columns, cells[len(columns) :], strict=True))
    there = after if rec_after else before
    changed = [name for name in columns if rec_before and rec_after and before[name] != after[name]]
    return RecordChange(
        table=contract.table,
        title=contract.title,
        key="/".join(_masked(contract, name, there[name]) or "" for name in contract.key if name in there),
        unit_id=there.get("unit_id"),
        before=Place(*was[:3]) if rec_before else None,
        after=Place(*now[:3]) if rec_after else None,
        cells=tuple(
            Cell(
                contract.columns[name].headings[0],
                _masked(contract, name, before[name]),
                _masked(contract, name, after[name]),
            )
            for name in changed
        ),
        set_aside=reason,
        recs=(rec_before, rec_after),
    )


def _masked(contract: Contract, name: str, text: str | None) -> str | None:
    return MASK if contract.columns[name].type == "person" and text is not None else text


def _corrected(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> Iterator[Corrected]:
    cells = "table_name, record_key, column_name, before, after, source_doc"
    for withdrawn, side, other in ((True, "earlier", "later"), (False, "later", "earlier")):
        rows = con.execute(
            f"select {cells} from {side}.corrected except select {cells} from {other}.corrected order by all"
        ).fetchall()
        for table, key, column, before, after, document in rows:
            contract = contracts.get(table)
            spec = contract.columns.get(column) if contract else None
            title, heading = contract.title if contract else table, spec.headings[0] if spec else column
            yield Corrected(title, key, heading, before, after, document, withdrawn)
