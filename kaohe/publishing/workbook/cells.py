"""How formulas name cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from xlsxwriter.utility import quote_sheetname, xl_range_abs, xl_rowcol_to_cell

#: The first row below the headings of a sheet.
TOP = 3


@dataclass(frozen=True)
class Sheet:
    """A sheet that formulas of others name."""

    name: str

    def cell(self, row: int, column: int) -> str:
        """A cell, from anywhere."""
        return f"{quote_sheetname(self.name)}!{xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)}"

    def column(self, column: int, first: int, last: int) -> str:
        """The rows of a column, from anywhere."""
        return f"{quote_sheetname(self.name)}!{xl_range_abs(first, column, last, column)}"


def cell(row: int, column: int, fixed: bool = False) -> str:
    """A cell of the same sheet. ``fixed``: its row stays when the formula is copied down."""
    return str(xl_rowcol_to_cell(row, column, row_abs=fixed))


def across(row: int, columns: Iterable[int]) -> str:
    """Cells of a row of the same sheet, to be summed: neighbours as ranges."""
    return _joined([(row, column) for column in columns])


def down(column: int, rows: Iterable[int]) -> str:
    """Cells of a column of the same sheet, to be summed: neighbours as ranges."""
    return _joined([(row, column) for row in rows])


def _joined(cells: list[tuple[int, int]]) -> str:
    runs = [[cells[0]]]
    for one, other in pairwise(cells):
        if abs(other[0] - one[0]) + abs(other[1] - one[1]) == 1:
            runs[-1].append(other)
        else:
            runs.append([other])
    ends = [(cell(*run[0]), cell(*run[-1])) for run in runs]
    return ",".join(first if first == last else f"{first}:{last}" for first, last in ends)


def literal(text: str) -> str:
    """A word of ours in a formula."""
    return '"' + text.replace('"', '""') + '"'
