"""What a run is given: the inbox, the folders, databases and APIs of the sources file; and the files they come to."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.outage import Outage
from kaohe.project import Project
from kaohe.schedule import schedule_of
from kaohe.secrets import Secrets
from kaohe.sources.inbox import INBOX, Files, inbox_files
from kaohe.warehouse import Warehouse
from kaohe.words import clauses, say

if TYPE_CHECKING:  # a run with nothing but an inbox does without SQLAlchemy and pyarrow
    from kaohe.sources.config import Remote
    from kaohe.sources.snapshots import Changes

#: The name of the sources file in a home folder.
SOURCES_FILE = "sources.yml"

#: Reads one source; gives the sentence for people if it is down.
Reading = Callable[[], str | None]


def read_plainly(_: str, reading: Reading) -> None:
    """Read a source. Whoever watches a run has a way of their own, which also shows that a source is down."""
    reading()


@dataclass(frozen=True)
class Down:
    """A source that could not be read: its data are those of the day ``since`` (None: there are none)."""

    since: dt.date | None
    why: str


@dataclass
class Gathered:
    """The files of every source, by name and path, where they are now; what is ``down``; what changed, by table."""

    files: Files = field(default_factory=dict)
    down: dict[str, Down] = field(default_factory=dict)
    changes: "dict[str, Changes]" = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """Where a run takes records from. ``inboxes``: folders by name; ``asked``: the one of the command line, which must
    be there; ``remotes``: databases and APIs by name."""

    inboxes: dict[str, Path]
    remotes: "dict[str, Remote]"
    asked: Path | None

    def gather(
        self,
        warehouse: Warehouse,
        contracts: Contracts,
        full: bool,
        read: Callable[[str, Reading], None] = read_plainly,
    ) -> Gathered:
        """Read every source; one that is down gives what it last gave. ``full``: databases and APIs from the start;
        ``read``: called with the name of each source but the inbox of the command line, and how it is read.

        Raises ``KaoheError`` if the inbox of the command line is missing or empty, or no source has anything.
        """
        gathered = Gathered()

        def sentence(name: str) -> str | None:
            down = gathered.down.get(name)
            return outage_sentence(name, down) if down else None

        def look(name: str, folder: Path) -> str | None:
            self._look_into(name, folder, warehouse, contracts, gathered)
            return sentence(name)

        def fetch(name: str, source: "Remote") -> str | None:
            self._read(name, source, warehouse, contracts, full, gathered)
            return sentence(name)

        for name, folder in self.inboxes.items():
            if folder == self.asked:
                gathered.files[name] = _paths(name, folder)
            else:
                read(name, partial(look, name, folder))
        for name, source in self.remotes.items():
            read(name, partial(fetch, name, source))
        if gathered.down and not any(gathered.files.values()):
            reasons = clauses(say("with_colon", before=name, after=down.why) for name, down in gathered.down.items())
            raise KaoheError("sources_nothing", reasons=reasons)
        return gathered

    def _look_into(
        self, name: str, folder: Path, warehouse: Warehouse, contracts: Contracts, gathered: Gathered
    ) -> None:
        """A folder of the sources file. What was last in it is kept by the warehouse."""
        from kaohe.sources.snapshots import Snapshots  # brings in SQLAlchemy

        snapshots = Snapshots(_folder(warehouse), name, contracts)
        try:
            gathered.files[name] = _paths(name, folder)
            snapshots.read_today()
        except KaoheError as error:
            gathered.down[name] = Down(snapshots.since, str(error))
            kept = warehouse.rows("select path, sha256 from meta.file where source = ? order by path", [name])
            gathered.files[name] = {path: warehouse.inputs / sha256 for path, sha256 in kept}

    def _read(
        self, name: str, source: "Remote", warehouse: Warehouse, contracts: Contracts, full: bool, gathered: Gathered
    ) -> None:
        from kaohe.sources.snapshots import Snapshots  # brings in SQLAlchemy

        snapshots = Snapshots(_folder(warehouse), name, contracts)
        try:
            for table, changes in snapshots.refresh(source, full, Secrets()).items():
                gathered.changes[f"{name}/{table}"] = changes
        except Outage as outage:
            gathered.down[name] = Down(snapshots.since, str(outage))
        gathered.files[name] = snapshots.files(source)


def _paths(name: str, folder: Path) -> dict[str, Path]:
    """The files in a folder, called by the name of the source too, unless it is the inbox."""
    before = "" if name == INBOX else f"{name}/"
    return {before + name: path for name, path in inbox_files(folder).items()}


def _folder(warehouse: Warehouse) -> Path:
    return warehouse.folder / "sources"


def inbox_of(home: Path) -> Path | None:
    """The inbox that the schedule names; else None if the home has a sources file, else its folder inbox.

    Raises ``KaoheError`` for a mistake in the schedule.
    """
    if named := schedule_of(home).inbox:
        return named
    return None if (home / SOURCES_FILE).exists() else home / "inbox"


def given(inbox: Path | None, sources: Path | None, home: Path, contracts: Contracts) -> Given:
    """Where to take records from: the inbox, the sources file, or both; by default as a night does (``inbox_of``).

    Raises ``KaoheError`` if there is neither, the sources file says something wrong, a folder is missing that was
    named on the command line, or the home lies in one.
    """
    if sources is None and inbox is None:
        inbox = inbox_of(home)
        sources = home / SOURCES_FILE if inbox is None else None
        if inbox == home / "inbox" and not inbox.exists():
            raise KaoheError("sources_none", path=home / SOURCES_FILE, inbox=inbox)
    if sources and not sources.is_file():
        raise KaoheError("sources_missing", path=sources, example=Project.shipped().example("sources"))
    folders: dict[str, Path] = {}
    remotes: dict[str, Remote] = {}
    if sources:
        from kaohe.sources.config import read_sources  # brings in SQLAlchemy

        read = read_sources(sources, contracts)
        folders, remotes = read.inboxes, read.remotes
    if inbox:
        if INBOX in folders:
            raise KaoheError("sources_two_inboxes", path=sources)
        folders = {INBOX: inbox} | folders
        if not home.resolve().is_relative_to(inbox.resolve()):
            inbox_files(inbox)
    for folder in folders.values():
        if home.resolve().is_relative_to(folder.resolve()):
            raise KaoheError("home_in_inbox", home=home, inbox=folder)
    return Given(folders, remotes, inbox)


def outage_sentence(name: str, down: Down) -> str:
    """What the first line of a summary says of a source that is down."""
    if down.since is None:
        return say("source_down_nothing", source=name, why=down.why)
    return say("source_down", source=name, since=down.since, why=down.why)
