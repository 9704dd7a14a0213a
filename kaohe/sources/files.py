"""Workbooks and CSV files → sheets of text cells that keep their positions.

python-calamine reads every workbook format, Arrow every text; details.py adds what calamine does not tell, and
openpyxl reads the rare sheet whose few cells lie too far apart for calamine. What cannot be read is an ``Unreadable``
with one sentence for the clerk.
"""

import codecs
import csv as text_csv
import datetime as dt
import io
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from pathlib import PurePath

import polars as pl
import pyarrow as pa
import python_calamine as calamine
from pyarrow import csv

from kaohe.errors import Unreadable
from kaohe.sources.details import BROKEN, ERRORS, Details, FlawKind, Merged, details_of, refuse_bomb
from kaohe.sources.rows import ROW, Rows, filled, numbered

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods")
TEXT_FILES = (".csv", ".tsv")

_OLE = b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",\t;|"
text_csv.field_size_limit(2**31 - 1)
_END = "\x1e"
_PIECE = 2**20
#: A row is never longer than this, in bytes.
_BLOCK = 2**23
#: calamine fills in every cell between the first and the last, 32 bytes each.
_MOST_CELLS = 40_000_000


@dataclass(frozen=True)
class Sheet:
    """A sheet as text: ``rows[0]`` is row 1 and ``rows[r][0]`` column A; a blank cell is ''.

    ``flaws``: (row, column), both from 0 → why the text of the cell is no value. ``hidden_rows``: how many of its rows
    that hold anything are hidden.
    """

    name: str
    rows: Rows
    merged: Merged = field(default_factory=list)
    hidden: bool = False
    hidden_rows: int = 0
    flaws: dict[tuple[int, int], FlawKind] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, rows: Iterable[Sequence[str]], merged: Merged | None = None) -> "Sheet":
        """A sheet from its rows."""
        return cls(name, Rows.of(rows), merged or [])


def read_sheets(name: str, data: bytes) -> list[Sheet]:
    """The sheets of a file with this name and these bytes; a CSV is one sheet named ''.

    Raises ``Unreadable`` for an empty, locked or broken file, one that unpacks to more than 2 GiB, an archive that is
    no workbook, a kind of file that is not read, text in no known encoding, or text with NUL characters.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in WORKBOOKS + TEXT_FILES:
        raise Unreadable("file_kind", file=name)
    if not data[:_PIECE].strip() and not data.strip():
        raise Unreadable("file_empty", file=name)
    if suffix in WORKBOOKS or data.startswith((b"PK\x03\x04", _OLE)):
        return _workbook(name, data)
    return [_text_file(name, data)]


# --- Workbooks -------------------------------------------------------------------------------------------------------


def _workbook(name: str, data: bytes) -> list[Sheet]:
    if data.startswith(b"PK"):
        refuse_bomb(name, data)
    try:
        details = details_of(data)
        for title, found in details.items():
            if _far_apart(found) and not found.far_readable:
                raise Unreadable("file_far_apart", file=name, sheet=title)
        if not details:
            _try(name, data)
        with calamine.load_workbook(io.BytesIO(data)) as book:
            sheets = [
                (index, meta)
                for index, meta in enumerate(book.sheets_metadata)
                if meta.typ == calamine.SheetTypeEnum.WorkSheet
            ]
            if details and not {meta.name for _, meta in sheets} <= details.keys():
                _try(name, data)
            return [_sheet(data, book, index, meta, details.get(meta.name, Details())) for index, meta in sheets]
    except Unreadable:
        raise
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
    except BROKEN:
        return False


#: Reads the workbook on standard input; an allocation that fails aborts the process.
_TRIAL = """
import io, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
except (ImportError, ValueError, OSError):
    pass
import python_calamine as calamine
with calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read())) as book:
    for index in range(len(book.sheets_metadata)):
        book.get_sheet_by_index(index)
