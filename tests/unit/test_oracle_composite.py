"""The oracle of docs/scheme.md, held against cases worked by hand and the published ASEM index."""

import csv
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.oracle.composite import Missing, Result, score
from tests.oracle.table import Rows

ASEM = Path(__file__).parents[1] / "data" / "asem"

Given = dict[str, float | str | None]


def table(**measures: Given) -> list[dict[str, str | None]]:
    """Values, measure by measure: unit → value."""
    return [
        {"unit_id": unit, "measure": measure, "value": None if value is None else str(value)}
        for measure, of in measures.items()
        for unit, value in of.items()
    ]


def items(*rows: tuple[str, str, str, str | None, str]) -> list[dict[str, str | None]]:
    """(Unit, measure, item, due, done) as rows."""
    names = ("unit_id", "measure", "item", "due", "done")
    return [dict(zip(names, row, strict=True)) for row in rows]


def units(*names: str, **columns: str) -> list[dict[str, str | None]]:
    """Units, with columns whose cells are separated by spaces."""
    cells = {column: text.split() for column, text in columns.items()}
    return [
        {"unit_id": name} | {column: of[place].strip("-") for column, of in cells.items()}
        for place, name in enumerate(names)
    ]


def leaf_scores(values: Rows, rows: Rows = (), **leaf: Any) -> dict[str, float | None]:
    """Unit → score of the one indicator ``x``."""
    result = score({"title": "t", "aggregation": "arithmetic", "dimensions": {"x": {"weight": 1} | leaf}}, values, rows)
    return {unit: stage["score"] for (unit, _), stage in result.stages.items()}


def treated(numbers: list[float], **treat: Any) -> list[float | None]:
    """The numbers after treating them."""
    values = table(x={f"U{place:02}": number for place, number in enumerate(numbers)})
    tree = {"x": {"weight": 1, "rule": "raw", "treat": treat}}
    result = score({"title": "t", "aggregation": "arithmetic", "dimensions": tree}, values, [])
    return [stage["treated"] for stage in result.stages.values()]


def totals(result: Result) -> dict[str, Any]:
    """Unit → score."""
    return {unit: scored.score for unit, scored in result.scores.items()}


# --- Rules -----------------------------------------------------------------------------------------------------------

FOUR: Given = {"A": 2, "B": 4, "C": 4, "D": 10}


