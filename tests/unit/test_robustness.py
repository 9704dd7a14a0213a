"""The numeric core of the robustness analysis: small cases worked out by hand or by the slowest way there is."""

import itertools
import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from kaohe.robustness.analysis import Robust, Sobol, _Draws, _evaluate, stress
from kaohe.robustness.case import Case, Choice
from kaohe.robustness.model import Model, _normalised
from kaohe.scheme.robustness import Robustness, Weights

NAN = math.nan
NOTHING: dict[str, Any] = {
    "weights": None, "rounding": frozenset(), "missing": frozenset(), "normalisation": frozenset(),
    "aggregation": frozenset(),
}  # fmt: skip


def spec(**given: Any) -> Robustness:
    """Only what is given is varied."""
    return Robustness(**(NOTHING | {"draws": 400} | given))


def case(values: list[list[float]], **other: Any) -> Case:
    """Two dimensions: 60 points with leaves of 40 and 20, 40 points with leaves of 30 and 10."""
    units = len(values)
    fields: dict[str, Any] = {
        "values": np.array(values, float),
        "unreported": np.zeros((units, 4), bool),
        "parent": np.array([-1, 0, 0, -1, 3, 3]),
        "weight": np.array([60, 40, 20, 40, 30, 10]) * 1_000_000,
        "leaf": np.array([1, 2, 4, 5]),
        "category": np.zeros(units, int),
        "bonus": np.zeros(units),
        "deduction": np.zeros(units),
        "graded": np.ones(units, bool),
        "lowest": np.zeros(units, int),
        "at_least": np.array([90.0, 60, 0]),
        "quota": np.array([0.5, NAN, NAN]),
        "quota_at_least": np.array([1, 1, 1]),
    }
    return Case(**(fields | other))


VALUES = [[1, 1, 1, 1], [1, 0.5, 1, 0.9], [0.5, 1, 1 / 3, 1], [1, NAN, NAN, NAN], [0, 0, 2 / 3, 0.25]]


def test_points_ranks_and_grades_by_the_scheme() -> None:
    ranked = Model(case(VALUES)).nominal
    # the fourth unit: all 100 points fall to its one leaf; half of five ranks (2) can be excellent
    assert ranked.total.tolist() == [[100, 89, 60, 100, 22.5]]
    assert ranked.rank.tolist() == [[1, 3, 4, 1, 5]]
    assert ranked.grade.tolist() == [[0, 1, 1, 0, 2]]


def test_effective_weights_are_divided_in_hundredths_largest_remainder_first() -> None:
    thirds = case(
        [
            [1, 1, 1],
            [NAN, 1, 0],
            [1, 1, 0],
            [NAN, 0, 1],
        ],  # 100 by 35 : 25 is 58.33… and 41.66…: the cent left over to the second
        parent=np.array([-1, -1, -1]),
        weight=np.array([40_000_000, 35_000_000, 25_000_000]),
        leaf=np.array([0, 1, 2]),
        unreported=np.zeros((4, 3), bool),
    )
    assert Model(thirds).nominal.total.tolist() == [[100, 58.33, 75, 41.67]]


@pytest.mark.parametrize(
    ("mode", "points"), [("half_up", [0.13, 0.38]), ("half_even", [0.12, 0.38]), ("down", [0.12, 0.37])]
)
def test_points_are_rounded_as_the_scheme_rounds(mode: Any, points: list[float]) -> None:
    one = {"parent": np.array([-1]), "weight": np.array([100_000_000]), "leaf": np.array([0])}
    found = Model(case([[0.00125], [0.00375]], **one, unreported=np.zeros((2, 1), bool), mode=mode)).nominal
    assert found.total[0].tolist() == pytest.approx(points, abs=1e-12)


def test_a_quota_has_at_least_its_places() -> None:
    three = [[1, 1, 1, 1], [1, 1, 1, 0.95], [1, 1, 1, 0.9]]
    assert Model(case(three)).nominal.grade.tolist() == [[0, 1, 1]]  # half of three, rounded down
    assert Model(case(three, quota_at_least=np.array([2, 1, 1]))).nominal.grade.tolist() == [[0, 0, 1]]


def test_ties_are_broken_in_order_and_a_veto_and_what_is_pending_cap_the_grade() -> None:
    same = [[1, 0.5, 1, 1], [0.75, 1, 1, 1], [1, 0.5, 1, 1], [1, 0.5, 1, 1]]
    fewer = np.array([0.0, 0, -1, 0])
    found = Model(
        case(same, ties=[1, fewer], lowest=np.array([1, 0, 0, 2]), graded=np.array([True, True, False, True]))
    ).nominal
    assert found.rank.tolist() == [[1, 4, 3, 1]]
    assert found.grade.tolist() == [[1, 1, -1, 2]]
    assert Model(case(same, ties=[1, fewer], dense=True)).nominal.rank.tolist() == [[1, 3, 2, 1]]


