"""The scoring SQL: small tables in, rows out. Expected numbers are worked out by hand."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from kaohe import planning, scoring
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.scheme import load_scheme
from kaohe.scheme.tables import IN_FORCE
from kaohe.warehouse import Engine
from tests.helpers import AS_OF, ROOT, YEAR
from tests.scoring import Bench, Item, scheme_text

D = Decimal


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    with made.warehouse:
        yield made


def tree(**dimensions: Any) -> dict[str, Any]:
    """dimension → {leaf: weight} or {node: {leaf: weight}}."""
    return dimensions


SIMPLE = tree(a={"a1": "60"}, b={"b1": "25", "b2": "15"})


def full(*leaves: str) -> list[Item]:
    return [Item("U1", leaf, "x", 1, 1) for leaf in leaves]


def by_leaf(frame: pl.DataFrame, column: str, unit: str = "U1") -> dict[str, Any]:
    mine = frame.filter(pl.col("unit_id") == unit)
    return dict(mine.select("indicator", column).iter_rows())


def test_points_are_weight_times_share_rounded_half_up_once(bench: Bench) -> None:
    """a1: 60 × 1/3 = 20; b1: 25 × 0.5001 = 12.5025 → 12.50; b2: 15 × 0.001 = 0.015 → 0.02."""
    items = [Item("U1", "a1", "x", 3, 1), Item("U1", "b1", "x", 1, "0.5001"), Item("U1", "b2", "x", 1, "0.001")]
    scores = bench.score(scheme_text(SIMPLE), {"U1": "机关处室"}, items)
    assert by_leaf(scores.indicators, "points") == {"a1": D("20.00"), "b1": D("12.50"), "b2": D("0.02")}
    assert scores.unit("U1")["total"] == D("32.52")


def test_the_loss_is_laid_on_the_items_to_the_cent(bench: Bench) -> None:
    """a1 lost 60 × 2/3 = 40 on gaps 1, 1, 1 of 4 items due 1 each with one done... 60 × 3/4 = 45 → 15 each;
    b2: 15 × 2/3 = 10.00 lost on gaps 0.5 and 1.5: 2.50 and 7.50; b1: 25 lost on three equal gaps: 8.34, 8.33, 8.33."""
    items = [
        *(Item("U1", "a1", name, 1, done) for name, done in (("1", 0), ("2", 1), ("3", 0), ("4", 0))),
        *(Item("U1", "b1", name, 1, 0) for name in ("z", "y", "x")),
        Item("U1", "b2", "1", 1, "0.5"),
        Item("U1", "b2", "2", 2, "0.5"),
    ]
    scores = bench.score(scheme_text(SIMPLE), {"U1": "机关处室"}, items)
    lost = {(i, item): lost for i, item, lost in scores.evidence.select("indicator", "item", "lost").iter_rows()}
    assert [lost["a1", item] for item in "1234"] == [D("15.00"), 0, D("15.00"), D("15.00")]
    assert [lost["b1", item] for item in "xyz"] == [D("8.34"), D("8.33"), D("8.33")]
    assert [lost["b2", item] for item in "12"] == [D("2.50"), D("7.50")]


def test_not_applicable_is_shared_out_among_siblings_to_the_cent(bench: Bench) -> None:
    """10 points of n4 among siblings 10, 10, 10: 3.34, 3.33, 3.33 by largest remainder, ties in scheme order."""
    scheme = scheme_text(
        tree(n={"n1": "10", "n2": "10", "n3": "10", "n4": "10"}, m={"m1": "60"}), empty="not_applicable"
    )
    scores = bench.score(scheme, {"U1": "机关处室"}, full("n1", "n2", "n3", "m1"))
    assert by_leaf(scores.indicators, "effective_weight") == {
        "n1": D("13.34"), "n2": D("13.33"), "n3": D("13.33"), "n4": 0, "m1": D("60.00")
    }  # fmt: skip
    assert by_leaf(scores.indicators, "status")["n4"] == "not_applicable"
    assert by_leaf(scores.indicators, "points")["n4"] is None


def test_a_whole_node_or_dimension_not_applicable_goes_to_the_next_level(bench: Bench) -> None:
    """Node q (20 of p's 50) absent: all to p1 → 50. Dimension r (50) absent as well: all to p1 → 100."""
    shape = tree(p={"p1": "30", "q": {"q1": "5", "q2": "15"}}, r={"r1": "50"})
    scheme = scheme_text(shape, empty="not_applicable")
    units = {"U1": "机关处室", "U2": "机关处室"}
    items = [*full("p1", "r1"), Item("U2", "p1", "x", 1, 1)]
    scores = bench.score(scheme, units, items)
    assert by_leaf(scores.indicators, "effective_weight") == {"p1": 50, "q1": 0, "q2": 0, "r1": 50}
    assert by_leaf(scores.indicators, "effective_weight", "U2") == {"p1": 100, "q1": 0, "q2": 0, "r1": 0}


def test_pending_before_the_deadline_and_not_reported_after_it(bench: Bench) -> None:
    scheme = scheme_text(SIMPLE)
    units = {"U1": "机关处室"}
    items = [Item("U1", "a1", "x", 1, 1, reported=True), Item("U1", "b1", "x", 1, 0, reported=False)]
    before = bench.score(scheme, units, items, as_of=dt.date(2024, 1, 31))
    assert by_leaf(before.indicators, "status") == {"a1": "scored", "b1": "pending", "b2": "pending"}
    assert by_leaf(before.indicators, "effective_weight") == {"a1": 100, "b1": 0, "b2": 0}
    unit = before.unit("U1")
    assert (unit["status"], unit["grade"], unit["rank"], unit["total"]) == ("pending", None, 1, 100)
    after = bench.score(scheme, units, items, as_of=dt.date(2024, 2, 1))
    assert by_leaf(after.indicators, "status") == {"a1": "scored", "b1": "not_reported", "b2": "not_reported"}
    assert by_leaf(after.indicators, "points") == {"a1": 60, "b1": 0, "b2": 0}
    assert after.unit("U1")["grade"] == "合格"
    assert after.evidence.select("indicator", "item", "due", "done", "lost").rows() == [
        ("a1", "x", 1, 1, 0), ("b1", "x", 1, 0, 25), ("b2", "none", 1, 0, 15),
    ]  # fmt: skip


def test_nothing_was_done_where_nothing_was_reported_whatever_the_items_say(bench: Bench) -> None:
    items = [*full("a1", "b1"), Item("U1", "b2", "x", 1, 1, reported=False)]
    scores = bench.score(scheme_text(SIMPLE), {"U1": "机关处室"}, items)
    assert by_leaf(scores.indicators, "points") == {"a1": 60, "b1": 25, "b2": 0}
    assert by_leaf(scores.indicators, "done")["b2"] == 0
    told = {
        indicator: (done, lost) for indicator, done, lost in scores.evidence.select("indicator", "done", "lost").rows()
    }
    assert told == {"a1": (1, 0), "b1": (1, 0), "b2": (0, 15)}
    bench.audit()


def test_points_may_be_below_nothing_by_a_rule_that_is_not_exact(bench: Bench) -> None:
    """b1: 25 × −0.5."""
    scheme = scheme_text(SIMPLE)
    leaf = "b1, weight: 25, measure: given, rule: "
    text = scheme.text.replace(f"{leaf}share", f"{leaf}raw, direction: lower")
    items = [*full("a1", "b2"), Item("U1", "b1", "x", 2, 1)]
    scores = bench.score(replace(scheme, text=text), {"U1": "机关处室"}, items)
    assert by_leaf(scores.indicators, "points") == {"a1": 60, "b1": D("-12.50"), "b2": 15}
    bench.audit()


def test_a_leaf_of_weight_0_is_shown_and_neither_scored_nor_shared_out_to(bench: Bench) -> None:
    scheme = scheme_text(tree(a={"a1": "100", "a2": "0"}, b={"b1": "0"}))
    items = [Item("U1", "a2", "x", 3, 1), Item("U1", "b1", "x", 1, 1, reported=False)]
    scores = bench.score(scheme, {"U1": "机关处室"}, items, as_of=dt.date(2024, 1, 31))
    assert by_leaf(scores.indicators, "status") == {"a1": "pending", "a2": "shown", "b1": "shown"}
    scores = bench.score(scheme, {"U1": "机关处室"}, [*items, Item("U1", "a1", "x", 2, 1)])
    assert by_leaf(scores.indicators, "effective_weight") == {"a1": 100, "a2": 0, "b1": 0}
    assert by_leaf(scores.indicators, "points") == {"a1": 50, "a2": None, "b1": None}
    assert by_leaf(scores.indicators, "done") == {"a1": 1, "a2": 1, "b1": 1}
    assert (scores.unit("U1")["total"], scores.unit("U1")["status"]) == (50, "scored")
    bench.audit()


def test_what_is_not_applicable_says_by_which_rule(bench: Bench) -> None:
    scores = bench.score(scheme_text(SIMPLE, empty="not_applicable"), {"U1": "机关处室"}, full("a1"))
    assert by_leaf(scores.indicators, "not_applicable_rule") == {
        "a1": None, "b1": "sql/measures/given.sql", "b2": "sql/measures/given.sql",
    }  # fmt: skip


def test_seventy_leaves_are_told_apart(bench: Bench) -> None:
    """What there is of a unit is kept in blocks of sixty. Of 70 leaves every third has no items; eight of these, of weight
    1, read a table that the unit handed in, so that nothing was due: the others share their weight."""
    leaves = {f"a{n}": "2" if n < 30 else "1" for n in range(70)}
    items = [Item("U1", f"a{n}", "x", 1, 1) for n in range(70) if n % 3]
    absent = {f"a{n}" for n in (36, 45, 54, 57, 60, 63, 66, 69)}
    scores = bench.score(scheme_text(tree(a=leaves)), {"U1": "机关处室"}, items, reading=sorted(absent))
    assert by_leaf(scores.indicators, "status") == {
        leaf: "scored" if int(leaf[1:]) % 3 else "not_applicable" if leaf in absent else "not_reported"
        for leaf in leaves
    }
    there = scores.indicators.filter(pl.col("status") != "not_applicable")
    assert there["effective_weight"].sum() == 100
    lost = sum(D(weight) for leaf, weight in leaves.items() if int(leaf[1:]) % 3 == 0 and leaf not in absent)
    assert abs(scores.unit("U1")["total"] - (100 - lost * 100 / 92)) < D("0.5")


@pytest.mark.parametrize("times", [1, 1_000_000, 1_000_000_000])
def test_points_are_exact_however_large_the_numbers(bench: Bench, times: int) -> None:
    """60 × 1/3 = 20, 25 × 0.5001 = 12.5025 → 12.50, 15 × 0.001 = 0.015 → 0.02, whatever both are multiplied by; and one
    millionth less than half a cent is none."""
    items = [
        Item("U1", "a1", "x", 3 * times, times),
        Item("U1", "b1", "x", times, D("0.5001") * times),
        Item("U1", "b2", "x", times, D("0.001") * times),
        Item("U2", "b2", "x", times, D("0.001") * times - D("0.000001")),
    ]
    scores = bench.score(scheme_text(SIMPLE), {"U1": "机关处室", "U2": "机关处室"}, items)
    assert by_leaf(scores.indicators, "points") == {"a1": D("20.00"), "b1": D("12.50"), "b2": D("0.02")}
    assert by_leaf(scores.indicators, "points", "U2")["b2"] == D("0.01")


def test_a_sum_that_64_bits_cannot_hold_is_refused(bench: Bench) -> None:
    items = [Item("U1", "a1", str(n), 999_999_999_999, 1) for n in range(10)]
    with pytest.raises(KaoheError, match=r"evidence_sum\.sql"):
        bench.score(scheme_text(SIMPLE), {"U1": "机关处室"}, items)


def test_a_unit_without_data_is_listed_and_not_ranked(bench: Bench) -> None:
    items = [*full("a1", "b1", "b2"), Item("U2", "a1", "x", 1, 0, reported=False)]
    scores = bench.score(scheme_text(SIMPLE), {"U1": "机关处室", "U2": "机关处室"}, items)
    unit = scores.unit("U2")
    assert (unit["status"], unit["rank"], unit["grade"], unit["total"]) == ("no_data", None, None, 0)
    assert scores.unit("U1")["rank"] == 1


def points(**totals: object) -> list[Item]:
    """Units with these totals, all on one leaf of 100."""
    return [Item(unit, "a1", "x", 100, total) for unit, total in totals.items()]


HUNDRED = tree(a={"a1": "100"})


def test_grades_need_points_and_a_place_and_bounds_include_the_number(bench: Bench) -> None:
    totals = {"U1": 95, "U2": 92, "U3": 90, "U4": 90, "U5": 80, "U6": "79.99", "U7": 60, "U8": "59.99", "U9": 0, "V": 0}
    scores = bench.score(scheme_text(HUNDRED), dict.fromkeys(totals, "机关处室"), points(**totals))
    grades = [scores.unit(unit)["grade"] for unit in totals]
    # ten units, 30 %: three places; U3 and U4 are tied on the third
    assert grades == ["优秀", "优秀", "优秀", "优秀", "良好", "合格", "合格", "不合格", "不合格", "不合格"]
    assert [scores.unit(unit)["quota_tie"] for unit in totals] == [False, False, True, True] + [False] * 6
    assert [scores.unit(unit)["rank"] for unit in totals] == [1, 2, 3, 3, 5, 6, 7, 8, 9, 9]
    assert [scores.unit(unit)["tied"] for unit in totals][2:4] == [True, True]


def test_the_quota_is_rounded_down_but_is_at_least_one_place_in_each_category(bench: Bench) -> None:
    totals = {"U1": 99, "U2": 98, "U3": 97, "U4": 96, "U5": 95, "U6": 94, "W1": 91, "W2": 90}
    units = {unit: "基层单位" if unit.startswith("W") else "机关处室" for unit in totals}
    scores = bench.score(scheme_text(HUNDRED), units, points(**totals))
    best = [unit for unit in totals if scores.unit(unit)["grade"] == "优秀"]
    assert best == ["U1", "W1"]  # floor(30 % × 6) = 1; floor(30 % × 2) = 0, at least 1


def test_nodes_that_are_equal_to_the_cent_tie(bench: Bench) -> None:
    """0.1 + 0.2 is not 0.3 + 0 in DOUBLE."""
    scheme = scheme_text(tree(n={"n1": "10", "n2": "10"}, m={"m1": "80"}), tie_break=["n"])
    items = [Item("U1", "n1", "x", 100, 1), Item("U1", "n2", "x", 100, 2), Item("U1", "m1", "x", 1, 1)]
    items += [Item("U2", "n1", "x", 100, 3), Item("U2", "n2", "x", 100, 0), Item("U2", "m1", "x", 1, 1)]
    scores = bench.score(scheme, {"U1": "机关处室", "U2": "机关处室"}, items)
    assert [(scores.unit(unit)["rank"], scores.unit(unit)["tied"]) for unit in ("U1", "U2")] == [(1, True)] * 2


def test_ties_are_broken_by_the_schemes_order_then_shared(bench: Bench) -> None:
    scheme = scheme_text(tree(a={"a1": "50"}, b={"b1": "50"}), tie_break=["b1"])
    halves = {"U1": (40, 10), "U2": (10, 40), "U3": (25, 25), "U4": (25, 25)}
    items = [
        Item(u, leaf, "x", 50, done)
        for u, pair in halves.items()
        for leaf, done in zip(("a1", "b1"), pair, strict=True)
    ]
    scores = bench.score(scheme, dict.fromkeys(halves, "机关处室"), items)
    assert [scores.unit(unit)["rank"] for unit in halves] == [4, 1, 2, 2]


EXTRA = {
    "bonus": "{cap: 5, indicators: {won: &e {title: t, measure: given, rule: per_item, basis: {rule: r, article: a, "
    "basis_type: default}}, praised: *e}}",
    "deductions": "{cap: 10, indicators: {notice: *e, late: *e}}",
}


def test_bonus_and_deductions_count_each_fact_once_and_stop_at_their_caps(bench: Bench) -> None:
    items = [
        Item("U1", "a1", "x", 100, 90),
        Item("U1", "won", "case 1", None, 3),
        Item("U1", "praised", "case 1", None, 1),  # the same case: the larger counts
        Item("U1", "praised", "case 2", None, "2.5"),  # 5.5 → stops at 5
        Item("U1", "notice", "fact 1", None, 2),
        Item("U1", "late", "fact 2", None, "0.2"),
        Item("U2", "a1", "x", 100, 3),
        Item("U2", "notice", "fact 3", None, 9),
        Item("U2", "late", "fact 4", None, 9),  # 18 → stops at 10, and at what there is to take: 3
    ]
    scores = bench.score(scheme_text(HUNDRED, **EXTRA), {"U1": "机关处室", "U2": "机关处室"}, items)
    unit = scores.unit("U1")
    assert (unit["base"], unit["bonus"], unit["deduction"], unit["total"]) == (90, 5, D("2.20"), D("92.80"))
    assert by_leaf(scores.indicators, "points") == {"a1": 90, "won": 3, "praised": 2, "notice": -2, "late": D("-0.20")}
    unit = scores.unit("U2")
    assert (unit["base"], unit["deduction"], unit["total"]) == (3, 3, 0)
    bench.audit()


VETOES = (
    "{V1: {title: t, measure: given, grade_at_most: good, basis: &v {rule: r, article: a, basis_type: default}}, "
    "V2: {title: t, measure: given, grade_at_most: unqualified, basis: *v}}"
)


def test_a_veto_changes_the_grade_and_never_the_number(bench: Bench) -> None:
    totals = {"U1": 95, "U2": 94, "U3": 70, "U4": 65}
    vetoes = [Item("U1", "V1", "e1", None, 1), Item("U3", "V1", "e2", None, 1), Item("U4", "V1", "e3", None, 1),
              Item("U4", "V2", "e4", None, 1)]  # fmt: skip
    scores = bench.score(
        scheme_text(HUNDRED, vetoes=VETOES), dict.fromkeys(totals, "机关处室"), points(**totals) + vetoes
    )
    found = [(u["total"], u["rank"], u["veto"], u["grade"]) for u in map(scores.unit, totals)]
    assert found == [(95, 1, "V1", "良好"), (94, 2, None, "良好"), (70, 3, "V1", "合格"), (65, 4, "V2", "不合格")]
    bench.audit()


def test_of_vetoes_that_weigh_the_same_the_first_of_the_scheme_is_named(bench: Bench) -> None:
    alike = VETOES.replace("unqualified", "good").replace("V1:", "V9:", 1)
    for events in (("V9", "V2"), ("V2", "V9")):
        vetoes = [Item("U1", veto, veto, None, 1) for veto in events]
        scores = bench.score(scheme_text(HUNDRED, vetoes=alike), {"U1": "机关处室"}, points(U1=95) + vetoes)
        assert scores.unit("U1")["veto"] == "V9"


def test_where_there_are_registries_alone_nobody_has_handed_in_anything() -> None:
    project = Project(ROOT)
    contracts, scheme = load_contracts(project.expectations), load_scheme(project.scheme(YEAR))
    asked = {IN_FORCE: (scheme, planning.plan(project, contracts, scheme))}
    registries = {name: contract for name, contract in contracts.items() if contract.reference}
    assert "org_unit" in registries
    engine = Engine(duckdb.connect())
    scoring.lay_out_question(engine, project, registries, asked, AS_OF)
    assert engine.rows("select unit_id, table_name from main.report") == []
