"""Make a backup of a home: aside, with every byte read twice and compared, then in its place at once."""

import datetime as dt
import hashlib
import io
import os
import re
import tarfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kaohe import __version__, clock
from kaohe.backup.archive import Archive
from kaohe.backup.contents import FORM, LABEL, Entry, Label, Standing, check_paths, files_of
from kaohe.backup.damage import damage_of, key_damage, lacking
from kaohe.errors import KaoheError
from kaohe.home import FOLDERS
from kaohe.homelock import LONG_WAIT_SECONDS, lock
from kaohe.lifecycle.acts import Log
from kaohe.people import fingerprint, key_of
from kaohe.publication import pointed_at, published_years
from kaohe.safely import put
from kaohe.warehouse import as_sentences
from kaohe.words import listed, say

#: Where backups stand in a home if no other place is named.
BACKUPS = "backups"
_ENDING = ".tar.gz"
_OURS = re.compile(r"kaohe-(\d{8}-\d{6})(?:-(\d+))?\.tar\.gz")
PART = ".kaohe-backup.part"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Made:
    """What came of it. ``damage``: what was not as it should be in the home, in sentences (then no older backup was
    removed); ``removed``: the older backups that were; ``fuller``: that some have what the home lacks, in a sentence
    (those were not)."""

    path: Path
    label: Label
    damage: list[str] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    fuller: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 all is well, 3 something of the home is damaged or gone."""
        return 3 if self.damage or self.fuller else 0


def back_up(
    home: Path, out: Path | None = None, keep: int | None = None, wait_seconds: float = LONG_WAIT_SECONDS
) -> Made:
    """Back up a home to ``out``: a file that ends in .tar.gz, or a folder (None: the home's own ``backups``) in which
    at most ``keep`` backups of this home then stand, beside those that have what the home has lost.

    Raises ``KaoheError`` if there is nothing to back up, the place will not do, or something changed meanwhile.
    """
    if not (home / "published").is_dir() and not (home / "warehouse" / "inputs").is_dir():
        raise KaoheError("backup_nothing", home=home)
    target = out or home / BACKUPS
    single = target.name.endswith(_ENDING)
    _check_place(home, target, single, keep)
    held = lock(home, wait_seconds)
    try:
        folder = target.parent if single else target
        damage = damage_of(home) + key_damage(home)
        with as_sentences(folder):
            folder.mkdir(parents=True, exist_ok=True)
            older = {} if single else _older(home, folder)
            fuller = {path: more for path, label in older.items() if (more := lacking(home, label))}
            path = target if single else _free_name(folder)
            label = _write(home, path, bool(damage))
            outdated = list(older)[keep - 1 :] if keep and not damage else []
            removed = [path for path in outdated if path not in fuller]
            for each in removed:
                each.unlink()
    finally:
        held.release()
    return Made(path, label, damage, removed, _told(fuller))


def _told(fuller: dict[Path, list[str]]) -> list[str]:
    """That older backups have what the home lacks, by the newest of them."""
    newest = next(iter(fuller.items()), None)
    return [say("backup_older_has_more", path=newest[0], what=listed(newest[1]), count=len(fuller))] if newest else []


def _check_place(home: Path, target: Path, single: bool, keep: int | None) -> None:
    if single and target.exists():
        raise KaoheError("backup_there", file=target)
    if single and keep:
        raise KaoheError("backup_keep_file", file=target)
    if any(target.resolve().is_relative_to((home / part).resolve()) for part in (*FOLDERS, "warehouse", "inbox")):
        raise KaoheError("backup_inside", out=target, home=home)


def _standing(home: Path, year: int) -> Standing | None:
    """How far a year has come, as far as its log can be read. (There was no log in the beginning.)"""
    folder = home / "published" / str(year)
    current = pointed_at(folder)
    try:
        acts = Log.read(folder).acts
    except KaoheError:
        return None
    if not acts or current is None:
        return None
    last = acts[-1]
    when = dt.datetime.fromisoformat(last.office_time)
    return Standing(acts=len(acts), last=last.act, office_time=when, sha256=last.sha256, publication=current.name)


def _write(home: Path, path: Path, damage: bool) -> Label:
    """Write the backup aside and put it in its place. What a killed one left in the folder is written over."""
    aside = path.with_name(_part_of(home))
    try:
        with suppress(FileNotFoundError):
            aside.unlink()
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            label = _label(home, damage)
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as tar:
                data = label.model_dump_json(indent=1).encode()
                tar.addfile(_member(LABEL, len(data), 0o600, label.made_at.timestamp()), io.BytesIO(data))
                for entry in label.files:
                    _add(tar, home, entry)
        put(aside, path)
    finally:
        with suppress(OSError):
            aside.unlink()
    return label


def _part_of(home: Path) -> str:
    """Another home's backup may be on its way in the same folder."""
    return f".{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]}{PART}"


def _label(home: Path, damage: bool) -> Label:
    paths = list(files_of(home))
    check_paths(paths)
    own_key = (home / "secret.key").is_file()
    return Label(
        form=FORM,
        program=__version__,
        made_at=clock.now().replace(microsecond=0),
        home=str(home.resolve()),
        key=fingerprint(key_of(home)) if own_key or os.environ.get("KAOHE_KEY") else None,
        own_key=own_key,
        damage=damage,
        years={year: _standing(home, year) for year in published_years(home)},
        files=[Entry(path=path, size=size, sha256=sha256) for path in paths for size, sha256 in [_measure(home, path)]],
    )


def _measure(home: Path, path: str) -> tuple[int, str]:
    """Size and SHA-256 of a file. A line may be added to a log just now: counted is what was there before."""
    try:
        size = (home / path).stat().st_size
        with (home / path).open("rb") as file:
            beginning = _Beginning(file, size)
            while beginning.read(_CHUNK):
                pass
            return size, beginning.hash.hexdigest()
    except FileNotFoundError as error:
        raise KaoheError("backup_moved", path=home / path) from error


class _Beginning:
    """The first bytes of a file, hashed while they are read."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size
        self.hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        self.hash.update(data)
        return data


def _add(tar: tarfile.TarFile, home: Path, entry: Entry) -> None:
    """Add a file. Raises ``KaoheError`` if it is not what it was when it was listed."""
    path = home / entry.path
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            beginning = _Beginning(file, entry.size)
            if found.st_size >= entry.size:
                tar.addfile(_member(entry.path, entry.size, found.st_mode & 0o777, found.st_mtime), beginning)  # type: ignore[arg-type]
    except FileNotFoundError as error:
        raise KaoheError("backup_moved", path=path) from error
    if beginning.hash.hexdigest() != entry.sha256:
        raise KaoheError("backup_moved", path=path)


def _member(name: str, size: int, mode: int, mtime: float) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, mode, int(mtime)
    return member


def _free_name(folder: Path) -> Path:
    """A name by the time, for two in one second too."""
    stem, number = f"kaohe-{clock.now():%Y%m%d-%H%M%S}", 1
    path = folder / f"{stem}{_ENDING}"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{_ENDING}"
    return path


def _older(home: Path, folder: Path) -> dict[Path, Label]:
    """The backups of this home in a folder by what they say, the newest first. What is not named, or does not begin, as
    one is not among them."""
    named = [(found[1], int(found[2] or 1), path) for path in folder.iterdir() if (found := _named(path))]
    labels = {path: _label_of(path) for _, _, path in sorted(named, reverse=True)}
    return {path: label for path, label in labels.items() if label and label.home == str(home.resolve())}


def _named(path: Path) -> re.Match[str] | None:
    return _OURS.fullmatch(path.name) if path.is_file() and not path.is_symlink() else None


def _label_of(path: Path) -> Label | None:
    try:
        with Archive(path) as archive:
            return archive.label
    except KaoheError:
        return None
