"""Finding tables on a sheet by their headings, wherever they stand and whatever surrounds them.

Title rows above, two-row and merged headings, 合计 rows, 注 rows, repeated headings: all are left out of the records
and reported. A sheet whose headings fit no contract, or two, is reported and set aside.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from kaohe.contracts import Contract, Contracts
from kaohe.sources.files import Sheet

LeftOutReason = Literal["title", "heading", "total", "note", "empty"]

_HEADING_ROWS = 3
_UNIT_SUFFIX = re.compile(r"\([^()]*\)$")
_TOTAL = re.compile(r"^.{0,6}(合计|总计|小计|共计|累计|平均|平均值)$")
_NOTE = re.compile(
    r"^(([\(【]?(注|备注|说明|填表说明|填报说明|注释|资料来源|数据来源|来源|统计口径|制表人?|填表人|填报人|审核人|单位负责人"
    r"|填报日期|制表日期|填表日期)[\)】]?\d?\s*[:.、])|[*※])"
)
_NUMBERING = re.compile(r"^[\(]?([A-Za-z]|[甲乙丙丁戊己庚辛壬癸]|\d{1,2})[\)]?$")


@dataclass(frozen=True)
class LeftOut:
    """A row that is no record: a title, a heading, a total, a note, or a row with nothing but its number."""

    row: int
    reason: LeftOutReason
    text: str


@dataclass(frozen=True)
class Refusal:
    """A sheet on which no table was recognised. ``fits``: the contracts that fit alike (two or more), else the
    nearest one with the required columns it lacks."""

    rows: int
    fits: list[Contract]
    nearest: Contract | None = None
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FoundTable:
    """One table on a sheet.

    ``positions``: column → index of its cells (0 = column A).
    ``records``: (row number, cells by column in the contract's order, extra cells as JSON).
    """

    contract: Contract
    positions: dict[str, int]
    unknown_headings: list[str]
    records: list[tuple[int, list[str], str]]


@dataclass(frozen=True)
class Reading:
    """All that was found on a sheet."""

    tables: list[FoundTable]
    left_out: list[LeftOut]
    refusal: Refusal | None


@dataclass(frozen=True)
class _Header:
    row: int
    depth: int
    contract: Contract
    headings: list[str]
    positions: dict[str, int]


def normal(text: str) -> str:
    """Full-width forms made plain (NFKC) and all white space removed."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def normal_heading(text: str) -> str:
    """A heading without white space, a mark for "must be filled in", or a unit in brackets behind it."""
    plain = normal(text).strip("*")
    return _UNIT_SUFFIX.sub("", plain) or plain


def recognise(sheet: Sheet, headings: "Headings") -> Reading:
    """The tables on ``sheet``, each row of it accounted for: record, left out, blank, or on a refused sheet."""
    headers: list[_Header] = []
    clash: list[Contract] = []
    for header in headings.find(sheet):
        if isinstance(header, list):
            clash = clash or header
        else:
            headers.append(header)
    if not headers:
        filled = sum(any(row) for row in sheet.rows)
        if clash:
            return Reading([], [], Refusal(filled, clash))
        nearest, missing = headings.nearest(sheet)
        return Reading([], [], Refusal(filled, [], nearest, missing) if filled else None)
    tables: list[FoundTable] = []
    left_out: list[LeftOut] = []
    starts = [header.row - header.depth + 1 for header in headers]
    left_out += _rows_left_out(sheet, 0, starts[0], "title")
    for header, start, end in zip(headers, starts, [*starts[1:], len(sheet.rows)], strict=True):
        left_out += _rows_left_out(sheet, start, header.row + 1, "heading")
        table, others = _read_table(sheet, header, end)
        left_out += others
        tables.append(table)
    return Reading(tables, left_out, None)


class Headings:
    """The headings of all contracts, ready to be looked up on any number of sheets."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.columns: dict[str, dict[str, tuple[str, int]]] = {
            name: {
                normal_heading(heading): (column, priority)
                for column, spec in contract.columns.items()
                for priority, heading in enumerate(spec.headings)
            }
            for name, contract in contracts.items()
        }
        self.tables: dict[str, set[str]] = {}
        for name, columns in self.columns.items():
            for heading in columns:
                self.tables.setdefault(heading, set()).add(name)
        self._normal: dict[str, str] = {}

    def normal(self, text: str) -> str:
        found = self._normal.get(text)
        if found is None:
            found = self._normal[text] = normal_heading(text)
        return found

    def find(self, sheet: Sheet) -> Iterator[_Header | list[Contract]]:
        """Header rows from the top down; a list of contracts where two fit a row equally well."""
        anchors = _merged_text(sheet)
        row, above = 0, -1  # the last row of the heading above, which belongs to that one alone
        while row < len(sheet.rows):
            found = self._at(sheet, anchors, row, row - above) if self._worth_a_look(sheet.rows[row]) else None
            if isinstance(found, _Header) and row + 1 < len(sheet.rows):
                # What fits may be the upper row of a taller heading that says more.
                taller = self._fit(sheet, anchors, row + 1, found.depth + 1)
                if isinstance(taller, _Header) and len(taller.positions) > len(found.positions):
                    found, row = taller, row + 1
            if found is not None:
                above = row
                yield found
            row += 1

    def nearest(self, sheet: Sheet) -> tuple[Contract | None, list[str]]:
        """The contract with the most headings on any one row, and the first headings of what it still lacks."""
        anchors = _merged_text(sheet)
        best: tuple[int, Contract, dict[str, int]] | None = None
        for row in range(len(sheet.rows)):
            if not self._worth_a_look(sheet.rows[row]):
                continue
            for name, contract in self.contracts.items():
                positions = self._match(name, self._named(_heading_texts(sheet, anchors, row, 1)))
                if positions and (best is None or len(positions) > best[0]):
                    best = (len(positions), contract, positions)
        if best is None or best[0] < 2:
            return None, []
        _, contract, positions = best
        return contract, [contract.columns[c].headings[0] for c in contract.required if c not in positions]

    def _worth_a_look(self, row: list[str]) -> bool:
        """At least two cells that are headings somewhere: only then is the row looked at closely."""
        hits = 0
        for cell in row:
            if cell and len(cell) <= 40 and self.normal(cell) in self.tables:
                hits += 1
                if hits == 2:
                    return True
        return False

    def _at(
        self, sheet: Sheet, anchors: dict[tuple[int, int], str], row: int, rows: int
    ) -> _Header | list[Contract] | None:
        """The header that ends at ``row`` and is at most ``rows`` high."""
        for depth in range(1, min(_HEADING_ROWS, rows) + 1):
            if found := self._fit(sheet, anchors, row, depth):
                return found
        return None

    def _fit(
        self, sheet: Sheet, anchors: dict[tuple[int, int], str], row: int, depth: int
    ) -> _Header | list[Contract] | None:
        """The header of ``depth`` rows that ends at ``row``, if a contract finds all its required columns there."""
        texts = _heading_texts(sheet, anchors, row, depth)
        named = self._named(texts)
        tables = {table for names in named for name in names for table in self.tables.get(name, ())}
        fitting: list[tuple[Contract, dict[str, int]]] = []
        for name, contract in self.contracts.items():
            if name not in tables:
                continue
            positions = self._match(name, named)
            if all(column in positions for column in contract.required):
                fitting.append((contract, positions))
        most = max((len(positions) for _, positions in fitting), default=0)
        best = [(contract, positions) for contract, positions in fitting if len(positions) == most]
        if len(best) > 1:
            return [contract for contract, _ in best]
        if not best:
            return None
        contract, positions = best[0]
        return _Header(row, depth, contract, [names[0] if names else "" for names in texts], positions)

    def _named(self, texts: list[list[str]]) -> list[list[str]]:
        return [[self.normal(name) for name in names] for names in texts]

    def _match(self, table: str, named: list[list[str]]) -> dict[str, int]:
        """Column → index; of two headings for one column the contract's first named wins, the left one on a tie."""
        columns = self.columns[table]
        best: dict[str, tuple[int, int]] = {}
        for index, names in enumerate(named):
            for name in names:
                if found := columns.get(name):
                    column, priority = found
                    if column not in best or priority < best[column][0]:
                        best[column] = (priority, index)
                    break
        return {column: index for column, (_, index) in best.items()}


def _merged_text(sheet: Sheet) -> dict[tuple[int, int], str]:
    """Text of cells merged sideways, by every position they cover on their first row."""
    found = {}
    for (top, left), (_, right) in sheet.merged:
        if top < len(sheet.rows) and left < len(sheet.rows[top]):
            for column in range(left, right + 1):
                found[top, column] = sheet.rows[top][left]
    return found


def _heading_texts(sheet: Sheet, anchors: dict[tuple[int, int], str], row: int, depth: int) -> list[list[str]]:
    """Per column the names it may go by: its lowest heading; that with what stands over it; what stands over it
    alone where nothing is below (a cell merged downwards)."""
    width = max(len(sheet.rows[r]) for r in range(row - depth + 1, row + 1))
    texts: list[list[str]] = []
    for column in range(width):
        stack = [_cell(sheet, row - up, column) or anchors.get((row - up, column), "") for up in range(depth)]
        over = next((text for text in stack[1:] if text), "")
        if stack[0]:
            texts.append([stack[0], over + stack[0]] if over and over != stack[0] else [stack[0]])
        else:
            texts.append([over] if over else [])
    return texts


def _cell(sheet: Sheet, row: int, column: int) -> str:
    cells = sheet.rows[row]
    return cells[column] if column < len(cells) else ""


def _rows_left_out(sheet: Sheet, start: int, end: int, reason: LeftOutReason) -> list[LeftOut]:
    return [LeftOut(row + 1, reason, _shown(sheet.rows[row])) for row in range(start, end) if any(sheet.rows[row])]


def _shown(cells: list[str]) -> str:
    return " ".join(cell for cell in cells if cell)[:200]


def _read_table(sheet: Sheet, header: _Header, end: int) -> tuple[FoundTable, list[LeftOut]]:
    contract = header.contract
    indexes = [header.positions.get(column) for column in contract.columns]
    required = [header.positions[column] for column in contract.required]
    known = set(header.positions.values())
    extra = {i: text for i, text in enumerate(header.headings) if text and i not in known}
    width = len(header.headings)
    records: list[tuple[int, list[str], str]] = []
    left_out: list[LeftOut] = []
    for row in range(header.row + 1, end):
        cells = sheet.rows[row]
        if not any(cells):
            continue
        if len(cells) < width:
            cells = cells + [""] * (width - len(cells))
        values = [cells[index] if index is not None else "" for index in indexes]
        if reason := _why_left_out(cells, values, required, first=row == header.row + 1):
            left_out.append(LeftOut(row + 1, reason, _shown(cells)))
            continue
        others = {text: cells[i] for i, text in extra.items() if cells[i]}
        others |= {f"#{i + 1}": cells[i] for i in range(width, len(cells)) if cells[i]}
        records.append((row + 1, values, json.dumps(others, ensure_ascii=False) if others else "{}"))
    return FoundTable(contract, header.positions, list(extra.values()), records), left_out


def _why_left_out(cells: list[str], values: list[str], required: list[int], first: bool) -> LeftOutReason | None:
    """Only a row that lacks a required cell can be anything else than a record."""
    filled = [cell for cell in cells if cell]
    if first and len(filled) > 2 and all(_NUMBERING.match(normal(cell)) for cell in filled):
        return "heading"
    if all(cells[index] for index in required):
        return None
    if any(_TOTAL.match(normal(cell).rstrip(":")) for cell in filled[:3]):
        return "total"
    if _NOTE.match(normal(filled[0])):
        return "note"
    if not any(values):
        return "empty"
    return None
