"""Robustness on random cases: what must hold whatever the values."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kaohe.robustness.analysis import Robust, stress
from kaohe.robustness.case import Case, Choice
from kaohe.robustness.model import Model, _ranks
from kaohe.scheme.robustness import Robustness, Weights

DRAWS = 60
WITHOUT_SCALES = Robustness(draws=DRAWS, normalisation=frozenset(), missing=frozenset())


@st.composite
def cases(draw: st.DrawFn, absent: bool = True) -> Case:
    """Up to nine units, two dimensions of one to three leaves."""
    units = draw(st.integers(1, 9))
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=2))
    parent, weight, leaf = [], [], []
    for size in sizes:
        node = len(parent)
        own = draw(st.lists(st.integers(1, 20), min_size=size, max_size=size))
        parent += [-1, *[node] * size]
        weight += [sum(own), *own]
        leaf += range(node + 1, node + 1 + size)
    scores = st.fractions(0, 1, max_denominator=12).map(float)
    cell = st.one_of(scores, st.just(np.nan)) if absent else scores
    values = np.array(draw(st.lists(st.lists(cell, min_size=len(leaf), max_size=len(leaf)),
                                    min_size=units, max_size=units)), float)  # fmt: skip
    flags = st.lists(st.booleans(), min_size=units, max_size=units)
    whole = sum(weight[node] for node in range(len(parent)) if parent[node] == -1)
    return Case(
        values=values,
        unreported=(values == 0) & np.array(draw(flags))[:, None],
        parent=np.array(parent),
        weight=np.array(weight) * 1_000_000,
        leaf=np.array(leaf),
        category=np.array(draw(flags)).astype(int),
        bonus=np.array(draw(st.lists(st.sampled_from([0, 0.5, 2]), min_size=units, max_size=units)), float),
        deduction=np.zeros(units),
        graded=np.array(draw(flags)),
        lowest=np.array(draw(st.lists(st.integers(0, 2), min_size=units, max_size=units))),
        at_least=np.array([80.0, 50, 0]),
        quota=np.array([0.3, np.nan, np.nan]),
        quota_at_least=np.array([1, 1, 1]),
        ties=[draw(st.sampled_from(leaf))],
        total=float(whole),
    )


@given(cases())
def test_shares_of_grades_add_up_and_intervals_are_in_order(case: Case) -> None:
    found = stress(case, Robustness(draws=DRAWS), "p")
    assert np.allclose(found.grade.sum(axis=1), case.graded)
    assert (found.rank_low <= found.rank_median).all()
    assert (found.rank_median <= found.rank_high).all()
    assert (found.rank_low >= 1).all()
    for units in case.members:
        assert (found.rank_high[units] <= len(units)).all()
    assert (found.score_low <= found.score_high).all()
    assert (found.score_high <= case.total + case.bonus + 1e-4).all()


@given(cases(), st.sampled_from([None, Weights(spread=Decimal(0))]))
def test_where_nothing_is_varied_the_interval_is_the_rank(case: Case, weights: Weights | None) -> None:
    none: Any = frozenset()
    alone = Robustness(
        draws=DRAWS, weights=weights, rounding=none, missing=none, normalisation=none, aggregation=none
    )  # fmt: skip
    found = stress(case, alone, "p")
    for ranks in (found.rank_low, found.rank_median, found.rank_high):
        assert np.array_equal(ranks, found.rank)
    assert found.factors == []
    assert found.shift == 0
    assert set(np.unique(found.grade)) <= {0.0, 1.0}


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_units_does_not_matter(case: Case, random: Any) -> None:
    order = list(range(len(case.values)))
    random.shuffle(order)
    names = ("values", "unreported", "category", "bonus", "deduction", "graded", "lowest")
    turned = replace(case, **{name: getattr(case, name)[order] for name in names})
    one, other = (stress(each, Robustness(draws=DRAWS), "p") for each in (case, turned))
    for name in Robust.__dataclass_fields__:
        straight = getattr(one, name)
        if isinstance(straight, np.ndarray) and name not in (
            "first_order", "total_order", "factor_shift", "leaf_mean", "leaf_max",
        ):  # fmt: skip
            straight = straight[order]
        if name != "factors":
            assert np.allclose(straight, getattr(other, name), atol=1e-6), name


@given(cases(absent=False), st.data())
def test_a_unit_that_is_nowhere_better_never_ranks_above(case: Case, data: st.DataObject) -> None:
    """By sums, whatever the weights and the rounding."""
    better = data.draw(st.integers(0, len(case.values) - 1))
    worse = data.draw(st.integers(0, len(case.values) - 1))
    values = case.values.copy()
    values[worse] = np.minimum(values[worse], values[better])
    for name in ("category", "bonus"):
        getattr(case, name)[worse] = getattr(case, name)[better]
    model = Model(replace(case, values=values))
    random = np.random.default_rng(0)
    weights = case.weight * random.uniform(0.5, 1.5, (20, len(case.weight)))
    for rounding in ("scheme", "one_digit", "whole", "none"):
        for drawn in (None, weights):
            found = model.evaluate(Choice(rounding=rounding), drawn)
            assert (found.rank[:, better] <= found.rank[:, worse]).all()
            assert (found.total[:, better] >= found.total[:, worse]).all()


@given(cases())
def test_scores_stay_within_the_scale(case: Case) -> None:
    model = Model(case)
    for aggregation in ("scheme", "geometric_dimensions", "geometric"):
        for missing in ("scheme", "shared", "zero", "mean"):
            total = model.evaluate(Choice(missing=missing, aggregation=aggregation), None).total
            assert (total >= 0).all()
            assert (total <= case.total + case.bonus + 1e-9).all()


@given(st.integers(1, 8), st.integers(1, 3), st.booleans(), st.data())
def test_ranks_are_those_of_the_keys_compared_in_order(
    units: int, number: int, dense: bool, data: st.DataObject
) -> None:
    row = st.lists(st.sampled_from([0.0, 1, 2]), min_size=units, max_size=units)
    keys = [np.array(data.draw(st.lists(row, min_size=3, max_size=3))) for _ in range(number)]
    found = _ranks(keys, dense)
    for draw in range(3):
        told = list(zip(*(key[draw].tolist() for key in keys), strict=True))
        for unit, own in enumerate(told):
            better = [other for other in told if other > own]
            assert found[draw, unit] == 1 + len(set(better) if dense else better)
