"""What differs between two schemes: key by key, whatever a scheme is made of."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kaohe.scheme import Composite, Entry
from kaohe.words import listed

#: The last key of a difference in the order of the entries: caps and ties follow it.
ORDER = "(order)"
_ORDERED = ("dimensions", "children", "indicators")
#: What says what the scheme is, and scores nothing.
_NAMES = ("id", "title", "effective_from", "effective_to", "basis")
_SECTIONS = {"bonus": ("bonus", "indicators"), "deduction": ("deductions", "indicators"), "veto": ("vetoes",)}

Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One place where two schemes differ. ``path``: the keys that lead there; ``before``, ``after``: what stands there,
    None where nothing does; a node or leaf that only one scheme has is one difference, whole."""

    path: Path
    before: Any
    after: Any

    @property
    def place(self) -> str:
        """The keys joined by points, without those between nodes."""
        return ".".join(key for key in self.path if key not in ("dimensions", "children", "indicators"))

    def concerns(self, leaf: Path) -> bool:
        """It is about the leaf at this path, or about the nodes above it or its siblings, which share its weight."""
        if self.path[-1] in _NAMES or (len(self.path) > 1 and self.path[-2] == "basis"):
            return False
        return self.path[: len(leaf)] == leaf or leaf[: len(self.path) - 1] == self.path[:-1]


def differences(a: Composite, b: Composite) -> list[Difference]:
    """Every difference, in the order of ``a`` and then of ``b``."""
    return list(_differ((), a.model_dump(), b.model_dump()))


def leaf_paths(scheme: Composite) -> dict[str, Path]:
    """Leaf → the keys that lead to it."""
    entries = {entry.name: entry for entry in scheme.entries}
    return {entry.name: _path(entry, entries) for entry, _ in scheme.leaves}


def shown(value: Any) -> str:
    """A value of a scheme as people read it; — for nothing."""
    match value:
        case None:
            return "—"
        case {"title": title, "weight": weight, **_rest}:
            return f"{title} {shown(weight)}"
        case {"title": title, **_rest}:
            return str(title)
        case dict():
            return listed(f"{key} {shown(each)}" for key, each in value.items()) or "—"
        case list() | tuple():
            return listed(map(shown, value)) or "—"
        case Decimal():
            return f"{value.normalize():f}"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def _path(entry: Entry, entries: dict[str, Entry]) -> Path:
    if entry.section in _SECTIONS:
        return (*_SECTIONS[entry.section], entry.name)
    if not entry.parent:
        return "dimensions", entry.name
    return (*_path(entries[entry.parent], entries), "children", entry.name)


def _differ(path: Path, before: Any, after: Any) -> Iterator[Difference]:
    match before, after:
        case dict(), dict():
            for key in [*before, *(key for key in after if key not in before)]:
                yield from _differ((*path, str(key)), before.get(key), after.get(key))
            order, other = [key for key in before if key in after], [key for key in after if key in before]
            if order != other and path and path[-1] in _ORDERED:
                yield Difference((*path, ORDER), order, other)
        case [dict(), *_], [dict(), *_]:
            for number in range(max(len(before), len(after))):
                sides = (given[number] if number < len(given) else None for given in (before, after))
                yield from _differ((*path, str(number + 1)), *sides)
        case _ if before != after:
            yield Difference(path, before, after)
