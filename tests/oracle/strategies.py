"""Random schemes of the whole language, and tables for them to score.

Floating point has knife-edges: numbers that are equal in exact arithmetic and differ by a last bit in DOUBLE (or the other
way round) get other ranks, other grades, another child trimmed. What is drawn keeps away from them, or meets them where
every sound way of computing must agree:

- values for the statistical rules are whole or quarters, and their denominators powers of two (``population``), so that sums are exact
  and a mean is rounded once; ties among them are ties in DOUBLE too. Ratios of other numbers (``area``, shares) are
  rounded once each, so equal ratios are equal doubles; they are not imputed.
- what still falls on an edge (skewness right at its limit, a score right at a rounding boundary) the oracle itself
  marks ``unsure``, and tests/oracle/agree.py leaves those units out. Ranks and grades of DOUBLE scores are compared only
  where no two different units of a category come within 1e-9 of each other, and no score that close to a grade's.
"""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.oracle.table import Rows

CATEGORIES = ("甲", "乙")
REGIONS = ("east", "north", "south")
POPULATIONS = ("1", "2", "4", "8", "0.5", "1", "2", "4", "0", None)
AREAS = ("3", "7", "10", "49", "0.3", "3", "7", "0", None)

#: Kind of measure → what a cell may be. The first of each is what examples shrink to.
GRIDS = {
    "grid": [str(Decimal(quarters) / 4) for quarters in range(1, 33)],
    "few": ["1", "2", "3"],
    "zeros": ["0", "0", "1", "4", "10"],
    "signed": [str(Decimal(quarters) / 4) for quarters in range(-20, 21)],
    "skewed": ["1", "2", "2.5", "3", "4", "1", "2", "3", "40", "64", "1000"],
    "down": ["98", "97", "96.5", "97.5", "98", "97", "10", "-300"],
    "same": ["5"],
}
SHARES = ["0", "1", "0.5", "0.333333", "0.125", "0.9", "0.895", "0.145", "1.2", "-0.1", "0.29", "0.07"]
DUES = ["1", "3", "0.9", "0.3", "7", "100"]
MEASURES = {
    "g0": "grid", "g1": "grid", "f0": "few", "z0": "zeros", "s0": "signed", "w0": "skewed", "w1": "skewed",
    "n0": "down", "c0": "same", "h0": "share", "h1": "share", "h2": "share",
}  # fmt: skip
POSITIVE = ("g0", "g1", "f0", "w0", "w1", "c0")
EXTRA = ("b0", "b1", "d0", "d1", "v0", "v1")


@dataclass(frozen=True)
class Case:
    """Schemes for one table; ``units`` is None where there is no such file."""

    schemes: dict[str, dict[str, Any]]
    values: Rows
    units: Rows | None


@dataclass(frozen=True)
class Shape:
    """What the schemes of a table may ask of it."""

    grouped: bool  # there is a units file
    categories: bool
    items: bool  # due and done, with items: only then are there bonuses, deductions and vetoes


SHAPES = (Shape(True, True, True), Shape(True, True, False), Shape(True, False, True), Shape(False, False, True))


def tables(by: Random, most_units: int) -> tuple[Shape, Rows, Rows | None]:
    """Values and units: some cells missing, some not applicable, many ties."""
    shape = by.choice(SHAPES)
    names = [f"U{number:02}" for number in by.sample(range(most_units), most_units)]
    values: list[dict[str, str | None]] = []
    for unit in names:
        for measure, kind in MEASURES.items():
            values += _rows(by, shape, unit, measure, kind, unit == names[0])
        for measure in EXTRA if shape.items else ():
            if unit == names[0]:  # each measure is named
                values.append(_item(unit, measure, None, "0", "e"))
            for item in by.sample("abcd", by.randint(0, 3)):
                done = by.choice(["1", "0", "0.5", "1.005", "2", "0.3333335", "2"])
                values.append(_item(unit, measure, None, done, item))
    if not shape.grouped:
        return shape, values, None
    units: list[dict[str, str | None]] = []
    for unit in names:
        cells: dict[str, str | None] = {"unit_id": unit, "unit_name": f"单位{unit}"}
        if shape.categories:
            cells["category"] = by.choice(CATEGORIES)
        cells["region"] = by.choice(REGIONS)
        cells["population"] = by.choice(POPULATIONS)
        cells["area"] = by.choice(AREAS)
        units.append(cells)
    return shape, values, units


