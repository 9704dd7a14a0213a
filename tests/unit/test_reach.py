"""What it would have taken to reach a grade: the scoring SQL itself scores every set of items, and none is cheaper."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations
from pathlib import Path

import pytest

from kaohe.errors import KaoheError
from kaohe.explaining.reach import Line, Reach, reach, rounded
from kaohe.explaining.reach_text import plain, sentences
from kaohe.publication import SNAPSHOT
from kaohe.publication.snapshot import Snapshot
from kaohe.scheme import Scheme, load_scheme
from kaohe.words import speaking
from tests.helpers import AS_OF
from tests.scoring import Bench, Item, SchemeText, scheme_text

TREE = {"n1": {"a": "20.00", "b": "30.00"}, "n2": {"c": "33.33", "d": "16.67"}}
FACT = "title: {0}, measure: given, rule: per_item, basis: {{rule: r, article: a, basis_type: default}}"
EXTRAS = "{{cap: 4, indicators: {{x: {{{}}}, y: {{{}}}}}}}".format(FACT.format("通报"), FACT.format("迟报"))
VETOES = f"{{V1: {{{FACT.format('否决').replace('rule: per_item, ', '')}, grade_at_most: good}}}}"
TIES = ["n2", "fewer_deductions", "a"]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    with made.warehouse:
        yield made


def published(bench: Bench, scheme: SchemeText, items: list[Item], as_of: dt.date = AS_OF) -> tuple[Snapshot, Scheme]:
    """The items scored, in a snapshot; a unit's category is what its name begins with."""
    bench.score(scheme, {item.unit: item.unit.split(".")[0] for item in items}, items, as_of)
    folder = bench.folder / "publication"
    (folder / SNAPSHOT).unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    con = bench.warehouse.con
    con.execute(f"attach '{folder / SNAPSHOT}' as snapshot")
    for table in ("scores", "indicator_scores", "node_scores", "evidence"):
        con.execute(f"create table snapshot.{table} as select * from main.{table}")
    con.execute("detach snapshot")
    return Snapshot(folder), load_scheme(bench.folder / "scheme.yml")


def answer(bench: Bench, scheme: SchemeText, items: list[Item], unit: str, grade: str) -> Reach:
    snapshot, loaded = published(bench, scheme, items)
    with snapshot:
        return reach(snapshot, loaded, unit, grade)


def righted(items: list[Item], chosen: frozenset[tuple[str, str]]) -> Iterator[Item]:
    """The items with those chosen put right; a fact of a deduction goes everywhere."""
    for item in items:
        if item.due is None:
            if ("deductions", item.item) not in chosen:
                yield item
        elif (item.indicator, item.item) in chosen:
            yield replace(item, done=item.due)
        else:
            yield item


def chosen_items(found: Reach) -> frozenset[tuple[str, str]]:
    return frozenset((part.indicator or "deductions", item.item) for part in found.righted for item in part.items)


def a_unit(draw: random.Random) -> list[Item]:
    """A unit U.0 that lost some things, and others of its category."""
    items = []
    for leaf, sizes in {"a": "1", "b": "113", "c": "11", "d": "2"}.items():
        for number, size in enumerate(sizes):
            due = Decimal(size)
            items.append(Item("U.0", leaf, f"{number}", due, draw.choice([0, due, due / 2, Decimal("0.3")])))
    items += [Item("U.0", "x", "f1", None, draw.choice([1, "0.555"])), Item("U.0", "y", "f1", None, "0.75")]
    items.append(Item("U.0", "y", "f2", None, draw.choice(["0.2", 4])))
    for other in range(1, 4):
        for leaf in "abcd":
            items.append(Item(f"U.{other}", leaf, "0", 20, draw.randint(17, 20)))
    return items


def could_be_righted(items: list[Item]) -> list[tuple[str, str]]:
    """What a set may be made of: items not wholly done, and facts that something is taken for."""
    leaves = {(item.indicator, item.item) for item in items if item.due is not None and item.done != item.due}
    return sorted(leaves | {("deductions", item.item) for item in items if item.due is None})


