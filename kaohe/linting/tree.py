"""Checks of the tree: weights, aggregations, availability, rules, names, tie-breaks."""

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from kaohe.linting import bounds
from kaohe.linting.found import Found, Level, scored, weightless
from kaohe.scheme import Composite, Entry, Node, Scheme
from kaohe.scheme.diff import shown
from kaohe.scheme.indicator import Indicator, Step
from kaohe.scheme.parts import FEWER_DEDUCTIONS
from kaohe.words import listed, say
from kaohe.yamlfile import Location

_UNWEIGHTED = ("min", "max", "median")
#: Rules whose worst unit has the lower end of the range, always.
_WORST_GETS_LOW = ("minmax", "percentile")


def check(scheme: Composite) -> Iterator[Found]:
    """Everything that can be said of the tree without knowing any measure."""
    inner: list[tuple[Location, str, Composite | Node]] = [((), scheme.title, scheme)]
    inner += [(entry.path, entry.name, entry.node) for entry in scheme.entries if isinstance(entry.node, Node)]
    without = weightless(scheme)
    for path, name, node in inner:
        if name not in without or not path:
            yield from _weights(path, name, node, scheme)
            yield from _aggregation(path, name, node)
            yield from _below_zero(path, name, node, scheme)
        elif not node_weight(node):
            yield from _shown_only(path, name, node)
    yield from _never_there(inner, without)
    yield from _scores(scheme)
    for entry, leaf in scheme.leaves:
        if isinstance(leaf, Indicator) and leaf.steps:
            yield from _steps(entry, leaf.steps)
    yield from _names(scheme)
    yield from _ties(scheme, without)


def node_weight(node: Composite | Node) -> Decimal:
    """The weight of a node; the root's is not 0."""
    return node.weight if isinstance(node, Node) else Decimal(1)


def _weights(path: Location, name: str, node: Composite | Node, scheme: Composite) -> Iterator[Found]:
    """Weights that come to nothing, that do not come to their node's, or that have no say."""
    weights = [child.weight for child in bounds.children(node).values()]
    total = sum(weights, Decimal(0))
    at = path or ("dimensions",)
    if not total:
        yield Found("error", at, say("lint_weights_zero", node=name))
        return
    whole = scheme.total if isinstance(node, Composite) else node.weight
    adds = scheme.adds_up if isinstance(node, Composite) else _is_sum_of_a_sum(path, scheme)
    if adds and total != whole:
        yield Found("warning", at, say("lint_weights_sum", node=name, total=shown(total), weight=shown(whole)))
    if node.aggregation in _UNWEIGHTED and len({weight for weight in weights if weight}) > 1:
        yield Found("warning", at, say("lint_weights_idle", node=name, aggregation=node.aggregation))


def _is_sum_of_a_sum(path: Location, scheme: Composite) -> bool:
    """The node at ``path`` and the one above it both add up: its weight is points."""
    node: Composite | Node = scheme
    both = False
    for name in path[1::2]:
        child = bounds.children(node)[str(name)]
        if not isinstance(child, Node):
            return False
        both = node.aggregation == child.aggregation == "sum"
        node = child
    return both


def _shown_only(path: Location, name: str, node: Composite | Node) -> Iterator[Found]:
    heavy = [child for child, each in bounds.children(node).items() if each.weight]
    if heavy:
        yield Found("warning", (*path, "weight"), say("lint_weight_0", node=name, children=listed(heavy)))


def _aggregation(path: Location, name: str, node: Composite | Node) -> Iterator[Found]:
    count = sum(1 for child in bounds.children(node).values() if child.weight)
    if node.best and node.best > count > 0:
        yield Found("warning", (*path, "best"), say("lint_best", node=name, best=node.best, count=count))
    if node.trim and not math.floor(node.trim * count):
        yield Found("warning", (*path, "trim"), say("lint_trim", node=name, trim=shown(node.trim), count=count))


def _below_zero(path: Location, name: str, node: Composite | Node, scheme: Composite) -> Iterator[Found]:
    """What a mean of logarithms or reciprocals cannot take: a score below 0 stops it, a score of 0 makes it 0."""
    if node.aggregation not in ("geometric", "harmonic", "power_mean"):
        return
    for child, each in bounds.children(node).items():
        at = (*path, "children", child) if path else ("dimensions", child)
        reach = bounds.of_child(each, scheme) if each.weight else None
        if reach is None:
            continue
        values = {"child": child, "node": name, "aggregation": node.aggregation}
        if reach.low < 0:
            yield Found("warning", at, say("lint_negative", **values))
        elif node.aggregation == "power_mean" and node.power and node.power > 0:
            continue
        elif isinstance(each, Indicator) and each.rule in _WORST_GETS_LOW and each.range[0] == 0:
            yield Found("warning", at, say("lint_always_zero", rule=each.rule, **values))