def _item(unit: str, measure: str, due: str | None, done: str | None, item: str) -> dict[str, str | None]:
    return {"unit_id": unit, "measure": measure, "due": due, "done": done, "item": item}


def _rows(by: Random, shape: Shape, unit: str, measure: str, kind: str, named: bool) -> list[dict[str, str | None]]:
    """The rows of one cell: an empty one, or none, for a missing value (unless the measure must be ``named``); otherwise a
    value or one to three items.
    """
    there = by.randint(0, 13 if named else 15)
    if there == 15:
        return []
    if not shape.items:
        value = None if there == 14 else by.choice(GRIDS.get(kind, SHARES))
        return [{"unit_id": unit, "measure": measure, "value": value}]
    if there == 14:
        return [_item(unit, measure, None, None, "a")]
    if kind != "share":
        return [_item(unit, measure, None, by.choice(GRIDS[kind]).lstrip("-"), "a")]
    rows = []
    for item in "abc"[: by.randint(1, 3)]:
        due = by.choice(DUES)
        part = by.choice(["1", "0", "0.5", "0.333333333", "0.9", "1.1"])
        rows.append(_item(unit, measure, due, str(Decimal(due) * Decimal(part)), item))
    return rows


@st.composite
def cases(draw: st.DrawFn, most_units: int = 12, schemes: int = 25, most_leaves: int = 8) -> Case:
    """A table and the schemes to score it by. Only the sizes are drawn one by one, and shrink; the rest comes from a seed
    each, which is many times faster.
    """
    shape, values, units = tables(Random(draw(SEEDS)), draw(_up_to(most_units)))
    seeds = [draw(SEEDS) for _ in range(draw(st.sampled_from([1, *[schemes] * 7])))]
    leaves = draw(_up_to(most_leaves))
    return Case({f"s{place}": scheme(Random(seed), shape, leaves) for place, seed in enumerate(seeds)}, values, units)


SEEDS = st.integers(0, 2**32 - 1)


def _up_to(most: int) -> st.SearchStrategy[int]:
    return st.sampled_from(range(1, most + 1))


# --- Schemes ---------------------------------------------------------------------------------------------------------

RANGES: tuple[list[Any], ...] = ([0, 100], [0, 1], [1, 10], [10, 50], [0.5, 2])
WEIGHTS = (1, 2, 1, 0.5, 3, 0.1, 0.7, 0.33, 25)
AGGREGATIONS = ("arithmetic", "geometric", "harmonic", "min", "max", "median", "sum")
NEVER_NEGATIVE = ("geometric", "harmonic", "power_mean")


def one_in(by: Random, number: int) -> bool:
    """True once in so many times."""
    return by.randrange(number) == 0


def scheme(by: Random, shape: Shape, leaves: int) -> dict[str, Any]:
    """Any valid scheme for a table."""
    if one_in(by, 2):
        return index_scheme(by, shape, leaves)
    return points_scheme(by, shape, leaves, one_in(by, 2))


class Builder:
    """A tree in the making: unique names, and how many leaves there are."""

    def __init__(self, by: Random, most_leaves: int) -> None:
        self.by, self.most = by, most_leaves
        self.leaves: list[str] = []
        self.nodes: list[str] = []

    def children(self, depth: int, leaf: Any, node: Any) -> dict[str, Any]:
        """One to four children down to a depth of 4; the first of them has a weight."""
        found: dict[str, Any] = {}
        for place in range(self.by.randint(1, 4)):
            if found and len(self.leaves) >= self.most:
                break
            if depth < 4 and one_in(self.by, 3):
                name = f"n{len(self.nodes)}"
                self.nodes.append(name)
                found[name] = node(depth + 1, place)
            else:
                name = f"i{len(self.leaves)}"
                self.leaves.append(name)
                found[name] = leaf(place)
        return found


