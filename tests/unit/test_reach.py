"""What it would have taken to reach a grade: the scoring SQL itself scores every set of items, and none is cheaper."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import chain, combinations
from pathlib import Path

import pytest

from kaohe.errors import KaoheError
from kaohe.explaining.reach import Reach, plain, reach, sentences
from kaohe.publishing.snapshot import NAME, Snapshot
from kaohe.scheme import Scheme, load_scheme
from kaohe.words import speaking
from tests.helpers import AS_OF
from tests.scoring import Bench, Item, SchemeText, scheme_text

TREE = {"n1": {"a": "20.00", "b": "30.00"}, "n2": {"c": "33.33", "d": "16.67"}}
FACT = "title: {0}, measure: given, rule: per_item, basis: {{rule: r, article: a, basis_type: default}}"
EXTRAS = "{{cap: 4, indicators: {{x: {{{0}}}, y: {{{1}}}}}}}".format(FACT.format("通报"), FACT.format("迟报"))
VETOES = f"{{V1: {{{FACT.format('否决').replace('rule: per_item, ', '')}, grade_at_most: good}}}}"
TIES = ["n2", "fewer_deductions", "a"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def published(bench: Bench, scheme: SchemeText, items: list[Item], as_of: dt.date = AS_OF) -> tuple[Snapshot, Scheme]:
    """The items scored, in a snapshot; a unit's category is what its name begins with."""
    bench.score(scheme, {item.unit: item.unit.split(".")[0] for item in items}, items, as_of)
    folder = bench.folder / "publication"
    (folder / NAME).unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    con = bench.warehouse.con
    con.execute(f"attach '{folder / NAME}' as snapshot")
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


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("grade", ["excellent", "良好"])
def test_no_set_is_cheaper(bench: Bench, seed: int, grade: str) -> None:
    scheme = scheme_text(TREE, deductions=EXTRAS, tie_break=TIES)
    draw = random.Random(seed)
    items = a_unit(draw)
    found = answer(bench, scheme, items, "U.0", grade)
    could = sorted(
        {
            (item.indicator, item.item) if item.due is not None else ("deductions", item.item)
            for item in items
            if item.unit == "U.0" and (item.due is None or Decimal(item.done) < Decimal(str(item.due)))  # type: ignore[arg-type]
        }
    )
    sets = [frozenset(one) for one in chain.from_iterable(combinations(could, n) for n in range(len(could) + 1))]
    tried = []
    for number, one in enumerate(sets):
        mine = [item for item in items if item.unit == "U.0"]
        world = [*righted(mine, one), *(item for item in items if item.unit != "U.0")]
        tried += [replace(item, unit=f"{number}{item.unit}") for item in world]
    snapshot, loaded = published(bench, scheme, tried)
    order = [each.title for each in loaded.grades.values()]
    wanted = order[: 1 + next(n for n, (name, each) in enumerate(loaded.grades.items()) if grade in (name, each.title))]
    with snapshot:
        scores = {
            sets[int(unit.removesuffix("U.0"))]: (total, rank)
            for unit, total, rank, reached in snapshot.rows("select unit_id, total, rank, grade from scores")
            if unit.endswith("U.0") and reached in wanted
        }
    if not scores:
        assert found.outcome == "short"
    elif frozenset() in scores:
        assert found.outcome == "already"
    else:
        assert found.outcome == "items"
        chosen = chosen_items(found)
        assert scores[chosen] == (found.would_be, found.would_rank)
        assert (len(chosen), found.would_be) == min((len(one), total) for one, (total, _) in scores.items())


if __name__ == "__main__":
    raise SystemExit(json.dumps([]))
