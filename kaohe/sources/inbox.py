"""The files of an inbox, and of the ledgers that the program keeps itself."""

import os
from contextlib import suppress
from pathlib import Path

from kaohe.errors import KaoheError

#: Files that programs leave behind and nobody hands in.
_DEBRIS = ("~$", ".~", "~WRL", ".")
_DEBRIS_NAMES = ("thumbs.db", "desktop.ini", "_success", "_metadata", "_common_metadata")

INBOX, LEDGERS = "inbox", "ledgers"
#: Source → relative path → where the file is now.
Files = dict[str, dict[str, Path]]
#: The ledgers that the program keeps itself, by the year's proceedings (lifecycle/proceedings.py).
OWN_LEDGERS = ("correction.csv", "score_appeal.csv")


def own_ledgers(folder: Path) -> dict[str, Path]:
    """The ledgers that the program keeps in ``folder``."""
    return {name: folder / name for name in OWN_LEDGERS if (folder / name).exists()}


def inbox_files(inbox: Path) -> dict[str, Path]:
    """What was handed in, by its relative path, in order; debris of other programs is passed over.

    Raises ``KaoheError`` for a folder that is not there or holds nothing.
    """
    if not inbox.is_dir():
        raise KaoheError("inbox_missing", path=inbox)
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(inbox, onerror=_refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(_DEBRIS) and name.lower() not in _DEBRIS_NAMES:
                path = Path(folder) / name
                below = path.relative_to(inbox).as_posix()
                told = legible(below)
                found[escaped(below) if told in found else told] = path
    if not found:
        raise KaoheError("inbox_empty", path=inbox)
    return dict(sorted(found.items()))


def legible(name: str) -> str:
    """A file's name as text. A part that is no UTF-8, as ``unzip`` leaves what was packed on Windows, is GB 18030."""
    return "/".join(map(_legible, name.split("/")))


def _legible(part: str) -> str:
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return os.fsencode(part).decode(encoding)
    return escaped(part)


def escaped(name: str) -> str:
    """A name with the bytes that are no UTF-8 written out."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _refuse_folder(error: OSError) -> None:
    """A folder that cannot be listed is no folder whose files were taken away."""
    raise KaoheError("os_refused", path=error.filename, problem=error.strerror or error) from error
