"""From records to lines of cells, the way a sheet writes them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from make_sample.chance import person, words
from make_sample.mess.layout import Cell, Formula, Line, Page, Percent, Sheet, heads_of
from make_sample.records import Record, StudyStat, Unit
from make_sample.truth import Entry
from make_sample.vocabulary import GRASSROOTS, OFFICE

_SUMMED: Final = frozenset(words("enrolled active passed own_count partner_count member_count planned_activities"))
_UNITS: Final = frozenset(words("unit_id inspector_unit handler_unit_id host_unit"))
_YEARS: Final = frozenset(words("year attributed_year"))
_FLAGS: Final[Mapping[str, tuple[Cell, Cell]]] = {
    "yes": ("是", "否"),
    "tick": ("√", "×"),
    "have": ("有", "无"),
    "digit": (1, 0),
}
_FULL_WIDTH: Final = str.maketrans("0123456789.", "０１２３４５６７８９．")
_REMARKS: Final = ("", "", "", "", "", "　", "已核", "待补签字", "见纸质台账")


@dataclass(frozen=True)
class Names:
    """The names each unit goes by."""

    units: Mapping[str, Unit]
    everyday: Mapping[str, str]
    platform: Mapping[tuple[str, str], str]

    def name(self, unit_id: str, platform: str | None, way: str) -> str:
        """A unit's name in one of its forms; a unit without that form goes by its full name."""
        unit = self.units.get(unit_id)
        if unit is None:
            return unit_id  # not one of ours: 区委组织部
        if way == "short":
            return unit.short_name
        if way == "spaced":
            return f" {unit.short_name}　"
        if way == "everyday":
            return self.everyday.get(unit_id, unit.name)
        if way == "platform" and platform:
            return self.platform.get((unit_id, platform), unit.name)
        return unit.name


def _date_cell(day: date, way: str) -> Cell:
    if way == "true":
        return day
    if way == "serial":
        return (day - date(1899, 12, 30)).days
    year, month, number = day.year, day.month, day.day
    return {
        "dot": f"{year}.{month}.{number}",
        "cn": f"{year}年{month}月{number}日",
        "slash": f"{year}/{month}/{number}",
        "iso": day.isoformat(),
    }[way]


def _month_cell(day: date, way: str) -> Cell:
    if way == "true":
        return day
    return {"cn": f"{day.year}年{day.month}月", "dash": f"{day:%Y-%m}", "dot": f"{day.year}.{day.month}"}[way]


def _percent_cell(rate: Decimal, way: str) -> Cell:
    hundredths = (rate * 100).quantize(Decimal("0.01")).normalize()
    if way == "text":
        return f"{hundredths:f}%"
    if way == "bare":
        return float(hundredths)
    return Percent(float(rate)) if way == "cell" else float(rate)


def _number_cell(value: Decimal | int, odd: bool, rng: random.Random) -> Cell:
    if odd:
        if value >= 1000 and rng.random() < 0.5:
            return f"{value:,}"
        if rng.random() < 0.1:
            return str(value).translate(_FULL_WIDTH)
    return value if isinstance(value, int) else float(value)