def test_what_is_missing() -> None:
    values = [[1, 0, 1, 1], [1, NAN, 1, 1], [0.5, 0.4, 1, 1]]
    unreported = np.zeros((3, 4), bool)
    unreported[0, 1] = True
    totals = {
        rule: Model(case(values, unreported=unreported)).evaluate(Choice(missing=rule), None).total[0].tolist()
        for rule in ("scheme", "shared", "zero", "mean")
    }
    assert totals == {
        "scheme": [80, 100, 68], "shared": [100, 100, 68], "zero": [80, 80, 68], "mean": [88, 88, 68],
    }  # fmt: skip


def test_other_scales_keep_the_mean_and_the_spread_of_the_base() -> None:
    model = Model(case([[0.9, 1, 1, 1], [0.8, 1, 1, 0.5], [0.1, 1, 1, 0.6], [0.2, 0.9, 1, 1]]))
    nominal = model.nominal.total[0]
    for how in ("minmax", "zscore", "rank"):
        choice = Choice(normalisation=how, rounding="none")
        base = model._base(choice, None)[0][0]
        total = model._ranked(choice, *model._base(choice, None)).total[0]
        expected = nominal.mean() + (base - base.mean()) * nominal.std() / base.std()
        assert total == pytest.approx(np.minimum(expected, 100), abs=1e-6)
    # min-max by hand: leaves 1, 2 and 4 stretched to 0…1, leaf 3 (all equal) as it is
    base = model._base(Choice(normalisation="minmax", rounding="none"), None)[0][0]
    assert base == pytest.approx([40 + 20 + 30 + 10, 35 + 20 + 30, 20 + 30 + 2, 5 + 30 + 10])
    base = model._base(Choice(normalisation="rank", rounding="none"), None)[0][0]
    assert base == pytest.approx(
        [40 + 20 * 2 / 3 + 30 + 10 * 5 / 6, 80 / 3 + 40 / 3 + 30, 40 / 3 + 30 + 10 / 3, 40 / 3 + 30 + 25 / 3]
    )


def test_zscores_get_the_mean_and_the_deviation_of_the_leaves_on_average() -> None:
    found = _normalised(np.array([[0, 0], [1, 0.5], [0.5, NAN]]), np.array([1.0, 1]), "zscore")
    sd = (0.5 + 0.5 / math.sqrt(2)) / 2
    assert found[:, 0] == pytest.approx([0.375 - sd, 0.375 + sd, 0.375])
    assert found[:2, 1] == pytest.approx([0.375 - sd / math.sqrt(2), 0.375 + sd / math.sqrt(2)])


def test_geometric_means_with_a_floor() -> None:
    model = Model(case([[1, 0.25, 0.5, 1], [0, 1, 1, 1], [0, 0, 1, 1]]), floor=0.05)
    for how, expected in (
        ("geometric_dimensions", [100 * 0.75**0.6 * 0.625**0.4, 100 * (1 / 3) ** 0.6, 100 * 0.05**0.6]),
        ("geometric", [100 * 0.25**0.2 * 0.5**0.3, 100 * 0.05**0.4, 100 * 0.05**0.6]),
    ):
        found = model.evaluate(Choice(aggregation=how, rounding="none"), None).total[0]
        assert found == pytest.approx(expected, abs=1e-6)


def brute(values: list[list[float]], dropped: int | None = None) -> list[Fraction]:
    """Totals in plain Python: weights shared out top down in proportion, points rounded to the cent."""
    tree = {0: (60, {0: 40, 1: 20}), 1: (40, {2: 30, 3: 10})}
    totals = []
    for row in values:
        here = {leaf for leaf, value in enumerate(row) if value == value and leaf != dropped}
        parts = {d: (w, {leaf: v for leaf, v in leaves.items() if leaf in here}) for d, (w, leaves) in tree.items()}
        parts = {d: (w, leaves) for d, (w, leaves) in parts.items() if leaves}
        whole = sum(w for w, _ in parts.values())
        total = Fraction(0)
        for w, leaves in parts.values():
            for leaf, v in leaves.items():
                exact = Fraction(100) * w / whole * v / sum(leaves.values()) * Fraction(row[leaf]).limit_denominator(99)
                cents = Decimal(exact.numerator) / Decimal(exact.denominator)
                total += Fraction(cents.quantize(Decimal("0.01"), ROUND_HALF_UP))
        totals.append(total)
    return totals


