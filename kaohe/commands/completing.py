"""What a shell offers while a word is typed: read off small files, at once; nothing, where they are not there."""

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.publication import in_force, published_years

Words = Callable[[typer.Context, str], list[str]]


def _offered(words: Callable[[Path, int | None], Iterator[str]]) -> Words:
    """Those of the words of a home and year that begin with what is there."""

    def offer(context: typer.Context, incomplete: str) -> list[str]:
        home, year = Path(context.params.get("home") or "data"), context.params.get("year")
        with suppress(OSError, ValueError, KeyError, KaoheError):
            return [word for word in words(home, year and int(year)) if word.startswith(incomplete)]
        return []

    return offer


def _units(home: Path, year: int | None) -> Iterator[str]:
    with (in_force(home, year) / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield row["unit_name"]


def _indicators(home: Path, year: int | None) -> Iterator[str]:
    import yaml

    path = Project.find().scheme(int(in_force(home, year).parent.name))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    yield from _named(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))


def _named(tree: Any) -> Iterator[str]:
    """The names of whatever has a title: nodes and indicators."""
    for name, below in tree.items() if isinstance(tree, dict) else ():
        if isinstance(below, dict) and "title" in below:
            yield str(name)
        yield from _named(below)


def _publications(home: Path, year: int | None) -> Iterator[str]:
    for each in [year] if year else published_years(home):
        for folder in sorted((home / "published" / str(each)).glob("[0-9]*")):
            yield folder.name


units, indicators, publications = map(_offered, (_units, _indicators, _publications))
