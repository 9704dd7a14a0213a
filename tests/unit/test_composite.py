"""``kaohe score``: small cases worked out by hand, and every input that will not do."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kaohe import composite
from kaohe.errors import KaoheError
from tests.helpers import in_process

SIMPLE = """
title: t
aggregation: arithmetic
defaults: {rule: minmax, range: [0, 100]}
dimensions:
  a: {weight: 2}
  b: {weight: 1, direction: lower}
"""
VALUES = "unit_id,measure,value\nU1,a,1\nU2,a,2\nU3,a,5\nU1,b,10\nU2,b,20\nU3,b,20\n"
POINTS = """
title: t
rounding: {digits: 2}
dimensions:
  a: {weight: 60, rule: linear, floor: 0.5, target: 1}
  b: {weight: 40, rule: steps, steps: [{at_least: 3, give: 1}, {at_least: 1, give: 0.5}]}
bonus: {cap: 3, indicators: {honours: {rule: per_item}}}
deductions: {cap: 10, indicators: {findings: {rule: per_item}}}
vetoes: {V: {measure: cases, grade_at_most: poor}}
grades: {fine: {title: 良好, at_least: 60}, poor: {title: 较差, at_least: 0}}
"""
ITEMS = """unit_id,measure,item,due,done
U1,a,1,4,3
U1,a,2,4,4
U1,b,x,,2
U1,honours,h1,,2
U1,honours,h2,,2
U1,findings,f1,,1.5
U2,a,1,3,1
U2,b,x,,3
U2,cases,c,,1
U3,a,1,1,1
U3,findings,f1,,
"""


def scored(folder: Path, scheme: str, values: str, units: str | None = None) -> composite.Scored:
    paths = {"s.yml": scheme, "v.csv": values} | ({"u.csv": units} if units else {})
    for name, text in paths.items():
        (folder / name).write_text(text, encoding="utf-8")
    return composite.score(folder / "s.yml", folder / "v.csv", folder / "u.csv" if units else None)


def scores(found: composite.Scored) -> dict[str, Any]:
    return {unit: (score and float(score), grade, rank) for unit, score, grade, rank, _ in found.scores.iter_rows()}


def test_means_of_normalised_values(tmp_path: Path) -> None:
    """a: 0, 25, 100; b, lower is better: 100, 0, 0; weights 2 and 1."""
    found = scored(tmp_path, SIMPLE, VALUES)
    assert scores(found) == {"U1": (100 / 3, None, 2), "U2": (50 / 3, None, 3), "U3": (200 / 3, None, 1)}
    nodes = {(unit, node): float(score) for unit, node, score in found.nodes.iter_rows()}
    assert nodes["U2", "a"] == 25
    assert nodes["U1", "b"] == 100


@pytest.mark.parametrize("missing", ["", "NA", "N/A", "NaN", ".."])
def test_what_is_written_for_a_missing_number_is_missing(tmp_path: Path, missing: str) -> None:
    scheme = SIMPLE.replace("weight: 1,", "weight: 1, denominator: people,")
    values = VALUES.replace("U2,a,2", f"U2,a,{missing}")
    stages = scored(tmp_path, scheme, values, f"unit_id,people\nU1,1\nU2,1\nU3,{missing}\n").stages
    found = {(unit, leaf): score for unit, leaf, score in stages.select("unit_id", "indicator", "score").iter_rows()}
    assert found == {("U1", "a"): 0, ("U2", "a"): None, ("U3", "a"): 100,
                     ("U1", "b"): 100, ("U2", "b"): 0, ("U3", "b"): None}  # fmt: skip


def test_points_bonus_deductions_vetoes_and_grades_are_exact(tmp_path: Path) -> None:
    """U1: a 7/8 → (0.875 − 0.5) / 0.5 = 0.75 → 45; b 2 → 20; bonus 4 capped at 3; deduction 1.5: 66.50.
    U2: a 1/3 is below the floor: 0; b 3 → 40; vetoed. U3: a 60, b not there: its 40 go to a: 100."""
    found = scored(tmp_path, POINTS, ITEMS)
    rows = {unit: (score, grade, rank) for unit, score, grade, rank, _ in found.scores.iter_rows()}
    assert rows == {"U1": ("66.50", "良好", 2), "U2": ("40.00", "较差", 3), "U3": ("100.00", "良好", 1)}
    nodes = {(unit, node): score for unit, node, score in found.nodes.iter_rows()}
    assert [nodes["U1", name] for name in ("a", "b", "honours", "findings")] == ["45.00", "20.00", "3.00", "1.50"]
    assert nodes["U3", "b"] is None


@pytest.mark.parametrize(("skew", "kurtosis", "highest"), [(2.12, 4.60, 4), (2.13, 4.60, 20), (2.12, 4.61, 20)])
def test_outliers_are_moved_in_beyond_the_sample_s_skewness_and_kurtosis(
    tmp_path: Path, skew: float, kurtosis: float, highest: int
) -> None:
    """1, 2, 3, 4, 20 has a skewness (G1) of 2.125 and a kurtosis (G2) of 4.606."""
    treat = f"{{winsorise: 1, skew: {skew}, kurtosis: {kurtosis}}}"
    scheme = f"title: t\naggregation: arithmetic\ndimensions:\n  a: {{weight: 1, rule: raw, treat: {treat}}}\n"
    rows = "".join(f"U{n},a,{value}\n" for n, value in enumerate((1, 2, 3, 4, 20)))
    found = scored(tmp_path, scheme, "unit_id,measure,value\n" + rows)
    assert sorted(found.stages["score"]) == [1, 2, 3, 4, highest]


def test_equal_values_are_equal_whatever_their_sum_rounds_to(tmp_path: Path) -> None:
    """Seven times 0.1 adds up to a little less than 0.7; no z-score, mean or imputed value may come of that."""
    scheme = """
