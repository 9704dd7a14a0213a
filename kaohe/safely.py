"""Writing that survives being killed halfway: a file is there whole or as it was, and stays through a power cut."""

import os
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(data)
    put(aside, path)


def put(aside: Path, path: Path) -> None:
    """Let a file that was written aside, in the same folder, take its place at once."""
    _flush(aside, os.O_RDWR)
    aside.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can do that for folders."""
    if os.name == "posix":
        _flush(folder, os.O_RDONLY)


def flush_tree(folder: Path) -> None:
    """Bring every file of a folder, and of those in it, to the disk."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            flush_tree(path)
        else:
            _flush(path, os.O_RDWR)
    flush_folder(folder)


def _flush(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
