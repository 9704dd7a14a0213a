"""What a workbook says beside its values, and calamine does not tell: cells whose formula failed or was never worked
out, hidden rows, and how far a sheet reaches (a single cell in the last corner would make calamine fill 17 thousand
million cells in between).

The parts of .xlsx, .xlsb and .ods are read from their archive, by name and piece by piece; .xls by xlrd. Nothing is
followed out of the file, and no XML entity is resolved.
"""

import io
import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.etree import ElementTree
from xml.parsers import expat

import xlrd

from kaohe.errors import Unreadable

#: What an archive may hold unpacked, in bytes, and the share to which real sheets are pressed together at most.
MOST_BYTES = 2 * 2**30
_PRESSED, _SUSPECT_BYTES = 200, 256 * 2**20
_DEFLATE_MOST = 1032
_PIECE = 2**20

#: What reading a broken archive, or XML that is none, may raise.
BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, LookupError, ValueError, OSError,
    RuntimeError, ArithmeticError, ElementTree.ParseError, expat.ExpatError,
)  # fmt: skip

ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!")

FlawKind = Literal["error_cell", "formula_cell"]
#: First and last cell of each merged range: ((row, column), (row, column)), all from 0.
Merged = list[tuple[tuple[int, int], tuple[int, int]]]

#: What may be a formula, an error or a hidden row, and the pattern it then has; the first is found many times faster.
_WORTH_PARSING = (
    (b"<f", re.compile(rb"<f[\s>/]")),
    (b":f", re.compile(rb"<\w+:f[\s>/]")),
    (b"hidden=", re.compile(rb"""\shidden=["'](?:1|true)["']""")),
    (b'"e"', re.compile(rb"""\st=["']e["']""")),
    (b"'e'", re.compile(rb"""\st=["']e["']""")),
)
_ROW_NUMBER = re.compile(rb"""row\s[^>]*?\br=["'](\d{1,7})["']""")
_FAR_COLUMN = re.compile(rb"""r=["']([A-Z]{2,3})\d""")
#: Rows and cells whose number has more digits than the sheet so far has, by that number of digits.
_FAR_ROW = [re.compile(rb"""r=["'][A-Z]{0,3}(\d{%d,7})["']""" % (digits + 1)) for digits in range(7)]
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})$")


