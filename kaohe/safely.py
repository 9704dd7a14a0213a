"""Writing that survives being killed halfway: a file is there whole or as it was, and stays through a power cut."""

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

#: Bytes of a name: two of them and a number fit into what file systems bear.
_LONGEST = 110


def file_name(text: str) -> str:
    """What is left of a text that every file system bears as a name: no separators, no marks of theirs, no dot at
    either end; it leads nowhere else."""
    kept = "".join("_" if unicodedata.category(mark)[0] == "C" or mark in '\\/:*?"<>|' else mark for mark in text)
    kept = kept.strip(" .").encode()[:_LONGEST].decode(errors="ignore").rstrip(" .")
    return (
        f"_{kept}" if re.fullmatch(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", kept) else kept
    )


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it. When this returns their names are on the disk."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        flush_folder(each.parent)


def replace(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` at once."""
    make_folder(path.parent)
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(data)
    put(aside, path)


def put(aside: Path, path: Path) -> None:
    """Let a file that was written aside, in the same folder, take its place at once."""
    _flush(aside, os.O_RDWR)
    aside.replace(path)
    flush_folder(path.parent)


def write_aside(path: Path, write: Callable[[Path], None], mode: int = 0o666) -> None:
    """Write a file whole: it takes its place once all is written, and its folder is made."""
    part = path.with_name(f".{path.name}.part")
    make_folder(path.parent)
    try:
        part.touch(mode)  # where nothing can be written this says so as other files do
        write(part)
        put(part, path)
    finally:
        part.unlink(missing_ok=True)


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a log that end; one cut off while it was written never was one."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


def add_line(path: Path, line: bytes, mode: int = 0o644) -> None:
    """Add a line to a log. When this returns it is on the disk."""
    whole = sum(map(len, whole_lines(path)))
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, mode), "r+b") as file:
        file.truncate(whole)  # what a write cut off by a power cut left behind
        file.seek(whole)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    flush_folder(path.parent)


def append(path: Path, line: bytes, mode: int) -> None:
    """Add a line to a log that several processes write, none of which waits for another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # O_BINARY: Windows would end lines in its own way.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), mode)
    try:
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def for_its_owner_to_write(folder: Path) -> None:
    """Nobody but its owner may write in a folder and what is below it; who may read is left to umask and ACLs."""
    if os.name == "posix":
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode & ~0o022)


def _flush(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
