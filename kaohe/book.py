"""A workbook whose sheets are plain tables: what every .xlsx that people receive is made with."""

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from kaohe.words import say

_FONT = "Microsoft YaHei"
#: Colour bands, best grade first (fill, text).
_BANDS = [("#C6E0B4", "#1E4620"), ("#DDEBF7", "#1F3864"), ("#FFF2CC", "#5B4500"), ("#F8CBAD", "#6B1D00")]
_EPOCH = dt.datetime(2000, 1, 1)
_WIDEST, _NARROWEST = 60, 6
_LINE, _MOST_LINES = 14, 12
_LONGEST = 32767  # characters in a cell


class Book:
    """A workbook whose sheets are plain tables: a title, a frozen heading, typed columns that are wide enough."""

    def __init__(self, path: Path, title: str) -> None:
        self.book = xlsxwriter.Workbook(
            str(path),
            {
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        # Fixed, so that the same scores give the same bytes.
        self.book.set_properties({"title": title, "author": "kaohe", "created": _EPOCH})
        base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter"}
        self.formats = {
            "title": self.book.add_format(base | {"bold": True, "font_size": 14}),
            "note": self.book.add_format(base | {"font_color": "#595959"}),
            "heading": self.book.add_format(
                base
                | {
                    "bold": True,
                    "bg_color": "#1F3864",
                    "font_color": "#FFFFFF",
                    "border": 1,
                    "border_color": "#BFBFBF",
                    "text_wrap": True,
                    "align": "center",
                }
            ),
            "text": self.book.add_format(base | {"border": 1, "border_color": "#D9D9D9"}),
            "wrap": self.book.add_format(base | {"border": 1, "border_color": "#D9D9D9", "text_wrap": True}),
            "whole": self.book.add_format(base | {"border": 1, "border_color": "#D9D9D9", "align": "center"}),
            "points": self.book.add_format(base | {"border": 1, "border_color": "#D9D9D9", "num_format": "0.00"}),
        }
        self.bands = [
            self.book.add_format(
                base
                | {
                    "border": 1,
                    "border_color": "#D9D9D9",
                    "bg_color": fill,
                    "font_color": ink,
                    "align": "center",
                }
            )
            for fill, ink in _BANDS
        ]

    def sheet(
        self,
        name: str,
        title: str,
        note: str,
        headings: Sequence[str],
        rows: Sequence[Sequence[Any]],
        freeze_columns: int = 0,
        bands: dict[str, int] | None = None,
        single_line: int | None = None,
        number_formats: dict[int, str] | None = None,
    ) -> None:
        """Add a sheet. ``bands``: text of a cell → colour band; ``single_line``: the column whose text never wraps;
        ``number_formats``: column → how its numbers are shown, if not as they usually are."""
        sheet = self.book.add_worksheet(sheet_name(name))
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, title, self.formats["title"])
        sheet.write_string(1, 0, note, self.formats["note"])
        sheet.set_row(0, 24)
        sheet.set_row(2, 30)
        widths = []
        lengths = [[_length(value) for value in row] for row in rows]
        for column, heading in enumerate(headings):
            sheet.write_string(2, column, heading, self.formats["heading"])
            shown = [length[column] for length in lengths]
            widest = max([_length(heading) / (2 if len(heading) > 8 else 1), *shown])
            widths.append(max(_NARROWEST, min(_WIDEST, widest + 2)))
            sheet.set_column(column, column, widths[-1])
        wrapping = [column for column in range(len(headings)) if column != single_line]
        for number, (row, length) in enumerate(zip(rows, lengths, strict=True), start=3):
            lines = max(math.ceil((length[column] + 2) / widths[column]) for column in wrapping)
            if lines > 1:
                sheet.set_row(number, _LINE * min(lines, _MOST_LINES))
            for column, value in enumerate(row):
                if number_formats and column in number_formats and value is not None:
                    shown = self._number(number_formats[column])
                    write = sheet.write_string if isinstance(value, str) else sheet.write_number
                    write(number, column, value if isinstance(value, str) else float(value), shown)
                else:
                    self._cell(sheet, number, column, value, bands or {})
            if single_line is not None:
                sheet.write_string(number, single_line, str(row[single_line])[:_LONGEST], self.formats["text"])
        sheet.freeze_panes(3, freeze_columns)
        if rows:
            sheet.autofilter(2, 0, 2 + len(rows), len(headings) - 1)
        sheet.print_area(0, 0, 2 + len(rows), len(headings) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)
        sheet.set_footer("&C&P / &N")

    def _number(self, shown: str) -> Any:
        """The cell format that shows numbers like this."""
        if shown not in self.formats:
            base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter", "border": 1, "border_color": "#D9D9D9"}
            self.formats[shown] = self.book.add_format(base | {"num_format": shown, "align": "right"})
        return self.formats[shown]

    def _cell(self, sheet: Any, row: int, column: int, value: Any, bands: dict[str, int]) -> None:
        match value:
            case None:
                sheet.write_blank(row, column, None, self.formats["text"])
            case bool():
                sheet.write_string(row, column, say("yes") if value else "", self.formats["whole"])
            case int():
                sheet.write_number(row, column, value, self.formats["whole"])
            case Decimal() | float():
                sheet.write_number(row, column, float(value), self.formats["points"])
            case str() if value in bands:
                sheet.write_string(row, column, value, self.bands[min(bands[value], len(_BANDS) - 1)])
            case _:
                text = str(value)
                sheet.write_string(row, column, text[:_LONGEST], self.formats["wrap" if len(text) > 40 else "text"])


def sheet_name(name: str) -> str:
    """The name as a sheet may bear it."""
    return "".join("_" if mark in "[]:*?/\\" else mark for mark in name)[:31]


def _length(value: Any) -> float:
    """Width of a cell's text: a Chinese character is twice as wide as a digit."""
    if value is None:
        return 0
    text = f"{value:.2f}" if isinstance(value, float | Decimal) else str(value)
    wide = (len(text.encode()) - len(text)) // 2  # a Chinese character takes three bytes
    return 2 * wide + 1.1 * (len(text) - wide)
