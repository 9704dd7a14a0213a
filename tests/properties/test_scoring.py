"""Properties of the scoring SQL, for any scheme and any evidence; sums and ranks are worked out a second time in Python."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.scoring import Bench, Item, SchemeText, Scores, scheme_text

#: One example scores a bureau once or twice, a tenth of a second each.
cheaper = settings(max_examples=settings.default.max_examples // 7)

Tree = dict[str, Any]

BEFORE, AFTER = dt.date(2024, 1, 31), dt.date(2024, 2, 1)  # the last day to report, and the next
CATEGORIES = ("机关处室", "基层单位")
MICRO = 1_000_000


@dataclass(frozen=True)
class Case:
    """A scheme, units and their evidence."""

    tree: Tree
    units: dict[str, str]
    items: list[Item]
    empty: str
    as_of: dt.date

    def with_items(self, items: list[Item]) -> "Case":
        return replace(self, items=items)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("bench"))
    with made.warehouse:
        made.warehouse.con.execute("set threads = 1")  # quicker, for so few rows
        yield made


def score(bench: Bench, case: Case, **more: Any) -> Scores:
    """The scores, after every audit held."""
    scheme: SchemeText = scheme_text(case.tree, empty=case.empty, **more)
    with bench.warehouse.transaction():
        scores = bench.score(scheme, case.units, case.items, case.as_of)
        bench.audit()
    return scores


# --- Any scheme and any evidence -------------------------------------------------------------------------------------


@st.composite
def trees(draw: st.DrawFn, most_leaves: int = 7) -> Tree:
    """Dimensions, then nodes and leaves to a depth of 2 to 4; weights in cents, each at least one, 100.00 together."""
    leaves = 0

    def children(depth: int) -> Tree:
        nonlocal leaves
        found: Tree = {}
        for number in range(draw(st.integers(1, 3))):
            if found and leaves >= most_leaves:
                break
            if depth == 1 or (depth < 4 and draw(st.integers(0, 3)) == 0):
                found[f"n{depth}{number}x{leaves}"] = children(depth + 1)
            else:
                leaves += 1
                found[f"l{leaves}"] = None
        return found

    tree = children(1)
    equal = [10_000 // leaves * number for number in range(1, leaves)]  # but for the last
    any_cuts = st.lists(st.integers(1, 9_999), min_size=leaves - 1, max_size=leaves - 1, unique=True).map(sorted)
    cuts = [0, *draw(st.just(equal) | any_cuts), 10_000]
    weights = iter(str(Decimal(end - start) / 100) for start, end in pairwise(cuts))

    def weighed(node: Tree) -> Tree:
        return {name: next(weights) if below is None else weighed(below) for name, below in node.items()}

    return weighed(tree)


def leaves_of(tree: Tree) -> dict[str, str]:
    """Leaf → weight, in the order of the scheme."""
    found = {}
    for name, below in tree.items():
        found |= leaves_of(below) if isinstance(below, dict) else {name: below}
    return found


def number(micro: int) -> str:
    """Millionths as a decimal."""
    return str(Decimal(micro) / MICRO)


DUE = st.sampled_from([MICRO, MICRO // 2, 2 * MICRO, 100 * MICRO]) | st.integers(1, 3 * MICRO)


@st.composite
def evidence(draw: st.DrawFn, unit: str, leaf: str, most_items: int) -> list[Item]:
    """What a leaf of a unit may have: no items, items that nobody handed in records for, or items that somebody did."""
    kind = draw(st.sampled_from(["items", "items", "items", "absent", "missing"]))
    if kind == "absent":
        return []
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=most_items, unique=True))
    alike = draw(st.booleans())  # equal gaps, whose losses are equal but for a cent
    found: list[Item] = []
    for name in names:
        if alike and found:
            found.append(replace(found[0], item=name))
            continue
        due = draw(DUE)
        done = draw(st.sampled_from([0, due // 3, due]) | st.integers(0, due))
        # What nobody handed in cannot be done whole: something of it is lost.
        done = done if kind == "items" else min(done, due - 1)
        found.append(Item(unit, leaf, name, number(due), number(done), reported=kind == "items"))
    return found


@st.composite
def cases(draw: st.DrawFn, most_units: int = 4, most_leaves: int = 7, most_items: int = 3) -> Case:
    tree = draw(trees(most_leaves))
    units = {f"U{n}": draw(st.sampled_from(CATEGORIES)) for n in range(draw(st.integers(2, most_units)))}
    leaves = leaves_of(tree)
    items = [item for unit in units for leaf in leaves for item in draw(evidence(unit, leaf, most_items))]
    empty = draw(st.sampled_from(["not_applicable", "not_reported", "full"]))
    return Case(tree, units, items, empty, draw(st.sampled_from([BEFORE, AFTER])))


#: Many units that lack different leaves.
sparse = cases(most_units=8, most_leaves=9, most_items=1)


# --- The same in Python ----------------------------------------------------------------------------------------------


def divide(cents: int, parts: dict[str, Fraction]) -> dict[str, int]:
    """Whole cents in proportion to ``parts``; what is left over to the largest remainders, the first of equals first."""
    whole = sum(parts.values(), Fraction(0))
    exact = {name: cents * part / whole for name, part in parts.items()}
    shares = {name: math.floor(share) for name, share in exact.items()}
    for name in sorted(exact, key=lambda name: shares[name] - exact[name])[: cents - sum(shares.values())]:
        shares[name] += 1
    return shares


def weight_of(below: Any) -> Fraction:
    return sum(map(weight_of, below.values()), Fraction(0)) if isinstance(below, dict) else Fraction(below)


def effective(tree: Tree, absent: set[str], cents: int = 10_000) -> dict[str, int]:
    """Effective weights in cents of every present node and leaf."""
    present = {name: below for name, below in tree.items() if not _gone(name, below, absent)}
    if not present:
        return {}
    shares = divide(cents, {name: weight_of(below) for name, below in present.items()})
    found = dict(shares)
    for name, below in present.items():
        if isinstance(below, dict):
            found |= effective(below, absent, shares[name])
    return found


def _gone(name: str, below: Any, absent: set[str]) -> bool:
    return all(_gone(*child, absent) for child in below.items()) if isinstance(below, dict) else name in absent


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def status(case: Case, items: list[Item]) -> str:
    if not items and case.empty != "not_reported":
        return "not_applicable"
    if not any(item.reported for item in items):
        return "pending" if case.as_of <= BEFORE else "not_reported"
    return "scored"


def cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def by_leaf(frame: Any, *columns: str) -> dict[tuple[str, str], Any]:
    """(unit, indicator) → the columns."""
    picked = frame.select("unit_id", "indicator", *columns).iter_rows()
    return {(unit, leaf): values[0] if len(values) == 1 else tuple(values) for unit, leaf, *values in picked}


def nodes_of(tree: Tree) -> Iterator[tuple[str, Tree]]:
    for name, below in tree.items():
        if isinstance(below, dict):
            yield name, below
            yield from nodes_of(below)


# --- Effective weights -----------------------------------------------------------------------------------------------


@cheaper
@given(case=sparse)
def test_effective_weights_add_up_to_100_and_stay_where_nothing_is_absent(bench: Bench, case: Case) -> None:
    found = by_leaf(score(bench, case).indicators, "effective_weight", "status")
    for unit in case.units:
        weight = {leaf: found[unit, leaf][0] for leaf in leaves_of(case.tree)}
        absent = {leaf for leaf in weight if found[unit, leaf][1] in ("not_applicable", "pending")}
        assert sum(weight.values()) == (0 if absent == weight.keys() else 100)
        assert all(weight[leaf] == 0 for leaf in absent)
        whole_dimensions = not any(_gone(name, below, absent) for name, below in case.tree.items())
        for dimension, below in case.tree.items():
            mine = sum(weight[leaf] for leaf in leaves_of(below))
            if whole_dimensions:
                assert mine == Decimal(sum(map(Decimal, leaves_of(below).values()))), dimension
            if whole_dimensions and not absent & leaves_of(below).keys():
                assert {leaf: weight[leaf] for leaf in leaves_of(below)} == dict(
                    zip(leaves_of(below), map(Decimal, leaves_of(below).values()), strict=True)
                )


@cheaper
@given(case=sparse)
def test_a_nodes_weight_and_points_are_the_sums_of_its_childrens(bench: Bench, case: Case) -> None:
    score(bench, case)
    rows = bench.warehouse.rows("select unit_id, node, effective_weight, points, lost from main.node_scores")
    sums = {(unit, node): values for unit, node, *values in rows}
    for unit in case.units:
        for node, below in nodes_of(case.tree):
            children = [sums[unit, child] for child in below]
            assert sums[unit, node] == [sum(column) for column in zip(*children, strict=True)]


@cheaper
@given(case=sparse)
def test_effective_weights_are_shared_out_top_down_by_largest_remainder(bench: Bench, case: Case) -> None:
    found = by_leaf(score(bench, case).indicators, "effective_weight", "status")
    for unit in case.units:
        names = leaves_of(case.tree)
        absent = {leaf for leaf in names if found[unit, leaf][1] in ("not_applicable", "pending")}
        expected = effective(case.tree, absent)
        assert {leaf: cents(found[unit, leaf][0]) for leaf in names} == {leaf: expected.get(leaf, 0) for leaf in names}


# --- Points and losses -----------------------------------------------------------------------------------------------


@cheaper
@given(case=cases())
def test_points_are_the_exact_fraction_rounded_half_up_once(bench: Bench, case: Case) -> None:
    scores = score(bench, case)
    found = by_leaf(scores.indicators, "effective_weight", "points", "status")
    for unit in case.units:
        total = 0
        for leaf in leaves_of(case.tree):
            items = [item for item in case.items if (item.unit, item.indicator) == (unit, leaf)]
            weight, points, said = found[unit, leaf]
            assert said == status(case, items)
            if said in ("not_applicable", "pending"):
                assert points is None
                continue
            share = Fraction(0)
            if said == "scored":
                share = sum(Fraction(str(i.done)) for i in items) / sum(Fraction(str(i.due)) for i in items)
            exact = Fraction(weight) * share
            assert 0 <= points <= weight
            assert abs(Fraction(points) - exact) <= Fraction("0.005")
            assert cents(points) == half_up(exact * 100)
            total += half_up(exact * 100)
        assert cents(scores.unit(unit)["total"]) == total


@cheaper
@given(case=cases())
def test_the_items_explain_the_loss_to_the_cent(bench: Bench, case: Case) -> None:
    """Each item's loss is its share of the leaf's by what it lacks, floor or one cent more; they add up."""
    scores = score(bench, case)
    lost = by_leaf(scores.indicators, "effective_weight", "points", "lost", "status")
    laid: dict[tuple[str, str], dict[str, Decimal]] = {}
    for unit, leaf, item, amount in scores.evidence.select("unit_id", "indicator", "item", "lost").iter_rows():
        laid.setdefault((unit, leaf), {})[item] = amount
    given = {(item.unit, item.indicator) for item in case.items}
    unsaid = [place for place in laid.keys() - given if laid[place].keys() == {"none"}]
    assert sum(map(len, laid.values())) == len(case.items) + len(unsaid)
    for place, (weight, points, amount, said) in lost.items():
        mine = laid.get(place, {})
        if place in unsaid:
            assert mine == {"none": weight}
            continue
        assert min(mine.values(), default=0) >= 0
        assert amount == sum(mine.values()) == (0 if points is None else weight - points)
        if amount:
            items = sorted((i for i in case.items if (i.unit, i.indicator) == place), key=lambda i: i.item)
            done = {i.item: Fraction(0) if said == "not_reported" else Fraction(str(i.done)) for i in items}
            gaps = {item.item: Fraction(str(item.due)) - done[item.item] for item in items}
            assert {item: cents(value) for item, value in mine.items()} == divide(int(amount * 100), gaps)


@cheaper
@given(case=cases(), data=st.data())
def test_doing_more_of_one_item_never_lowers_a_total(bench: Bench, case: Case, data: st.DataObject) -> None:
    open_items = [n for n, item in enumerate(case.items) if Decimal(str(item.done)) < Decimal(str(item.due))]
    assume(open_items)
    before = score(bench, case)
    place = data.draw(st.sampled_from(open_items), label="item")
    item = case.items[place]
    least, most = (int(Decimal(str(amount)) * MICRO) for amount in (item.done, item.due))
    better = replace(item, done=number(data.draw(st.integers(least, most), label="done")))
    after = score(bench, case.with_items([*case.items[:place], better, *case.items[place + 1 :]]))
    for unit in case.units:
        then, now = before.unit(unit)["total"], after.unit(unit)["total"]
        assert now >= then
        assert unit == item.unit or now == then


# --- Bonus and deductions --------------------------------------------------------------------------------------------

LEAF = "{title: t, measure: given, rule: per_item, basis: {rule: r, article: a, basis_type: default}}"
EXTRA = {
    "bonus": f"{{cap: 5, indicators: {{won: {LEAF}, praised: {LEAF}}}}}",
    "deductions": f"{{cap: 10, indicators: {{notice: {LEAF}, late: {LEAF}}}}}",
}


@st.composite
def extras(draw: st.DrawFn, units: dict[str, str]) -> list[Item]:
    """Bonus and deduction items; the same fact may stand under two indicators."""
    places = st.tuples(
        st.sampled_from(sorted(units)), st.sampled_from(["won", "praised", "notice", "late"]), st.sampled_from("abc")
    )
    amounts = st.sampled_from([500_000, MICRO, 2 * MICRO, 6 * MICRO]) | st.integers(0, 12 * MICRO)
    found = draw(st.dictionaries(places, amounts, max_size=8))
    return [Item(*place, None, number(amount), reported=False) for place, amount in found.items()]


def facts(items: list[Item], unit: str, *indicators: str) -> int:
    """Cents of a unit's facts under the indicators, each fact once, the largest."""
    largest: Counter[str] = Counter()
    for item in items:
        if item.unit == unit and item.indicator in indicators:
            largest[item.item] = max(largest[item.item], half_up(Fraction(str(item.done)) * 100))
    return largest.total()


