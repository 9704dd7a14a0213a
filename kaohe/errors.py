"""Errors that speak to the person who can fix them."""

import errno
import re
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from kaohe.words import listed, say

_OS_ERROR = re.compile(r"\(os error (\d+)\)")


class KaoheError(Exception):
    """A sentence from the catalogue: which file, what is wrong, what to do. Nothing was published (exit status 2)."""

    exit_code = 2

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(say(key, **values))
        self.key = key


class Unreadable(KaoheError):
    """An input file that cannot be read; it is set aside whole and the run goes on without it."""


def from_os_error(error: OSError, path: Path | str | None = None) -> KaoheError:
    """The sentence for what the operating system refused: a full disk, a folder that cannot be written, …"""
    where = str(error.filename or path or "")
    said = _OS_ERROR.search(str(error))  # of a library that is written in Rust
    match error.errno or (int(said[1]) if said else None):
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return KaoheError("disk_full", path=where)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return KaoheError("not_writable", path=where)
        case _:
            return KaoheError("os_refused", path=where, problem=error.strerror or str(error))


def keep_traceback(error: BaseException) -> str:
    """Write where the program failed into a file for its maintainers; gives the file's name, or says that there is no
    room for it."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="kaohe-", suffix=".log", delete=False, encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
    except OSError:
        return say("log_not_kept")
    return log.name


def nearest(text: str, known: Sequence[str]) -> str:
    """The three names most like ``text``, joined by 、."""
    from rapidfuzz import process

    return listed(name for name, _, _ in process.extract(text, known, limit=3))
