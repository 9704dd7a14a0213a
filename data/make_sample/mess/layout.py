"""How a file looks: its sheets, their headings, and the ways their cells are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from make_sample.truth import Entry


@dataclass(frozen=True)
class Percent:
    """A fraction in a cell formatted as a percentage."""

    value: float


@dataclass(frozen=True)
class Formula:
    """A formula with the value the spreadsheet last computed."""

    text: str
    value: float


Cell: TypeAlias = str | int | float | date | Percent | Formula | None


@dataclass(frozen=True)
class Style:
    """How one sheet writes its values; where several ways are named, each cell takes one at random."""

    dates: tuple[str, ...] = ("iso",)
    months: tuple[str, ...] = ("cn",)
    percent: str = "text"
    lists: tuple[str, ...] = ("、",)
    flags: str = "yes"
    names: tuple[str, ...] = ("full",)
    odd_numbers: bool = False  # full-width digits and thousands separators here and there
    blanks: bool = False  # a wide space in some empty cells


@dataclass(frozen=True)
class Sheet:
    """What one sheet holds and how it is laid out.

    `heads` names the columns, as ``heading=column``; ``group/heading=column`` puts a heading under a merged one; a
    heading alone is a column no contract knows.
    """

    name: str
    slots: tuple[str, ...] = ()
    heads: str = ""
    style: Style = Style()
    title: str = ""
    note: str = ""
    total: str = ""
    sections: bool = False
    blank_every: int = 0
    top: int = 0
    left: int = 0
    limit: int = 0
    copies: bool = False  # every row is here for the second time
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()  # record rows to hide, counted from 1
    text: tuple[str, ...] = ()  # a sheet that is no table
    below: bool = False  # stands under the table before it, on the same sheet


@dataclass(frozen=True)
class File:
    """One file: a workbook, or a text file when `encoding` is given."""

    path: str
    sheets: tuple[Sheet, ...]
    encoding: str = ""
    delimiter: str = ","
    same_as: str = ""  # written exactly like the file of that path


@dataclass(frozen=True)
class Line:
    """One line of a sheet: its kind, its cells, and the record it carries if it carries one."""

    kind: str  # record, title, header, section, total, note, blank, text
    cells: tuple[Cell, ...] = ()
    entry: Entry | None = None


@dataclass(frozen=True)
class Page:
    """A table laid out, line by line; `start` is the row of its first line, counted from 0."""

    sheet: Sheet
    lines: tuple[Line, ...]
    start: int = 0


@dataclass(frozen=True)
class Head:
    """One column: its heading, the column of the contract it stands for, and the merged heading over it."""

    heading: str
    column: str | None
    group: str | None


_HEAD = re.compile(r"(?:(?P<group>[^/=]+)/)?(?P<heading>[^/=]+)(?:=(?P<column>\w+))?$")


def heads_of(sheet: Sheet) -> list[Head]:
    """The columns of a sheet, from left to right."""
    found = [_HEAD.match(part) for part in sheet.heads.split()]
    return [Head(m["heading"], m["column"], m["group"]) for m in found if m]
