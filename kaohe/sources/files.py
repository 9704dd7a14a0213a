"""Workbooks and CSV files → sheets of text cells that keep their positions.

python-calamine reads every workbook format; only it and the csv module touch the bytes. What cannot be read is an
``Unreadable`` with one sentence for the clerk.
"""

import csv
import datetime as dt
import io
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath

import python_calamine as calamine

from kaohe.errors import Unreadable

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods")
TEXT_FILES = (".csv", ".tsv")

_OLE = b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",\t;|"
csv.field_size_limit(2**31 - 1)
_END = "\x1e"
_BLANK = " \t\r\n\f\v\u00a0\u3000\u200b\ufeff"


@dataclass(frozen=True)
class Sheet:
    """A sheet as text: ``rows[0]`` is row 1 and ``rows[r][0]`` column A; a blank cell is ''."""

    name: str
    rows: list[list[str]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    hidden: bool = False


def read_sheets(name: str, data: bytes) -> list[Sheet]:
    """The sheets of a file with this name and these bytes; a CSV is one sheet named ''.

    Raises ``Unreadable`` for an empty, locked or broken file, an archive that is no workbook, a kind of file that
    is not read, text in no known encoding, or text with NUL characters.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in WORKBOOKS + TEXT_FILES:
        raise Unreadable("file_kind", file=name)
    if not data.strip():
        raise Unreadable("file_empty", file=name)
    if suffix in WORKBOOKS:
        return _workbook(name, data)
    return [Sheet("", _csv_rows(name, _decode(name, data)))]


def _workbook(name: str, data: bytes) -> list[Sheet]:
    try:
        with calamine.load_workbook(io.BytesIO(data)) as book:
            return [
                _sheet(book.get_sheet_by_index(index), meta.visible != calamine.SheetVisibleEnum.Visible)
                for index, meta in enumerate(book.sheets_metadata)
                if meta.typ == calamine.SheetTypeEnum.WorkSheet
            ]
    except calamine.PasswordError as error:
        raise Unreadable("file_locked", file=name) from error
    except BaseException as error:
        # calamine panics on some damaged files, and a panic is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if data.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in data:
            raise Unreadable("file_locked", file=name) from error
        if _is_archive(data):
            raise Unreadable("file_not_workbook", file=name) from error
        raise Unreadable("file_broken", file=name) from error


def _is_archive(data: bytes) -> bool:
    """A zip archive that is whole but holds no office document."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not {"[Content_Types].xml", "mimetype"} & set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def _sheet(sheet: calamine.CalamineSheet, hidden: bool) -> Sheet:
    rows = [[cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    return Sheet(sheet.name, rows, sheet.merged_cell_ranges or [], hidden)


def cell_text(cell: object) -> str:
    """What a cell shows, plainly: no surrounding blanks, 12.0 as 12, 15 digits as in Excel, ISO dates."""
    match cell:
        case str():
            return cell.strip(_BLANK)
        case bool():
            return str(cell).upper()
        case float():
            return f"{cell:.0f}" if cell.is_integer() else f"{Decimal(f'{cell:.15g}'):f}"
        case dt.datetime():
            return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
        case dt.date() | dt.time():
            return cell.isoformat()
        case None:
            return ""
        case _:
            return str(cell)


def _decode(name: str, data: bytes) -> str:
    """Text of a CSV: UTF-16 by its byte order mark, else strictly UTF-8, else GB 18030 (which holds GBK)."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise Unreadable("file_nul", file=name, row=text.count("\n", 0, text.index("\0")) + 1)
        return text
    raise Unreadable("file_encoding", file=name)


def _csv_rows(name: str, text: str) -> list[list[str]]:
    """Rows as Excel would show them. Raises ``Unreadable`` for a quote that is never closed: it swallows all below."""
    mark = max(_DELIMITERS, key=lambda mark: _evenness(text, mark))
    ended = text if text.endswith(("\n", "\r")) else f"{text}\n"
    *rows, last = csv.reader(io.StringIO(ended + _END, newline=""), delimiter=mark)
    if last != [_END]:
        raise Unreadable("file_quote", file=name)
    return [[cell.strip(_BLANK) for cell in row] for row in rows]


def _evenness(text: str, mark: str) -> tuple[int, int]:
    """How well a delimiter cuts the first lines: how many of them into the same number of cells, and how many cells.
    A mark that only separates the elements of lists cuts unevenly."""
    widths = Counter(map(len, csv.reader(text[:65536].splitlines()[:50], delimiter=mark)))
    return max(((rows, width) for width, rows in widths.items() if width > 1), default=(0, 0))