@cheaper
@given(case=cases(most_leaves=4), data=st.data())
def test_a_bonus_never_lowers_and_a_deduction_never_raises_and_both_stop_at_their_caps(
    bench: Bench, case: Case, data: st.DataObject
) -> None:
    more = data.draw(extras(case.units), label="extras")
    plain = score(bench, case, **EXTRA)
    scores = score(bench, case.with_items(case.items + more), **EXTRA)
    for unit in case.units:
        row, base = scores.unit(unit), plain.unit(unit)["total"]
        assert row["base"] == base
        assert cents(row["bonus"]) == min(500, facts(more, unit, "won", "praised"))
        there = int((base + row["bonus"]) * 100)
        assert cents(row["deduction"]) == min(1000, there, facts(more, unit, "notice", "late"))
        assert row["total"] == base + row["bonus"] - row["deduction"]
        assert 0 <= row["total"] <= 105


# --- Ranks, grades and vetoes ----------------------------------------------------------------------------------------

VETOES = (
    "{V1: {title: t, measure: given, grade_at_most: good, basis: {rule: r, article: a, basis_type: default}}, "
    "V2: {title: t, measure: given, grade_at_most: unqualified, basis: {rule: r, article: a, basis_type: default}}}"
)
#: Grades from the best down.
GRADES = ["优秀", "良好", "合格", "不合格"]