def ranks(totals: list[Any]) -> list[int]:
    return [1 + sum(other > total for other in totals) for total in totals]


def test_leaving_an_indicator_out_by_the_slowest_way() -> None:
    found = stress(case(VALUES), spec(), "x")
    by_scheme = ranks(brute(VALUES))
    assert found.rank.tolist() == by_scheme
    for leaf in range(4):
        moved = [abs(a - b) for a, b in zip(ranks(brute(VALUES, leaf)), by_scheme, strict=True)]
        assert found.leaf_mean[leaf] == pytest.approx(sum(moved) / 5)
        assert found.leaf_max[leaf] == max(moved)


def test_intervals_and_grades_are_those_of_the_choices_drawn() -> None:
    """Two choices of two: each of the four schemes is scored on its own, and the draws count them."""
    unreported = np.zeros((5, 4), bool)
    unreported[4, 1] = True
    made = case(VALUES, unreported=unreported)
    found = stress(made, spec(draws=4000, missing=["mean"], aggregation=["geometric_dimensions"]), "x")
    model = Model(made)
    each = [
        model.evaluate(Choice(missing=missing, aggregation=aggregation), None)
        for missing, aggregation in itertools.product(("scheme", "mean"), ("scheme", "geometric_dimensions"))
    ]
    ranked = np.concatenate([one.rank for one in each])
    assert found.rank_low.tolist() == ranked.min(axis=0).tolist()
    assert found.rank_high.tolist() == ranked.max(axis=0).tolist()
    assert found.rank_mean == pytest.approx(ranked.mean(axis=0), abs=0.05)
    scores = np.concatenate([one.total for one in each])
    assert found.score_low == pytest.approx(scores.min(axis=0), abs=1e-4)
    assert found.score_high == pytest.approx(scores.max(axis=0), abs=1e-4)
    graded = np.concatenate([one.grade for one in each])
    for grade in range(3):
        assert found.grade[:, grade] == pytest.approx((graded == grade).mean(axis=0), abs=0.05)
    assert found.factors == ["missing", "aggregation"]
    for number, choice in enumerate((Choice(missing="mean"), Choice(aggregation="geometric_dimensions"))):
        alone = np.abs(model.evaluate(choice, None).rank - model.nominal.rank).mean() / 2
        assert found.factor_shift[number] == pytest.approx(alone)


@pytest.mark.parametrize("weights", [Weights(spread=Decimal("0.4")), Weights(concentration=Decimal(30))])
def test_the_mean_of_the_weights_drawn_is_the_schemes(weights: Weights) -> None:
    """A unit with all of one leaf and nothing else scores what that leaf weighs."""
    made = case(np.eye(4).tolist())
    model, found = Model(made), stress(made, spec(draws=20_000, weights=weights), "w")
    assert found.factors == ["weights"]
    drawn = _Draws(made, spec(draws=20_000, weights=weights), "w").weights[0]
    assert drawn is not None
    totals = model.evaluate(Choice(rounding="none"), drawn).total
    assert totals.sum(axis=1) == pytest.approx(np.full(len(totals), 100), abs=1e-6)
    assert totals.mean(axis=0) == pytest.approx([40, 20, 30, 10], abs=0.6)
    if weights.spread is not None:
        assert (drawn >= made.weight * 0.6).all()
        assert (drawn <= made.weight * 1.4).all()
        assert drawn.std(axis=0) == pytest.approx(made.weight * 0.4 / math.sqrt(3), rel=0.03)
    else:  # a Dirichlet's variance is m(1 − m)/(c + 1)
        share = totals[:, :2].sum(axis=1) / 100
        assert share.var() == pytest.approx(0.6 * 0.4 / 31, rel=0.06)


def test_sobol_indices_of_a_linear_function_are_exact_shares_of_its_variance() -> None:
    random = np.random.default_rng(7)
    a, b = random.random((2, 200_000, 3))
    slope = np.array([4, 2, 1])
    mixed = [np.where(np.arange(3) == i, b, a) @ slope for i in range(3)]
    sobol = Sobol(3)
    for begin in range(0, 200_000, 50_000):  # in parts, as it is used
        rows = slice(begin, begin + 50_000)
        sobol.add(
            (a @ slope - 3.5)[rows, None], (b @ slope - 3.5)[rows, None], np.array([m[rows, None] - 3.5 for m in mixed])
        )
    first, total = sobol.indices()
    assert first == pytest.approx(np.array([16, 4, 1]) / 21, abs=0.01)
    assert total == pytest.approx(np.array([16, 4, 1]) / 21, abs=0.01)


