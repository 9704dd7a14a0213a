"""The first sheet of a marked workbook, and the notes on its cells, as text."""

import re
from collections.abc import Sequence
from itertools import product

from xlsxwriter.utility import xl_col_to_name

from kaohe.marking.mark import AUTHOR, MOST_LINES, MOST_NOTES, Mark
from kaohe.sources.details import Merged
from kaohe.sources.our_list import LIST_HEADINGS
from kaohe.words import say

#: Notes of ours are known by it.
NOTE_BEGINS = f"{AUTHOR}：\n"
_LONGEST_NOTE = 30_000
WIDTHS = (6, 18, 10, 24, 52, 52)


def address(mark: Mark) -> str:
    """The cell (B5), or the row (5)."""
    return f"{'' if mark.column is None else xl_col_to_name(mark.column)}{mark.row or ''}"


def location(mark: Mark, sheet: str) -> str:
    """Where a link to the cell, or to the row, leads; ``sheet``: what its sheet is called."""
    named = sheet.replace("'", "''")
    return f"'{named}'!{address(mark) if mark.column is not None else f'A{mark.row}'}"


def title(marks: Sequence[Mark]) -> str:
    """The first line: how many problems there are, and that some may have no note."""
    per_sheet = max((sum(mark.sheet == sheet for mark in marks) for sheet in {mark.sheet for mark in marks}), default=0)
    more = say("marked_no_notes", count=MOST_NOTES) if per_sheet > MOST_NOTES else ""
    return (say("marked_title", count=len(marks)) if marks else say("marked_nothing")) + more


def headings() -> list[str]:
    return [say(f"marked_{name}") for name in LIST_HEADINGS]


def lines(marks: Sequence[Mark]) -> list[list[str]]:
    """A row for each problem."""
    return [
        [str(number), mark.sheet, address(mark), mark.value or "", mark.problem, mark.remedy]
        for number, mark in enumerate(marks[:MOST_LINES], start=1)
    ]


def lines_high(cells: Sequence[str]) -> int:
    """How many lines the row of the list needs: a Chinese character is as wide as two others."""
    wide = (sum(2 if ord(mark) > 0x2E80 else 1 for mark in text) for text in cells)
    return min(20, max(1, *(-(-width // (room - 1)) for width, room in zip(wide, WIDTHS, strict=True))))


def cells_of(marks: Sequence[Mark], merged: Merged) -> dict[tuple[int, int], str | None]:
    """(row from 1, column from 0) of each cell to mark → what its note says, None beyond so many. Of merged cells the
    first one shows, so it is marked."""
    places = {(mark.row, mark.column) for mark in marks if mark.row is not None and mark.column is not None}
    first: dict[tuple[int, int], tuple[int, int]] = {}
    for (top, left), (bottom, right) in merged:
        rows, columns = range(top + 1, bottom + 2), range(left, right + 1)
        near = places if len(places) < len(rows) * len(columns) else product(rows, columns)
        first |= {place: (top + 1, left) for place in near if place[0] in rows and place[1] in columns}
    said: dict[tuple[int, int], str | None] = {}
    for mark in marks:
        if mark.row is not None and mark.column is not None:
            text = say("sentences", one=mark.problem, other=mark.remedy) if mark.remedy else mark.problem
            place = first.get((mark.row, mark.column), (mark.row, mark.column))
            if before := said.get(place):
                if text not in before.split("\n") and len(before) + len(text) < _LONGEST_NOTE:
                    said[place] = f"{before}\n{text}"
            else:
                said[place] = NOTE_BEGINS + text if len(said) < MOST_NOTES else None
    return said


def legal(text: str) -> str:
    """Without the marks that XML does not allow, and no longer than a cell may be."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)[:32_000]
