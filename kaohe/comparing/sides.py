"""The two sides of a comparison: publications, and schemes tried on the data of one."""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaohe import __version__
from kaohe.errors import KaoheError
from kaohe.lifecycle.proceedings import APPEALS, CORRECTIONS
from kaohe.project import Project, code_hashes, file_hashes
from kaohe.publication import MANIFEST, in_force
from kaohe.publication.manifest import read_manifest
from kaohe.scheme import digest, load_scheme
from kaohe.sources.inbox import LEDGERS
from kaohe.words import listed

CURRENT = "current"
_YEAR = re.compile("[0-9]{4}")


@dataclass(frozen=True)
class Input:
    """A file that was read: its source, its relative path there and its SHA-256."""

    source: str
    path: str
    sha256: str


@dataclass(frozen=True)
class SchemeFile:
    """A scheme by the SHA-256 of its file. ``path``: where the bytes are; ``name``: what the file is called."""

    sha256: str
    path: Path = field(compare=False)
    name: str = field(compare=False)


@dataclass(frozen=True)
class Ingredients:
    """All that scores are made of beside the program. ``corrections``: the ledgers that the program keeps, and files of
    the inbox with nothing but corrections or appeals; ``data``: every other file."""

    year: int
    scheme: SchemeFile
    corrections: frozenset[Input]
    as_of: dt.date
    data: frozenset[Input]


@dataclass(frozen=True)
class Program:
    """The program that made scores: every file of code, SQL and contracts by its SHA-256."""

    version: str = field(compare=False)
    files: dict[str, str]

    @classmethod
    def today(cls) -> "Program":
        """The one that runs now."""
        project = Project.find()
        contracts, sql = file_hashes(project.expectations, "*.yml"), file_hashes(project.sql, "**/*.sql")
        return cls(__version__, _program_files(contracts, sql, code_hashes()))

    def changed(self, other: "Program") -> list[str]:
        """The files that are not the same in another program."""
        names = self.files.keys() | other.files.keys()
        return sorted(name for name in names if self.files.get(name) != other.files.get(name))


def _program_files(contracts: dict[str, str], sql: dict[str, str], code: dict[str, str]) -> dict[str, str]:
    folders = {"expectations": contracts, "sql": sql, "kaohe": code}
    return {f"{folder}/{name}": sha256 for folder, files in folders.items() for name, sha256 in files.items()}


def program_of(manifest: dict[str, Any]) -> Program:
    """The program that made a publication."""
    code = manifest["code"]
    return Program(code["version"], _program_files(manifest["contracts"], manifest["sql"], code["files"]))


@dataclass(frozen=True)
class Side:
    """One side. ``label``: its publication's id, or the scheme file that is tried; ``publication``: whose scores or
    whose data; ``published``: its scores are the publication's, else they are to be worked out."""

    label: str
    publication: Path
    state: str
    ingredients: Ingredients
    program: Program
    published: bool

    @property
    def year(self) -> int:
        return self.ingredients.year


def side(home: Path, text: str, year: int | None) -> Side:
    """The side that ``text`` names: a publication's id or the beginning of one, ``current``, a year, or a scheme file.

    Raises ``KaoheError`` if there is no such thing, or an id begins with ``text`` in more than one publication.
    """
    if Path(text).suffix in (".yml", ".yaml"):
        return _tried(home, Path(text))
    if text == CURRENT:
        folder = in_force(home, year)
    elif _YEAR.fullmatch(text):
        folder = in_force(home, int(text))
    else:
        folder = _named(home, text)
    return _published(home, folder)


def _named(home: Path, text: str) -> Path:
    """The publication whose id is ``text``, or the only one whose id begins with it."""
    manifests = sorted((home / "published").glob(f"*/*/{MANIFEST}"))
    folders = [path.parent for path in manifests if not path.parent.name.startswith(".")]
    found = [folder for folder in folders if folder.name == text]
    found = found or [folder for folder in folders if folder.name.startswith(text)]
    if not found:
        known = listed(folder.name for folder in folders) or "—"
        raise KaoheError("compare_unknown", name=text, known=known)
    if len(found) > 1:
        raise KaoheError("compare_ambiguous", name=text, found=listed(folder.name for folder in found))
    return found[0]


def _published(home: Path, folder: Path) -> Side:
    manifest = read_manifest(folder)
    try:
        return _of_manifest(home, folder, manifest)
    except KeyError as error:
        raise KaoheError("compare_old", publication=folder.name) from error


def _of_manifest(home: Path, folder: Path, manifest: dict[str, Any]) -> Side:
    inputs = {Input(entry["source"], entry["path"], entry["sha256"]) for entry in manifest["inputs"]}
    tables: dict[str, set[str]] = {}
    for sheet in manifest["sheets"]:
        if sheet["table"]:
            tables.setdefault(sheet["file"], set()).add(sheet["table"])
    ledgers = {each for each in inputs if each.source == LEDGERS}
    ledgers |= {each for each in inputs if each.path in tables and tables[each.path] <= {CORRECTIONS, APPEALS}}
    scheme = manifest["scheme"]
    kept = home / "warehouse" / "inputs" / scheme["sha256"]
    return Side(
        label=folder.name,
        publication=folder,
        state=manifest["state"],
        ingredients=Ingredients(
            year=manifest["year"],
            scheme=SchemeFile(scheme["sha256"], kept, scheme["file"]),
            corrections=frozenset(ledgers),
            as_of=dt.date.fromisoformat(manifest["as_of"]),
            data=frozenset(inputs - ledgers),
        ),
        program=program_of(manifest),
        published=True,
    )


def _tried(home: Path, path: Path) -> Side:
    """A scheme on the data of the publication in force of its year."""
    if not path.is_file():
        raise KaoheError("compare_no_scheme", path=path)
    year = load_scheme(path).year
    data = _published(home, in_force(home, year))
    given = data.ingredients
    tried = Ingredients(
        year, SchemeFile(digest(path), path.resolve(), path.name), given.corrections, given.as_of, given.data
    )
    return Side(path.name, data.publication, data.state, tried, Program.today(), published=False)


def bytes_of(home: Path, given: Input) -> Path:
    """Where the bytes of an input are kept. Raises ``KaoheError`` if they are gone or are not what they were."""
    kept = home / "warehouse" / "inputs" / given.sha256
    try:
        there = hashlib.sha256(kept.read_bytes()).hexdigest()
    except FileNotFoundError:
        there = ""
    if there != given.sha256:
        raise KaoheError("compare_input_gone", file=given.path, kept=kept)
    return kept