def points_scheme(by: Random, shape: Shape, leaves: int, exact: bool) -> dict[str, Any]:
    """Every node a sum. ``exact``: rounded at the leaf, and only exact rules; otherwise rounded anywhere or not at all."""
    at = "leaf" if exact else by.choice([None, "leaf", "total"])
    built = Builder(by, leaves)
    cents: list[int] = []

    def leaf(place: int) -> dict[str, Any]:
        keys = exact_leaf(by, shape) if exact or one_in(by, 2) else statistical_leaf(by, shape, [0, 1], True)
        if place and one_in(by, 8):
            return {"weight": 0} | keys
        cents.append(by.choice([100, 50, 333, 1234, 1, 2000, 829, 25]))
        return {"weight": cents[-1]} | keys

    def node(depth: int, place: int) -> dict[str, Any]:
        children = built.children(depth, leaf, node)
        keys = {"weight": sum(child["weight"] for child in children.values()), "children": children}
        return keys | by.choice(AVAILABILITY)

    dimensions = built.children(1, leaf, node)
    found: dict[str, Any] = {"title": "points", "dimensions": dimensions}
    total = sum(cents)
    if total < 10_000 and one_in(by, 2):
        _heavier(dimensions, 10_000 - total)
    else:
        found["total"] = float(Decimal(total) / 100)
    _in_points(dimensions)
    found |= _file_keys(by, shape, built, found.get("total", 100))
    if at:
        found["rounding"] = _rounding(by) | ({"at": at} if at == "total" or one_in(by, 2) else {})
    return found | _extras(by, shape, built.leaves)


def _heavier(children: dict[str, Any], cents: int) -> None:
    """Give so much more weight to the first leaf that has any."""
    first = next(iter(children.values()))
    first["weight"] += cents
    if "children" in first:
        _heavier(first["children"], cents)


def _in_points(children: dict[str, Any]) -> None:
    for keys in children.values():
        keys["weight"] = float(Decimal(keys["weight"]) / 100)
        _in_points(keys.get("children", {}))


def index_scheme(by: Random, shape: Shape, leaves: int) -> dict[str, Any]:
    """Nodes of every kind; only sometimes bonuses, where the root is a sum."""
    common = by.choice(RANGES)
    defaults: dict[str, Any] = {}
    if one_in(by, 2):
        defaults = {"rule": "minmax", "range": common}
        if one_in(by, 2):
            defaults["treat"] = by.choice(TREATMENTS)
        if one_in(by, 2):
            defaults["impute"] = _imputation(by, shape)
    built = Builder(by, leaves)

    def leaf_of(never_negative: bool) -> Any:
        def leaf(place: int) -> dict[str, Any]:
            weight = 0 if place and one_in(by, 8) else by.choice(WEIGHTS)
            if one_in(by, 4):
                return {"weight": weight} | ({"rule": "share"} if defaults else {}) | exact_leaf(by, shape)
            return {"weight": weight} | statistical_leaf(by, shape, common, never_negative, defaults)

        return leaf

    def node_under(never_negative: bool, above: dict[str, Any]) -> Any:
        def node(depth: int, place: int) -> dict[str, Any]:
            own = {} if one_in(by, 3) else by.choice(HOW)
            kind = (own or above)["aggregation"]
            below = never_negative or kind in NEVER_NEGATIVE
            weight = 0 if place and one_in(by, 12) else by.choice(WEIGHTS)
            children = built.children(depth, leaf_of(below), node_under(below, above))
            return {"weight": weight, **own, "children": children} | by.choice(AVAILABILITY)

        return node

    own: dict[str, Any] = by.choice(HOW)
    below = own["aggregation"] in NEVER_NEGATIVE
    dimensions = built.children(1, leaf_of(below), node_under(below, own))
    found: dict[str, Any] = {"id": "index", "title": "指数", **own, "dimensions": dimensions}
    if defaults:
        found["defaults"] = defaults
    found |= _file_keys(by, shape, built, common[1])
    if one_in(by, 4):
        found["rounding"] = _rounding(by) | {"at": "total"}
    return found | (_extras(by, shape, built.leaves) if own["aggregation"] == "sum" and one_in(by, 2) else {})


