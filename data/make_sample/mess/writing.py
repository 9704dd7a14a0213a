"""Writing the files, always with the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

from make_sample.chance import CREATED
from make_sample.mess.drawers import plan
from make_sample.mess.layout import Cell, File, Formula, Head, Page, Percent, heads_of
from make_sample.truth import Truth


def write(truth: Truth, out_dir: Path) -> list[Path]:
    """Write every file under `out_dir`, over the ones written before; nothing else there is touched."""
    written = []
    for file, pages in plan(truth):
        path = out_dir / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if file.encoding:
            path.write_bytes(_text_bytes(file, pages))
        else:
            _write_workbook(path, pages)
        written.append(path)
    return written


def _text_bytes(file: File, pages: Sequence[Page]) -> bytes:
    buffer = io.StringIO()
    rows = csv.writer(buffer, delimiter=file.delimiter, lineterminator="\r\n")
    for line in (line for page in pages for line in page.lines):
        rows.writerow([_as_text(cell) for cell in line.cells])
    text = buffer.getvalue()
    if file.encoding == "utf-16":
        return b"\xff\xfe" + text.encode("utf-16-le")  # the same bytes on any machine
    return text.encode(file.encoding)


def _as_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Percent() | Formula():
            return _as_text(cell.value)
        case float():
            return f"{cell:.10g}"
        case _:
            return str(cell)


def _write_workbook(path: Path, pages: Sequence[Page]) -> None:
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"created": CREATED})
    formats = {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center"}),
        "header": book.add_format({"bold": True, "align": "center", "valign": "vcenter", "border": 1}),
        "percent": book.add_format({"num_format": "0.00%"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "month": book.add_format({"num_format": 'yyyy"年"m"月"'}),
    }
    used: set[str] = set()
    sheet = None
    for number, page in enumerate(pages, 1):
        if sheet is not None and page.sheet.below:
            _write_page(sheet, page, formats)
            continue
        name = page.sheet.name if page.sheet.name not in used else f"{page.sheet.name}{number}"
        used.add(name)
        sheet = book.add_worksheet(name)
        if page.sheet.hidden:
            sheet.hide()
        _write_page(sheet, page, formats)
    book.get_worksheet_by_name(pages[-1 if pages[0].sheet.text else 0].sheet.name).activate()
    book.close()


def _write_page(sheet: xlsxwriter.worksheet.Worksheet, page: Page, formats: Mapping[str, object]) -> None:
    heads = heads_of(page.sheet)
    left = page.sheet.left
    headers = [row for row, line in enumerate(page.lines, page.start) if line.kind == "header"]
    records = 0
    for row, line in enumerate(page.lines, page.start):
        if line.kind in ("title", "section", "note"):
            style = formats["title"] if line.kind == "title" else None
            sheet.merge_range(row, left, row, left + len(heads) - 1, line.cells[left], style)
            continue
        if line.kind == "header":
            if row == headers[0]:
                _write_header(sheet, heads, headers, left, formats["header"])
            continue
        if line.kind == "record":
            records += 1
            if records in page.sheet.hidden_rows:
                sheet.set_row(row, None, None, {"hidden": True})
        for place, cell in enumerate(line.cells):
            is_month = place >= left and line.kind == "record" and heads[place - left].column == "period"
            _write_cell(sheet, row, place, cell, formats, formats["month" if is_month else "date"])


def _write_header(
    sheet: xlsxwriter.worksheet.Worksheet, heads: Sequence[Head], rows: Sequence[int], left: int, style: object
) -> None:
    """One heading row, or two with merged cells: groups across, the others down."""
    top, bottom = rows[0], rows[-1]
    for place, head in enumerate(heads):
        column = left + place
        if top == bottom:
            sheet.write_string(top, column, head.heading, style)
        elif head.group is None:
            sheet.merge_range(top, column, bottom, column, head.heading, style)
        else:
            members = [n for n, other in enumerate(heads) if other.group == head.group]
            if place == members[0]:
                sheet.merge_range(top, column, top, left + members[-1], head.group, style)
            sheet.write_string(bottom, column, head.heading, style)


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    cell: Cell,
    formats: Mapping[str, object],
    date_format: object,
) -> None:
    match cell:
        case None:
            return
        case Percent():
            sheet.write_number(row, column, cell.value, formats["percent"])
        case Formula():
            sheet.write_formula(row, column, cell.text, None, cell.value)
        case date():
            sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), date_format)
        case str():
            sheet.write_string(row, column, cell)
        case _:
            sheet.write_number(row, column, cell)
