"""A clerk's own workbook back: untouched but for the cells to mend, in red with a note, and a first sheet that lists
them.

openpyxl would lose charts, pictures, form controls, macros and whatever else it does not know, so an .xlsx is edited
where it must be and copied everywhere else (``package.py``). Other files, and an .xlsx whose parts are not as they
should be, are written anew from what was read of them (``rebuilt.py``).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from kaohe.errors import Unreadable

#: So many notes a sheet gets at most; Excel becomes slow beyond. The cells are red all the same.
MOST_NOTES = 5_000
#: So many problems the first sheet lists at most.
MOST_LINES = 1_000_000
AUTHOR = "kaohe"
#: The red of our cells, by which they are known again.
RED = "FFFFB3B8"


@dataclass(frozen=True)
class Mark:
    """One problem. ``sheet``: its name in the file ('' for a CSV); ``row`` from 1 and ``column`` from 0, None where it
    is about the row, the sheet or the file as a whole. ``value``: the cell as it is."""

    sheet: str
    row: int | None
    column: int | None
    value: str | None
    problem: str
    remedy: str


def marked(name: str, data: bytes, marks: Sequence[Mark]) -> bytes:
    """The workbook (.xlsx or .xlsm where it was one, else .xlsx) with its problems marked.

    Raises ``Unreadable`` for a file that cannot be read.
    """
    from kaohe.marking.package import is_package, mark_package
    from kaohe.marking.rebuilt import rebuild

    if is_package(data):
        with suppress(Unreadable):  # its values may still be there
            return mark_package(name, data, marks)
    return rebuild(name, data, marks)
