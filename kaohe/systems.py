"""The systems of the work plan: what each reads and what it comes out as, from the current publication; before there
is one, from the scheme, without counts."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.publication import SNAPSHOT, in_force

_QUESTION = "select number, system, tables, rows_read, weight, outputs, status from systems order by number"


@dataclass(frozen=True)
class System:
    """One row of the work plan. ``rows_read``: trusted records of its tables, None before any run. ``outputs``: kind,
    name, title, model (the SQL or command behind it) and weight. ``status``: scored, shown, bonus, alert, scheme or
    no_data."""

    number: int
    system: str
    tables: list[str]
    rows_read: int | None
    weight: str
    outputs: list[dict[str, Any]]
    status: str


def systems(home: Path, year: int | None = None) -> list[System]:
    """All systems, in the work plan's order. Raises ``KaoheError`` if there is no scheme to go by either."""
    try:
        publication = in_force(home, year)
    except KaoheError as error:
        if error.key != "nothing_published":
            raise
        return _by_the_scheme(home, year)
    with duckdb.connect(str(publication / SNAPSHOT), read_only=True) as con:
        return _read(con.sql(_QUESTION).fetchall())


def _by_the_scheme(home: Path, year: int | None) -> list[System]:
    """What each system would read: of ``year``, or of the latest year that has a scheme."""
    # Most offices have a publication, and do without Polars here.
    from kaohe import scoring  # brings in Polars
    from kaohe.contracts import load_contracts
    from kaohe.scheme import load_scheme, load_scheme_of
    from kaohe.warehouse import Engine

    project = Project.find()
    path = project.scheme(year, home) if year else project.schemes(home)[-1]
    scheme = load_scheme_of(year, path, home) if year else load_scheme(path)
    engine = Engine(duckdb.connect())
    scoring.lay_out_systems(engine, project, load_contracts(project.expectations), scheme)
    return [replace(system, rows_read=None) for system in _read(engine.rows(_QUESTION))]


def _read(rows: list[tuple[Any, ...]]) -> list[System]:
    return [
        System(number, system, tables, rows_read, str(weight), [_plain(output) for output in outputs], status)
        for number, system, tables, rows_read, weight, outputs, status in rows
    ]


def _plain(output: dict[str, Any]) -> dict[str, Any]:
    return output | {"weight": str(output["weight"])}
