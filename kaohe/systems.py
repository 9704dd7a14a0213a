"""The systems of the work plan: what each reads and what it comes out as, from the current publication."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kaohe.publication import SNAPSHOT, in_force


@dataclass(frozen=True)
class System:
    """One row of the work plan. ``rows_read``: trusted records of its tables; ``outputs``: kind, name, title, model
    (the SQL or command behind it) and weight; ``status``: scored, shown, bonus, alert, scheme or no_data."""

    number: int
    system: str
    tables: list[str]
    rows_read: int
    weight: str
    outputs: list[dict[str, Any]]
    status: str


def systems(home: Path, year: int | None = None) -> list[System]:
    """All systems, in the work plan's order. Raises ``KaoheError`` if nothing was published for ``year`` yet."""
    publication = in_force(home, year)
    with duckdb.connect(str(publication / SNAPSHOT), read_only=True) as con:
        rows = con.sql("select number, system, tables, rows_read, weight, outputs, status from systems order by number")
        return [
            System(number, system, tables, rows_read, str(weight), [_plain(output) for output in outputs], status)
            for number, system, tables, rows_read, weight, outputs, status in rows.fetchall()
        ]


def _plain(output: dict[str, Any]) -> dict[str, Any]:
    return output | {"weight": str(output["weight"])}
