"""The fewest items for a line: what the search finds is what trying every set finds."""

from collections.abc import Callable
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe.explaining import cheapest as searching
from kaohe.explaining.cheapest import Choice, Part, Vector, cheapest, everything

Set = frozenset[tuple[str, str]]


def rounded_share(weight: int, due: int, done: int) -> Callable[[int], int]:
    """Hundredths of a point of a share, rounded half up."""

    def points(restored: int) -> int:
        return (2 * weight * (done + restored) + due) // (2 * due)

    return lambda restored: points(restored) - points(0)


def capped(whole: int, cap: int) -> Callable[[int], int]:
    return lambda undone: min(whole, cap) - min(whole - undone, cap)


def steps(first: int, second: int) -> Callable[[int], int]:
    return lambda restored: 70 * (restored >= first) + 30 * (restored >= second)


@st.composite
def parts_of_a_unit(draw: st.DrawFn) -> list[Part]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        gaps = {f"i{n}": draw(st.sampled_from([1, 2, 3, 5, 50, 100])) for n in range(draw(st.integers(0, 4)))}
        whole = sum(gaps.values())
        gain = draw(
            st.one_of(
                st.builds(rounded_share, st.integers(0, 400), st.just(max(1, whole + 7)), st.sampled_from([0, 3, 7])),
                st.builds(capped, st.just(whole), st.integers(0, 60)),
                st.builds(steps, st.integers(1, 100), st.integers(1, 200)),
            )
        )
        found.append(Part(f"p{number}", gaps, gain, (draw(st.integers(0, 1)), draw(st.integers(0, 1)))))
    return found


def gains_of(parts: list[Part], chosen: Set) -> dict[str, int]:
    return {part.name: part.gain(sum(part.gaps[item] for name, item in chosen if name == part.name)) for part in parts}


def score_of(parts: list[Part], have: Vector, chosen: Set) -> Vector:
    gains = gains_of(parts, chosen)
    return tuple(map(sum, zip(have, *(part.worth(gains[part.name]) for part in parts), strict=True)))


def by_trying_all(parts: list[Part], have: Vector, goal: Vector) -> Set | None:
    """The best of all sets, in the words of the rule."""
    items = [(part.name, item) for part in parts for item in part.gaps]
    sets = map(frozenset, chain.from_iterable(combinations(items, n) for n in range(len(items) + 1)))
    enough = [one for one in sets if score_of(parts, have, one)[: len(goal)] >= goal]

    def cost(chosen: Set) -> tuple[object, ...]:
        gains, order = gains_of(parts, chosen), []
        for part in parts:
            mine = sorted((-part.gaps[item], item) for name, item in chosen if name == part.name)
            order.append((-len(mine), -gains[part.name]))
            order.append(mine)
        first = [each for each in order if isinstance(each, tuple)]
        return len(chosen), score_of(parts, have, chosen)[0], first, [each for each in order if isinstance(each, list)]

    return min(enough, key=cost, default=None)


def items_of(choice: Choice) -> Set:
    return frozenset((name, item) for name, items in choice.items.items() for item in items)


@settings(max_examples=400, deadline=None)
@given(parts_of_a_unit(), st.integers(-50, 50), st.integers(-40, 500), st.none() | st.tuples(*[st.integers(0, 90)] * 2))
def test_no_other_set_is_cheaper(parts: list[Part], have: int, more: int, ties: tuple[int, int] | None) -> None:
    start: Vector = (have, 5, 10)
    for goal in ((have + more, *(ties or ())), everything(parts, start)):
        found, best = cheapest(parts, start, goal), by_trying_all(parts, start, goal)
        assert (None if found is None else items_of(found)) == best
        if found and best:
            assert found.closest
            assert found.gains == {name: gain for name, gain in gains_of(parts, best).items() if name in found.items}


def test_every_item_is_enough_or_nothing_is() -> None:
    part = Part("p", {"a": 2, "b": 1}, rounded_share(100, 3, 0))
    assert cheapest([part], (0,), (100,)) == Choice({"p": ["a", "b"]}, {"p": 100}, closest=True)
    assert cheapest([part], (0,), (101,)) is None
    assert cheapest([part], (7,), (7,)) == Choice({}, {}, closest=True)
    assert cheapest([], (7,), (8,)) is None


def test_equal_sets_begin_with_the_first_part_the_larger_items_and_their_names() -> None:
    parts = [Part(name, dict.fromkeys("cab", 1) | {"z": 2}, lambda restored: 10 * restored) for name in "pq"]
    assert cheapest(parts, (0,), (30,)) == Choice({"p": ["z", "a"]}, {"p": 30}, closest=True)
    four = Choice({"p": ["z", "a", "b"], "q": ["z"]}, {"p": 40, "q": 20}, closest=True)
    assert cheapest(parts, (0,), (60,)) == four


def test_tie_breaks_decide_only_at_the_very_line() -> None:
    parts = [
        Part("a", {"x": 1}, lambda restored: 50 * restored, (0,)),
        Part("b", {"y": 1}, lambda restored: 50 * restored, (1,)),
        Part("c", {"z": 1}, lambda restored: 51 * restored, (0,)),
    ]
    assert cheapest(parts, (0, 0), (50, 0)).items == {"a": ["x"]}  # type: ignore[union-attr]
    assert cheapest(parts, (0, 0), (50, 1)).items == {"b": ["y"]}  # type: ignore[union-attr]
    assert cheapest(parts, (0, 0), (50, 51)).items == {"c": ["z"]}  # type: ignore[union-attr]


def test_many_items_of_many_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many sums to look at all, no fewer items would do all the same, and it is said."""
    monkeypatch.setattr(searching, "MOST_SUMS", 500)
    gaps = {f"i{number:03}": 1000 + 37 * number**2 % 991 for number in range(60)}
    part = Part("p", gaps, rounded_share(1999, 200_000, 0))
    largest = sorted(gaps.values(), reverse=True)
    cut = 0
    for count in range(3, 12):
        goal = part.gain(sum(largest[:count]))
        choice = cheapest([part], (0,), (goal,))
        assert choice is not None
        assert len(choice.items["p"]) == count
        assert part.gain(sum(gaps[item] for item in choice.items["p"])) == choice.gains["p"] == goal
        cut += not searching._levels(part, count)[1]
    assert cut
    in_tens = Part("p", gaps, lambda restored: part.gain(restored) // 10 * 10)
    above = cheapest([in_tens], (0,), (155,))
    assert above is not None
    assert (above.gains, above.closest) == ({"p": 160}, False)