@st.composite
def rivals(draw: st.DrawFn) -> Case:
    """More units than results they can have, so that there are ties; some are without data."""
    units = {f"U{n}": CATEGORIES[draw(st.integers(0, 3)) == 3] for n in range(draw(st.integers(5, 9)))}
    items = []
    for unit in units:
        reported = draw(st.integers(0, 7)) < 7
        results = draw(st.sampled_from([("1", "1"), ("1", "0.8"), ("0.8", "1"), ("0.6", "0.5")]))
        for leaf, done in zip(("a1", "b1"), results, strict=True):
            items.append(Item(unit, leaf, "x", 1, done if reported else 0, reported))
        extra = draw(st.sampled_from([(), (), ("notice",), ("won", "notice")]))
        items += [Item(unit, indicator, "fact", None, 2) for indicator in extra if reported]
    return Case({"a": {"a1": "50"}, "b": {"b1": "50"}}, units, items, "not_reported", AFTER)


@cheaper
@given(
    case=rivals(),
    tie_break=st.permutations(["b1", "fewer_deductions"]).flatmap(lambda p: st.sampled_from([p, p[:1], []])),
)
def test_ranks_are_competition_ranks_within_the_category_and_grades_follow(
    bench: Bench, case: Case, tie_break: list[str]
) -> None:
    scores = score(bench, case, tie_break=tie_break, **EXTRA)
    points = by_leaf(scores.indicators, "points")
    reported = {item.unit for item in case.items if item.reported}

    def merit(unit: str) -> list[Decimal]:
        row = scores.unit(unit)
        values = {"b1": points[unit, "b1"], "fewer_deductions": -row["deduction"]}
        return [row["total"], *(values[name] for name in tie_break)]

    for unit, category in case.units.items():
        row = scores.unit(unit)
        if unit not in reported:
            assert (row["status"], row["rank"], row["grade"], row["tied"]) == ("no_data", None, None, False)
            continue
        peers = [other for other, its in case.units.items() if its == category and other in reported]
        rank = 1 + sum(merit(other) > merit(unit) for other in peers)
        sharing = sum(merit(other) == merit(unit) for other in peers)
        places = max(1, len(peers) * 30 // 100)
        excellent = row["total"] >= 90 and rank <= places
        grade = "优秀" if excellent else next(
            name for name, least in (("良好", 80), ("合格", 60), ("不合格", 0)) if row["total"] >= least
        )  # fmt: skip
        assert (row["rank"], row["tied"], row["grade"]) == (rank, sharing > 1, grade)
        assert row["quota_tie"] == (excellent and rank + sharing - 1 > places)


@cheaper
@given(case=rivals(), data=st.data())
def test_a_veto_changes_no_number_and_raises_no_grade(bench: Bench, case: Case, data: st.DataObject) -> None:
    places = st.tuples(st.sampled_from(sorted(case.units)), st.sampled_from(["V1", "V2"]), st.sampled_from("ab"))
    chosen = data.draw(st.lists(places, min_size=1, max_size=3, unique=True), label="vetoes")
    vetoes = [Item(*place, None, 1, reported=False) for place in chosen]
    before = score(bench, case, vetoes=VETOES, **EXTRA)
    after = score(bench, case.with_items(case.items + vetoes), vetoes=VETOES, **EXTRA)
    assert_frame_equal(before.indicators, after.indicators)
    touched = ["grade", "veto", "quota_tie"]
    assert_frame_equal(before.scores.drop(touched), after.scores.drop(touched))
    for unit in case.units:
        mine = {veto for name, veto, _ in chosen if name == unit}
        then, now = before.unit(unit), after.unit(unit)
        if not mine:
            assert then == now
            continue
        assert now["veto"] == max(mine)
        assert (then["grade"] is None) == (now["grade"] is None)
        if now["grade"] is not None:
            cap = {"V1": "良好", "V2": "不合格"}[now["veto"]]
            assert GRADES.index(now["grade"]) == max(GRADES.index(then["grade"]), GRADES.index(cap))


# --- The same whatever the order or the machine ----------------------------------------------------------------------


def assert_same(one: Scores, other: Scores) -> None:
    assert_frame_equal(one.scores, other.scores)
    assert_frame_equal(one.indicators, other.indicators)
    assert_frame_equal(one.evidence, other.evidence)


@cheaper
@given(case=cases(), data=st.data())
def test_the_order_of_units_and_items_does_not_matter(bench: Bench, case: Case, data: st.DataObject) -> None:
    items = data.draw(st.permutations(case.items), label="items")
    units = dict(data.draw(st.permutations(list(case.units.items())), label="units"))
    assert_same(score(bench, case), score(bench, replace(case, units=units, items=items)))


@cheaper
@given(case=cases())
def test_the_number_of_threads_does_not_matter(bench: Bench, case: Case) -> None:
    found = score(bench, case)
    bench.warehouse.con.execute("set threads = 2")
    try:
        assert_same(found, score(bench, case))
    finally:
        bench.warehouse.con.execute("set threads = 1")