"""


def _try(name: str, data: bytes) -> None:
    """Let another process read a workbook first of which nobody knows how far its sheets reach.

    Raises ``Unreadable`` if that process did not survive it.
    """
    tried = subprocess.run([sys.executable, "-P", "-c", _TRIAL], input=data, capture_output=True, check=False)
    if tried.returncode not in (0, 1):
        raise Unreadable("file_broken", file=name)


def _sheet(
    data: bytes, book: calamine.CalamineWorkbook, index: int, meta: calamine.SheetMetadata, details: Details
) -> Sheet:
    merged: Merged = []
    if _far_apart(details):
        rows = Rows.of(_one_by_one(data, meta.name))
    else:
        sheet = book.get_sheet_by_index(index)
        merged = sheet.merged_cell_ranges or details.merged
        rows = Rows.of(_cells(sheet))
    if details.flaws:
        rows = rows.patched({place: text for place, (_, text) in details.flaws.items()})
    flaws = {place: kind for place, (kind, _) in details.flaws.items()}
    hidden_rows = int(rows.frame[ROW].is_in(details.hidden_rows).sum()) if details.hidden_rows else 0
    return Sheet(meta.name, rows, merged, meta.visible != calamine.SheetVisibleEnum.Visible, hidden_rows, flaws)


def _far_apart(details: Details) -> bool:
    """Filling in what is between its cells would take too much memory."""
    return details.rows * details.columns > _MOST_CELLS


def _cells(sheet: calamine.CalamineSheet) -> Iterator[list[str]]:
    """The rows of a sheet; calamine begins each at the first column that holds anything."""
    before = [""] * (sheet.start[1] if sheet.start else 0)
    for row in sheet.iter_rows():
        cells = [cell if type(cell) is str else cell_text(cell) for cell in row]
        yield before + cells if before else cells


def _one_by_one(data: bytes, name: str) -> Iterator[list[str]]:
    """The rows of an .xlsx sheet up to the last cell of each; slow, and no larger than what is there."""
    from openpyxl import load_workbook  # seldom needed

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheet = book[name]
    sheet.reset_dimensions()
    for row in sheet.iter_rows(values_only=True):
        yield [cell if type(cell) is str else cell_text(cell) for cell in row]


def cell_text(cell: object) -> str:
    """What a cell shows, plainly: 12.0 as 12, 15 digits as in Excel, ISO dates."""
    match cell:
        case str():
            return cell
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


# --- Text ------------------------------------------------------------------------------------------------------------


def _text_file(name: str, data: bytes) -> Sheet:
    rows = _csv_rows(name, data, _encoding(name, data))
    flaws: dict[tuple[int, int], FlawKind] = {}
    failed = rows.frame.filter(pl.any_horizontal(pl.lit(False), pl.exclude(ROW).is_in(ERRORS)))
    for number, *cells in failed.iter_rows():
        flaws |= {
            (number - 1, at): "error_cell" for at, text in zip(rows.columns, cells, strict=True) if text in ERRORS
        }
    return Sheet("", rows, flaws=flaws)


def _encoding(name: str, data: bytes) -> str:
    """How a CSV is encoded: UTF-16 by its byte order mark, else strictly UTF-8, else GB 18030 (which holds GBK)."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        row = 1
        try:
            for text in _decoded(data, encoding):
                if "\0" in text:
                    row += text.count("\n", 0, text.index("\0"))
                    raise Unreadable("file_nul", file=name, row=row)
                row += text.count("\n")
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable("file_encoding", file=name)


def _decoded(data: bytes, encoding: str) -> Iterator[str]:
    """The text piece by piece. Raises ``UnicodeDecodeError`` where it is none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for begin in range(0, len(data), _PIECE):
        yield decoder.decode(data[begin : begin + _PIECE])
    yield decoder.decode(b"", final=True)


def _csv_rows(name: str, data: bytes, encoding: str) -> Rows:
    """Rows as Excel would show them. Raises ``Unreadable`` for a quote that is never closed: it swallows all below."""
    head = next(_decoded(data, encoding))[:65536]
    evenness, mark = max((_evenness(head, mark), mark) for mark in _DELIMITERS)
    names = [str(column) for column in range(evenness[1] or 1)]
    odd: dict[int, list[str]] = {}

    def take(row: csv.InvalidRow) -> str:
        """A row that is longer or shorter than most."""
        odd[row.number] = next(text_csv.reader(io.StringIO(row.text, newline=""), delimiter=mark), [])
        return "skip"

    end = [_END, _END]
    pieces = chain(_utf8(data, encoding), [f"\n{mark.join(end)}".encode()])
    parts: list[pl.DataFrame] = []
    last, number = [""], 0
    try:
        with csv.open_csv(
            pa.PythonFile(_Pieces(pieces), "r"),
            csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK),
            csv.ParseOptions(
                delimiter=mark, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=take
            ),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        ) as batches:
            for batch in batches:
                part = pl.DataFrame(batch)
                if not part.height:
                    continue
                numbers = pl.int_range(number + 1, number + part.height + len(odd) + 1, dtype=pl.Int32, eager=True)
                numbers = numbers.filter(~numbers.is_in([*odd])).head(part.height)
                number, last = numbers[-1], list(part.row(-1))
                parts.append(filled(part.insert_column(0, numbers.alias(ROW))))
    except pa.ArrowInvalid as error:  # a cell of more than a block
        raise Unreadable("file_quote", file=name) from error
    if (odd.pop(max(odd)) if max(odd, default=0) > number else last) != end:
        raise Unreadable("file_quote", file=name)
    rows = Rows.together([*parts, *map(filled, numbered(odd.items()))])
    return Rows(rows.frame.filter(pl.col(ROW) < number)) if last == end else rows


def _utf8(data: bytes, encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8-sig":
        begin = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
        return (data[at : at + _PIECE] for at in range(begin, len(data), _PIECE))
    return (text.encode() for text in _decoded(data, encoding))


class _Pieces(io.RawIOBase):
    """A file that comes in pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._ahead = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        held = [self._ahead]
        have = len(self._ahead)
        while size < 0 or have < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            held.append(piece)
            have += len(piece)
        whole = b"".join(held)
        size = have if size < 0 else size
        self._ahead = whole[size:]
        return whole[:size]


def _evenness(text: str, mark: str) -> tuple[int, int]:
    """How well a delimiter cuts the first lines: how many of them into the same number of cells, and how many cells.
    A mark that only separates the elements of lists cuts unevenly."""
    widths = Counter(map(len, text_csv.reader(text.splitlines()[:50], delimiter=mark)))
    return max(((rows, width) for width, rows in widths.items() if width > 1), default=(0, 0))
