"""The sheet that a check puts into a workbook, known again when the workbook is handed in with it."""

from collections.abc import Sequence

from kaohe.words import catalogue

#: Headings of such a sheet, in the catalogue of words.
LIST_HEADINGS = ("number", "sheet_heading", "cell", "value", "problem", "remedy")


def list_names() -> tuple[str, ...]:
    """What the names of such sheets begin with."""
    return tuple(catalogue()["marked_sheet"].values())


def is_our_list(name: str, first_rows: Sequence[Sequence[str]]) -> bool:
    """A sheet that lists what an earlier check found (marking/listing.py), in whatever language, and no sheet of the
    clerk's own by that name."""
    if not name.startswith(list_names()):
        return False
    said = catalogue()
    title, _, headings = [list(row) for row in (*first_rows, (), (), ())][:3]
    ours = [[said[f"marked_{name}"][spoken] for name in LIST_HEADINGS] for spoken in said["marked_number"]]
    return headings[: len(LIST_HEADINGS)] in ours or title[:1] in [[text] for text in said["marked_nothing"].values()]
