"""Where the parts that are data live: sql/, expectations/, data/schemes/, data/templates/, the sample, examples.

A home may have schemes of its own.

In a checkout they stand beside this package; in an installed wheel they are carried inside it, under ``share/``.
``KAOHE_PROJECT`` names another folder, for a bureau that keeps its own contracts, measures and schemes.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kaohe import __version__

#: The folder of schemes, in a home and in the project's ``data``.
SCHEMES = "schemes"


@dataclass(frozen=True)
class Project:
    """The folder that holds contracts, SQL and schemes."""

    root: Path

    @classmethod
    def find(cls) -> "Project":
        """The project in use: ``KAOHE_PROJECT`` if set, else the one that came with this package."""
        named = os.environ.get("KAOHE_PROJECT")
        return cls(Path(named).resolve()) if named else cls.shipped()

    @classmethod
    def shipped(cls) -> "Project":
        """The project that came with this package; it alone has the sample and the examples."""
        package = Path(__file__).resolve().parent
        return cls(package / "share" if (package / "share").is_dir() else package.parent)

    @property
    def sql(self) -> Path:
        return self.root / "sql"

    @property
    def expectations(self) -> Path:
        return self.root / "expectations"

    @property
    def templates(self) -> Path:
        """The words of the documents that are written."""
        return self.root / "data" / "templates"

    @property
    def work_plan(self) -> Path:
        """The systems of the work plan: number, system, command."""
        return self.root / "data" / "work_plan.csv"

    @property
    def sample(self) -> Path:
        """The files of a made-up bureau, to try the program with."""
        return self.root / "data" / "sample"

    def example(self, name: str) -> Path:
        """The example of a settings file."""
        return self.root / "data" / f"{name}.example.yml"

    def scheme(self, year: int, home: Path | None = None) -> Path:
        """The scheme file of a year: the one that stands in the ``schemes`` of ``home``, else the project's."""
        own = own_scheme(home, year) if home else None
        return own if own and own.is_file() else self.root / "data" / SCHEMES / f"{year}.yml"

    def schemes(self, home: Path | None = None) -> list[Path]:
        """Every scheme file that a year may be scored by. One in ``home`` stands before the project's of its name."""
        folders = [self.root / "data" / SCHEMES, *([home / SCHEMES] if home else [])]
        named = {path.name: path for folder in folders for path in folder.glob("*.yml")}
        return [named[name] for name in sorted(named)]


def own_scheme(home: Path, year: int) -> Path:
    """Where a home keeps its scheme of a year, as an absolute path."""
    return home.absolute() / SCHEMES / f"{year}.yml"


def file_hashes(folder: Path, pattern: str) -> dict[str, str]:
    """Relative path → SHA-256 of the files that match."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path) for path in sorted(folder.glob(pattern)) if path.is_file()
    }


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, however large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def code_hashes() -> dict[str, str]:
    """The program's own files by hash."""
    return file_hashes(Path(__file__).resolve().parent, "**/*.py")


def is_newer(version: str) -> bool:
    """A version of the program is later than this one; one that is no version is, too."""
    theirs, ours = (_numbers(text) for text in (version, __version__))
    return theirs is None or ours is None or theirs > ours


def _numbers(version: str) -> tuple[int, ...] | None:
    numbers = version.split(".")
    return tuple(map(int, numbers)) if all(number.isascii() and number.isdecimal() for number in numbers) else None
