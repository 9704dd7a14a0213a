"""What a check hands over: how bad it is, where in the file, and one sentence."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from kaohe.scheme import Composite, Entry
from kaohe.scheme.parts import Leaf
from kaohe.yamlfile import Location

#: ``error``: what the scheme says cannot happen, or counts twice. ``warning``: it may be meant so.
Level = Literal["error", "warning"]


class Found(NamedTuple):
    """A fault of a scheme at a place of its file, which may stand above the key that is to blame."""

    level: Level
    at: Location
    sentence: str


def weightless(scheme: Composite) -> set[str]:
    """The nodes and leaves of the tree that take no part in the score: of weight 0, or below such a node."""
    names: set[str] = set()
    for entry in scheme.entries:
        if entry.section == "base" and (not entry.weight or entry.parent in names):
            names.add(entry.name)
    return names


def scored(scheme: Composite) -> Iterator[tuple[Entry, Leaf]]:
    """The leaves that make the number: of weight above 0 in the tree, bonus and deductions."""
    without = weightless(scheme)
    for entry, leaf in scheme.leaves:
        if entry.section != "veto" and entry.name not in without:
            yield entry, leaf