@pytest.mark.parametrize(
    ("leaf", "wanted"),
    [
        ({"rule": "minmax"}, [0, 0.25, 0.25, 1]),
        ({"rule": "minmax", "direction": "lower", "range": [0, 100]}, [100, 75, 75, 0]),
        ({"rule": "goalposts", "low": 3, "high": 7, "range": [10, 20]}, [10, 12.5, 12.5, 20]),
        ({"rule": "goalposts", "low": 3, "high": 7, "clamp": False}, [-0.25, 0.25, 0.25, 1.75]),
        ({"rule": "goalposts", "low": 3, "high": 7, "direction": "lower"}, [1, 0.75, 0.75, 0]),
        # Mean 5, squares 9 + 1 + 1 + 25 over 3: S² = 12.
        ({"rule": "zscore"}, [-3 / math.sqrt(12), -1 / math.sqrt(12), -1 / math.sqrt(12), 5 / math.sqrt(12)]),
        ({"rule": "zscore", "mean": 50, "sd": 12, "direction": "lower"}, [50 + 12 * part / math.sqrt(12) for part in (3, 1, 1, -5)]),
        ({"rule": "rank"}, [1, 2, 2, 4]),
        ({"rule": "rank", "ties": "max"}, [1, 3, 3, 4]),
        ({"rule": "rank", "ties": "average", "direction": "lower"}, [4, 2.5, 2.5, 1]),
        ({"rule": "percentile", "range": [0, 90]}, [0, 30, 30, 90]),
        ({"rule": "ratio_to_best", "range": [0, 100]}, [20, 40, 40, 100]),
        ({"rule": "ratio_to_best", "direction": "lower"}, [1, 0.5, 0.5, 0.2]),
        ({"rule": "ratio_to_reference", "reference": "mean"}, [0.4, 0.8, 0.8, 2]),
        ({"rule": "ratio_to_reference", "reference": "median", "direction": "lower"}, [2, 1, 1, 0.4]),
        ({"rule": "ratio_to_reference", "reference": 8, "range": [0, 10]}, [2.5, 5, 5, 12.5]),
        ({"rule": "above_mean"}, [0, 0, 0, 1]),
        ({"rule": "above_mean", "margin": 0.25, "direction": "lower", "range": [0, 10]}, [10, 5, 5, 0]),
        ({"rule": "raw"}, [2, 4, 4, 10]),
        ({"rule": "raw", "direction": "lower"}, [-2, -4, -4, -10]),
        ({"rule": "share"}, [1, 1, 1, 1]),
        ({"rule": "linear", "floor": 2, "target": 6}, [0, 0.5, 0.5, 1]),
        ({"rule": "linear", "floor": 9, "target": 1}, [0.875, 0.625, 0.625, 0]),
        ({"rule": "steps", "steps": [{"at_least": 10, "give": 1}, {"at_least": 4, "give": 0.6}]}, [0, 0.6, 0.6, 1]),
        ({"rule": "steps", "steps": [{"at_most": 2, "give": 0.9}, {"at_most": 4, "give": 0.3}]}, [0.9, 0.3, 0.3, 0]),
    ],
)  # fmt: skip
def test_rules(leaf: dict[str, Any], wanted: list[float]) -> None:
    assert list(leaf_scores(table(x=FOUR), **leaf).values()) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("rule", "wanted"), [("minmax", 5.5), ("zscore", 0), ("rank", 1), ("percentile", 1), ("ratio_to_best", 10)]
)
def test_all_equal(rule: str, wanted: float) -> None:
    assert list(leaf_scores(table(x={"A": 3, "B": 3}), rule=rule, range=[1, 10]).values()) == [wanted, wanted]


def test_one_value_is_the_middle_of_a_percentile() -> None:
    assert leaf_scores(table(x={"A": 3, "B": None}), rule="percentile", range=[1, 10]) == {"A": 5.5, "B": None}


def test_within_groups() -> None:
    of = units("A", "B", "C", "D", region="n n s s")
    assert leaf_scores(table(x=FOUR), of, rule="minmax", within="region") == {"A": 0, "B": 1, "C": 0, "D": 1}


# --- What goes before ------------------------------------------------------------------------------------------------


def test_the_value_is_done_over_due_of_all_items() -> None:
    rows = items(("A", "x", "1", "0.3", "0.1"), ("A", "x", "2", "0.6", "0.2"), ("B", "x", "1", "0", "0"))
    result = score({"title": "t", "dimensions": {"x": {"weight": 100}}}, rows, [])
    assert totals(result) == {"A": Fraction(100, 3), "B": None}


def test_a_denominator_that_is_missing_or_nought_makes_the_value_missing() -> None:
    of = units("A", "B", "C", "D", people="4 0 - 5")
    assert leaf_scores(table(x=FOUR), of, rule="raw", denominator="people") == {"A": 0.5, "B": None, "C": None, "D": 2}


def test_imputation_by_group_and_then_by_all() -> None:
    values = table(x={"A": 2, "B": 4, "C": None, "D": None, "E": 9}, other={"C": 1, "D": 1})
    of = units("A", "B", "C", "D", "E", region="n n n s e")
    impute = {"with": "mean", "by": "region"}
    assert leaf_scores(values, of, rule="raw", impute=impute) == {"A": 2, "B": 4, "C": 3, "D": 5, "E": 9}
    assert leaf_scores(values, of, rule="raw", impute="median") == {"A": 2, "B": 4, "C": 4, "D": 4, "E": 9}