@pytest.mark.parametrize("seed", range(6))
def test_no_set_is_cheaper(bench: Bench, seed: int) -> None:
    """Every set of items put right is a unit of its own, in a category of its own with the same others."""
    scheme = scheme_text(TREE, deductions=EXTRAS, tie_break=TIES)
    items = a_unit(random.Random(seed))
    snapshot, loaded = published(bench, scheme, items)
    with snapshot:
        answers = {name: reach(snapshot, loaded, "U.0", name) for name in ("excellent", "good")}
    mine = [item for item in items if item.unit == "U.0"]
    could = could_be_righted(mine)
    sets = [frozenset(one) for one in chain.from_iterable(combinations(could, n) for n in range(len(could) + 1))]
    worlds = [
        replace(item, unit=f"{number}{item.unit}")
        for number, one in enumerate(sets)
        for item in [*righted(mine, one), *(item for item in items if item.unit != "U.0")]
    ]
    snapshot, _ = published(bench, scheme, worlds)
    with snapshot:
        scores = snapshot.rows("select unit_id, total, rank, grade from scores where unit_id like '%U.0'")
    for name, wanted in {"excellent": ("优秀",), "good": ("优秀", "良好")}.items():
        found = answers[name]
        enough = {
            sets[int(unit.removesuffix("U.0"))]: (total, rank) for unit, total, rank, grade in scores if grade in wanted
        }
        if found.outcome == "items":
            chosen = chosen_items(found)
            assert enough[chosen] == (found.would_be, found.would_rank)
            assert (len(chosen), found.would_be) == min((len(one), total) for one, (total, _) in enough.items())
        else:
            assert found.outcome == ("already" if frozenset() in enough else "short")
            assert enough if found.outcome == "already" else not enough


def whole(unit: str, *leaves: str, done: object = 10) -> list[Item]:
    """A unit that did ``done`` of 10 in these leaves, all by default."""
    return [Item(unit, leaf, "0", 10, done) for leaf in leaves or "abcd"]


EVEN = {"n1": {"a": "30.00", "b": "20.00"}, "n2": {"c": "30.00", "d": "20.00"}}
HALF = [Item("U.0", leaf, str(n), 2, 1) for leaf in "ac" for n in range(2)]
THIRD = [replace(item, due=3) for item in HALF]


def test_at_the_quota_s_line_the_tie_breaks_decide(bench: Bench) -> None:
    """The other has 90.00 points, 50.00 of them in n2: two items of a and one of c would be as many points, but stay
    behind it."""
    scheme = scheme_text(EVEN, tie_break=["n2"])
    silent = Item("U.2", "a", "0", 1, 0, reported=False)
    other = [silent, *whole("U.1", "b", "c", "d"), Item("U.1", "a", "0", 3, 2)]
    found = answer(bench, scheme, [*other, *whole("U.0", "b", "d"), *THIRD], "U.0", "优秀")
    assert (found.total, found.would_be, found.would_rank) == (Decimal("60.00"), Decimal("90.00"), 1)
    assert chosen_items(found) == {("a", "0"), ("c", "0"), ("c", "1")}
    assert found.line is not None
    assert (found.line.places, found.line.ranked, found.line.last) == (1, 2, Decimal("90.00"))
    assert any(
        "并且进入U 2 个单位的前 1 名，即不落后于其他单位中得 90.00 分的一个" in line for line in sentences(found)
    )


def test_the_points_and_the_places_must_both_be_reached(bench: Bench) -> None:
    scheme = scheme_text(EVEN, tie_break=["n2"])
    mine = [*whole("U.0", "b", "d"), *THIRD]
    found = answer(bench, scheme, [*mine, *whole("U.1", "a", "b", "c")], "U.0", "excellent")
    assert found.line == Line(Decimal("90.00"), 1, 2, Decimal("80.00"))
    assert (found.line.points, found.would_be) == (Decimal("90.00"), Decimal("90.00"))
    assert chosen_items(found) == {("a", "0"), ("a", "1"), ("c", "0")}
    found = answer(bench, scheme, mine, "U.0", "excellent")
    assert found.line == Line(Decimal("90.00"), 1, 1, None)
    assert sentences(found)[2] == "U 1 个单位有 1 个名额，不成限制"


