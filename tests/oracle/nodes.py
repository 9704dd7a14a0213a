"""From the scores of the leaves to those of the nodes."""

import math
from collections.abc import Callable
from fractions import Fraction

from tests.oracle.numbers import Number, decimals, median, near, rounded, total, written
from tests.oracle.rules import held
from tests.oracle.tree import EXACT, Node

Scores = dict[str, Number | None]  # node → score of one unit
Held = Callable[[Node], bool]


def present(node: Node, leaf_scores: Scores) -> bool:
    """Whether a node is there for a unit: a leaf with a score, or a node with children enough."""
    if node.is_leaf:
        return leaf_scores[node.name] is not None
    there = sum(present(child, leaf_scores) for child in node.counted)
    return there > 0 and Fraction(there, len(node.counted)) >= written(node.keys.get("availability", 0))


def divided(whole: Fraction, children: list[Node], hundredths: bool) -> dict[str, Fraction]:
    """``whole`` divided among the children by their weights; in hundredths, by largest remainder."""
    weights = total(child.weight for child in children)
    if not weights:
        return {child.name: Fraction(0) for child in children}
    parts = {child.name: whole * child.weight / Fraction(weights) for child in children}
    if not hundredths:
        return parts
    floors = {name: math.floor(100 * part) for name, part in parts.items()}
    left = 100 * whole - sum(floors.values())
    for name in sorted(parts, key=lambda name: floors[name] - 100 * parts[name])[: int(left)]:
        floors[name] += 1
    return {name: Fraction(floor, 100) for name, floor in floors.items()}


def points(
    root: Node, leaf_scores: Scores, whole: Fraction, rounding: tuple[int, str] | None
) -> tuple[Scores, dict[str, Fraction], bool]:
    """Every node's points where every node is a sum, the effective weights of the leaves, and whether a last bit decided a
    rounding. ``rounding``: digits and mode of a leaf's points, if they are rounded.
    """
    found: Scores = dict.fromkeys((node.name for node in (root, *root.walk())), None)
    effective: dict[str, Fraction] = {}
    hanging = False

    def points_of(leaf: Node, part: Fraction) -> Number:
        nonlocal hanging
        effective[leaf.name] = part
        score = leaf_scores[leaf.name] or Fraction(0)
        if not rounding:
            return part * score
        if leaf.keys["rule"] in EXACT:
            return rounded(part * score, *rounding)
        either = {rounded(part * decimal, *rounding) for decimal in decimals(score, 12)}
        hanging = hanging or len(either) > 1
        return min(either)

    def share_out(node: Node, part: Fraction) -> Number:
        there = [child for child in node.children if present(child, leaf_scores)]
        parts = divided(part, there, rounding is not None)
        for child in there:
            own = parts[child.name]
            found[child.name] = points_of(child, own) if child.is_leaf else share_out(child, own)
        return total(found[child.name] or Fraction(0) for child in there)

    if present(root, leaf_scores):
        found[root.name] = share_out(root, whole)
    return found, effective, hanging


def aggregated(root: Node, leaf_scores: Scores) -> tuple[Scores, bool]:
    """Every node's score by its own formula; and whether a tie that hangs by a last bit decided one of them."""
    found: Scores = dict(leaf_scores)
    hanging = False

    def score(node: Node) -> Number | None:
        nonlocal hanging
        if node.is_leaf:
            return leaf_scores[node.name]
        for child in node.children:
            found[child.name] = score(child)
        if not present(node, leaf_scores):
            return None
        there = [child for child in node.counted if present(child, leaf_scores)]
        result, tied = combine(node, [(child, _there(found[child.name])) for child in there])
        hanging = hanging or tied
        return result

    found[root.name] = score(root)
    return found, hanging


def _there(score: Number | None) -> Number:
    assert score is not None
    return score


def combine(node: Node, children: list[tuple[Node, Number]]) -> tuple[Number, bool]:
    """The score of a node over its present children; and whether a tie that hangs by a last bit decided it."""
    scores = [score for _, score in children]
    weights = [child.weight for child, _ in children]
    kind, whole = node.aggregation, Fraction(total(weights))
    if kind in ("geometric", "harmonic", "power_mean") and min(scores) < 0:
        raise ValueError(f"{node.name}: {kind} of {min(scores)}")
    if kind == "sum":
        own = total(child.weight for child in node.children)
        return own * total(child.weight * _per_point(child, score) for child, score in children) / whole, False
    if kind == "arithmetic":
        return total(w * s for w, s in zip(weights, scores, strict=True)) / whole, False
    if kind == "geometric":
        if min(scores) == 0:
            return Fraction(0), False
        logs = total(float(w / whole) * math.log(s) for w, s in zip(weights, scores, strict=True))
        return math.exp(logs), False
    if kind == "harmonic":
        if min(scores) == 0:
            return Fraction(0), False
        return whole / total(w / s for w, s in zip(weights, scores, strict=True)), False
    if kind == "power_mean":
        power = float(node.keys["power"])
        if (min(scores) == 0 and power < 0) or max(scores) == 0:
            return Fraction(0), False
        powers = total(float(w) * float(s) ** power for w, s in zip(weights, scores, strict=True))
        return float(powers / float(whole)) ** (1 / power), False
    if kind in ("min", "max"):
        return (min if kind == "min" else max)(scores), False
    if kind == "median":
        return median(scores), False
    if kind == "trimmed_mean":
        cut = math.floor(written(node.keys["trim"]) * len(children))
        upward = sorted(children, key=lambda pair: pair[1])  # stable: the earlier in the file counts as lower
        kept = upward[cut : len(upward) - cut]
        tied = _hangs(upward[:cut], kept) or _hangs(kept, upward[len(upward) - cut :])
    elif kind == "best_n":
        best = node.keys["best"]
        downward = sorted(children, key=lambda pair: -pair[1])
        kept = downward[:best]
        tied = _hangs(kept, downward[best:])
    else:
        raise ValueError(f"aggregation {kind}")
    return total(child.weight * score for child, score in kept) / total(child.weight for child, _ in kept), tied


def _per_point(child: Node, score: Number) -> Number:
    """A child's score as a sum above takes it: of a sum, its score over all its weights."""
    return score / total(below.weight for below in child.children) if child.aggregation == "sum" else score


def _hangs(left: list[tuple[Node, Number]], right: list[tuple[Node, Number]]) -> bool:
    """Whether a score on either side of a cut is as good as equal to one on the other, without being held exactly."""
    return any(
        near(one, other)
        and not (one == other and a.is_leaf and b.is_leaf and held(a.keys, one) and held(b.keys, other))
        for a, one in left
        for b, other in right
    )
