"""An explanation as a workbook: the unit's 体检单, each item that lost or gained with its records, and what rules say
of records that were taken."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kaohe.book import Book
from kaohe.explaining import Explanation, Part
from kaohe.explaining.called import item_called
from kaohe.explaining.text import basis_of, headline
from kaohe.words import clauses, say

_LEVEL = "　　"
_PARTS = ("part", "effective_weight", "points", "lost", "due", "done", "status", "basis")
_ITEMS = (
    "indicator", "item", "due", "done", "lost", "gained", "source_table", "_file", "_sheet", "_row", "cells",
)  # fmt: skip
_FLAGGED = ("source_table", "_file", "_sheet", "_row", "sentence")


def write_workbook(found: Explanation, path: Path) -> None:
    """Write it to ``path``."""
    title, *rest = headline(found)
    book = Book(path, title)
    note = "    ".join([*rest, *found.grade_reasons])
    parts = [row for part in found.parts for row in _part(part, 0)]
    book.sheet(say("sheet_explain"), title, note, [say(f"heading_{name}") for name in _PARTS], parts, 1)
    items = [row for part in found.parts for each in part.below() for row in _items(each)]
    headings = [say(f"heading_{name}") for name in _ITEMS]
    book.sheet(say("sheet_explain_items"), title, say("sheet_explain_items_title"), headings, items, 2)
    if found.flagged:
        flagged = [
            [each.table, record.file, record.sheet or None, record.row, each.sentence]
            for each in found.flagged
            for record in each.records
        ]
        headings = [say(f"heading_{name}") for name in _FLAGGED]
        book.sheet(say("sheet_flagged"), title, say("sheet_flagged_title"), headings, flagged)
    book.book.close()


def _part(part: Part, level: int) -> Iterator[list[Any]]:
    status = say(f"status_{part.status}") if part.status else None
    if part.not_applicable_rule:
        status = say("with_colon", before=status, after=part.not_applicable_rule)
    numbers = [part.effective_weight, part.points, part.lost] if part.status or not part.leaf else [None] * 3
    yield [_LEVEL * level + part.title, *numbers, part.due, part.done, status, basis_of(part.leaf) or None]
    for below in part.parts:
        yield from _part(below, level + 1)


def _items(part: Part) -> Iterator[list[Any]]:
    """A row for each record of each item, one without a record for an item that has none; what it lost stands in its
    first row, so that the column adds up."""
    for item in part.items:
        if not item.records:
            yield [
                part.title,
                item_called(item.item),
                item.due,
                item.done,
                item.lost,
                item.gained,
                None,
                None,
                None,
                None,
                None,
            ]
        for number, record in enumerate(item.records):
            numbers = [item.due, item.done, item.lost, item.gained] if number == 0 else [None] * 4
            cells = clauses(f"{heading} {text}" for heading, text in record.cells.items())
            yield [
                part.title,
                item_called(item.item),
                *numbers,
                record.table,
                record.file,
                record.sheet or None,
                record.row,
                cells,
            ]
