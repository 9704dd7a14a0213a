"""Finding tables on a sheet by their headings, wherever they stand and whatever surrounds them.

Title rows above, two-row and merged headings, 合计 rows, 注 rows, repeated headings: all are left out of the records
and reported. Tables may stand below or beside one another, and have any layout of their contract. A sheet whose
headings fit no contract, or two, is reported and set aside.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import polars as pl
from xlsxwriter.utility import xl_col_to_name

from kaohe.contracts import Contract
from kaohe.sources.files import Sheet
from kaohe.sources.forms import Fit, Header, normal
from kaohe.sources.found import BadCell, FoundTable, LeftOut, LeftOutReason, Position, Reading, Refusal
from kaohe.sources.headings import Headings
from kaohe.sources.our_list import is_our_list
from kaohe.sources.rows import ROW

#: Sheets of ours that explain and hold no records.
EXPLANATION = "填表说明"
_EXAMPLE = "示例"
_SAME_AS_ABOVE = ["同上", "〃", "″", "''", '"']
_TOTAL = re.compile(r"^.{0,6}(合计|总计|小计|共计|累计|平均|平均值)$")
_NOTE = re.compile(
    r"^(([\(【]?(注|备注|说明|填表说明|填报说明|注释|资料来源|数据来源|来源|统计口径|制表人?|填表人|填报人|审核人|单位负责人"
    r"|填报日期|制表日期|填表日期)[\)】]?\d?\s*[:.、])|[*※])"
)
_NUMBERING = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "甲乙丙丁戊己庚辛壬癸")
_YEAR = re.compile(r"\D?((?:19|20)\d\d)(?!\d\d\D?$)")
_SERIAL_DAY = re.compile(r"(\d{5})(?:\.\d+)?")
#: JSON's own escapes.
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"} | {
    chr(code): f"\\u{code:04x}" for code in range(32) if code not in (9, 10, 13)
}


def recognise(sheet: Sheet, headings: Headings, path: str = "") -> Reading:
    """The tables on ``sheet``, each row of it accounted for: record, left out, blank, or on a refused sheet.

    ``path``: of its file, which may name the year of months without one.
    """
    if sheet.name.startswith(EXPLANATION) or is_our_list(sheet.name, sheet.rows[:3]):
        return Reading([], _rows_left_out(sheet, 0, len(sheet.rows), "note"), None)
    headers: list[Header] = []
    clash: list[Contract] = []
    for found in headings.find(sheet, path):
        clash = clash or found.clash
        headers += [_beside_the_last(sheet, headers, header) for header in found.headers]
    if not headers:
        filled = sheet.rows.frame.height
        if clash:
            return Reading([], [], Refusal(filled, clash))
        nearest, missing = headings.nearest(sheet)
        return Reading([], [], Refusal(filled, [], nearest, missing) if filled else None)
    tables: list[FoundTable] = []
    left_out = _rows_left_out(sheet, 0, headers[0].top, "title")
    several = any(header.beside(other) for header in headers for other in headers)
    for number, header in enumerate(headers):
        below = [other for other in headers[number + 1 :] if not header.beside(other)]
        end = min((other.top for other in below), default=len(sheet.rows))
        part = _Part(sheet, header, end, bool(below), several and header.left > 0, headings, path)
        tables += part.tables()
        left_out += part.left_out
    return Reading(tables, left_out, None)


def _beside_the_last(sheet: Sheet, headers: list[Header], header: Header) -> Header:
    """A heading that begins beside another table's records, to the right, takes only its own columns."""
    if not headers or header.right is not None or headers[-1].row == header.row:
        return header
    last = headers[-1]
    left = min(header.fits[0].indexes)
    its = [index for index in last.fits[0].indexes if index < left]
    if len(its) < len(last.fits[0].indexes) or not any(sheet.rows.cell(header.row, index) for index in its):
        return header
    headers[-1] = replace(last, right=left)
    return replace(header, left=left)


