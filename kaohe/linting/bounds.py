"""Between which numbers a score can lie, whatever the values: the scheme alone says it. Exact, or infinite."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from kaohe.scheme import Composite, Node
from kaohe.scheme.indicator import Indicator

Number = Fraction | float

_ENDLESS = (-math.inf, math.inf)


@dataclass(frozen=True)
class Bounds:
    """The lowest and the highest score, both included. ``optional``: it can be absent."""

    low: Number
    high: Number
    optional: bool


def of_leaf(leaf: Indicator, scheme: Composite) -> Bounds:
    """What the leaf's rule can give."""
    ends = sorted((Fraction(leaf.range[0]), Fraction(leaf.range[1])))
    low: Number
    high: Number
    match leaf.rule:
        case "share" | "linear":
            low, high = Fraction(0), Fraction(1)
        case "steps":
            low, high = Fraction(0), max(Fraction(step.give) for step in leaf.steps or [])
        case "minmax" | "percentile" | "above_mean":
            low, high = ends
        case "goalposts":
            low, high = ends if leaf.clamp else _ENDLESS
        case "ratio_to_best":
            low, high = sorted((Fraction(0), ends[1]))
        case "rank":
            low, high = Fraction(1), math.inf
        case "zscore" | "ratio_to_reference" | "raw":
            low, high = _ENDLESS
    missing = leaf.missing or scheme.missing or "exclude"
    if missing == "zero":
        low, high = min(low, Fraction(0)), max(high, Fraction(0))
    return Bounds(low, high, bool(leaf.applies_to) or missing == "exclude")


def of_node(node: Composite | Node, scheme: Composite) -> Bounds | None:
    """What the node can come to; None if none of its children has a weight and it is always absent."""
    parts: list[tuple[Fraction, Bounds]] = []
    for child in children(node).values():
        bounds = of_child(child, scheme)
        if not child.weight or bounds is None:
            continue
        if node.aggregation == "sum" and isinstance(child, Node) and child.aggregation == "sum":
            whole = _whole(child)
            bounds = Bounds(bounds.low / whole, bounds.high / whole, bounds.optional)
        parts.append((Fraction(child.weight), bounds))
    if not parts:
        return None
    all_bounds = [bounds for _, bounds in parts]
    surest = [bounds for bounds in all_bounds if not bounds.optional] or all_bounds
    low, high = min(bounds.low for bounds in all_bounds), max(bounds.high for bounds in all_bounds)
    match node.aggregation:
        case "sum" | "arithmetic":
            scale = _whole(node) if node.aggregation == "sum" else Fraction(1)
            low = -scale * _highest_mean((weight, -bounds.low, bounds.optional) for weight, bounds in parts)
            high = scale * _highest_mean((weight, bounds.high, bounds.optional) for weight, bounds in parts)
        case "min" if surest is not all_bounds:
            high = min(bounds.high for bounds in surest)
        case "max" if surest is not all_bounds:
            low = max(bounds.low for bounds in surest)
    may_miss = any(bounds.optional for bounds in all_bounds) and bool(node.availability)
    return Bounds(low, high, may_miss or all(bounds.optional for bounds in all_bounds))


def of_child(child: Node | Indicator, scheme: Composite) -> Bounds | None:
    """What a node or leaf can come to."""
    return of_node(child, scheme) if isinstance(child, Node) else of_leaf(child, scheme)


def of_total(scheme: Composite) -> Bounds | None:
    """What the whole can come to with bonus and deductions, before rounding."""
    root = of_node(scheme, scheme)
    if root is None:
        return None
    low, high = root.low, root.high
    if scheme.bonus.indicators:
        high += Fraction(scheme.bonus.cap)
    if scheme.deductions.indicators:
        low -= Fraction(scheme.deductions.cap)
    if scheme.bonus.indicators or scheme.deductions.indicators:
        low, high = max(low, Fraction(0)), max(high, Fraction(0))
    return Bounds(low, high, root.optional)


def children(node: Composite | Node) -> dict[str, Node | Indicator]:
    """The children of the root or of a node, by name."""
    return node.dimensions if isinstance(node, Composite) else node.children


def _whole(node: Composite | Node) -> Fraction:
    if isinstance(node, Composite) and node.adds_up:
        return Fraction(node.total)
    return Fraction(sum(child.weight for child in children(node).values()))


def _highest_mean(parts: Iterable[tuple[Fraction, Number, bool]]) -> Number:
    """The highest weighted mean: what can be absent is, where it would draw the others down."""
    ordered = sorted(parts, key=lambda part: -part[1])
    sure = [part for part in ordered if not part[2]]
    taken = sure or ordered[:1]
    for part in ordered:
        if part[2] and sure and part[1] > _mean(taken):
            taken = [*taken, part]
    return _mean(taken)


def _mean(parts: list[tuple[Fraction, Number, bool]]) -> Number:
    total: Number = sum((weight * score for weight, score, _ in parts), Fraction(0))
    return total / sum((weight for weight, _, _ in parts), Fraction(0))
