"""What a backup holds, and its first member, which says so."""

import json
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kaohe import __version__
from kaohe.errors import KaoheError
from kaohe.home import FILES, FOLDERS
from kaohe.lifecycle.acts import Kind
from kaohe.project import is_newer

LABEL = "BACKUP.json"
#: The form of BACKUP.json and of what it lists; 2 has the fingerprint of the key.
FORM = 2


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entry(_Strict):
    """One file: its path below the home, size in bytes, SHA-256."""

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Standing(_Strict):
    """How far a year had come: number of acts, the last one's kind, time and line hash, the publication in force."""

    acts: int
    last: Kind
    office_time: AwareDatetime
    sha256: str
    publication: str


class Label(_Strict):
    """BACKUP.json. ``key``: tells which key people were hashed with, None before the first run; ``own_key``: it is
    among the files; ``years``: None for a year whose log is broken; ``damage``: there was some when it was made."""

    form: int
    program: str
    made_at: AwareDatetime
    home: str
    key: str | None
    own_key: bool
    damage: bool
    years: dict[int, Standing | None]
    files: list[Entry]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files)


def files_of(home: Path) -> Iterator[str]:
    """The files of a home that go into a backup, in order. What a program that was killed left behind is not among
    them."""
    yield from (name for name in FILES if (home / name).is_file())
    for part in FOLDERS:
        for folder, folders, names in os.walk(home / part, onerror=_refused):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if not name.startswith(".") and path.suffix != ".part" and path.is_file():
                    yield path.relative_to(home).as_posix()


def _refused(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def check_paths(paths: list[str]) -> None:
    """Raises ``KaoheError`` for a path that is no part of a home, and for two that one file system would not tell
    apart."""
    taken: dict[str, str] = {}
    for path in paths:
        _check_path(path)
        alike = unicodedata.normalize("NFC", path).casefold()
        if alike in taken:
            raise KaoheError("backup_twins", one=taken[alike], other=path)
        taken[alike] = path
    for alike, path in taken.items():
        for parent in PurePosixPath(alike).parents:
            if str(parent) in taken:
                raise KaoheError("backup_twins", one=taken[str(parent)], other=path)


def _check_path(path: str) -> None:
    pure = PurePosixPath(path)
    parts = pure.parts
    if (
        str(pure) != path
        or not (path in FILES or any(path.startswith(f"{folder}/") for folder in FOLDERS))
        or any(part.startswith(".") for part in parts)
        or re.search(r"[\x00-\x1f\x7f\\]", path)
    ):
        raise KaoheError("backup_path", member=printable(path))


def printable(text: str) -> str:
    """A name as it can be shown in a sentence, on one line."""
    shown = "".join(mark if mark.isprintable() else "?" for mark in text)
    return shown if len(shown) <= 120 else shown[:120] + "……"


def read_label(data: bytes, file: Path) -> Label:
    """Raises ``KaoheError`` for a BACKUP.json that is none, is by a newer program, or lists what no home holds."""
    try:
        said = json.loads(data)
        form, program = said["form"], said["program"]
        if not (isinstance(form, int) and isinstance(program, str)):
            raise TypeError
        if form > FORM or is_newer(program):
            raise KaoheError("backup_newer", file=file, theirs=printable(program), ours=__version__)
        label = Label.model_validate_json(data)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KaoheError("backup_not_ours", file=file) from error
    check_paths([entry.path for entry in label.files])
    return label
