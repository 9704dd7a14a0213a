"""Scores made again: with today's program and any ingredients, in a folder of its own; nothing is published."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from kaohe import publishing
from kaohe.comparing.sides import Ingredients, Input, bytes_of
from kaohe.errors import KaoheError
from kaohe.loading import INBOX, LEDGERS
from kaohe.run import Run
from kaohe.scheme import digest
from kaohe.warehouse import lock

_KEY, _WAREHOUSE = "secret.key", "kaohe.duckdb"


class Again:
    """Makes scores again from the bytes that ``home`` keeps, with its key, so that people's hashes agree; a context
    manager. A copy of the warehouse is where it begins, so that only what differs is read and judged anew."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._open = ExitStack()
        self._made: dict[Ingredients, Path] = {}
        self._in_warehouse: object = None

    def __enter__(self) -> Self:
        name = self._open.enter_context(tempfile.TemporaryDirectory(prefix="kaohe-", ignore_cleanup_errors=True))
        self.folder = Path(name)
        self._home = self.folder / "home"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def _begin(self) -> None:
        """A home to work in."""
        self._home.mkdir()
        if (self.home / _KEY).exists():
            shutil.copy(self.home / _KEY, self._home)
        self._copy_warehouse()

    def _copy_warehouse(self) -> None:
        """The warehouse as it is, if nobody is writing to it just now: without it all is read anew."""
        if not (self.home / "warehouse" / _WAREHOUSE).exists():
            return
        try:
            held = lock(self.home, wait_seconds=0)
        except KaoheError:
            return
        try:
            (self._home / "warehouse").mkdir()
            for path in (self.home / "warehouse").glob(f"{_WAREHOUSE}*"):
                shutil.copyfile(path, self._home / "warehouse" / path.name)
        finally:
            held.release()

    def scores(self, asked: Ingredients) -> Path:
        """A folder with the snapshot of the scores that today's program gives.

        Raises ``KaoheError`` if bytes are gone, or the program refuses what it is given.
        """
        if asked not in self._made:
            if not self._home.exists():
                self._begin()
            folder = Path(tempfile.mkdtemp(dir=self.folder))
            self._make(asked, folder)
            self._made[asked] = folder
        return self._made[asked]

    def _make(self, asked: Ingredients, folder: Path) -> None:
        inbox = self._lay_out(INBOX, asked.data | asked.corrections)
        ledgers = self._lay_out(LEDGERS, asked.corrections)
        scheme = folder / asked.scheme.name
        if not asked.scheme.path.is_file() or digest(asked.scheme.path) != asked.scheme.sha256:
            raise KaoheError("compare_input_gone", file=asked.scheme.name, kept=asked.scheme.path)
        shutil.copyfile(asked.scheme.path, scheme)
        with Run(inbox, asked.year, asked.as_of, scheme, self._home, strict=True) as run:
            run.proceedings.ledgers = ledgers  # this home has no log to make them from
            records = asked.data, asked.corrections, asked.as_of
            if records != self._in_warehouse:
                self._in_warehouse = None
                run.pull()
                run.validate()
                self._in_warehouse = records
            run.score()
            publishing.write_snapshot(run.warehouse, run.contracts, folder)

    def _lay_out(self, source: str, inputs: frozenset[Input]) -> Path:
        """The files of a source as they were."""
        folder = self.folder / source
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for given in inputs:
            if given.source == source:
                path = folder / given.path
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(bytes_of(self.home, given), path)
        return folder
