"""The files of an inbox, and of the ledgers that the program keeps itself."""

import os
from pathlib import Path

from kaohe.errors import KaoheError

#: Files that programs leave behind and nobody hands in.
_DEBRIS = ("~$", ".~", "~WRL", ".")
_DEBRIS_NAMES = ("thumbs.db", "desktop.ini", "_success", "_metadata", "_common_metadata")

INBOX, LEDGERS = "inbox", "ledgers"
#: Source → relative path → where the file is now.
Files = dict[str, dict[str, Path]]
#: The ledgers that the program keeps itself, by lifecycle.py.
OWN_LEDGERS = ("correction.csv", "score_appeal.csv")


def own_ledgers(folder: Path) -> dict[str, Path]:
    """The ledgers that the program keeps in ``folder``."""
    return {name: folder / name for name in OWN_LEDGERS if (folder / name).exists()}


def inbox_files(inbox: Path) -> list[str]:
    """Relative paths of what was handed in, in order; debris of other programs is passed over.

    Raises ``KaoheError`` for a folder that is not there or holds nothing.
    """
    if not inbox.is_dir():
        raise KaoheError("inbox_missing", path=inbox)
    found = []
    for folder, folders, names in os.walk(inbox, onerror=_refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(_DEBRIS) and name.lower() not in _DEBRIS_NAMES:
                found.append((Path(folder) / name).relative_to(inbox).as_posix())
    if not found:
        raise KaoheError("inbox_empty", path=inbox)
    return sorted(found)


def _refuse_folder(error: OSError) -> None:
    """A folder that cannot be listed is no folder whose files were taken away."""
    raise KaoheError("os_refused", path=error.filename, problem=error.strerror or error) from error
