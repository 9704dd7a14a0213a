"""Put a backup back: unpacked and checked aside, in the new home, before anything of it is in place."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kaohe.backup.archive import Archive
from kaohe.backup.contents import FOLDERS, PARTS, Entry, Label
from kaohe.backup.making import damage_of
from kaohe.errors import KaoheError
from kaohe.homelock import lock
from kaohe.people import fingerprint, key_of
from kaohe.safely import flush_folder, flush_tree
from kaohe.warehouse import as_sentences

#: Below warehouse/, which only the owner can read.
ASIDE = ".restore"


@dataclass(frozen=True)
class Restored:
    """What came of it. ``damage``: what is not as it should be, in sentences; ``other_key``: people in the backup were
    hashed with another key than the one that is in use here."""

    label: Label
    damage: list[str]
    other_key: bool


def restore(path: Path, home: Path) -> Restored:
    """Put the backup ``path`` into ``home``, which must not be there or be empty.

    Raises ``KaoheError``, and puts nothing in place, if there is something already, the backup is not whole, or there
    is no room for it.
    """
    with Archive(path) as archive, as_sentences(home):
        _refuse_full(home)
        held = lock(home)
        aside = home / "warehouse" / ASIDE
        try:
            _refuse_full(home)
            shutil.rmtree(aside, ignore_errors=True)  # of a restore that was killed
            aside.mkdir(mode=0o700)
            if shutil.disk_usage(aside).free < archive.label.size:
                raise KaoheError("disk_full", path=home)
            for entry, mode, chunks in archive.files():
                _unpack(aside, entry, mode, chunks)
            flush_tree(aside)
            _put_in_place(aside, home)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
            held.release()
    label = archive.label
    other_key = label.key is not None and label.key != fingerprint(key_of(home))
    return Restored(label, damage_of(home), other_key)


def _refuse_full(home: Path) -> None:
    """The folder has nothing in it but what the lock needs."""
    if not home.exists():
        return
    if not home.is_dir() or any(found != home / "warehouse" for found in home.iterdir()):
        raise KaoheError("restore_not_empty", home=home)
    for found in (home / "warehouse").glob("*"):
        if (found.is_dir() and found.name != ASIDE) or found.name.startswith("kaohe.duckdb"):
            raise KaoheError("restore_not_empty", home=home)


def _unpack(aside: Path, entry: Entry, mode: int, chunks: Iterator[bytes]) -> None:
    """Write a file; nobody but its owner may write to it, who may read it is as it was."""
    path = aside / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(chunks)
    path.chmod(mode & 0o755 | 0o600)


def _put_in_place(aside: Path, home: Path) -> None:
    """Move each part to where it belongs, what is in force last."""
    for part in PARTS:
        if (aside / part).exists():
            (home / part).parent.mkdir(parents=True, exist_ok=True)
            (aside / part).rename(home / part)
    assert PARTS[-1] == FOLDERS[-1] == "published"
    flush_folder(home / "warehouse")
    flush_folder(home)
