"""What a large run leaves behind for the next: what it read and how, beside its tables in ``large.duckdb``.

``kept.json`` says what those tables are the result of. It is taken away before anything in the database changes and
written when all of it is there, so a run that was killed leaves nothing to go on from. The files that were read stay,
as links, under ``inputs/<sha256>``: what a file held before it was changed or removed can still be looked up.
"""

import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from kaohe.project import sha256_of
from kaohe.safely import replace

#: The database of a run's tables from which the next goes on.
KEPT_IN = "large.duckdb"
#: A file may change twice within one tick of its clock: only one that is older than this is known by its times.
_SETTLED_NS = 2_000_000_000


class NotInSteps(Exception):
    """What changed, or was lost, is more than a night can take up."""


@dataclass(frozen=True)
class Seen:
    """A file of an inbox: its hash, and what tells that it is the same without reading it."""

    sha256: str
    size: int
    changed_ns: int
    touched_ns: int
    inode: int
    settled: bool

    def is_still(self, path: Path) -> bool:
        """The file was surely not written to since."""
        now = path.stat()
        return self.settled and (self.size, self.changed_ns, self.touched_ns, self.inode) == _marks(now)


@dataclass(frozen=True)
class Kept:
    """The last run. ``rest``: a digest of all that scores depend on beside files and date; ``files``: table → path
    below the inbox → file; ``tables``: how each table was read."""

    rest: str
    as_of: str
    publication: str
    files: dict[str, dict[str, Seen]]
    tables: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """What a folder holds; None if there is nothing to go on from."""
        try:
            read = json.loads(_mark(folder).read_bytes())
            files = {
                table: {path: Seen(**seen) for path, seen in paths.items()} for table, paths in read["files"].items()
            }
            return cls(**read | {"files": files})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, folder: Path) -> None:
        """Write it: from now on the next run can go on from this one."""
        replace(_mark(folder), json.dumps(asdict(self), ensure_ascii=False).encode())


def forget(folder: Path) -> None:
    """From now on nobody can go on from the last run."""
    _mark(folder).unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Forget the last run and its tables."""
    forget(folder)
    for name in (KEPT_IN, f"{KEPT_IN}.wal"):
        (folder / name).unlink(missing_ok=True)


def look(inbox: Path, files: Mapping[str, Iterable[Path]], kept: Kept | None) -> dict[str, dict[str, Seen]]:
    """Table → path below the inbox → file as it is now. Those that are as the last run left them are not read."""
    known = {path: seen for paths in kept.files.values() for path, seen in paths.items()} if kept else {}
    wanted = [(table, path, path.relative_to(inbox).as_posix()) for table, paths in files.items() for path in paths]

    def seen(path: Path, name: str) -> Seen:
        if (before := known.get(name)) and before.is_still(path):
            return before
        marks = _marks(path.stat())
        return Seen(sha256_of(path), *marks, False)

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(seen, *zip(*[(path, name) for _, path, name in wanted], strict=True)))
    listed: dict[str, dict[str, Seen]] = {table: {} for table in files}
    for (table, _, name), each in zip(wanted, found, strict=True):
        listed[table][name] = each
    return listed


def link(folder: Path, inbox: Path, files: Mapping[str, Mapping[str, Seen]]) -> dict[str, dict[str, Seen]] | None:
    """Keep the files' bytes, and let go of those that no file has any more; gives the files as they are then, None if
    one was written to meanwhile."""
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    wanted = {seen.sha256 for paths in files.values() for seen in paths.values()}
    for path in inputs.iterdir():
        if path.name not in wanted:
            path.unlink()
    linked: dict[str, dict[str, Seen]] = {table: {} for table in files}
    for table, paths in files.items():
        for name, seen in paths.items():
            if (now := _link(inputs / seen.sha256, inbox / name, seen)) is None:
                return None
            linked[table][name] = now
    return linked


def bytes_of(folder: Path, seen: Seen) -> Path | None:
    """Where the bytes of a file of the last run are; None if they are there no more, since it was overwritten."""
    path = folder / "inputs" / seen.sha256
    return path if path.is_file() and sha256_of(path) == seen.sha256 else None


def _link(target: Path, path: Path, seen: Seen) -> Seen | None:
    if not (target.exists() and (target.samefile(path) or target.stat().st_size == seen.size)):
        target.unlink(missing_ok=True)
        try:
            os.link(path, target)
        except OSError:
            aside = target.with_suffix(".part")
            shutil.copyfile(path, aside)
            aside.replace(target)
    size, changed, touched, inode = _marks(path.stat())
    if (size, changed, inode) != (seen.size, seen.changed_ns, seen.inode):
        return None
    return Seen(seen.sha256, size, changed, touched, inode, _is_settled(changed))


def _marks(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _is_settled(changed_ns: int) -> bool:
    return time.time_ns() - changed_ns > _SETTLED_NS


def _mark(folder: Path) -> Path:
    return folder / "kept.json"
