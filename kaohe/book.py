"""A workbook whose sheets are plain tables: what every .xlsx that people receive is made with."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import xlsxwriter
from xlsxwriter.utility import xl_range

from kaohe.words import say

_FONT = "Microsoft YaHei"
#: Colour bands, best grade first (fill, text).
_BANDS = [("#C6E0B4", "#1E4620"), ("#DDEBF7", "#1F3864"), ("#FFF2CC", "#5B4500"), ("#F8CBAD", "#6B1D00")]
_LINED = {"border": 1, "border_color": "#D9D9D9"}
#: How cells look, by name; number_format and colours of what is shown as such.
_LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "note": {"font_color": "#595959"},
    "warning": {"bold": True, "font_color": "#C00000"},
    "heading": {
        "bold": True,
        "bg_color": "#1F3864",
        "font_color": "#FFFFFF",
        "border": 1,
        "border_color": "#BFBFBF",
        "text_wrap": True,
        "align": "center",
    },
    "text": _LINED,
    "wrap": _LINED | {"text_wrap": True},
    "whole": _LINED | {"align": "center"},
    "points": _LINED | {"num_format": "0.00"},
    "score": _LINED | {"num_format": "0.00", "align": "center"},
    "percent": _LINED | {"num_format": "0.0%", "align": "center"},
    **{
        f"band_{number}": _LINED | {"bg_color": fill, "font_color": ink, "align": "center"}
        for number, (fill, ink) in enumerate(_BANDS)
    },
}
#: A cell that a reader may change.
_INPUT = {"bg_color": "#FFF9DB", "border_color": "#BF9000", "font_color": "#1F4E9E"}
_EPOCH = dt.datetime(2000, 1, 1)
_WIDEST, _NARROWEST = 60, 6
_LINE, _MOST_LINES = 14, 12
_LONGEST = 32767  # characters in a cell
#: Text that begins like this would become a formula once somebody edits its cell, or opens a CSV with it.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Shown = Literal["text", "wrap", "whole", "points", "score", "percent"]


@dataclass(frozen=True)
class Formula:
    """A cell that is worked out: its formula, and the value it has now, which viewers show. ``shown``: as what."""

    text: str
    value: Any
    shown: Shown = "points"


@dataclass(frozen=True)
class Value:
    """A cell whose value does not say how it is shown."""

    value: Any
    shown: Shown = "points"


@dataclass(frozen=True)
class Input(Value):
    """A cell that a reader may change."""


class Book:
    """A workbook whose sheets are plain tables: a title, a frozen heading, typed columns that are wide enough."""

    def __init__(self, path: Path, title: str, live: bool = True) -> None:
        """``live``: formulas and input cells are written as such, else as plain values."""
        self.live = live
        self._names: set[str] = set()
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
        self._formats: dict[tuple[str, tuple[tuple[str, Any], ...]], Any] = {}

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
        page: Any = None,
    ) -> Any:
        """Add a sheet, and give it. ``bands``: text of a cell → colour band; ``single_line``: the column whose text
        never wraps; ``number_formats``: column → how its numbers are shown, if not as they usually are; ``page``: the
        sheet, if it has been added already."""
        sheet = page or self.page(self.claim(name))
        self.head(sheet, title, note)
        sheet.set_row(2, 30)
        widths = []
        lengths = [[_length(value) for value in row] for row in rows]
        for column, heading in enumerate(headings):
            self.text(sheet, 2, column, heading, "heading")
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
                    shown = self.format("text", align="right", num_format=number_formats[column])
                    write = sheet.write_string if isinstance(value, str) else sheet.write_number
                    write(number, column, value if isinstance(value, str) else float(value), shown)
                else:
                    self.cell(sheet, number, column, value, bands)
            if single_line is not None:
                self.text(sheet, number, single_line, str(row[single_line]), "text")
        sheet.freeze_panes(3, freeze_columns)
        if rows:
            sheet.autofilter(2, 0, 2 + len(rows), len(headings) - 1)
        if self.live and any(isinstance(value, Formula) for row in rows for value in row):
            whole = xl_range(3, 0, 2 + len(rows), len(headings) - 1)
            sheet.ignore_errors({"formula_differs": whole, "formula_range": whole})  # no green corners
        sheet.print_area(0, 0, 2 + len(rows), len(headings) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)
        sheet.set_footer("&C&P / &N")
        return sheet

    def widen(self, sheet: Any, first: int, last: int) -> None:
        """Many narrow columns under tall headings, printed side by side on as many pages as it takes, each with the
        columns before ``first``."""
        sheet.set_column(first, last - 1, 9)
        sheet.set_row(2, 75)
        sheet.repeat_columns(0, first - 1)
        sheet.set_print_scale(60)

    def claim(self, name: str) -> str:
        """The name that a sheet will bear: a legal one, and no other sheet's."""
        legal = sheet_name(name)
        claimed, number = legal, 1
        while claimed.casefold() in self._names:
            number += 1
            claimed = f"{legal[: 28 - len(str(number))]} ({number})"
        self._names.add(claimed.casefold())
        return claimed

    def page(self, claimed: str) -> Any:
        """A new sheet under a name that was claimed."""
        sheet = self.book.add_worksheet(claimed)
        sheet.hide_gridlines(2)
        return sheet

    def head(self, sheet: Any, title: str, note: str) -> None:
        """The title of a sheet, and the line below it."""
        self.text(sheet, 0, 0, title, "title")
        self.text(sheet, 1, 0, note, "note")
        sheet.set_row(0, 24)

    def text(self, sheet: Any, row: int, column: int, text: str, name: str, **more: Any) -> None:
        """Write a text, in the format ``name`` and more; it stays one when it looks like a formula and somebody edits
        it."""
        if text.startswith(FORMULA_SIGNS):
            more["quote_prefix"] = True
        sheet.write_string(row, column, text[:_LONGEST], self.format(name, **more))

    def format(self, name: str, **more: Any) -> Any:
        """The format of this name, and more."""
        key = (name, tuple(sorted(more.items())))
        if key not in self._formats:
            base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter"}
            self._formats[key] = self.book.add_format(base | _LOOKS[name] | more)
        return self._formats[key]

    def band(self, number: int) -> Any:
        """The format of a colour band as a conditional format has it."""
        fill, ink = _BANDS[min(number, len(_BANDS) - 1)]
        return self.book.add_format({"bg_color": fill, "font_color": ink})

    def cell(self, sheet: Any, row: int, column: int, value: Any, bands: dict[str, int] | None = None) -> None:
        """Write a value, a formula or an input cell."""
        match value:
            case Formula() if self.live:
                sheet.write_formula(row, column, value.text, self.format(value.shown), _plain(value.value))
            case Formula() | Value():
                more = _INPUT if self.live and isinstance(value, Input) else {}
                plain = _plain(value.value)
                if plain == "":
                    sheet.write_blank(row, column, None, self.format(value.shown, **more))
                elif isinstance(plain, str):
                    name = f"band_{min(bands[plain], len(_BANDS) - 1)}" if bands and plain in bands else value.shown
                    self.text(sheet, row, column, plain, name, **more)
                else:
                    sheet.write_number(row, column, plain, self.format(value.shown, **more))
            case None:
                sheet.write_blank(row, column, None, self.format("text"))
            case bool():
                sheet.write_string(row, column, say("yes") if value else "", self.format("whole"))
            case int():
                sheet.write_number(row, column, value, self.format("whole"))
            case Decimal() | float():
                sheet.write_number(row, column, float(value), self.format("points"))
            case str() if bands and value in bands:
                self.text(sheet, row, column, value, f"band_{min(bands[value], len(_BANDS) - 1)}")
            case _:
                text = str(value)
                self.text(sheet, row, column, text, "wrap" if len(text) > 40 else "text")


def sheet_name(name: str) -> str:
    """The name as a sheet may bear it."""
    legal = "".join("_" if mark in "[]:*?/\\" or mark < " " else mark for mark in name)[:31]
    if legal[:1] in ("", "'") or legal.endswith("'") or legal.casefold() == "history":
        legal = f"_{legal.strip(chr(39))}"[:31]
    return legal


def _plain(value: Any) -> Any:
    """The value as a worksheet keeps it: numbers, else text."""
    match value:
        case None:
            return ""
        case bool():
            return say("yes") if value else ""
        case Decimal():
            return float(value)
    return value


def _length(value: Any) -> float:
    """Width of a cell's text: a Chinese character is twice as wide as a digit."""
    if isinstance(value, Formula | Value):
        value = value.value
    if value is None:
        return 0
    text = f"{value:.2f}" if isinstance(value, float | Decimal) else str(value)
    wide = (len(text.encode()) - len(text)) // 2  # a Chinese character takes three bytes
    return 2 * wide + 1.1 * (len(text) - wide)
