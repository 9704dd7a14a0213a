"""A marked workbook from a file that is no .xlsx: the sheets as they were read, every cell as text in its place."""

import datetime as dt
import io
from collections.abc import Sequence

import xlsxwriter

from kaohe.book import sheet_name
from kaohe.marking.listing import WIDTHS, address, cells_of, headings, lines, lines_high, location, title
from kaohe.marking.mark import AUTHOR, RED, Mark
from kaohe.sources.files import Sheet, read_sheets
from kaohe.words import say

_WIDEST = 40
_AS_TEXT = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}


def rebuild(name: str, data: bytes, marks: Sequence[Mark]) -> bytes:
    """The workbook. Raises ``Unreadable`` for a file that cannot be read."""
    sheets = read_sheets(name, data)
    taken = {sheet.name for sheet in sheets}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _AS_TEXT) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        first = book.add_worksheet(free_name(say("marked_sheet"), taken))
        named: dict[str, str] = {}
        for sheet in sheets:
            wanted = sheet_name(sheet.name.strip("'") or say("marked_data"))
            named[sheet.name] = free_name(wanted, {first.name, *named.values()})
        _list(book, first, marks, named)
        red = book.add_format({"bg_color": f"#{RED[2:]}", "num_format": "@", "text_wrap": True})
        plain = book.add_format({"num_format": "@"})
        for sheet in sheets:
            written = book.add_worksheet(named[sheet.name])
            if sheet.hidden:
                written.hide()
            _write(written, sheet, [mark for mark in marks if mark.sheet == sheet.name], red, plain)
    return buffer.getvalue()


def free_name(wanted: str, taken: set[str]) -> str:
    """A sheet's name that no other sheet has."""
    number, name = 2, wanted
    while name.lower() in {other.lower() for other in taken}:
        end = f" ({number})"
        name, number = wanted[: 31 - len(end)] + end, number + 1
    return name


def _list(
    book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, marks: Sequence[Mark], named: dict[str, str]
) -> None:
    bold = book.add_format({"bold": True, "font_size": 14})
    head = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1, "text_wrap": True, "valign": "vcenter"})
    body = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "num_format": "@"})
    link = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "font_color": "#0563C1", "underline": 1})
    sheet.write_string(0, 0, title(marks), bold)
    for column, (text, width) in enumerate(zip(headings(), WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(2, column, text, head)
    for row, (mark, cells) in enumerate(zip(marks, lines(marks), strict=False), start=3):
        sheet.set_row(row, 15 * lines_high(cells))
        for column, text in enumerate(cells):
            sheet.write_string(row, column, text, body)
        if (
            mark.row is not None and mark.sheet in named and row < 60_000
        ):  # Excel takes no more than 65,530 links on a sheet
            sheet.write_url(row, 2, f"internal:{location(mark, named[mark.sheet])}", link, address(mark))
    sheet.freeze_panes(3, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.activate()


def _write(
    written: xlsxwriter.worksheet.Worksheet,
    sheet: Sheet,
    marks: Sequence[Mark],
    red: xlsxwriter.format.Format,
    plain: xlsxwriter.format.Format,
) -> None:
    said = cells_of(marks, sheet.merged)
    bad = {(row - 1, column) for row, column in said}
    widths: dict[int, int] = {}
    for (top, left), (bottom, right) in sheet.merged:
        if (bottom, right) != (top, left):
            written.merge_range(top, left, bottom, right, "", plain)
    for row, cells in enumerate(sheet.rows):
        for column, text in enumerate(cells):
            if text:
                written.write_string(row, column, text, red if (row, column) in bad else plain)
                widths[column] = max(widths.get(column, 8), max(_width(line) for line in text.split("\n")))
    for row, column in bad:
        if not sheet.rows.cell(row, column):
            written.write_blank(row, column, None, red)
    for column, width in widths.items():
        written.set_column(column, column, min(width + 2, _WIDEST))
    for (row, column), note in said.items():
        if note is not None:
            written.write_comment(row - 1, column, note, {"author": AUTHOR, "x_scale": 2.0})


def _width(text: str) -> int:
    return sum(2 if ord(mark) > 0x2E80 else 1 for mark in text)
