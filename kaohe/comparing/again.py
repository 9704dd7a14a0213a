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
from kaohe.homelock import lock
from kaohe.people import refuse_wrong_key
from kaohe.run import Run
from kaohe.scheme import digest
from kaohe.sources.gathering import Gathered
from kaohe.sources.inbox import Files

_KEY, _WAREHOUSE = "secret.key", "kaohe.duckdb"


class _Rerun(Run):
    """A run of files that are there already."""

    def __init__(self, files: Files, asked: Ingredients, scheme: Path, home: Path) -> None:
        self.files = files
        super().__init__(None, asked.year, asked.as_of, scheme, home, strict=True)

    def _find_sources(self) -> None:
        pass

    def _gather(self, *_: object) -> Gathered:
        return Gathered(self.files)


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
        """A home to work in. Raises ``KaoheError`` if people would get other hashes than in the home itself."""
        refuse_wrong_key(self.home)
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
        files = self._kept(asked.data | asked.corrections)
        scheme = folder / asked.scheme.name
        if not asked.scheme.path.is_file() or digest(asked.scheme.path) != asked.scheme.sha256:
            raise KaoheError("compare_input_gone", file=asked.scheme.name, kept=asked.scheme.path)
        shutil.copyfile(asked.scheme.path, scheme)
        with _Rerun(files, asked, scheme, self._home) as run:
            records = asked.data, asked.corrections, asked.as_of
            if records != self._in_warehouse:
                self._in_warehouse = None
                run.pull()
                run.validate()
                self._in_warehouse = records
            run.score()
            publishing.write_snapshot(run.warehouse, run.contracts, folder)

    def _kept(self, inputs: frozenset[Input]) -> Files:
        """The files of every source as they were: the bytes that the home keeps."""
        files: Files = {}
        for given in sorted(inputs, key=lambda given: (given.source, given.path)):
            files.setdefault(given.source, {})[given.path] = bytes_of(self.home, given)
        return files