def test_winsorising_step_by_step() -> None:
    # One outlier among five: G1 = √5 and G2 = 5.
    assert treated([1, 1, 1, 1, 9], winsorise=1) == [1, 1, 1, 1, 1]
    # Among eight (2.80, 7.86) 100 moves to 9, and there it ends (1.37, −0.10).
    assert treated([1, 2, 1, 2, 1, 2, 9, 100], winsorise=5) == [1, 2, 1, 2, 1, 2, 9, 9]
    # With lower limits both nines move on together, if a second step is allowed; each limit must be passed.
    assert treated([1, 2, 1, 2, 1, 2, 9, 100], winsorise=2, skew=1, kurtosis=-1) == [1, 2, 1, 2, 1, 2, 2, 2]
    assert treated([1, 2, 1, 2, 1, 2, 9, 100], winsorise=1, skew=1, kurtosis=-1) == [1, 2, 1, 2, 1, 2, 9, 9]
    assert treated([1, 2, 1, 2, 1, 2, 9, 100], winsorise=2, skew=1, kurtosis=8) == [1, 2, 1, 2, 1, 2, 9, 100]
    assert treated([1, 2, 1, 2, 1, 2, 9, 100], winsorise=2, skew=2.8, kurtosis=-1) == [1, 2, 1, 2, 1, 2, 9, 100]
    # Downwards, and never below four values.
    assert treated([9, 8, 9, 8, 9, -100], winsorise=5) == [9, 8, 9, 8, 9, 8]
    assert treated([1, 1, 9], winsorise=5) == [1, 1, 9]


def test_percentiles_then_logarithm() -> None:
    assert treated([0, 10, 20, 30, 100], percentiles=[0.125, 0.75]) == [5, 10, 20, 30, 30]
    assert treated([1, math.e, 100], percentiles=[0, 0.5], log=True) == pytest.approx([0, 1, 1])
    with pytest.raises(ValueError, match="logarithm"):
        treated([0, 1], log=True)


def test_who_a_leaf_is_not_for_takes_no_part() -> None:
    of = units("A", "B", "C", "D", category="a a a b")
    assert leaf_scores(table(x=FOUR), of, rule="minmax", applies_to=["a"]) == {"A": 0, "B": 1, "C": 1, "D": None}


# --- Nodes -----------------------------------------------------------------------------------------------------------

THREE = table(x={"A": 2}, y={"A": 8}, z={"A": 4})


def node(values: Rows, weights: tuple[float, ...] = (1, 1, 2), **keys: Any) -> Any:
    """The score of A over raw x, y, z."""
    tree = {name: {"weight": weight, "rule": "raw"} for name, weight in zip("xyz", weights, strict=True)}
    return totals(score({"title": "t", "dimensions": tree} | keys, values, []))["A"]


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"aggregation": "arithmetic"}, 18 / 4),
        ({"aggregation": "geometric"}, (2 * 8 * 4 * 4) ** 0.25),
        ({"aggregation": "harmonic"}, 4 / (1 / 2 + 1 / 8 + 2 / 4)),
        ({"aggregation": "power_mean", "power": 2}, math.sqrt((4 + 64 + 32) / 4)),
        ({"aggregation": "power_mean", "power": -1}, 4 / (1 / 2 + 1 / 8 + 2 / 4)),
        ({"aggregation": "min"}, 2),
        ({"aggregation": "max"}, 8),
        ({"aggregation": "median"}, 4),
        ({"aggregation": "trimmed_mean", "trim": 0.34}, 4),
        ({"aggregation": "trimmed_mean", "trim": 0.33}, 18 / 4),
        ({"aggregation": "best_n", "best": 2}, 16 / 3),
        ({"aggregation": "best_n", "best": 9}, 18 / 4),
    ],
)
def test_aggregations(keys: dict[str, Any], wanted: float) -> None:
    assert float(node(THREE, **keys)) == pytest.approx(wanted, rel=1e-12)


def test_a_nought_and_a_negative_score() -> None:
    nought = table(x={"A": 0}, y={"A": 8}, z={"A": 4})
    for kind in ({"aggregation": "geometric"}, {"aggregation": "harmonic"}, {"aggregation": "power_mean", "power": -2}):
        assert node(nought, **kind) == 0
        with pytest.raises(ValueError, match="of -1"):
            node(table(x={"A": -1}, y={"A": 8}, z={"A": 4}), **kind)


