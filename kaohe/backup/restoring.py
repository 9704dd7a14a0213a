"""Put a backup back: unpacked and checked aside, in the new home, before anything of it is in place."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kaohe.backup.archive import Archive
from kaohe.backup.contents import Entry, Label
from kaohe.backup.damage import damage_of
from kaohe.errors import KaoheError
from kaohe.home import ASIDE, FOLDERS, PARTS, PLACING, half_restored, not_in_place
from kaohe.homelock import lock
from kaohe.journal import LOGS
from kaohe.people import fingerprint, has_key, key_of
from kaohe.safely import flush_folder, flush_tree
from kaohe.warehouse import as_sentences


@dataclass(frozen=True)
class Restored:
    """What came of it. ``damage``: what is not as it should be, in sentences; ``other_key``: people in the backup were
    hashed with another key than the one that is in use here; ``no_key``: none is."""

    label: Label
    damage: list[str]
    other_key: bool
    no_key: bool


def restore(path: Path, home: Path) -> Restored:
    """Put the backup ``path`` into ``home``, which must not be there or hold nothing that a backup has. One that a
    killed restore left is begun anew.

    Raises ``KaoheError``, and puts nothing in place, if there is something already, the backup is not whole, or there
    is no room for it.
    """
    with Archive(path) as archive, as_sentences(home):
        _refuse_full(home)
        held = lock(home, half_restored_too=True)
        try:
            _refuse_full(home)
            with suppress(PermissionError):  # a folder that somebody else made ready for us
                home.chmod(0o700)
            _begin_anew(home)
            _unpack_all(archive, home)
            _put_in_place(home)
        finally:
            shutil.rmtree(home / "warehouse" / ASIDE, ignore_errors=True)
            held.release()
    label = archive.label
    there = has_key(home)
    other_key = there and label.key is not None and label.key != fingerprint(key_of(home))
    return Restored(label, damage_of(home), other_key, no_key=label.key is not None and not there)


def _refuse_full(home: Path) -> None:
    """Nothing in the folder is in the way. Of a half-restored home that is what was put in place, and the journal of
    commands that were refused since."""
    if home.exists() and not home.is_dir():
        raise KaoheError("restore_not_empty", home=home, found=home)
    waiting = not_in_place(home)
    ours = set(PARTS) - set(waiting) if waiting else set()
    ours |= {LOGS} if half_restored(home) else set()
    there = [home / part for part in PARTS if part not in ours and (home / part).exists()]
    for found in [*there, *(home / "warehouse").glob("kaohe.duckdb*")]:
        raise KaoheError("restore_not_empty", home=home, found=found)


def _begin_anew(home: Path) -> None:
    """Take away what a killed restore left, and what it had put in place: before it there was nothing."""
    warehouse = home / "warehouse"
    for part in PARTS if half_restored(home) else ():
        path = home / part
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for name in (ASIDE, PLACING):
        shutil.rmtree(warehouse / name, ignore_errors=True)


def _unpack_all(archive: Archive, home: Path) -> None:
    aside = home / "warehouse" / ASIDE
    aside.mkdir(mode=0o700)
    if shutil.disk_usage(aside).free < archive.label.size:
        raise KaoheError("disk_full", path=home)
    for entry, mode, chunks in archive.files():
        _unpack(aside, entry, mode, chunks)
    flush_tree(aside)


def _unpack(aside: Path, entry: Entry, mode: int, chunks: Iterator[bytes]) -> None:
    """Write a file; nobody but its owner may write to it, who may read it is as it was."""
    path = aside / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(chunks)
    path.chmod(mode & 0o755 | 0o600)


def _put_in_place(home: Path) -> None:
    """Move each part to where it belongs, what is in force last."""
    placing = home / "warehouse" / PLACING
    (home / "warehouse" / ASIDE).rename(placing)
    for part in PARTS:
        if (placing / part).exists():
            (home / part).parent.mkdir(parents=True, exist_ok=True)
            (placing / part).rename(home / part)
    assert PARTS[-1] == FOLDERS[-1] == "published"
    flush_folder(home / "warehouse")
    flush_folder(home)
    shutil.rmtree(placing, ignore_errors=True)
