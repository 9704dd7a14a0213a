"""A mark on a workbook: what is wrong in a cell, a row, a sheet or a file."""

from dataclasses import dataclass

#: So many notes a sheet gets at most; Excel becomes slow beyond. The cells are red all the same.
MOST_NOTES = 5_000
#: So many problems the first sheet lists at most.
MOST_LINES = 1_000_000
AUTHOR = "kaohe"
#: The red of our cells, by which they are known again.
RED = "FFFFB3B8"


@dataclass(frozen=True)
class Mark:
    """One problem. ``sheet``: its name in the file ('' for a CSV); ``row`` from 1 and ``column`` from 0, None where it
    is about the row, the sheet or the file as a whole. ``value``: the cell as it is."""

    sheet: str
    row: int | None
    column: int | None
    value: str | None
    problem: str
    remedy: str