def test_ties_at_the_cut_go_by_the_file() -> None:
    equal = table(x={"A": 4}, y={"A": 4}, z={"A": 7})
    # x counts as lower and is left out; then 7, as the highest: y alone.
    assert node(equal, aggregation="trimmed_mean", trim=0.34) == 4
    # The best two are z and x: (4 · 1 + 7 · 2) / 3, whatever y weighs.
    assert node(equal, (1, 9, 2), aggregation="best_n", best=2) == 6


def test_a_weight_of_nought_takes_no_part() -> None:
    assert node(THREE, (1, 0, 1), aggregation="max") == 4


def test_a_child_that_is_absent_leaves_its_weight_to_its_siblings() -> None:
    values = table(x={"A": 2}, y={"A": None}, z={"A": 4})
    assert node(values, aggregation="arithmetic") == Fraction(10, 3)
    assert node(values, aggregation="arithmetic", missing="zero") == Fraction(10, 4)
    assert node(values, aggregation="arithmetic", availability=0.67) is None
    with pytest.raises(Missing, match="A: y"):
        node(values, aggregation="arithmetic", missing="fail")


def test_sums_under_another_aggregation() -> None:
    """The mixed tree's table: W · Σ w r / Σ w, with r of a sum below over its own W."""
    tree = {
        "s": {"weight": 6, "aggregation": "sum", "children": {"x": {"weight": 1, "rule": "raw"}, "y": {"weight": 3, "rule": "raw"}}},
        "t": {"weight": 4, "aggregation": "max", "children": {"z": {"weight": 1, "rule": "raw"}}},
    }  # fmt: skip
    values = table(x={"A": 0.5, "B": 0.5}, y={"A": 1, "B": None}, z={"A": 0.25, "B": None})
    result = score({"title": "t", "dimensions": tree}, values, [])
    # A: s = 4 · (0.5 + 3) / 4 = 3.5, and 10 · (6 · 3.5/4 + 4 · 0.25) / 10. B: s = 4 · 0.5 = 2, root 10 · 6 · 2/4 / 6.
    assert (result.nodes["A", "s"], result.nodes["B", "s"]) == (Fraction(7, 2), 2)
    assert totals(result) == {"A": Fraction(25, 4), "B": 5}


# --- Points ----------------------------------------------------------------------------------------------------------

POINTS = {
    "title": "t",
    "rounding": {"digits": 2},
    "dimensions": {
        "d": {"weight": 60, "children": {"x": {"weight": 20}, "y": {"weight": 20}, "z": {"weight": 20}}},
        "w": {"weight": 40},
    },
}


def test_effective_weights_by_largest_remainder() -> None:
    values = table(x={"A": 1, "B": 0.5}, y={"A": 1, "B": 0.5}, z={"A": 1, "B": None}, w={"A": None, "B": 1})
    result = score(POINTS, values, [])
    # A has 100 to divide by three: the hundredth left over goes to the first.
    assert [result.effective["A", name] for name in "xyz"] == [Fraction("33.34"), Fraction("33.33"), Fraction("33.33")]
    assert [result.effective["B", name] for name in "xyw"] == [30, 30, 40]
    assert totals(result) == {"A": 100, "B": 70}
    assert result.nodes["A", "d"] == 100
    assert result.nodes["A", "w"] is None


@pytest.mark.parametrize(("mode", "wanted"), [("half_up", "0.13"), ("half_even", "0.12"), ("down", "0.12")])
def test_rounding_at_the_leaf(mode: str, wanted: str) -> None:
    scheme = {
        "title": "t",
        "total": 0.25,
        "rounding": {"digits": 2, "mode": mode},
        "dimensions": {"x": {"weight": 0.25}},
    }
    assert totals(score(scheme, table(x={"A": 0.5}), [])) == {"A": Fraction(wanted)}