title: t
aggregation: arithmetic
dimensions:
  z: {weight: 1, measure: a, rule: zscore, treat: {log: true}}
  winsorised: {weight: 1, measure: a, rule: zscore, treat: {winsorise: 5, skew: 2, kurtosis: 3.5}}
  imputed: {weight: 1, measure: a, rule: minmax, impute: mean}
  compared: {weight: 1, measure: a, rule: above_mean, margin: 0}
  b: {weight: 1, rule: raw}
"""
    values = [f"U{n},a,0.1\n" for n in range(7)] + [f"U{n},b,{n}\n" for n in range(9)]
    stages = scored(tmp_path, scheme, "unit_id,measure,value\n" + "".join(values)).stages
    expected = {"z": {0, None}, "winsorised": {0, None}, "imputed": {0.5}, "compared": {0.5, None}}
    found = {leaf: set(stages.filter(pl.col("indicator") == leaf)["score"]) for leaf in expected}
    assert found == expected


def test_a_category_is_ranked_by_itself_and_who_hands_in_nothing_is_listed(tmp_path: Path) -> None:
    units = "unit_id,category\nU1,x\nU2,x\nU3,y\nU4,y\n"
    found = scored(tmp_path, SIMPLE, VALUES, units)
    ranks = {unit: (rank, status) for unit, _, _, rank, status in found.scores.iter_rows()}
    assert ranks == {"U1": (1, "scored"), "U2": (2, "scored"), "U3": (1, "scored"), "U4": (None, "no_data")}


def test_ties_share_a_rank_and_the_next_is_skipped_or_not(tmp_path: Path) -> None:
    values = "unit_id,measure,value\n" + "".join(f"U{n},a,{v}\nU{n},b,1\n" for n, v in enumerate([3, 2, 2, 1]))
    for ranking, last in (("competition", 4), ("dense", 3)):
        found = scored(tmp_path, f"{SIMPLE}ranking: {ranking}\n", values)
        assert sorted(found.scores["rank"]) == [1, 2, 2, last]


def test_a_tie_is_broken_by_what_a_node_comes_to_and_not_by_its_leaves(tmp_path: Path) -> None:
    """Both have the 0.4 of b as their least. a of U1 is √(0.5 × 0.5) = 0.5, of U2 √(0.2 × 0.9) = 0.42, whose leaves are more."""
    scheme = """
title: t
aggregation: min
tie_break: [a]
dimensions:
  a: {weight: 2, aggregation: geometric, children: {x: {weight: 1, rule: raw}, y: {weight: 1, rule: raw}}}
  b: {weight: 1, rule: raw}
"""
    values = "unit_id,measure,value\nU1,x,0.5\nU1,y,0.5\nU1,b,0.4\nU2,x,0.2\nU2,y,0.9\nU2,b,0.4\n"
    assert scores(scored(tmp_path, scheme, values)) == {"U1": (0.4, None, 1), "U2": (0.4, None, 2)}


def test_a_sum_below_a_sum_counts_its_weights_once(tmp_path: Path) -> None:
    """s: (1 × 0.5 + 2 × 0.2) / 3 = 0.3 of its 3 points; a: 3 × 0.3 + 1 × 0.4 = 1.3; the whole: (1.3 + 0.6) / 2."""
    scheme = """
title: t
aggregation: arithmetic
dimensions:
  a:
    weight: 1
    aggregation: sum
    children:
      s: {weight: 3, aggregation: sum, children: {x: {weight: 1, rule: raw}, y: {weight: 2, rule: raw}}}
      z: {weight: 1, rule: raw}
  b: {weight: 1, rule: raw}