class _Part:
    """The rows below one heading, up to the next one or the end of the sheet."""

    def __init__(
        self, sheet: Sheet, header: Header, end: int, followed: bool, beside: bool, headings: Headings, path: str
    ) -> None:
        self.sheet, self.header, self.followed, self.headings = sheet, header, followed, headings
        self.contract = header.contract
        self.left_out = _rows_left_out(sheet, header.top, header.row + 1, "heading", header.left, header.right)
        self.at = xl_col_to_name(header.left) if beside else None
        begin, stop = sheet.rows.line(header.row + 2), sheet.rows.line(end + 1)
        self.cells = sheet.rows.frame.slice(begin, stop - begin)
        if header.left or header.right is not None:
            right = header.right if header.right is not None else len(sheet.rows.columns) + max(sheet.rows.columns)
            columns = [str(index) for index in sheet.rows.columns if header.left <= index < right]
            filled = pl.any_horizontal(pl.lit(False), *(pl.col(name).is_not_null() for name in columns))
            self.cells = self.cells.select(ROW, *columns).filter(filled)
        self.path = path

    def tables(self) -> list[FoundTable]:
        fits = self.header.fits
        self._fill_down(fits[0])
        self._leave_out(fits[0])
        unknown = self.headings.unknown(self.header)
        found = []
        for fit, cells, holds in self._by_year(fits):
            found.append(self._table(fit, cells, holds, unknown))
        return found

    # --- Rows that are no records --------------------------------------------------------------------------------

    def _fill_down(self, fit: Fit) -> None:
        """What is merged downwards, or 同上, where the contract says that it may be."""
        for name, index in fit.positions.items():
            column = str(index)
            if not self.contract.columns[name].fill_down or column not in self.cells.columns:
                continue
            anchors = {
                row + 1: self.sheet.rows.cell(top, left)
                for (top, left), (bottom, right) in self.sheet.merged
                if left <= index <= right and bottom > top >= self.header.row + 1
                for row in range(top + 1, bottom + 1)
            }
            merged = pl.DataFrame({ROW: anchors.keys(), "_over": anchors.values()}, {ROW: pl.Int32, "_over": pl.String})
            text = pl.col(column)
            ditto = text.str.strip_chars().is_in(_SAME_AS_ABOVE)
            self.cells = (
                self.cells.join(merged, on=ROW, how="left", maintain_order="left")
                .with_columns(pl.coalesce(column, pl.col("_over").replace("", None)))
                .with_columns(pl.when(ditto).then(pl.when(~ditto).then(text).forward_fill()).otherwise(text))
                .drop("_over")
            )

    def _leave_out(self, fit: Fit) -> None:
        """Take out the rows that are titles, totals, notes, examples or empty. Only a row that lacks a required cell
        can be anything else than a record, but for an example and a numbering of the columns."""
        cells = self.cells
        if not cells.height:
            return
        required = [str(fit.positions[name]) for name in fit.form.needed if name in fit.positions]
        absent = [name for name in required if name not in cells.columns]
        full = pl.all_horizontal(pl.col(name).is_not_null() for name in required) if required else pl.lit(True)
        first = pl.coalesce(pl.exclude(ROW))
        sure = full if not (absent or fit.groups) else pl.lit(False)
        doubtful = ~sure | (first == _EXAMPLE) | (pl.col(ROW) == self.header.row + 2)
        mapped = {str(index) for index in fit.indexes}
        reasons: dict[int, LeftOutReason] = {}
        last_full = 0
        if self.followed:
            whole = cells.filter(full)[ROW] if not absent else cells[ROW].clear()
            last_full = whole[-1] if len(whole) else self.header.row + 1
        for row in cells.filter(doubtful).iter_rows(named=True):
            number = row.pop(ROW)
            # Below months across, nothing but the unit is required of every row, and totals have a text there too.
            lacks = bool(absent or fit.groups) or not all(row[name] for name in required)
            if reason := self._why_left_out(number, row, mapped, lacks, last_full):
                reasons[number] = reason
                self.left_out.append(LeftOut(number, reason, _shown(list(row.values()))))
        if reasons:
            self.cells = cells.filter(~pl.col(ROW).is_in(list(reasons)))

    def _why_left_out(
        self, number: int, row: dict[str, str | None], mapped: set[str], lacks: bool, last_full: int
    ) -> LeftOutReason | None:
        filled = [text for text in row.values() if text]
        if filled[0] == _EXAMPLE:
            return "example"
        if number == self.header.row + 2 and _is_numbering(filled):
            return "heading"
        if not lacks:
            return None
        if any(_TOTAL.match(normal(text).rstrip(":")) for text in filled[:3]):
            return "total"
        known = [text for name, text in row.items() if name in mapped and text]
        if _NOTE.match(normal(filled[0])) and 2 * len(known) <= len(mapped) + 1:
            return "note"
        if not known:
            return "empty"
        few = 2 * len(known) <= len(mapped)
        if self.followed and number > last_full and few and self._is_title(number, row, filled, last_full):
            return "title"
        return None

    def _is_title(self, number: int, row: dict[str, str | None], filled: list[str], last_full: int) -> bool:
        """Of rows between the last record and the next heading: one text alone that begins the row and is no code, or
        what stands after a blank row."""
        if len(filled) == 1:
            return next(iter(row.values())) == filled[0] and re.search(r"[\u4e00-\u9fff]", filled[0]) is not None
        before = self.sheet.rows.numbers
        line = self.sheet.rows.line(number)
        return line > 0 and before[line - 1] < number - 1 and number - 1 > last_full

    # --- Records -------------------------------------------------------------------------------------------------

    def _by_year(self, fits: list[Fit]) -> Iterator[tuple[Fit, pl.DataFrame, bool]]:
        """The rows by the layout that holds in their year, in runs; whether any holds."""
        cells = self.cells
        bounded = [fit for fit in fits if fit.form.layout and (fit.form.layout.from_year or fit.form.layout.to_year)]
        if not bounded or not cells.height:
            yield fits[0], cells, True
            return
        fits = bounded + [fit for fit in fits if fit not in bounded]
        named = _year_of(self._named_year())
        chosen: list[tuple[int, bool]] = []
        for row in cells.iter_rows(named=True):
            holding = (n for n, fit in enumerate(fits) if fit.form.holds_in(self._year(fit, row) or named))
            number = next(holding, None)
            chosen.append((number or 0, number is not None))
        begin = 0
        for (number, holds), run in groupby(chosen):
            height = len(list(run))
            yield fits[number], cells.slice(begin, height), holds
            begin += height

    def _named_year(self) -> str:
        lines = [
            " ".join(self.sheet.rows[row]) for row in range(self.header.top - 1, max(self.header.top - 11, -1), -1)
        ]
        return next((text for text in (*lines, self.sheet.name, self.path) if re.search(r"20\d\d", text)), "")

    def _year(self, fit: Fit, row: dict[str, str | None]) -> int | None:
        """The year that a row's own cells name."""
        for name in (self.contract.year, self.contract.event_date):
            index = fit.positions.get(name) if name else None
            if index is not None and (text := row.get(str(index))):
                return _year_of(text)
        return None

    def _table(self, fit: Fit, cells: pl.DataFrame, holds: bool, unknown: list[str]) -> FoundTable:
        if not fit.groups:
            return self._one(fit, cells, fit.positions, self.at, {}, holds, unknown)
        parts = []
        for group in fit.groups:
            columns = [str(index) for index in group.positions.values() if str(index) in cells.columns]
            said = (
                cells.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in columns))
                if columns
                else cells.clear()
            )
            assert fit.form.layout is not None and fit.form.layout.across is not None
            at = xl_col_to_name(min(group.positions.values()))
            told = {fit.form.layout.across: group.text}
            parts.append(self._one(fit, said, fit.positions | group.positions, at, told, holds, unknown))
        silent = cells.join(pl.concat([part.frame.select(ROW) for part in parts]), on=ROW, how="anti")
        for row in silent.iter_rows(named=True):
            self.left_out.append(LeftOut(row.pop(ROW), "empty", _shown(list(row.values()))))
        return FoundTable(
            self.contract,
            pl.concat([part.frame for part in parts]).sort(ROW, maintain_order=True),
            [position for part in parts for position in part.positions],
            unknown,
            [bad for part in parts for bad in part.bad_cells],
        )

    def _one(
        self,
        fit: Fit,
        cells: pl.DataFrame,
        positions: dict[str, int],
        at: str | None,
        told: dict[str, str],
        holds: bool,
        unknown: list[str],
    ) -> FoundTable:
        """The table of one layout (and, where records stand side by side, of one column across)."""
        given = fit.given | told

        def column(name: str) -> pl.Expr:
            if name in positions and str(positions[name]) in cells.columns:
                return pl.col(str(positions[name])).alias(name)
            return pl.lit(given.get(name), pl.String).alias(name)

        chosen = [column(name) for name in self.contract.columns]
        frame = cells.select(ROW, pl.lit(at, pl.String).alias("_at"), *chosen, self._extra(fit, cells))
        if not frame.height:
            return FoundTable(self.contract, frame, [], unknown, [])
        first, last = frame[ROW][0], frame[ROW][-1]
        places = [Position(name, xl_col_to_name(index), at, first, last) for name, index in positions.items()]
        return FoundTable(self.contract, frame, places, unknown, self._bad_cells(frame, positions, at, holds))

    def _bad_cells(self, frame: pl.DataFrame, positions: dict[str, int], at: str | None, holds: bool) -> list[BadCell]:
        bad = []
        if self.sheet.flaws:
            columns = {index: name for name, index in positions.items()}
            rows = set(frame[ROW])
            for (row, index), rule in self.sheet.flaws.items():
                if row + 1 in rows and index in columns:
                    bad.append(BadCell(row + 1, at, columns[index], rule))
        if not holds:
            dated = self.contract.year or self.contract.event_date
            assert dated is not None
            bad += [BadCell(row, at, dated, "layout_year") for row in frame[ROW]]
        return bad

    def _extra(self, fit: Fit, cells: pl.DataFrame) -> pl.Expr:
        """The cells under headings that the contract does not know, and those under none, as JSON."""
        known = {str(index) for index in fit.indexes}
        texts = self.header.texts
        used: set[str] = set()
        parts = []
        for name in cells.columns:
            if name == ROW or name in known:
                continue
            heading = texts.get(int(name), "")
            heading = heading if heading and heading not in used else f"#{int(name) + 1}"
            used.add(heading)
            text = pl.lit('"') + pl.col(name).str.replace_many(_ESCAPES) + pl.lit('"')
            key = '"' + "".join(_ESCAPES.get(mark, mark) for mark in heading) + '": '
            parts.append(pl.lit(key) + text)
        if not parts:
            return pl.lit("{}").alias("_extra")
        joined = pl.concat_str(parts, separator=", ", ignore_nulls=True)
        return pl.concat_str(pl.lit("{"), joined, pl.lit("}")).alias("_extra")


