"""What is ranked, what is chosen, and what comes out: arrays of units, leaves and nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: The scheme's own choice, first among the alternatives of every factor.
SCHEME = "scheme"
#: Numbers nearer to one another than this are equal: what is rounded never hangs on the last bit of a DOUBLE.
NEAR = 1e-9


@dataclass(frozen=True)
class Case:
    """What is ranked: units × leaves, the tree above the leaves, and the rules of ranking and grading.

    ``values``: each leaf's score, NaN where it is absent (not applicable, pending). ``unreported``: it counts as 0
    because nothing was handed in. ``parent``: of each node but the root, the position of its parent, -1 for the root;
    parents before their children. ``weight``: of each node, in millionths. ``leaf``: which node each column is.
    ``bonus``, ``deduction``: points of each unit. ``graded``: the unit can have a grade; ``lowest``: a veto forbids the
    grades before this one. ``quota``: share of the category, NaN for none. ``ties``: what tells units of equal score
    apart, higher first: a node, or a number for each unit.
    """

    values: Floats
    unreported: Bools
    parent: Ints
    weight: Ints
    leaf: Ints
    category: Ints
    bonus: Floats
    deduction: Floats
    graded: Bools
    lowest: Ints
    at_least: Floats
    quota: Floats
    quota_at_least: Ints
    ties: Sequence[int | Floats] = ()
    total: float = 100
    digits: int = 2
    mode: Literal["half_up", "half_even", "down"] = "half_up"
    dense: bool = False

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """Node → its children; -1 is the root."""
        found: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parent.tolist()):
            found.setdefault(parent, []).append(node)
        return found

    @cached_property
    def column(self) -> dict[int, int]:
        """Node → the column of its values, for leaves."""
        return {node: column for column, node in enumerate(self.leaf.tolist())}

    @cached_property
    def members(self) -> list[Ints]:
        """The units of each category."""
        return [np.flatnonzero(self.category == category) for category in np.unique(self.category)]

    def under(self, node: int) -> set[int]:
        """A node and all below it."""
        return {node}.union(*(self.under(child) for child in self.children.get(node, [])))


@dataclass(frozen=True)
class Choice:
    """One alternative of every factor but the weights."""

    rounding: str = SCHEME
    missing: str = SCHEME
    normalisation: str = SCHEME
    aggregation: str = SCHEME


@dataclass(frozen=True)
class Ranked:
    """Totals and ranks, draws × units; ``grade``: the position of the grade, -1 for none."""

    total: Floats
    rank: NDArray[np.int32]
    grade: NDArray[np.int8]