def test_undoing_a_deduction_counts_for_the_tie_break(bench: Bench) -> None:
    scheme = scheme_text(EVEN, deductions=EXTRAS, tie_break=["fewer_deductions"])
    other = [*whole("U.1", "a", "b", "c"), Item("U.1", "d", "0", 20, 18)]
    mine = [*whole("U.0", "a", "b", "c"), Item("U.0", "d", "0", 20, 18), Item("U.0", "x", "f", None, 3)]
    found = answer(bench, scheme, [*other, *mine], "U.0", "excellent")
    assert chosen_items(found) == {("deductions", "f")}
    assert (found.would_be, found.would_rank) == (Decimal("98.00"), 1)


def test_all_items_may_fall_short(bench: Bench) -> None:
    scheme = scheme_text(EVEN, bonus=EXTRAS.replace("cap: 4", "cap: 5"), tie_break=["x"])
    ahead, behind = Item("U.1", "x", "h", None, 3), Item("U.0", "x", "h", None, "1.25")
    units = [*whole("U.1"), *whole("U.0", "b", "d"), *HALF]
    found = answer(bench, scheme, [*units, ahead, behind], "U.0", "优秀")
    assert (found.outcome, found.would_be, found.missing) == ("short", Decimal("101.25"), Decimal("1.75"))
    assert sentences(found)[-1] == "全部事项补上也只有 101.25 分，离“优秀”还差 1.75 分"
    behind = Item("U.0", "y", "h", None, 3)
    found = answer(bench, scheme, [*units, ahead, behind], "U.0", "优秀")
    assert (found.outcome, found.would_be, found.missing) == ("short", Decimal("103.00"), Decimal(0))
    assert sentences(found)[-1].startswith("全部事项补上有 103.00 分，分数相同但")


def test_a_fact_counts_once_and_deductions_stop_at_their_cap(bench: Bench) -> None:
    """5 points of facts, 4 of them counted: undoing the first gives back 1 of its 2 alone."""
    scheme = scheme_text(EVEN, deductions=EXTRAS)
    facts = [("x", "f1", 2), ("y", "f1", "1.5"), ("y", "f2", "1.5"), ("y", "f3", "1.5")]
    taken = [Item("U.0", name, fact, None, points) for name, fact, points in facts]
    mine = [*whole("U.0", "b", "c", "d"), Item("U.0", "a", "0", 10, Decimal("4.34"))]
    found = answer(bench, scheme, [*mine, *taken], "U.0", "good")
    assert (found.total, found.would_be) == (Decimal("79.02"), Decimal("80.02"))
    (part,) = found.righted
    assert (part.indicator, part.points, part.would_be) == (None, Decimal("-4.00"), Decimal("-3.00"))
    assert [(item.indicator, item.item, item.done) for item in part.items] == [("x", "f1", 2)]
    assert sentences(found)[-2:] == ["扣分：-4.00 → -3.00", "  通报 f1：扣 2 分"]


def test_a_total_that_deductions_took_to_nothing(bench: Bench) -> None:
    """4.00 are to be taken, but there was only 1.00 to take them from: the first 3.00 gained are eaten up."""
    scheme = scheme_text(EVEN, deductions=EXTRAS)
    mine = [Item("U.0", "b", "0", 20, 1), *whole("U.0", "a", "c", "d", done=0), Item("U.0", "x", "f", None, 9)]
    found = answer(bench, scheme, mine, "U.0", "qualified")
    assert (found.total, found.would_be) == (Decimal("0.00"), Decimal("61.00"))
    assert chosen_items(found) == {("a", "0"), ("c", "0"), ("deductions", "f")}


def test_what_was_not_reported_is_an_item_too(bench: Bench) -> None:
    """Of c nothing at all is there, of d items nobody reported: nothing of them is done, whatever they say."""
    scheme = scheme_text(EVEN)
    unreported = [Item("U.0", "d", str(n), 2, 1, reported=False) for n in range(2)]
    found = answer(bench, scheme, [*whole("U.0", "a", "b"), *unreported], "U.0", "excellent")
    assert (found.total, found.would_be) == (Decimal("50.00"), Decimal("90.00"))
    assert chosen_items(found) == {("c", "none"), ("d", "0")}


