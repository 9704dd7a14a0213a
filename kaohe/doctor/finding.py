"""What a check finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kaohe.publication import pointed_at, published_years
from kaohe.words import listed, say

#: So many names are listed.
_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, in a sentence with a way out. ``mend``: mends it without loss and says what it did;
    None if it cannot be. It takes the home's lock itself."""

    problem: str
    mend: Callable[[], list[str]] | None = None


def current_of(home: Path) -> list[Path]:
    """The publications in force of all years, as far as they are there."""
    pointed = [pointed_at(home / "published" / str(year)) for year in published_years(home)]
    return [publication for publication in pointed if publication and publication.is_dir()]


def first_of(names: Iterable[str]) -> str:
    """The first of some names."""
    known = sorted(names)
    return listed(known[:_SHOWN]) + (say("and_more") if len(known) > _SHOWN else "")
