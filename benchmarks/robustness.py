"""How long the robustness analysis takes: ``python benchmarks/robustness.py [--large]`` prints times and rates."""

import sys
import time
import tracemalloc

import numpy as np

from kaohe.robustness.analysis import stress
from kaohe.robustness.case import Case
from kaohe.scheme.robustness import Robustness


def case(units: int, leaves: int, dimensions: int, categories: int) -> Case:
    """A made-up case: ratios as offices have them, 8 % absent, 3 % not reported."""
    random = np.random.default_rng(4)
    due = random.integers(1, 13, (units, leaves))
    values = np.minimum(random.binomial(due, random.beta(8, 2, (units, 1))), due) / due
    kind = random.random((units, leaves))
    values[kind < 0.08] = np.nan
    unreported = (kind > 0.97) & np.isfinite(values)
    values[unreported] = 0
    parent = np.concatenate([np.full(dimensions, -1), np.arange(leaves) % dimensions])
    whole = 10_000_000_000 // leaves // 1_000_000 * 1_000_000
    weight = np.full(dimensions + leaves, whole)
    weight[:dimensions] = [whole * (parent == place).sum() for place in range(dimensions)]
    return Case(
        values=values,
        unreported=unreported,
        parent=parent,
        weight=weight,
        leaf=np.arange(dimensions, dimensions + leaves),
        category=np.arange(units) % categories,
        bonus=random.integers(0, 3, units) * 0.5,
        deduction=random.integers(0, 3, units) * 0.2,
        graded=np.ones(units, np.bool_),
        lowest=np.zeros(units, np.int64),
        at_least=np.array([90.0, 80, 60, 0]),
        quota=np.array([0.3, np.nan, np.nan, np.nan]),
        quota_at_least=np.ones(4, np.int64),
        ties=(dimensions, dimensions + 1),
    )


def main() -> None:
    sizes = [(1_000, 60, 45)] + ([(10_000, 5_000, 40)] if "--large" in sys.argv else [])
    for draws, units, leaves in sizes:
        made = case(units, leaves, 5, 2)
        begin = time.perf_counter()
        stress(made, Robustness(draws=draws), "benchmark")
        took = time.perf_counter() - begin
        scored = draws * units * leaves
        print(f"{draws} draws × {units} units × {leaves} leaves: {took:.2f} s, {scored / took / 1e6:.0f} M leaves/s")
    tracemalloc.start()
    stress(case(300, 40, 5, 2), Robustness(draws=2_000), "benchmark")
    print(f"2000 draws × 300 units × 40 leaves: at most {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB held")


if __name__ == "__main__":
    main()