@pytest.mark.parametrize(("mode", "wanted"), [("half_up", -3), ("half_even", -2), ("down", -2)])
def test_rounding_of_a_negative_total(mode: str, wanted: int) -> None:
    tree = {"x": {"weight": 1, "rule": "raw"}}
    scheme = {"title": "t", "aggregation": "arithmetic", "rounding": {"digits": 0, "mode": mode}, "dimensions": tree}
    assert totals(score(scheme, table(x={"A": -2.5}), [])) == {"A": wanted}


def test_a_double_is_taken_as_a_decimal_before_it_is_rounded_down() -> None:
    tree = {"x": {"weight": 8.29, "rule": "minmax"}}
    scheme = {"title": "t", "total": 8.29, "rounding": {"digits": 2, "mode": "down"}, "dimensions": tree}
    result = score(scheme, table(x={"A": 0.1, "B": 0.7, "C": 0.4}), [])
    assert totals(result) == {"A": 0, "B": Fraction("8.29"), "C": Fraction("4.14")}
    assert not result.unsure


# --- Bonus, deductions, vetoes, ranks, grades -------------------------------------------------------------------------

EXTRA = {
    "title": "t",
    "dimensions": {"x": {"weight": 100}},
    "bonus": {"cap": 3, "indicators": {"p": {"rule": "per_item"}, "q": {"rule": "per_item"}}},
    "deductions": {"cap": 200, "indicators": {"f": {"rule": "per_item"}}},
    "vetoes": {"v": {"grade_at_most": "good"}},
    "grades": {
        "best": {"title": "Best", "at_least": 90, "quota": 0.5},
        "good": {"title": "Good", "at_least": 50},
        "rest": {"title": "Rest", "at_least": 0},
    },
}


def test_a_fact_counts_once_and_points_stop_at_the_cap() -> None:
    rows = items(
        ("A", "x", "1", "2", "1"), ("A", "p", "k", None, "1"), ("A", "q", "k", None, "1.5"), ("A", "q", "m", None, "2"),
        ("B", "x", "1", "1", "1"), ("B", "p", "k", None, "1"), ("B", "q", "k", None, "1"), ("B", "v", "1", None, "1"),
        ("C", "x", "1", "1", "0.6"), ("C", "f", "k", None, "100"),
    )  # fmt: skip
    result = score(EXTRA, rows, [])
    # A: k is q's, the larger; 1.5 + 2 stop at 3. B: equal, so p's. C: never below 0.
    assert [result.nodes["A", name] for name in "pqf"] == [0, 3, 0]
    assert [result.nodes["B", name] for name in "pq"] == [1, 0]
    assert totals(result) == {"A": 53, "B": 101, "C": 0}
    assert {unit: of.grade for unit, of in result.scores.items()} == {"A": "Good", "B": "Good", "C": "Rest"}


def test_items_without_a_name_are_facts_of_their_own() -> None:
    rows = [
        row | {"item": None}
        for row in items(("A", "x", "", "1", "0"), ("A", "p", "", None, "1"), ("A", "q", "", None, "1"))
    ]
    assert totals(score(EXTRA, rows, [])) == {"A": 2}


def test_ranks_by_category_with_tie_breaks_and_quotas() -> None:
    of = units("A", "B", "C", "D", "E", category="a a a a b")
    values = table(
        x={"A": 1, "B": 0.9, "C": 1, "D": 0.5, "E": 0.1},
        y={"A": 0.9, "B": 1, "C": 0.9, "D": 1, "E": 1},
    )
    tree = {"x": {"weight": 50}, "y": {"weight": 50}}
    scheme = {"title": "t", "dimensions": tree, "grades": EXTRA["grades"], "tie_break": ["y"]}
    result = score(scheme, values, of)
    assert {unit: scored.rank for unit, scored in result.scores.items()} == {"A": 2, "B": 1, "C": 2, "D": 4, "E": 1}
    assert {unit: scored.grade for unit, scored in result.scores.items()} == {
        "A": "Best", "B": "Best", "C": "Best", "D": "Good", "E": "Good",
    }  # fmt: skip
    dense = score(scheme | {"ranking": "dense"}, values, of)
    assert [dense.scores[unit].rank for unit in "ABCD"] == [2, 1, 2, 3]