"""
    values = "unit_id,measure,value\nU1,x,0.5\nU1,y,0.2\nU1,z,0.4\nU1,b,0.6\n"
    assert scores(scored(tmp_path, scheme, values)) == {"U1": (pytest.approx(0.95, abs=1e-12), None, 1)}


def test_all_schemes_are_scored_in_one_pass_and_alike(tmp_path: Path) -> None:
    alone = scored(tmp_path, SIMPLE, VALUES)
    (tmp_path / "other.yml").write_text(SIMPLE.replace("weight: 2", "weight: 5"), encoding="utf-8")
    schemes = {"one": tmp_path / "s.yml", "other": tmp_path / "other.yml"}
    both = composite.score_all(schemes, tmp_path / "v.csv", threads=4)
    assert both["one"].scores.equals(alone.scores)
    assert both["one"].nodes.equals(alone.nodes)
    assert not both["other"].scores.equals(alone.scores)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit_id,measure,value", "unit,measure,value", "v.csv：要有 unit_id"),
        ("unit_id,measure,value", "unit_id,measure,measure", "重名"),
        ("U2,a,2", "U2,a,two", "第 3 行，value：“two”不是数"),
        ("U2,a,2", "U2,a,nan", "第 3 行，value：“nan”不是数"),
        ("U2,a,2", "U1,a,2", "第 3 行：单位 U1 的 a 有两个值"),
        (",a,", ",aa,", "指标 a 要的 a 在 v.csv 里一行也没有；其中有：aa、b"),
    ],
)
def test_values_that_will_not_do_are_said_with_row_and_cell(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(KaoheError) as caught:
        scored(tmp_path, SIMPLE, VALUES.replace(old, new))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "units", "said"),
    [
        (SIMPLE, "unit_id\nU1\nU2\n", "单位 U3 不在 u.csv 里"),
        (SIMPLE, "unit\nU1\n", "要有 unit_id"),
        (SIMPLE, "unit_id\nU1\nU2\nU3\nU1\n", "第 5 行：单位 U1 写了两次"),
        (SIMPLE.replace("weight: 2", "weight: 2, denominator: people"), "unit_id\nU1\nU2\nU3\n", "“people”"),
        (
            SIMPLE.replace("weight: 2", "weight: 2, denominator: people"),
            "unit_id,people\nU1,1\nU2,many\nU3,2\n",
            "第 3 行，people：“many”不是数",
        ),
        (SIMPLE.replace("weight: 2", "weight: 2, missing: fail"), "unit_id\nU1\nU2\nU3\nU4\n", None),
    ],
)
def test_units_that_will_not_do(tmp_path: Path, scheme: str, units: str, said: str | None) -> None:
    if said is None:  # who hands in nothing at all is listed, whatever must be there
        assert scored(tmp_path, scheme, VALUES, units).scores.height == 4
        return
    with pytest.raises(KaoheError) as caught:
        scored(tmp_path, scheme, VALUES, units)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "values", "said"),
    [
        (
            SIMPLE.replace("weight: 2", "weight: 2, missing: fail"),
            VALUES.replace("U2,a,2", "U2,a,"),
            "单位 U2 的指标 a",
        ),
        (
            SIMPLE.replace("arithmetic", "geometric").replace("minmax, range: [0, 100]", "raw"),
            VALUES.replace("U2,a,2", "U2,a,-2"),
            "单位 U1 的“合计”",
        ),
        (SIMPLE.replace("weight: 2", "weight: 2, treat: {log: true}"), VALUES.replace("U2,a,2", "U2,a,0"), "U2"),
        (
            SIMPLE.replace("weight: 2", "weight: 2, rule: goalposts, low: 0, high: 9, treat: {log: true}"),
            VALUES.replace("U2,a,2", "U2,a,-2"),
            "U2",
        ),
        (
            SIMPLE.replace("weight: 2", "weight: 2, rule: ratio_to_best"),
            VALUES.replace("U2,a,2", "U2,a,-2"),
            "“a”算不出来",
        ),
    ],
)
@pytest.mark.parametrize("rounding", ["", "rounding: {digits: 2, at: total}"])
def test_what_cannot_be_worked_out_is_an_error_and_no_number(
    tmp_path: Path, scheme: str, values: str, said: str, rounding: str
) -> None:
    with pytest.raises(KaoheError) as caught:
        scored(tmp_path, scheme + rounding, values)
    assert said in str(caught.value)


def test_the_command_writes_three_tables(tmp_path: Path) -> None:
    found = scored(tmp_path, SIMPLE, VALUES)
    asked = ("score", "--scheme", tmp_path / "s.yml", "--values", tmp_path / "v.csv", "--out", tmp_path / "out")
    done = in_process(*asked)
    assert done.returncode == 0, done.stderr
    assert "3 个单位" in done.stdout
    written = {path.name: pl.read_csv(path, infer_schema=False) for path in (tmp_path / "out").iterdir()}
    assert {name: table.columns for name, table in written.items()} == {
        "scores.csv": ["unit_id", "score", "grade", "rank"],
        "nodes.csv": ["unit_id", "node", "score"],
        "stages.csv": ["unit_id", "indicator", "value", "denominated", "imputed", "treated", "score"],
    }
    assert written["scores.csv"]["score"].to_list() == found.scores["score"].to_list()
    broken = in_process(*asked[:2], tmp_path / "nothing.yml", *asked[3:])
    assert (broken.returncode, len(broken.stderr.splitlines())) == (2, 1)
    english = in_process("score", "--help", "--lang", "en")
    assert "any scheme" in english.stdout


def test_exact_scores_have_the_digits_that_the_scheme_asks_for(tmp_path: Path) -> None:
    for digits in (0, 1, 4):
        found = scored(tmp_path, POINTS.replace("digits: 2", f"digits: {digits}"), ITEMS)
        assert [Decimal(score).as_tuple().exponent for score in found.scores["score"]] == [-digits] * 3
