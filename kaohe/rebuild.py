"""The warehouse made again from what a home keeps: the inputs, contracts and scheme of the publication in force. That
nothing was lost is proved by its scores: they are those of the publication, row by row."""

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kaohe import clock
from kaohe.comparing.sides import Program, program_of
from kaohe.contracts import Contracts, load_contracts
from kaohe.errors import KaoheError
from kaohe.lifecycle.damage import damage
from kaohe.lifecycle.proceedings import Proceedings, proceedings
from kaohe.people import refuse_wrong_key
from kaohe.publication.manifest import read_manifest
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing import attached
from kaohe.retention import inputs_of, method_of, refuse_lost_inputs
from kaohe.run import Run
from kaohe.safely import flush_folder, put
from kaohe.sources.gathering import Gathered, Reading, read_plainly
from kaohe.sources.inbox import Files
from kaohe.warehouse import Warehouse
from kaohe.words import speaking

_TABLES = ("scores", "indicator_scores", "evidence")
_FILE, _KEY = "kaohe.duckdb", "secret.key"
#: Below warehouse/, where a warehouse is made until it is whole.
ASIDE = ".rebuild"


@dataclass(frozen=True)
class Rebuilt:
    """What came of it. ``different``: table → names of the units whose rows are not those of the publication;
    ``program``: the program's files that have changed since; ``aside``: where the warehouse from before is now."""

    publication: str
    inputs: int
    different: dict[str, list[str]]
    program: list[str]
    aside: Path | None

    @property
    def identical(self) -> bool:
        return not any(self.different.values())


def rebuild(home: Path, year: int) -> Rebuilt:
    """Make the warehouse again and put it in the place of the one that is there, which is moved aside.

    Raises ``KaoheError``, and leaves all as it was, if an input is gone or changed, the publication in force is not as
    it was published, the key is missing or another one, or the program refuses what it is given.
    """
    with proceedings(home, year) as found:
        publication = found.current
        _refuse_damage(found, publication)
        manifest = read_manifest(publication)
        program = program_of(manifest).changed(Program.today())
        with _work_place(home) as place:
            files = _lay_out(home, manifest, place)
            with speaking(manifest["language"]), _by_this_program(program), _Rebuilding(place, files, manifest) as run:
                run.pull()
                run.validate()
                run.score()
                different = {table: _different(run.warehouse, publication, table) for table in _TABLES}
            assert found.held
            found.held.must_be_ours()
            aside = _swap(place / "warehouse" / _FILE, home / "warehouse" / _FILE)
    return Rebuilt(publication.name, len(inputs_of(manifest)), different, program, aside)


class _Rebuilding(Run):
    """A run of the files, contracts and scheme of a publication, in a home of its own."""

    def __init__(self, place: Path, files: Files, manifest: dict[str, Any]) -> None:
        self._place, self._files = place, files
        as_of = dt.date.fromisoformat(manifest["as_of"])
        super().__init__(None, manifest["year"], as_of, place / manifest["scheme"]["file"], place, strict=True)

    def _contracts(self) -> Contracts:
        return load_contracts(self._place / "expectations")

    def _find_sources(self) -> None:
        pass

    def _gather(self, read: Callable[[str, Reading], None] = read_plainly) -> Gathered:
        return Gathered(self._files)


def _refuse_damage(found: Proceedings, publication: Path) -> None:
    if found.made_current(publication.name) and (wrong := damage(found, publication.name)):
        raise KaoheError("rebuild_publication", publication=publication.name, problem=wrong[0])


@contextmanager
def _work_place(home: Path) -> Iterator[Path]:
    """A home to work in, on the disk of the real one and with its key; what a killed rebuild left there is swept."""
    place = home / "warehouse" / ASIDE
    refuse_wrong_key(home)
    shutil.rmtree(place, ignore_errors=True)
    try:
        (place / "warehouse" / "inputs").mkdir(parents=True)
        (place / "expectations").mkdir()
        if (home / _KEY).exists():
            shutil.copy(home / _KEY, place)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _by_this_program(changed: list[str]) -> Iterator[None]:
    """What today's program refuses of a publication by another one."""
    try:
        yield
    except KaoheError as error:
        if not changed or error.key in ("disk_full", "not_writable", "os_refused"):
            raise
        raise KaoheError("rebuild_other_program", count=len(changed), problem=error) from error


def _lay_out(home: Path, manifest: dict[str, Any], place: Path) -> Files:
    """Put everything where the run finds it; gives the files of every source."""
    refuse_lost_inputs(home, inputs_of(manifest) | method_of(manifest))
    kept = home / "warehouse" / "inputs"
    for name, sha256 in manifest["contracts"].items():
        shutil.copyfile(kept / sha256, place / "expectations" / name)
    shutil.copyfile(kept / manifest["scheme"]["sha256"], place / manifest["scheme"]["file"])
    files: Files = {}
    for entry in manifest["inputs"]:
        own = place / "warehouse" / "inputs" / entry["sha256"]
        if not own.exists():
            _link(kept / entry["sha256"], own)
        files.setdefault(entry["source"], {})[entry["path"]] = own
    return files


def _link(there: Path, here: Path) -> None:
    """The same bytes under another name, a second time only where it cannot be helped."""
    try:
        os.link(there, here)
    except OSError:
        shutil.copyfile(there, here)


def _different(warehouse: Warehouse, publication: Path, table: str) -> list[str]:
    """The names of the units whose rows of a table are not the publication's, in those columns that both have; of a
    table that the publication has not, all units."""
    names = dict(warehouse.rows("select unit_id, unit_name from main.scores"))
    with Snapshot(publication) as snapshot:
        if not snapshot.has(table):
            return sorted(names.values())
        if snapshot.has("scores"):
            names |= dict(snapshot.rows("select unit_id, unit_name from main.scores"))
    with attached(warehouse, publication):
        columns = warehouse.rows(
            "select column_name from duckdb_columns() where table_name = ? and schema_name = 'main' "
            "group by column_name having count(distinct database_name) = 2 order by column_name",
            [table],
        )
        chosen = ", ".join(f'"{name}"' for (name,) in columns)
        ours, theirs = (f"select {chosen} from {schema}.{table}" for schema in ("main", "earlier"))
        either = f"({ours} except all {theirs}) union all ({theirs} except all {ours})"
        rows = warehouse.rows(f"select distinct unit_id from ({either}) order by 1")
    return [names.get(unit, unit) for (unit,) in rows]


def _swap(made: Path, path: Path) -> Path | None:
    """Put the new warehouse in its place. At every moment there is a warehouse, the old one or the new one, and never
    one with the other's write-ahead log."""
    aside = move_aside(path, "before")
    put(made, path)
    return aside


def move_aside(path: Path, what: Literal["before", "broken"]) -> Path | None:
    """Give a warehouse a second name, kaohe.duckdb.<what>-<time>, and its write-ahead log no other; a folder in its
    place only that one. Gives the name, None if there is nothing."""
    stem = f"{path.name}.{what}-{clock.now():%Y%m%d-%H%M%S}"
    taken = sum(1 for _ in path.parent.glob(f"{stem}*"))
    aside = path.with_name(f"{stem}-{taken + 1}" if taken else stem)
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        log.rename(aside.with_name(f"{aside.name}.wal"))
    if path.is_dir():  # no warehouse at all, and it can have no second name
        path.rename(aside)
    elif path.exists():
        _link(path, aside)
    else:
        return None
    flush_folder(path.parent)
    return aside