def _year_of(text: str) -> int | None:
    """The year with which a date begins, however it is written."""
    plain = normal(text)
    if found := _YEAR.match(plain):
        return int(found[1])
    if (serial := _SERIAL_DAY.fullmatch(plain)) and 32874 <= int(serial[1]) <= 73050:
        return 1900 + int((int(serial[1]) - 1) / 365.25)
    if found := re.search(r"(?<!\d)(20\d\d)", plain):
        return int(found[1])
    return None


def _is_numbering(filled: list[str]) -> bool:
    """A row that numbers the columns: A B C …, 甲 乙 1 2 3 …, (1) (2) (3) …"""
    marks = [normal(text).strip("()") for text in filled]
    if len(marks) < 3:
        return False
    expected: list[str] = []
    letter = next((kind for kind in _NUMBERING if marks[0].upper() == kind[0]), "")
    for mark in marks:
        if letter and len(expected) < len(letter) and mark.upper() == letter[len(expected)]:
            expected.append(mark)
        else:
            break
    rest = marks[len(expected) :]
    return rest == [str(number) for number in range(1, len(rest) + 1)]


def _rows_left_out(
    sheet: Sheet, start: int, end: int, reason: LeftOutReason, left: int = 0, right: int | None = None
) -> list[LeftOut]:
    rows = ((row, sheet.rows[row][left:right]) for row in range(start, min(end, len(sheet.rows))))
    return [LeftOut(row + 1, reason, _shown(cells)) for row, cells in rows if any(cells)]


def _shown(cells: Sequence[str | None]) -> str:
    return " ".join(cell for cell in cells if cell)[:200]