HOW: list[dict[str, Any]] = [
    *({"aggregation": kind} for kind in AGGREGATIONS for _ in range(2)),
    *({"aggregation": "power_mean", "power": power} for power in (2, -1, 0.5, -2.5, 1)),
    *({"aggregation": "trimmed_mean", "trim": trim} for trim in (0.25, 0.1, 0.34, 0.49, 0)),
    *({"aggregation": "best_n", "best": best} for best in (1, 2)),
]
AVAILABILITY: list[dict[str, Any]] = [{}, {}, {}, {"availability": 0.5}, {"availability": 0.67}, {"availability": 1}]
TREATMENTS: list[dict[str, Any]] = [
    {"winsorise": 5},
    {"winsorise": 1, "skew": 1.1, "kurtosis": 0.3},
    {"winsorise": 3, "skew": 0.7, "kurtosis": -0.9},
    {"percentiles": [0.25, 0.75]},
    {"percentiles": [0, 0.9]},
    {"percentiles": [0.125, 0.95], "winsorise": 2, "skew": 1.3, "kurtosis": 1},
]


def _rounding(by: Random) -> dict[str, Any]:
    rounding: dict[str, Any] = {"digits": by.choice([2, 2, 1, 0, 3, 6])}
    return rounding | by.choice([{}, {"mode": "half_up"}, {"mode": "half_even"}, {"mode": "down"}])


def _imputation(by: Random, shape: Shape) -> Any:
    found: list[Any] = ["mean", "median", {"with": "mean"}]
    return by.choice(found + [{"with": kind, "by": "region"} for kind in ("mean", "median") if shape.grouped])


def exact_leaf(by: Random, shape: Shape) -> dict[str, Any]:
    """``share``, ``linear`` and ``steps``, of any measure."""
    keys: dict[str, Any] = {"measure": by.choice(["h0", "h1", "h2", "h0", "h1", "z0", "s0", "c0"])}
    rule = by.choice(["share", "linear", "steps"])
    if rule == "share":
        keys |= by.choice([{}, {"rule": "share"}])
    elif rule == "linear":
        floor, target = by.choice([(0, 1), (1, 0), (0.3, 0.9), (0.95, 0.1), (-1, 4), (0, 3)])
        keys |= {"rule": rule, "floor": floor, "target": target}
    else:
        at_least = [
            {"at_least": 0.9, "give": 1},
            {"at_least": 0.333333, "give": 0.6},
            {"at_least": 0.07, "give": 0.145},
        ]
        at_most: list[Any] = [{"at_most": 0, "give": 1}, {"at_most": 0.5, "give": 0.7}, {"at_most": 3, "give": 0.33}]
        keys |= {
            "rule": rule,
            "steps": by.choice([at_least, at_most, at_least[1:] + at_most[:1], at_most[2:]]),
        }
    return keys | _who(by, shape)