def test_no_items_help_against_a_veto(bench: Bench) -> None:
    scheme = scheme_text(EVEN, vetoes=VETOES)
    items = [*whole("U.0", "a", "b", "c"), Item("U.0", "d", "0", 10, 4), Item("U.0", "V1", "e1", None, 1)]
    found = answer(bench, scheme, items, "U.0", "excellent")
    assert found.outcome == "veto"
    said = "单位U.0受“否决”限制，等次不高于“良好”：事项 e1，依据文件 —；补哪些事项都达不到“优秀”"
    assert sentences(found) == [said]
    assert answer(bench, scheme, items, "U.0", "good").outcome == "already"
    low = [item for item in items if item.indicator != "c"] + [Item("U.0", "c", "0", 10, 0)]
    assert chosen_items(answer(bench, scheme, low, "U.0", "good")) == {("c", "0")}


def test_units_that_have_no_grade(bench: Bench) -> None:
    scheme = scheme_text(EVEN)
    items = [*whole("U.0", "a", "b"), *(Item("U.1", leaf, "0", 1, 0, reported=False) for leaf in "abcd")]
    snapshot, loaded = published(bench, scheme, items, as_of=dt.date(2024, 1, 31))
    with snapshot:
        pending, nothing = (reach(snapshot, loaded, unit, "good") for unit in ("U.0", "U.1"))
    assert (pending.outcome, pending.pending, nothing.outcome) == ("pending", ("c", "d"), "no_data")
    assert "（c、d）" in sentences(pending)[0]
    assert "没有报送数据" in sentences(nothing)[0]


def of_rule(rule: str) -> SchemeText:
    text = scheme_text(EVEN)
    return replace(text, text=text.text.replace("title: a, weight: 30.00, measure: given, rule: share", f"title: a, weight: 30.00, measure: given, {rule}"))  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "items", "chosen", "points"),
    [
        ("rule: linear, floor: 0.5, target: 0.9", [(5, 1), (5, 3)], {"0"}, ("0.00", "22.50")),
        ("rule: linear, floor: 6, target: 0", [(None, 4), (None, 1)], {"0"}, ("5.00", "25.00")),
        ("rule: steps, steps: [{at_least: 0.9, give: 1}, {at_least: 0.6, give: 0.4}]", [(9, 7), (1, 0)], {"0"}, ("12.00", "30.00")),
        ("rule: steps, steps: [{at_most: 1, give: 1}, {at_most: 5, give: 0.4}]", [(None, 4), (None, 1)], {"0"}, ("12.00", "30.00")),
    ],
)  # fmt: skip
def test_every_exact_rule(
    bench: Bench, rule: str, items: list[tuple[object, object]], chosen: set[str], points: tuple[str, str]
) -> None:
    """Where less is better, an item is put right by there being nothing of it."""
    mine = [Item("U.0", "a", str(number), due, done) for number, (due, done) in enumerate(items)]
    found = answer(bench, of_rule(rule), [*mine, *whole("U.0", "b", "c", "d")], "U.0", "excellent")
    (part,) = found.righted
    assert ({item.item for item in part.items}, part.points, part.would_be) == (chosen, *map(Decimal, points))
    assert found.would_be == 70 + part.would_be


@pytest.mark.parametrize(
    ("rule", "chosen", "would_be"),
    [
        ("rule: linear, floor: 6, target: 0", {"0", "1"}, "30.00"),
        ("rule: steps, steps: [{at_least: 0.9, give: 1}, {at_least: 0, give: 0.4}]", {"0"}, "12.00"),
    ],
)
def test_what_was_not_reported_has_no_points_whatever_the_rule(
    bench: Bench, rule: str, chosen: set[str], would_be: str
) -> None:
    unreported = [Item("U.0", "a", str(number), due, 1, reported=False) for number, due in enumerate([None, None])]
    if "steps" in rule:
        unreported = [replace(item, due=2) for item in unreported]
    items = [*unreported, *whole("U.0", "b", "c"), Item("U.0", "d", "0", 10, 10 if "steps" in rule else 0)]
    (part,) = answer(bench, of_rule(rule), items, "U.0", "良好").righted
    assert ({item.item for item in part.items}, part.points, part.would_be) == (chosen, 0, Decimal(would_be))