def _never_there(inner: list[tuple[Location, str, Composite | Node]], without: set[str]) -> Iterator[Found]:
    """A node that, whatever a unit's category, never has as many children as its ``availability`` asks for."""
    root = inner[0][2]
    categories = {None, *_categories(root)}
    for path, name, node in inner:
        if path and name in without:
            continue
        most = max(_present(node, category) for category in categories)
        if node.availability > most and _own_fault(node, categories):
            asked, can = shown(node.availability), f"{float(most):.2g}"
            yield Found("error", (*path, "availability"), say("lint_availability", node=name, asked=asked, most=can))


def _own_fault(node: Composite | Node, categories: set[str | None]) -> bool:
    """Every child of weight can be there for somebody: it is not a node below that never is."""
    heavy = [child for child in bounds.children(node).values() if child.weight]
    return all(any(_can_be(child, category) for category in categories) for child in heavy)


def _categories(node: Composite | Node | Indicator) -> set[str]:
    if isinstance(node, Indicator):
        return set(node.applies_to or [])
    return {name for child in bounds.children(node).values() for name in _categories(child)}


def _present(node: Composite | Node, category: str | None) -> Fraction:
    """The share of the children of weight that a unit of the category can have; ``None``: one that nobody names."""
    heavy = [child for child in bounds.children(node).values() if child.weight]
    return Fraction(sum(_can_be(child, category) for child in heavy), len(heavy) or 1)


def _can_be(child: Node | Indicator, category: str | None) -> bool:
    if isinstance(child, Indicator):
        return child.applies_to is None or category in child.applies_to
    present = _present(child, category)
    return present > 0 and present >= child.availability


def _scores(scheme: Composite) -> Iterator[Found]:
    """Where points are added up, a score outside 0 to 1 gives a leaf more points than its weight, or takes some."""
    level: Level = "error" if isinstance(scheme, Scheme) else "warning"
    for entry, leaf in scored(scheme) if scheme.adds_up else ():
        if isinstance(leaf, Indicator):
            reach = bounds.of_leaf(leaf, scheme)
            if reach.low < 0 or reach.high > 1:
                yield Found(level, (*entry.path, "rule"), say("lint_not_a_share", indicator=entry.name, rule=leaf.rule))


def _steps(entry: Entry, steps: list[Step]) -> Iterator[Found]:
    """Steps that an earlier one leaves nothing to, and those that give a worse value more than a better one."""
    high, low = math.inf, -math.inf  # what lies at or above ``high``, or at or below ``low``, has its step
    last: dict[bool, Decimal] = {}
    for number, step in enumerate(steps):
        at = (*entry.path, "steps", number)
        upwards = step.at_least is not None
        bound = float(next(each for each in (step.at_least, step.at_most) if each is not None))
        if low >= high or (upwards and bound >= high) or (not upwards and bound <= low):
            yield Found("error", at, say("lint_step", indicator=entry.name, number=number + 1))
            continue
        high, low = (min(high, bound), low) if upwards else (high, max(low, bound))
        if step.give >= last.get(upwards, Decimal(2)):
            yield Found("warning", at, say("lint_step_gives", indicator=entry.name, number=number + 1))
        last[upwards] = step.give


def _names(scheme: Composite) -> Iterator[Found]:
    seen: dict[str, str] = {}
    alerts = scheme.alerts if isinstance(scheme, Scheme) else {}
    places: list[tuple[str, Location]] = [(entry.name, entry.path) for entry in scheme.entries]
    for name, at in [*places, *((name, ("alerts", name)) for name in alerts)]:
        if (other := seen.setdefault(name.casefold(), name)) != name:
            yield Found("warning", at, say("lint_name_case", name=name, other=other))


def _ties(scheme: Composite, without: set[str]) -> Iterator[Found]:
    """What cannot tell two units apart."""
    vetoes = set(scheme.vetoes)
    for number, name in enumerate(scheme.tie_break):
        at = ("tie_break", number)
        if name in scheme.tie_break[:number]:
            yield Found("warning", at, say("lint_tie_twice", name=name))
        elif name in without:
            yield Found("error", at, say("lint_tie_weight_0", name=name))
        elif name in vetoes or (name == FEWER_DEDUCTIONS and not scheme.deductions.indicators):
            yield Found("error", at, say("lint_tie_nothing", name=name))