@dataclass
class Details:
    """Of one sheet. ``flaws``: (row, column), both from 0 → what is wrong, and what to show in place of a value.
    ``hidden_rows``: from 1. ``merged``: where calamine does not tell. ``rows``, ``columns``: how far its cells reach,
    as far as that is known; ``far_readable``: it can also be read where they lie far apart."""

    flaws: dict[tuple[int, int], tuple[FlawKind, str]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    merged: Merged = field(default_factory=list)
    rows: int = 0
    columns: int = 0
    far_readable: bool = False


def refuse_bomb(name: str, data: bytes) -> None:
    """Raises ``Unreadable`` for an archive that would unpack to more than ``MOST_BYTES``, or one that lies about it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            for member in members:
                pressed = member.file_size > _PRESSED * max(member.compress_size, 1)
                if pressed and member.file_size > _SUSPECT_BYTES:
                    raise Unreadable("file_bomb", file=name)
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise Unreadable("file_bomb", file=name)
            if sum(member.compress_size for member in members) * _DEFLATE_MOST <= MOST_BYTES:
                return
            for member in members:  # only so is it known that the sizes are true
                with archive.open(member) as part:
                    while part.read(_PIECE):
                        pass
    except BROKEN as error:
        raise Unreadable("file_broken", file=name) from error


def details_of(data: bytes) -> dict[str, Details]:
    """Sheet name → its details. A sheet about which nothing could be found out is not there."""
    try:
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return _of_ods(archive) if "content.xml" in archive.namelist() else _of_xlsx(archive)
        if data.startswith(b"\xd0\xcf\x11\xe0"):
            return _of_xls(data)
    except BROKEN:
        pass
    return {}


# --- .xlsx -----------------------------------------------------------------------------------------------------------


def _of_xlsx(archive: zipfile.ZipFile) -> dict[str, Details]:
    book = _target(archive, "", "officeDocument")[0]
    if book.endswith(".bin"):
        return _of_xlsb(archive, book)
    root = _tree(archive, book)
    never_worked_out = any(
        _local(node.tag) == "calcPr" and node.get("fullCalcOnLoad") in ("1", "true") for node in root
    )
    parts = {identity: part for part, identity in _targets(archive, book, "worksheet")}
    found = {}
    for node in root.iter():
        if _local(node.tag) != "sheet":
            continue
        identity = next((value for key, value in node.attrib.items() if key.endswith("}id")), "")
        if (part := parts.get(identity)) is not None:
            with suppress(*BROKEN):
                found[node.get("name", "")] = _of_part(archive, part, never_worked_out)
    return found


def _of_part(archive: zipfile.ZipFile, part: str, never_worked_out: bool) -> Details:
    details, worth_parsing = _glance(archive, part)
    if worth_parsing:
        with suppress(*BROKEN):
            _parse(archive, part, _SheetParser(details, never_worked_out))
    return details


def _glance(archive: zipfile.ZipFile, part: str) -> tuple[Details, bool]:
    """How far a sheet reaches, and whether there is anything in it that only parsing tells."""
    details, worth_parsing = Details(columns=26, far_readable=True), False
    rest = b""
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE):
            text = rest + piece
            worth_parsing = worth_parsing or any(sign in text and full.search(text) for sign, full in _WORTH_PARSING)
            if row := _ROW_NUMBER.match(text, max(text.rfind(b"<row "), text.rfind(b":row "), 0) + 1):
                details.rows = max(details.rows, int(row[1]))
            if details.rows < 10**6:
                far = _FAR_ROW[len(str(details.rows))].findall(text)
                details.rows = max([details.rows, *map(int, far)])
            for letters in set(_FAR_COLUMN.findall(text)):
                details.columns = max(details.columns, column_index(letters.decode()) + 1)
            rest = text[text.rfind(b"<") :][-4096:]
    return details, worth_parsing


class _SheetParser:
    """Takes what expat finds in a sheet's part."""

    def __init__(self, details: Details, never_worked_out: bool) -> None:
        self.details, self.never_worked_out = details, never_worked_out
        self.row, self.column = -1, -1
        self.kind, self.formula, self.value = "", "", ""
        self.has_formula = self.has_value = False
        self.into: Literal["formula", "value"] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
                self.column = -1
                if attributes.get("hidden") in ("1", "true"):
                    self.details.hidden_rows.add(self.row + 1)
            case "c":
                place = _PLACE.match(attributes.get("r", ""))
                self.column = column_index(place[1]) if place else self.column + 1
                self.kind, self.formula, self.value = attributes.get("t", "n"), "", ""
                self.has_formula = self.has_value = False
            case "f":
                self.has_formula, self.into = True, "formula"
            case "v":
                self.has_value, self.into = True, "value"

    def text(self, text: str) -> None:
        if self.into == "formula":
            self.formula += text
        elif self.into == "value":
            self.value += text

    def end(self, name: str) -> None:
        match _local(name):
            case "f" | "v":
                self.into = None
            case "c":
                place = self.row, self.column
                if self.kind == "e":
                    self.details.flaws[place] = "error_cell", self.value or "#N/A"
                elif self.has_formula and self._was_never_worked_out():
                    self.details.flaws[place] = "formula_cell", f"={self.formula}"

    def _was_never_worked_out(self) -> bool:
        """No value, or the 0 that programs write who leave it to Excel to work out the whole book."""
        if self.kind == "str":
            return not self.has_value
        return not self.value or (self.never_worked_out and self.value == "0")


def _targets(archive: zipfile.ZipFile, part: str, kind: str) -> Iterator[tuple[str, str]]:
    """The parts to which a part is related in this way, with the relation's id."""
    folder, file = posixpath.split(part)
    for node in _tree(archive, posixpath.join(folder, "_rels", f"{file}.rels")):
        if node.get("Type", "").endswith(f"/{kind}") and node.get("TargetMode") != "External":
            target = node.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            yield path, node.get("Id", "")


def _target(archive: zipfile.ZipFile, part: str, kind: str) -> tuple[str, str]:
    for found in _targets(archive, part, kind):
        return found
    raise KeyError(kind)


# --- .xlsb -----------------------------------------------------------------------------------------------------------

#: Kinds of records in the binary parts ([MS-XLSB] 2.3), and the values of an error (2.5.97.2).
_ROW_RECORD, _SHEET_RECORD, _ERROR_RECORDS, _CELL_RECORDS = 0, 156, (3, 11), range(2, 12)
_ERROR_VALUES = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def _of_xlsb(archive: zipfile.ZipFile, book: str) -> dict[str, Details]:
    parts = {identity: part for part, identity in _targets(archive, book, "worksheet")}
    found = {}
    for kind, body in _records(archive.read(book)):
        if kind == _SHEET_RECORD:
            identity, at = _wide_text(body, 8)
            if (part := parts.get(identity)) is not None:
                with suppress(*BROKEN):
                    found[_wide_text(body, at)[0]] = _of_binary(archive.read(part))
    return found


def _of_binary(sheet: bytes) -> Details:
    details, row = Details(), 0
    for kind, body in _records(sheet):
        if kind == _ROW_RECORD:
            row = int.from_bytes(body[:4], "little")
            if body[11] & 0x10:
                details.hidden_rows.add(row + 1)
        elif kind in _CELL_RECORDS:
            column = int.from_bytes(body[:4], "little")
            details.rows, details.columns = max(details.rows, row + 1), max(details.columns, column + 1)
            if kind in _ERROR_RECORDS:
                details.flaws[row, column] = "error_cell", _ERROR_VALUES.get(body[8], "#N/A")
    return details


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each record; both kind and size take as many bytes as their high bits say ([MS-XLSB] 2.1.4)."""
    at = 0
    while at < len(data):
        kind, at = _number(data, at, 2)
        size, at = _number(data, at, 4)
        yield kind, data[at : at + size]
        at += size


def _number(data: bytes, at: int, most: int) -> tuple[int, int]:
    number = 0
    for place in range(most):
        byte = data[at + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            break
    return number, at + place + 1


def _wide_text(data: bytes, at: int) -> tuple[str, int]:
    end = at + 4 + 2 * int.from_bytes(data[at : at + 4], "little")
    return data[at + 4 : end].decode("utf-16-le"), end


# --- .ods ------------------------------------------------------------------------------------------------------------


def _of_ods(archive: zipfile.ZipFile) -> dict[str, Details]:
    parser = _OdsParser()
    _parse(archive, "content.xml", parser)
    return parser.found


class _OdsParser:
    """Takes what expat finds in content.xml."""

    def __init__(self) -> None:
        self.found: dict[str, Details] = {}
        self.details = Details()
        self.row = self.column = 0
        self.rows = self.cells = 1
        self.hidden = self.failed = self.holds = False
        self.shown: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if local == "table":
            self.details = self.found[attributes.get("table:name", "")] = Details()
            self.row = 0
        elif local == "table-row":
            self.column, self.holds = 0, False
            self.rows = int(attributes.get("table:number-rows-repeated", 1))
            self.hidden = attributes.get("table:visibility", "visible") != "visible"
        elif local in ("table-cell", "covered-table-cell"):
            self.cells = int(attributes.get("table:number-columns-repeated", 1))
            self.failed = attributes.get("calcext:value-type") == "error"
            self.shown = None
            down = int(attributes.get("table:number-rows-spanned", 1))
            across = int(attributes.get("table:number-columns-spanned", 1))
            if down * across > 1:
                last = self.row + down - 1, self.column + across - 1
                self.details.merged.append(((self.row, self.column), last))
            if "office:value-type" in attributes:
                self.holds = True
                self.details.columns = max(self.details.columns, self.column + self.cells)
        elif local == "p":
            self.shown = self.shown or ""

    def text(self, text: str) -> None:
        if self.shown is not None:
            self.shown += text

    def end(self, name: str) -> None:
        local = _local(name)
        if local in ("table-cell", "covered-table-cell"):
            if self.failed and self.rows * self.cells < 10_000:
                for row in range(self.row, self.row + self.rows):
                    for column in range(self.column, self.column + self.cells):
                        self.details.flaws[row, column] = "error_cell", self.shown or "#N/A"
            self.column += self.cells
        elif local == "table-row":
            if self.holds:
                self.details.rows = self.row + self.rows
                if self.hidden:
                    self.details.hidden_rows.update(range(self.row + 1, self.row + min(self.rows, 10_000) + 1))
            self.row += self.rows


# --- .xls ------------------------------------------------------------------------------------------------------------


def _of_xls(data: bytes) -> dict[str, Details]:
    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), formatting_info=True, on_demand=False)
    except Exception:  # xlrd has no common error, and is stricter than calamine
        return {}
    found = {}
    for sheet in book.sheets():
        details = found[sheet.name] = Details(rows=sheet.nrows, columns=sheet.ncols)
        details.hidden_rows = {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden}
        for row in range(sheet.nrows):
            if xlrd.XL_CELL_ERROR in (kinds := sheet.row_types(row)):
                for column, kind in enumerate(kinds):
                    if kind == xlrd.XL_CELL_ERROR:
                        text = xlrd.error_text_from_code.get(sheet.cell_value(row, column), "#N/A")
                        details.flaws[row, column] = "error_cell", text
    return found


# --- XML -------------------------------------------------------------------------------------------------------------


def _tree(archive: zipfile.ZipFile, part: str) -> Any:
    data = archive.read(part)
    if b"<!DOCTYPE" in data:
        raise ValueError(part)
    return ElementTree.fromstring(data)


def _parse(archive: zipfile.ZipFile, part: str, taker: _SheetParser | _OdsParser) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = taker.start
    parser.EndElementHandler = taker.end
    parser.CharacterDataHandler = taker.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with archive.open(part) as stream:
        parser.ParseFile(stream)


def _refuse_doctype(*_: object) -> None:
    """No office program writes one; it is where bombs of entities are laid."""
    raise ValueError("DOCTYPE")


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def column_index(letters: str) -> int:
    """The index of a column: A is 0, AA 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