def statistical_leaf(
    by: Random, shape: Shape, common: list[Any], never_negative: bool, defaults: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The rules that look at all units, with everything that goes before them."""
    defaults = defaults or {}
    rules = ["minmax", "goalposts", "percentile", "rank", "ratio_to_best", "ratio_to_reference", "above_mean"]
    rule = by.choice(rules + ([] if never_negative else ["zscore", "raw"]))
    if defaults and one_in(by, 2):
        rule = "minmax"
    in_points = common == [0, 1] and never_negative and not defaults
    if in_points and rule in ("rank", "ratio_to_reference"):
        rule = "minmax"
    positive = rule in ("ratio_to_best", "ratio_to_reference", "above_mean")
    impute = None if "impute" in defaults else by.choice([None, None, "own"])
    imputed = impute is not None or "impute" in defaults
    measures = [
        name
        for name, kind in MEASURES.items()
        if (name in POSITIVE or not positive) and (kind != "share" or not imputed)
    ]
    keys: dict[str, Any] = {"measure": by.choice(measures)}
    if defaults.get("rule") != rule:
        keys["rule"] = rule
    if impute:
        keys["impute"] = _imputation(by, shape)
    if "treat" in defaults:
        keys |= by.choice([{}, {}, {"treat": None}])
    elif one_in(by, 2):
        log = keys["measure"] in POSITIVE and not positive and one_in(by, 2)
        keys["treat"] = ({} if log and one_in(by, 2) else by.choice(TREATMENTS)) | ({"log": True} if log else {})
    if one_in(by, 2):
        keys["direction"] = by.choice(["lower", "lower", "higher"])
    if rule not in ("rank", "zscore", "raw") and ("range" not in defaults or one_in(by, 6)):
        keys["range"] = common if in_points else by.choice([common, common, common, *RANGES])
    if rule == "goalposts":
        keys |= by.choice([{"low": 0, "high": 8}, {"low": -5, "high": 40}, {"low": 1, "high": 3.5}])
        if not never_negative:
            keys |= by.choice([{}, {"clamp": False}, {"clamp": True}])
    elif rule == "zscore":
        keys |= by.choice([{}, {"mean": 50, "sd": 10}, {"sd": 2.5}])
    elif rule == "rank":
        keys |= by.choice([{}, {"ties": "average"}, {"ties": "max"}, {"ties": "min"}])
    elif rule == "ratio_to_reference":
        keys["reference"] = by.choice(["mean", "median", 4, 0.3])
    elif rule == "above_mean":
        keys |= by.choice([{}, {"margin": 0.1}, {"margin": 0.25}])
    if shape.grouped:
        if one_in(by, 4):
            keys["denominator"] = by.choice(["population", "population" if imputed else "area"])
        if rule not in ("goalposts", "raw") and one_in(by, 5):
            keys["within"] = by.choice(["region", "category"] if shape.categories else ["region"])
    return keys | _who(by, shape)


def _who(by: Random, shape: Shape) -> dict[str, Any]:
    """For whom a leaf is, and what becomes of a missing value."""
    keys: dict[str, Any] = {}
    if shape.categories and one_in(by, 8):
        keys["applies_to"] = [by.choice(CATEGORIES)]
    if one_in(by, 5):
        keys["missing"] = by.choice(["zero", "exclude", "zero", "exclude", "fail"])
    return keys


def _file_keys(by: Random, shape: Shape, built: Builder, whole: float) -> dict[str, Any]:
    """What the top of the file may say besides."""
    keys: dict[str, Any] = {} | by.choice(AVAILABILITY)
    if one_in(by, 4):
        keys["missing"] = by.choice(["zero", "exclude"])
    if one_in(by, 6):
        keys["screen"] = by.choice([0.5, 0.3, 0.75, 1])
    if one_in(by, 3):
        keys["tie_break"] = by.sample(built.leaves + built.nodes, 1)
    if one_in(by, 3):
        keys["ranking"] = by.choice(["dense", "competition"])
    if one_in(by, 2):
        steps = by.choice([(0.9, 0.6, 0.3), (0.5,), (0.75, 0.25), (1.1, 0.8)])
        grades: dict[str, dict[str, Any]] = {
            f"grade{place}": {"title": f"等{place}", "at_least": at_least}
            for place, at_least in enumerate(sorted({round(whole * step, 2) for step in steps} - {0}, reverse=True))
        }
        for grade in grades.values():
            if one_in(by, 3):
                grade["quota"] = by.choice([0.25, 0.3, 0.29, 0.5, 0.1, 1, 0.7])
                if one_in(by, 2):
                    grade["quota_at_least"] = by.randint(1, 2)
        keys["grades"] = grades | {"last": {"title": "末等", "at_least": 0}}
        if shape.items and one_in(by, 2):
            keys["vetoes"] = {
                name: {"measure": name, "grade_at_most": by.choice(list(keys["grades"]))}
                for name in by.choice([("v0",), ("v0", "v1")])
            }
    return keys


def _extras(by: Random, shape: Shape, ties: list[str]) -> dict[str, Any]:
    """Bonuses and deductions, with caps that are often reached."""
    keys: dict[str, Any] = {}
    for section, letter in (("bonus", "b"), ("deductions", "d")):
        if shape.items and one_in(by, 3):
            measures = by.choice([(f"{letter}0",), (f"{letter}0", f"{letter}1"), (f"{letter}1", f"{letter}0")])
            keys[section] = {
                "cap": by.choice([2, 1, 5, 100]),
                "indicators": {f"x_{measure}": {"measure": measure, "rule": "per_item"} for measure in measures},
            }
    if "deductions" in keys and one_in(by, 2):
        keys["tie_break"] = [*by.choice([[], *([name] for name in ties)]), "fewer_deductions"]
    return keys