@pytest.mark.parametrize(
    "rule",
    ["rule: minmax", "rule: steps, steps: [{at_least: 0.5, give: 0.2}, {at_least: 0.1, give: 1}]"],
)
def test_rules_that_cannot_be_told_item_by_item(bench: Bench, rule: str) -> None:
    items = [*whole("U.0", done=1), *whole("U.1", done=2)]
    with pytest.raises(KaoheError, match="得分不能逐项还原") as caught:
        answer(bench, of_rule(rule), items, "U.0", "good")
    assert caught.value.key == "reach_rule"


def test_where_ranks_leave_none_out_equal_units_take_one_place(bench: Bench) -> None:
    """Seven units have two places; of the others three share the first rank and two the second."""
    others = [*whole("U.1"), *whole("U.2"), *whole("U.3")]
    others += [item for n in "45" for item in [*whole(f"U.{n}", "a", "b", "c"), Item(f"U.{n}", "d", "0", 10, 7)]]
    items = [*others, *whole("U.6", done=1), *whole("U.0", "b", "c"), *(Item("U.0", "a", str(n), 10, 7) for n in "123")]
    items += [Item("U.0", "d", str(n), 10, 9) for n in range(2)]
    competition = scheme_text(EVEN)
    dense = replace(competition, text=f"{competition.text}\nranking: dense")
    found = answer(bench, competition, items, "U.0", "excellent")
    assert (found.outcome, found.would_be, found.would_rank, found.count) == ("items", Decimal("100.00"), 1, 5)
    found = answer(bench, dense, items, "U.0", "excellent")
    assert (found.outcome, found.would_be, found.would_rank, found.count) == ("items", Decimal("95.00"), 2, 2)
    assert found.line is not None
    assert (found.line.places, found.line.last) == (2, Decimal("94.00"))


@pytest.mark.parametrize(
    ("number", "half_up", "half_even", "down"),
    [("2.5", 3, 2, 2), ("3.5", 4, 4, 3), ("2.4", 2, 2, 2), ("2.6", 3, 3, 2), ("-2.5", -3, -2, -2), ("7", 7, 7, 7)],
)
def test_rounding(number: str, half_up: int, half_even: int, down: int) -> None:
    modes = {"half_up": half_up, "half_even": half_even, "down": down}
    assert {mode: rounded(Fraction(number), mode) for mode in modes} == modes


def test_a_deduction_as_a_tie_break_is_refused(bench: Bench) -> None:
    scheme = scheme_text(EVEN, deductions=EXTRAS, tie_break=["x"])
    with pytest.raises(KaoheError, match="扣分指标“通报”"):
        answer(bench, scheme, whole("U.0", done=1), "U.0", "good")


def test_a_grade_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(KaoheError, match="没有等次“优等”；有：优秀、良好、合格、不合格"):
        answer(bench, scheme_text(EVEN), whole("U.0"), "U.0", "优等")


def test_too_many_sets_to_compare_are_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kaohe.explaining.cheapest.MOST_SUMS", 1)
    found = answer(bench, scheme_text(EVEN), [*whole("U.0", "b", "d"), *HALF], "U.0", "good")
    assert (found.count, found.closest) == (2, False)
    assert sentences(found)[-1].startswith("组合太多")


def test_english_and_json(bench: Bench) -> None:
    found = answer(bench, scheme_text(EVEN), [*whole("U.0", "b", "d"), *HALF], "U.0", "good")
    with speaking("en"):
        assert sentences(found) == [
            "单位U.0 has 70.00 points, rank 1, 合格",
            "良好 takes at least 80.00 points",
            "2 items put right would have been the fewest for 良好, the other units unchanged: 85.00 points, rank 1",
            "a: 15.00 → 30.00",
            "  0: due 2, done 1",
            "  no. 1: due 2, done 1",
        ]
    said = json.loads(json.dumps(plain(found), default=str))
    assert said["line"] == {"at_least": "80.00", "ranked": 1, "points": "80.00"}
    (part,) = said.pop("righted")
    assert (part["indicator"], part["points"], part["would_be"]) == ("a", "15.00", "30.00")
    assert part["items"][0] == {
        "indicator": "a", "title": "a", "item": "0", "due": "2.000000", "done": "1.000000", "records": ["r"],
    }  # fmt: skip
    assert said["outcome"] == "items"
    assert said["count"] == 2
    assert "events" not in said
