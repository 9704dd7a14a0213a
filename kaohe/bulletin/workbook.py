"""The bulletin as a workbook: totals, and the units of each platform unless the rule forbids to compare them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from kaohe.book import Book
from kaohe.bulletin.figures import Figures, Row
from kaohe.words import say

_PERCENT, _POINTS, _TENTHS = "0.0%", "+0.0;-0.0;0.0", "0.0"
_CHANGES = ("on_last_month", "on_last_year")
_RATES = ("enrolled", "active", "rate", *_CHANGES)
_MORE = ("score", "passed", "met", "hours")


def write_workbook(figures: Figures, title: str, path: Path) -> None:
    """Write the workbook to ``path``."""
    book = Book(path, title)
    note = say("bulletin_source", publication=figures.publication, as_of=figures.as_of)
    names = ["units", *_RATES, *_MORE]
    labels: list[tuple[str | None, str | None]] = [
        (platform, category) for platform in (*figures.platforms, None) for category in (*figures.categories, None)
    ]
    rows = [
        [
            platform or say("whole"),
            category or say("whole"),
            *_cells(figures.total(platform, category), platform, names),
        ]
        for platform, category in labels
    ]
    _sheet(book, say("sheet_overall"), title, note, ["platform", "category", *names], rows)
    if figures.not_ranked is None:
        for platform in figures.platforms:
            _units(book, figures, platform, title, note)
    book.book.close()


def _units(book: Book, figures: Figures, platform: str, title: str, note: str) -> None:
    found = {row["unit_id"]: row for row in figures.unit_change if row["platform"] == platform}
    status = {row["unit_id"]: row["status"] for row in figures.absent if row["platform"] == platform}
    names = [*_RATES, *(name for name in _MORE if any(row[name] is not None for row in found.values()))]
    absent = {"missing": say("bulletin_missing"), "set_aside": say("bulletin_set_aside")}
    rows: list[list[Any]] = []
    order = {category: number for number, category in enumerate(figures.categories)}
    for unit in sorted(figures.month_unit, key=lambda unit: (order[unit["category"]], unit["unit_id"])):
        row = found.get(unit["unit_id"])
        if row or unit["unit_id"] in status:
            remark = "；".join(_remarks(row)) if row else absent[status[unit["unit_id"]]]
            rows.append([unit["category"], unit["unit_name"], *_cells(row, platform, names), remark or None])
    _sheet(book, platform, f"{title} · {platform}", note, ["category", "unit_name", *names, "remark"], rows)


def _remarks(row: Row) -> list[str]:
    remarks = []
    if row["enrolled"] == 0:
        remarks.append(say("bulletin_nobody"))
    if row["reported"] > row["enrolled"]:
        remarks.append(say("bulletin_repeated", reported=row["reported"]))
    if row["below_rate"]:
        remarks.append(say("bulletin_below_rate"))
    if row["below_met"]:
        remarks.append(say("bulletin_below_met"))
    return remarks


def _cells(row: Row | None, platform: str | None, names: list[str]) -> list[Any]:
    """Cells of the workbook: exact numbers, — where there is nothing to compare with."""
    cells: list[Any] = []
    for name in names:
        value = row[name] if row else None
        if platform is None and name in _MORE:
            value = None  # of different things on different platforms
        if value is None:
            cells.append("—" if row and name in ("rate", *_CHANGES) else None)
        elif name in ("rate", "met"):
            cells.append(Decimal(value) / 1000)
        elif name in (*_CHANGES, "score", "hours"):
            cells.append(Decimal(value) / 10)
        else:
            cells.append(value)
    return cells


def _sheet(book: Book, name: str, title: str, note: str, names: list[str], rows: list[list[Any]]) -> None:
    shown = {"rate": _PERCENT, "met": _PERCENT, "on_last_month": _POINTS, "on_last_year": _POINTS}
    shown |= {"score": _TENTHS, "hours": _TENTHS}
    formats = {column: shown[key] for column, key in enumerate(names) if key in shown}
    headings = [say(f"heading_{key}") for key in names]
    book.sheet(name, title, note, headings, rows, freeze_columns=2, number_formats=formats)
