"""What was recognised on a sheet, and what was not."""

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from kaohe.contracts import Contract
from kaohe.sources.details import FlawKind

LeftOutReason = Literal["title", "heading", "total", "note", "example", "empty"]
CellRule = FlawKind | Literal["layout_year"]


@dataclass(frozen=True)
class LeftOut:
    """A row that is no record: a title, heading, total, note, example, or one with nothing but its number."""

    row: int
    reason: LeftOutReason
    text: str


@dataclass(frozen=True)
class Refusal:
    """A sheet on which no table was recognised. ``fits``: the contracts that fit alike (two or more), else the
    nearest one with the required columns it lacks."""

    rows: int
    fits: list[Contract]
    nearest: Contract | None = None
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Position:
    """Where the cells of a column stand (``letters``), for the records ``at`` of these rows (from 1)."""

    column: str
    letters: str
    at: str | None
    first_row: int
    last_row: int


@dataclass(frozen=True)
class BadCell:
    """A cell that cannot be a value, whatever it says: a failed formula, a heading that does not hold in its year."""

    row: int
    at: str | None
    column: str
    rule: CellRule


@dataclass(frozen=True)
class FoundTable:
    """One table on a sheet.

    ``frame``: a line per record with ``_row`` (from 1), ``_at`` (the letter of the column where the record begins, if
    its row holds several), the columns of the contract as text, null where blank, and ``_extra`` (other cells as JSON).
    """

    contract: Contract
    frame: pl.DataFrame
    positions: list[Position]
    unknown_headings: list[str]
    bad_cells: list[BadCell]


@dataclass(frozen=True)
class Reading:
    """All that was found on a sheet."""

    tables: list[FoundTable]
    left_out: list[LeftOut]
    refusal: Refusal | None
