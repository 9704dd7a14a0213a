"""What the program keeps for itself: the bytes of every input, and the warehouse that is made of them."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import duckdb

from kaohe import clock
from kaohe.contracts import load_contracts
from kaohe.doctor.finding import Finding, current_of, first_of
from kaohe.errors import KaoheError
from kaohe.homelock import lock
from kaohe.lifecycle.acts import Log
from kaohe.project import Project, sha256_of
from kaohe.publication import published_years
from kaohe.rebuild import move_aside, rebuild
from kaohe.retention import kept_inputs, lost_inputs, needed_inputs
from kaohe.safely import put
from kaohe.schedule import schedule_of
from kaohe.sources.gathering import SOURCES_FILE
from kaohe.sources.inbox import inbox_files
from kaohe.words import say

#: What keeps a warehouse from being made again, while everything can still be read anew from the inbox.
_NOT_AGAIN = ("rebuild_publication", "rebuild_input_gone", "rebuild_other_program", "key_missing", "key_changed")


def _warehouse(home: Path) -> Path:
    return home / "warehouse" / "kaohe.duckdb"


def inputs(home: Path) -> Iterator[Finding]:
    """Every input that is needed is kept, and every one that is kept is what it was."""
    gone, changed = _wrong_inputs(home)
    found, mend = _found_again(home, gone | changed), partial(_find_again, home)
    if gone:
        yield Finding(
            say("doctor_inputs_gone", count=len(gone), names=first_of(gone.values())),
            mend if gone.keys() & found.keys() else None,
        )
    if changed:
        yield Finding(
            say("doctor_inputs_changed", count=len(changed), names=first_of(changed.values())),
            mend if changed.keys() & found.keys() else None,
        )


def _wrong_inputs(home: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Inputs that are gone, and those that are kept with other bytes: SHA-256 → what the file was called."""
    needed = needed_inputs(home) | _loaded(home)
    known = {path.name: path.name[:12] for path in kept_inputs(home)} | needed
    wrong = lost_inputs(home, known)
    there = {path.name for path in kept_inputs(home)}
    return (
        {sha256: name for sha256, name in wrong.items() if sha256 not in there},
        {sha256: name for sha256, name in wrong.items() if sha256 in there},
    )


def _loaded(home: Path) -> dict[str, str]:
    """The files in the warehouse, if it can be opened."""
    if not _warehouse(home).exists():
        return {}
    with suppress(duckdb.Error), duckdb.connect(str(_warehouse(home))) as con:
        return dict(con.execute("select sha256, path from meta.file").fetchall())
    return {}


def _find_again(home: Path) -> list[str]:
    """Keep again what is still in the inboxes, the ledgers or the project; changed bytes are moved out of
    the way."""
    held = lock(home)
    try:
        gone, changed = _wrong_inputs(home)
        folder = home / "warehouse" / "inputs"
        found = _found_again(home, gone | changed)
        for sha256, path in found.items():
            if sha256 in changed:
                (folder / sha256).rename(folder / f"{sha256}.changed-{clock.now():%Y%m%d-%H%M%S}")
            _keep(path, folder / sha256)
        names = [(gone | changed)[sha256] for sha256 in found]
    finally:
        held.release()
    return [say("doctor_inputs_mended", count=len(names), names=first_of(names))] if names else []


def _found_again(home: Path, wanted: Mapping[str, str]) -> dict[str, Path]:
    """Where inputs still are: SHA-256 → file."""
    return {sha256: path for path in _places(home) if (sha256 := sha256_of(path)) in wanted} if wanted else {}


def _keep(path: Path, kept: Path) -> None:
    aside = kept.with_suffix(".part")
    aside.write_bytes(path.read_bytes())
    put(aside, kept)


def _places(home: Path) -> Iterator[Path]:
    """Every file that may be one of the inputs."""
    project = Project.find()
    for folder in _inboxes(home):
        with suppress(KaoheError):
            yield from inbox_files(folder).values()
    yield from sorted(project.expectations.glob("*.yml"))
    yield from project.schemes()
    yield from project.schemes(home)
    yield from sorted(path for path in (home / "ledgers").glob("*/*") if path.is_file())
    yield from sorted(path for path in (home / "warehouse" / "sources").glob("*/*") if path.is_file())


def _inboxes(home: Path) -> Iterator[Path]:
    with suppress(KaoheError):
        yield schedule_of(home).inbox or home / "inbox"
    if (home / SOURCES_FILE).exists():
        from kaohe.sources.config import read_sources  # brings in SQLAlchemy

        with suppress(KaoheError):
            yield from read_sources(home / SOURCES_FILE, load_contracts(Project.find().expectations)).inboxes.values()


def warehouse(home: Path) -> Iterator[Finding]:
    """The warehouse is there and can be read to its last row."""
    path, year = _warehouse(home), _last_year(home)
    if year is None:
        return
    mend = partial(_make_again, home, year)
    if not path.exists():
        yield Finding(say("doctor_warehouse_missing", path=path, year=year), mend)
        return
    try:
        _read_all(path)
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        if "Permission denied" in problem:
            return  # said of the file itself: it is not broken
        if "Could not set lock" in str(error):
            yield Finding(say("doctor_warehouse_locked", path=path, problem=problem))
        else:
            yield Finding(say("doctor_warehouse_broken", path=path, problem=problem, year=year), mend)


def _read_all(path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
        if ("meta", "file") not in tables:
            raise duckdb.Error("meta.file is missing")
        for schema, table in tables:
            con.execute(f'select bit_xor(hash(t)) from "{schema}"."{table}" as t').fetchall()


def _last_year(home: Path) -> int | None:
    """The year that something was last published of."""
    came: dict[int, dt.datetime] = {}
    for publication in current_of(home):
        year = int(publication.parent.name)
        with suppress(KaoheError):
            acts = Log.read(publication.parent).acts
            came[year] = dt.datetime.fromisoformat(acts[-1].at) if acts else dt.datetime.min.replace(tzinfo=dt.UTC)
    return max(came, key=lambda year: (came[year], year), default=None) or next(iter(published_years(home)[::-1]), None)


def _make_again(home: Path, year: int) -> list[str]:
    """Rebuild the warehouse; if it cannot be, move a broken one out of the way of the next run."""
    try:
        made = rebuild(home, year)
    except KaoheError as error:
        path = _warehouse(home)
        if error.key not in _NOT_AGAIN or not path.exists():
            raise
        return [say("doctor_warehouse_empty", problem=error, path=_out_of_the_way(home, path))]
    key = {"publication": made.publication}
    said = [
        say("doctor_warehouse_mended", inputs=made.inputs, **key)
        if made.identical
        else say("doctor_warehouse_differs", year=year, **key)
    ]
    return said + ([say("doctor_warehouse_moved", path=made.aside)] if made.aside else [])


def _out_of_the_way(home: Path, path: Path) -> Path | None:
    held = lock(home)
    try:
        aside = move_aside(path, "broken")
        path.unlink(missing_ok=True)
    finally:
        held.release()
    return aside
