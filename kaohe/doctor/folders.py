"""The home as a folder: can it be written, is there room, what was left behind, who may read what, its settings."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from kaohe import __version__
from kaohe.backup.making import BACKUPS, PART
from kaohe.contracts import load_contracts
from kaohe.delivery.config import DELIVERY_FILE, read_config
from kaohe.delivery.letters import read_template
from kaohe.delivery.log import NAME as DELIVERIES
from kaohe.doctor.finding import Finding, current_of, first_of
from kaohe.errors import KaoheError, from_os_error
from kaohe.freshness import CONFIRMED
from kaohe.home import PLACING, half_restored
from kaohe.homelock import LOCK, lock, stopped_beats
from kaohe.journal import LOGS
from kaohe.lifecycle.acts import NAME as ACTS
from kaohe.people import wrong_key
from kaohe.project import Project, is_newer
from kaohe.publication.manifest import read_manifest
from kaohe.rebuild import ASIDE
from kaohe.schedule import schedule_of
from kaohe.sources.gathering import SOURCES_FILE
from kaohe.warehouse import NAME as WAREHOUSE
from kaohe.words import say

#: So many times the latest publication has to fit on the disk.
_TIMES = 5
#: What is written aside and is of no use once nobody is at work.
_LEFTOVERS = (
    ".*.new",
    "published/*/.*.part",
    "published/*/.*.new",
    "ledgers/*/.*.new",
    f"warehouse/{ASIDE}",
    "warehouse/.*.new",
    f"{BACKUPS}/.*{PART}",
    "warehouse/inputs/*.part",
    "warehouse/sources/*/.*",
    "alerts/*/.*.part",
    "comparisons/.*.part",
)
#: The files of a home that commands write again.
_WRITTEN = (
    "secret.key",
    f"warehouse/{LOCK}",
    f"warehouse/{WAREHOUSE}",
    f"warehouse/{WAREHOUSE}.wal",
    f"{LOGS}/*.jsonl",
    *(f"published/[0-9]*/{name}" for name in (ACTS, "CURRENT", CONFIRMED, DELIVERIES)),
)


def writable(home: Path) -> Iterator[Finding]:
    """Everything is a folder that should be one, and can be written; so can the files that commands write again."""
    results = sorted(home.glob("published/[0-9]*"))
    closed = set()
    for folder in (
        home,
        *(home / name for name in ("warehouse", "warehouse/inputs", "ledgers", "logs", "published")),
        *results,
    ):
        if not os.access(folder, os.F_OK):  # also if a folder above it is closed
            continue
        if not folder.is_dir():
            yield Finding(say("doctor_not_folder", path=folder))
        else:
            try:
                tempfile.TemporaryFile(dir=folder).close()
            except OSError as error:
                closed.add(folder)
                yield Finding(str(from_os_error(error, folder)))
    for path in sorted(path for pattern in _WRITTEN for path in home.glob(pattern)):
        if path.parent not in closed and not os.access(path, os.W_OK):
            yield Finding(say("doctor_not_ours", path=path, owner=_owner(path)))


def _owner(path: Path) -> str:
    """Whose a file is: a name, or the number of an account that has none here."""
    try:
        return path.owner()
    except (KeyError, NotImplementedError):  # Windows has no such owners
        return str(path.stat().st_uid)


def space(home: Path) -> Iterator[Finding]:
    """There is room for some more publications."""
    newest = max((_size(publication) for publication in current_of(home)), default=0)
    free, needed = shutil.disk_usage(home).free, newest * _TIMES
    if free < needed:
        megabytes = {"free": free // 1_000_000, "needed": needed // 1_000_000}
        yield Finding(say("doctor_space", times=_TIMES, **megabytes))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def leftovers(home: Path) -> Iterator[Finding]:
    """What killed commands left half-written."""
    if found := _leftovers(home):
        names = first_of(path.name for path in found)
        yield Finding(say("doctor_leftovers", count=len(found), names=names), lambda: _sweep(home))


def _leftovers(home: Path) -> list[Path]:
    """Nobody else is at work."""
    found = {path for pattern in _LEFTOVERS for path in home.glob(pattern)} | set(stopped_beats(home))
    placing = home / "warehouse" / PLACING
    return sorted(found | ({placing} if placing.exists() and not half_restored(home) else set()))


def _sweep(home: Path) -> list[str]:
    held = lock(home)
    try:
        found = _leftovers(home)
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    finally:
        held.release()
    return [say("doctor_leftovers_mended", count=len(found))]


def restored(home: Path) -> Iterator[Finding]:
    """No restore was broken off."""
    if half_restored(home):
        yield Finding(say("home_half_restored", home=home))


def secrets(home: Path) -> Iterator[Finding]:
    """The key is there and the same as ever, and it and the log of deliveries are for their owner alone."""
    if wrong := wrong_key(home):
        yield Finding(str(wrong))
    for path in (home / "secret.key", *sorted(home.glob(f"published/*/{DELIVERIES}"))):
        mode = path.stat().st_mode & 0o777 if path.exists() else 0
        if os.name == "posix" and mode & 0o077:
            yield Finding(say("doctor_mode", path=path, mode=f"{mode:o}"), _closing(path))


def _closing(path: Path) -> Callable[[], list[str]]:
    def close() -> list[str]:
        path.chmod(0o600)
        return [say("doctor_mode_mended", path=path)]

    return close


def settings(home: Path) -> Iterator[Finding]:
    """Every settings file of the home can be read."""
    for read in (schedule_of, _sources, _delivery):
        try:
            read(home)
        except KaoheError as error:
            yield Finding(say("doctor_config", problem=error))


def _sources(home: Path) -> None:
    from kaohe.sources.config import read_sources  # brings in SQLAlchemy

    if (home / SOURCES_FILE).exists():
        read_sources(home / SOURCES_FILE, load_contracts(Project.find().expectations))


def _delivery(home: Path) -> None:
    if (home / DELIVERY_FILE).exists():
        read_config(home / DELIVERY_FILE)
        read_template()


def newer(home: Path) -> Iterator[Finding]:
    """Nothing is by a newer version of this program."""
    for publication in current_of(home):
        try:
            version = read_manifest(publication)["code"]["version"]
        except (OSError, KaoheError):
            continue  # said of the publication itself
        if is_newer(version):
            yield Finding(say("doctor_newer", publication=publication.name, version=version, ours=__version__))