class Writer:
    """Lays records out as lines of cells."""

    def __init__(self, sheet: Sheet, names: Names, rng: random.Random) -> None:
        self.sheet = sheet
        self.style = sheet.style
        self.names = names
        self.rng = rng
        self.heads = heads_of(sheet)

    def page(self, entries: Sequence[Entry], start: int = 0) -> Page:
        """The table, from its first line to its last; `start` is the row it begins on."""
        sheet = self.sheet
        if sheet.text:
            return Page(sheet, tuple(Line("text", (line,)) for line in sheet.text), start)
        if sheet.limit:
            entries = [entry for entry in entries if entry.reason is None and not entry.note][: sheet.limit]
        if sheet.copies:
            entries = [self._copy(entry) for entry in entries]
        lines = [Line("blank") for _ in range(sheet.top)]
        if sheet.title:
            lines.append(self._line("section" if sheet.below else "title", [sheet.title]))
        lines += self._header()
        first = start + len(lines)
        section = ""
        for number, entry in enumerate(entries, 1):
            if sheet.sections and (category := self._category(entry)) != section:
                section = category
                lines.append(self._line("section", [f"{'一' if category == OFFICE else '二'}、{category}"]))
            lines.append(self._record(number, entry, start + len(lines)))
            if sheet.blank_every and number % sheet.blank_every == 0:
                lines.append(self._line("blank", [self.rng.choice((None, "　"))]))
        if sheet.total:
            lines.append(self._total(entries, first, start + len(lines)))
        if sheet.note:
            lines.append(self._line("note", [f"注：{sheet.note}"]))
        return Page(sheet, tuple(lines), start)

    @staticmethod
    def _copy(entry: Entry) -> Entry:
        if entry.reason is not None:
            raise ValueError(f"a bad row would be filed twice: {entry}")
        return replace(entry, reason="duplicate", note="the whole sheet is a copy")

    def _category(self, entry: Entry) -> str:
        unit = self.names.units.get(getattr(entry.record, "unit_id", ""))
        return unit.category if unit else GRASSROOTS

    def _line(self, kind: str, cells: Sequence[Cell], entry: Entry | None = None) -> Line:
        width = len(self.heads)
        return Line(kind, (None,) * self.sheet.left + tuple(cells) + (None,) * (width - len(cells)), entry)

    def _header(self) -> list[Line]:
        if not any(head.group for head in self.heads):
            return [self._line("header", [head.heading for head in self.heads])]
        groups = [head.group for head in self.heads]
        upper: list[Cell] = [
            head.heading if head.group is None else head.group if n == 0 or groups[n - 1] != head.group else None
            for n, head in enumerate(self.heads)
        ]
        lower: list[Cell] = [head.heading if head.group else None for head in self.heads]
        return [self._line("header", upper), self._line("header", lower)]

    def _record(self, number: int, entry: Entry, row: int) -> Line:
        raw = dict(entry.raw)
        cells: list[Cell] = []
        for head in self.heads:
            if head.column is None:
                cells.append(self._extra(head.heading, number))
            elif head.column in raw:
                cells.append(raw[head.column] or None)
            else:
                cells.append(self._cell(entry.written or entry.record, head.column, row))
        return self._line("record", cells, entry)

    def _extra(self, heading: str, number: int) -> Cell:
        if heading == "序号":
            return number
        if heading == "填报人":
            return person(self.rng)
        return self.rng.choice(_REMARKS) or None

    def _cell(self, record: Record, column: str, row: int) -> Cell:
        value = getattr(record, column)
        style, rng = self.style, self.rng
        if value is None:
            return "　" if style.blanks and rng.random() < 0.3 else None
        if column in _UNITS and not isinstance(record, Unit):
            way = rng.choice(style.names)
            return self.names.name(value, getattr(record, "platform", None), way)
        if column == "period":
            return _month_cell(value, rng.choice(style.months))
        if column == "participation_rate":
            if style.percent == "formula" and isinstance(record, StudyStat) and record.enrolled:
                part, whole = self._at("active", row), self._at("enrolled", row)
                return Formula(f"=ROUND({part}/{whole},4)", float(value))
            return _percent_cell(value, style.percent)
        if isinstance(value, tuple):
            return rng.choice(style.lists).join(value)
        if isinstance(value, bool):
            return _FLAGS[style.flags][0 if value else 1]
        if isinstance(value, date):
            return _date_cell(value, rng.choice(style.dates))
        if isinstance(value, (int, Decimal)):
            return _number_cell(value, style.odd_numbers and column not in _YEARS, rng)
        return str(value)

    def _at(self, column: str, row: int) -> str:
        place = self.sheet.left + next(n for n, head in enumerate(self.heads) if head.column == column)
        return f"{chr(ord('A') + place)}{row + 1}"

    def _total(self, entries: Sequence[Entry], first: int, row: int) -> Line:
        cells: list[Cell] = [self.sheet.total]
        for head in self.heads[1:]:
            if head.column in _SUMMED:
                values = [getattr(e.record, head.column) for e in entries if head.column not in dict(e.raw)]
                letter = self._at(head.column, 0)[0]
                total = sum(value for value in values if value is not None)
                cells.append(Formula(f"=SUM({letter}{first + 1}:{letter}{row})", total))
            else:
                cells.append(None)
        return self._line("total", cells)
