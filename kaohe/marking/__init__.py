"""A clerk's own workbook back: untouched but for the cells to mend, in red with a note, and a first sheet that lists
them.

openpyxl would lose charts, pictures, form controls, macros and whatever else it does not know, so an .xlsx is edited
where it must be and copied everywhere else (``package.py``). Other files, and an .xlsx whose parts are not as they
should be, are written anew from what was read of them (``rebuilt.py``).
"""

from collections.abc import Sequence
from contextlib import suppress

from kaohe.errors import Unreadable
from kaohe.marking.mark import Mark


def marked(name: str, data: bytes, marks: Sequence[Mark]) -> bytes:
    """The workbook (.xlsx or .xlsm where it was one, else .xlsx) with its problems marked.

    Raises ``Unreadable`` for a file that cannot be read.
    """
    from kaohe.marking.archive import is_package
    from kaohe.marking.package import mark_package
    from kaohe.marking.rebuilt import rebuild

    if is_package(data):
        with suppress(Unreadable):  # its values may still be there
            return mark_package(name, data, marks)
    return rebuild(name, data, marks)
