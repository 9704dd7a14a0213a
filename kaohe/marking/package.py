"""Marking an .xlsx where it stands: what must change in its parts is changed, byte by byte where it can be; every other
part is copied as it is, whatever it holds.

Changed are the workbook's list of sheets, the styles (a red one for each style of a marked cell), the marked cells
(their style, nothing else), the notes of their sheets, and which sheet is selected. Marks of an earlier check (our red,
our notes, our first sheet) are taken away; a fill that a cell had before it was red does not come back.
"""

import re
from collections.abc import Sequence

from lxml import etree

from kaohe.errors import Unreadable
from kaohe.marking.archive import Book, Package
from kaohe.marking.cells import Cells, merged
from kaohe.marking.first_sheet import list_sheet
from kaohe.marking.listing import cells_of
from kaohe.marking.mark import Mark
from kaohe.marking.notes import Notes
from kaohe.marking.styles import Styles
from kaohe.sources.details import BROKEN, refuse_bomb

_SELECTED = re.compile(rb"""\stabSelected\s*=\s*["'](?:1|true)["']""")


def mark_package(name: str, data: bytes, marks: Sequence[Mark]) -> bytes:
    """The marked workbook. Raises ``Unreadable`` where its parts cannot be made out."""
    refuse_bomb(name, data)
    try:
        package = Package(data)
        _mark(Book(package, data), marks)
        return package.written()
    except (etree.XMLSyntaxError, AttributeError, TypeError, StopIteration, *BROKEN) as error:
        # Not XML, or elements and attributes that must be there and are not.
        raise Unreadable("file_broken", file=name) from error


def _mark(book: Book, marks: Sequence[Mark]) -> None:
    ours = book.ours()
    styles = Styles(book)
    for name, part in book.sheets.items():
        if name != ours:
            _mark_sheet(book, part, styles, [mark for mark in marks if mark.sheet == name])
    for part in book.package.related(book.part, "chartsheet").values():
        book.package.changed[part] = _SELECTED.sub(b"", book.package.read(part))
    sheet = list_sheet(book.main, marks, styles)
    if ours is not None:
        book.package.changed[book.sheets[ours]] = sheet
        at = [node.get("name") for node in book.list].index(ours)
    else:
        book.insert(sheet)
        at = 0
    for view in book.root.iter(f"{{{book.main}}}workbookView"):
        view.set("activeTab", str(at))
        view.set("firstSheet", "0")
    styles.put()
    book.package.put(book.part, book.root)


def _mark_sheet(book: Book, part: str, styles: Styles, marks: Sequence[Mark]) -> None:
    """One sheet: its cells, its notes, and that it is not selected."""
    data = book.package.read(part)
    declared = b"encoding=" in data[:100] and b"UTF-8" not in data[:100].upper()
    if declared or not data.lstrip().startswith(b"<"):
        data = etree.tostring(book.package.tree(part), xml_declaration=True, encoding="UTF-8")
    begins = data.find(b"sheetData")
    head = _SELECTED.sub(b"", data[:begins])
    new = head + data[begins:]
    bad = cells_of(marks, merged(data)) if marks else {}
    drawn = Notes(book, part).write({place: note for place, note in bad.items() if note is not None})
    if bad or styles.stale or drawn:
        new = Cells(new, bad, styles, drawn, book.office).changed()
    if new != data:
        book.package.changed[part] = new