def test_sobol_indices_of_the_ishigami_function() -> None:
    """a = 7, b = 0.1: S = 0.3139, 0.4424, 0 and S_T = 0.5576, 0.4424, 0.2437."""
    random = np.random.default_rng(11)
    points = random.uniform(-math.pi, math.pi, (2, 400_000, 3))

    def f(x: Any) -> Any:
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]) - 3.5

    a, b = points
    mixed = np.array([f(np.where(np.arange(3) == i, b, a))[:, None] for i in range(3)])
    sobol = Sobol(3)
    sobol.add(f(a)[:, None], f(b)[:, None], mixed)
    first, total = sobol.indices()
    assert first == pytest.approx([0.3139, 0.4424, 0], abs=0.01)
    assert total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.01)


def made(units: int, seed: int) -> Case:
    random = np.random.default_rng(seed)
    values = random.integers(0, 13, (units, 4)) / 12
    unreported = random.random((units, 4)) < 0.1
    values[unreported] = 0
    values[random.random((units, 4)) < 0.1] = NAN
    return case(
        values.tolist(), unreported=unreported & np.isfinite(values), category=np.arange(units) % 3, ties=[1, 4]
    )


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads() -> None:
    import kaohe.robustness.analysis as core

    big = made(60, 3)
    held = core._HELD
    try:
        core._HELD = 60 * 7 * 20  # many blocks
        one, three = (stress(big, Robustness(draws=400), "seed", threads) for threads in (1, 3))
    finally:
        core._HELD = held
    for name in Robust.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(three, name)), name
    again, other = (stress(big, Robustness(draws=400), seed) for seed in ("seed", "another"))
    # blocks only change the order in which numbers are added up
    assert np.array_equal(again.rank_low, one.rank_low)
    assert np.array_equal(again.grade, one.grade)
    assert not np.array_equal(again.rank_mean, other.rank_mean)


def test_a_mixture_is_the_first_sample_with_one_choice_of_the_second() -> None:
    """Scored together or each on its own, it comes to the same."""
    one = made(30, 8)
    model, draws = Model(one), _Draws(one, Robustness(draws=40), "m")
    block = _evaluate(model, draws, slice(0, 20))
    assert draws.factors == ["weights", "rounding", "missing", "normalisation", "aggregation"]
    weights = draws.weights
    assert weights[0] is not None
    assert weights[1] is not None
    for draw in range(20):
        row = slice(draw, draw + 1)
        for sample in range(2):
            choice = draws.choice(draws.keys(sample, row)[0])
            alone = model.evaluate(choice, weights[sample][row])  # type: ignore[index]
            assert np.array_equal(block.rank[20 * sample + draw], alone.rank[0])
            assert np.array_equal(block.total[20 * sample + draw], alone.total[0])
        for number, factor in enumerate(draws.factors):
            own = {name: draws.chosen[1 if name == factor else 0][name][draw] for name in draws.alternatives}
            mixed = draws.choice(list(own.values()))
            alone = model.evaluate(mixed, weights[1 if factor == "weights" else 0][row])  # type: ignore[index]
            assert np.array_equal(block.mixed[number, draw], alone.rank[0]), factor


@pytest.mark.parametrize("varied", [{"missing": ["zero"]}, {"weights": {"spread": "0.5"}}])
def test_indices_add_up_where_one_choice_is_all_there_is(varied: dict[str, Any]) -> None:
    found = stress(made(40, 5), spec(draws=4000, **varied), "x")
    assert found.factors == list(varied)
    assert found.first_order == pytest.approx([1], abs=0.1)
    assert found.total_order == pytest.approx([1], abs=0.1)
    assert found.shift == pytest.approx(found.factor_shift[0], rel=0.1)


def test_an_interval_overlaps_that_of_the_unit_next_above() -> None:
    """The second and the third are a hair apart; the fourth is far below; the fifth is of another category."""
    values = [[1, 1, 1, 1], [0.7, 0.7, 0.7, 0.6], [0.6, 0.7, 0.7, 0.9], [0, 0, 0.1, 0], [0.5, 0.5, 0.5, 0.5]]
    found = stress(case(values, category=np.array([0, 0, 0, 0, 1])), spec(weights={"spread": "0.5"}), "x")
    assert found.overlaps_above.tolist() == [False, False, True, False, False]
