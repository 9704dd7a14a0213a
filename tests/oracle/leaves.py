"""The stages of a leaf: value → denominate → impute → treat → normalise."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle import rules
from tests.oracle.numbers import (
    Number,
    excess_kurtosis,
    mean,
    median,
    near,
    skewness_squared,
    written,
)
from tests.oracle.rules import Column
from tests.oracle.table import Table
from tests.oracle.tree import EXACT, Node


class Missing(ValueError):
    """A value is missing that must not be."""

    def __init__(self, unit: str, indicator: str) -> None:
        super().__init__(f"{unit}: {indicator} has no value")
        self.unit, self.indicator = unit, indicator


@dataclass
class Stages:
    """Unit → number after each stage of one leaf; the units whose number hangs by a last bit."""

    value: Column = field(default_factory=dict)
    denominated: Column = field(default_factory=dict)
    imputed: Column = field(default_factory=dict)
    treated: Column = field(default_factory=dict)
    score: Column = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)


def measured(leaf: Node, table: Table) -> Stages:
    """The first two stages, for the units the leaf is for."""
    keys, found = leaf.keys, Stages()
    for unit in table.units:
        if not for_unit(leaf, table, unit):
            continue
        value = table.value(unit, keys["measure"], keys["rule"] in EXACT)
        if value is None:
            continue
        found.value[unit] = value
        if "denominator" not in keys:
            found.denominated[unit] = value
        elif (cell := table.cell(unit, keys["denominator"])) and float(cell):
            found.denominated[unit] = value / Fraction(float(cell))
    return found


def scored(leaf: Node, table: Table, found: Stages, units: Collection[str]) -> None:
    """The other stages, among ``units``."""
    keys = leaf.keys
    units = [unit for unit in table.units if unit in units and for_unit(leaf, table, unit)]
    found.imputed = _imputed(leaf, table, found.denominated, units)
    found.treated, hanging = _treated(leaf, found.imputed)
    if hanging:
        found.unsure.update(units)
    if keys["rule"] in EXACT:
        found.score = {unit: rules.exact(keys, Fraction(x)) for unit, x in found.treated.items()}
    else:
        groups: dict[str | None, Column] = {}
        for unit, x in found.treated.items():
            groups.setdefault(table.cell(unit, keys["within"]) if "within" in keys else None, {})[unit] = x
        for group in groups.values():
            scores, hanging_units = rules.normalise(keys, group)
            found.score |= scores
            found.unsure |= hanging_units
    for unit in sorted(units):
        if unit not in found.treated and keys["missing"] == "zero":
            if leaf.weight:
                found.score[unit] = Fraction(0)
        elif unit not in found.treated and keys["missing"] == "fail" and leaf.weight:
            raise Missing(unit, leaf.name)


def for_unit(leaf: Node, table: Table, unit: str) -> bool:
    """Whether the leaf is for the unit's category."""
    return "applies_to" not in leaf.keys or table.cell(unit, "category") in leaf.keys["applies_to"]


def _imputed(leaf: Node, table: Table, column: Column, units: list[str]) -> Column:
    there = {unit: column[unit] for unit in units if unit in column}
    asked = leaf.keys.get("impute")
    if not asked or not there:
        return there
    asked = {"with": asked} if isinstance(asked, str) else asked
    center = {"mean": mean, "median": median}[asked["with"]]

    def filled(unit: str) -> Number:
        group = table.cell(unit, asked["by"]) if "by" in asked else None
        alike = [x for other, x in there.items() if group is not None and table.cell(other, asked["by"]) == group]
        return center(alike or list(there.values()))

    return {unit: there[unit] if unit in there else filled(unit) for unit in units}


def _treated(leaf: Node, column: Column) -> tuple[Column, bool]:
    """The treated values, and whether they hang by a last bit."""
    asked, hanging = leaf.keys.get("treat") or {}, False
    if not column:
        return column, hanging
    if "percentiles" in asked:
        low, high = (written(percent) for percent in asked["percentiles"])
        hanging = any(_between_values(share, len(column)) for share in (low, high))
        bottom, top = (_quantile(list(column.values()), share) for share in (low, high))
        column = {unit: min(max(x, bottom), top) for unit, x in column.items()}
    if "winsorise" in asked:
        limits = written(asked.get("skew", 2)), written(asked.get("kurtosis", 3.5))
        column, near_a_limit = winsorised(column, asked["winsorise"], *limits)
        hanging = hanging or near_a_limit
    if asked.get("log"):
        if min(column.values()) <= 0:
            raise ValueError(f"{leaf.name}: logarithm of {min(column.values())}")
        column = {unit: math.log(x) for unit, x in column.items()}
    return column, hanging


def _quantile(numbers: list[Number], share: Fraction) -> Number:
    ordered = sorted(numbers)
    place, rest = divmod(share * (len(ordered) - 1), 1)
    after = min(place + 1, len(ordered) - 1)
    return ordered[place] + rest * (ordered[after] - ordered[place])


def _between_values(share: Fraction, n: int) -> bool:
    """Whether the quantile is one of the values, by a product that floating point cannot hold."""
    return (share * (n - 1)).denominator == 1 and not rules.dyadic(share)


def winsorised(column: Column, steps: int, skew: Number, kurtosis: Number) -> tuple[Column, bool]:
    """The values with outliers drawn in, at most so many steps; and whether a limit was met within a last bit."""
    near_a_limit = False
    for _ in range(steps):
        numbers = list(column.values())
        if len(numbers) < 4 or min(numbers) == max(numbers):
            break
        squared, sign = skewness_squared(numbers)
        fourth = excess_kurtosis(numbers)
        near_a_limit = near_a_limit or near(squared, skew**2) or near(fourth, kurtosis)
        if not (squared > skew**2 and fourth > kurtosis):
            break
        outer = max(numbers) if sign >= 0 else min(numbers)
        rest = [x for x in numbers if x != outer]
        inner = max(rest) if sign >= 0 else min(rest)
        column = {unit: inner if x == outer else x for unit, x in column.items()}
    return column, near_a_limit