def test_fewer_deductions_break_ties() -> None:
    rows = items(
        ("A", "x", "1", "1", "0.5"), ("A", "f", "k", None, "20"), ("B", "x", "1", "10", "3"),
        ("A", "p", "k", None, "0"), ("B", "q", "k", None, "0"), ("B", "v", "1", None, "0"),
    )  # fmt: skip
    result = score(EXTRA | {"tie_break": ["fewer_deductions"]}, rows, [])
    assert totals(result) == {"A": 30, "B": 30}
    assert (result.scores["A"].rank, result.scores["B"].rank) == (2, 1)


def test_who_has_no_score() -> None:
    """Without a value, or with too few: listed, and no part of anybody's mean."""
    values = table(x={"A": 1, "B": 3, "C": None}, y={"A": 1, "B": None, "C": None}, z={"A": 1, "B": None, "C": None})
    tree = {name: {"weight": 1, "rule": "raw", "impute": "mean"} for name in "xyz"}
    scheme = {"title": "t", "aggregation": "arithmetic", "missing": "zero", "dimensions": tree}
    of = units("A", "B", "C", "D")
    assert totals(score(scheme, values, of)) == {"A": 1, "B": Fraction(5, 3), "C": None, "D": None}
    screened = score(scheme | {"screen": 0.5}, values, of)
    assert totals(screened) == {"A": 1, "B": None, "C": None, "D": None}
    assert screened.scores["A"].rank == 1


# --- A published index ------------------------------------------------------------------------------------------------


def read(name: str) -> list[dict[str, Any]]:
    with (ASEM / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def asem() -> Result:
    scheme = yaml.safe_load((ASEM / "scheme.yml").read_text(encoding="utf-8"))
    return score(scheme, read("values.csv"), read("units.csv"))


def test_the_asem_files_are_the_published_inputs() -> None:
    values = {(row["unit_id"], row["measure"]): row["value"] for row in read("values.csv")}
    indicators = [row["IndCode"] for row in read("inputs/indicator_meta.csv")]
    assert values == {(row["UnitCode"], name): row[name] for row in read("inputs/raw.csv") for name in indicators}
    columns = ("Group_GDP", "Den_Area", "Den_Energy", "Den_GDP", "Den_Pop")
    published = {row["UnitCode"]: [row[column] for column in columns] for row in read("inputs/denominators.csv")}
    assert {row["unit_id"]: [row[column] for column in columns] for row in read("units.csv")} == published


@pytest.mark.parametrize(
    ("stage", "file"),
    [
        ("denominated", "stage1_denominated"),
        ("imputed", "stage2_imputed"),
        ("treated", "stage3_treated"),
        ("score", "stage4_normalised"),
    ],
)
def test_asem_stages_as_published(asem: Result, stage: str, file: str) -> None:
    published = {row["UnitCode"]: row for row in read(f"expected/{file}.csv")}
    assert len(asem.stages) == 51 * 49
    for (unit, indicator), numbers in asem.stages.items():
        cell, number = published[unit][indicator], numbers[stage]
        if not cell:
            assert number is None
        else:
            assert number == pytest.approx(float(cell), rel=1e-9, abs=1e-12), (unit, indicator)


def test_asem_scores_as_published(asem: Result) -> None:
    published = {row["UnitCode"]: row for row in read("expected/stage5_aggregated.csv")}
    for (unit, node), number in asem.nodes.items():
        assert float(number or 0) == pytest.approx(float(published[unit][node]), rel=1e-9), (unit, node)
    for unit, scored in asem.scores.items():
        assert float(scored.score or 0) == pytest.approx(float(published[unit]["Index"]), rel=1e-9)
    best_first = sorted(published, key=lambda unit: -float(published[unit]["Index"]))
    assert [asem.scores[unit].rank for unit in best_first] == list(range(1, 52))
