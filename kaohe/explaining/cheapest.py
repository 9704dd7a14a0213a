"""The fewest items that would have brought a score to a line, by exact search: whole numbers, no files.

Everything that adds up on its own is a *part*: an indicator, or all deductions together. Its gain is a function of how
much of it is put right; so of two sets of equally many items of a part the one with more put right is never worse.
Among all sets that reach the line: the fewest items; then the fewest points above the line; then the set that takes
most items from the first part, and most points there, then from the next; within a part the larger items first, then
by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

#: Hundredths of a point of the score, then of every tie-break; of equal scores the first tie-break decides.
Vector = tuple[int, ...]
#: Of one part: by number of items, what they can put right.
_Sums = list[set[int]]

#: So many different sums of one part are looked at; beyond it only the lowest and highest for each number of points.
MOST_SUMS = 5_000


@dataclass(frozen=True)
class Part:
    """``gaps``: what there is to put right by item, above zero. ``gain``: hundredths of a point for what was put right
    in all; never falling, 0 for 0. ``counts_for``: for each tie-break 1 if the gain is one of it too, else 0."""

    name: str
    gaps: dict[str, int]
    gain: Callable[[int], int]
    counts_for: tuple[int, ...] = ()

    def worth(self, gain: int) -> Vector:
        """A gain as the score and every tie-break have it."""
        return gain, *(gain * flag for flag in self.counts_for)


@dataclass(frozen=True)
class Choice:
    """The items to put right by part, and the gain of each part in hundredths of a point. ``closest``: it is proved
    that no other set of as few items comes closer to the line (there were not too many different sums to look at)."""

    items: dict[str, list[str]]
    gains: dict[str, int]
    closest: bool


def everything(parts: Sequence[Part], have: Vector) -> Vector:
    """What ``have`` becomes with every item put right."""
    return _add(have, *(part.worth(part.gain(sum(part.gaps.values()))) for part in parts))


def cheapest(parts: Sequence[Part], have: Vector, goal: Vector) -> Choice | None:
    """The cheapest set of items with which ``have`` is no longer below ``goal`` (compared as far as that goes)."""
    if _reaches(have, goal):
        return Choice({}, {}, closest=True)
    if not _reaches(everything(parts, have), goal):
        return None
    best = _best(parts, have, goal)
    count = next(number for number, vector in enumerate(best[-1]) if _reaches(_add(have, vector), goal))
    need = goal[0] - have[0]
    levels, whole = zip(*(_levels(part, count) for part in parts), strict=True)
    options = [_options(part, level[-1]) for part, level in zip(parts, levels, strict=True)]
    rests = _rests(parts, options, best, count, need)
    enough = (
        gain
        for (number, gain), ties in rests[0].items()
        if number == count and _reaches(_add(have, (gain, *ties)), goal)
    )
    left, gain, before = count, min(enough), have
    items: dict[str, list[str]] = {}
    gains: dict[str, int] = {}
    for part, level, option, rest in zip(parts, levels, options, rests[1:], strict=True):
        for taken, given in option:
            ties = rest.get((left - taken, gain - given))
            after = _add(before, part.worth(given))
            if ties is not None and _reaches(_add(after, (gain - given, *ties)), goal):
                break
        if taken:
            items[part.name], gains[part.name] = _chosen(part, level, taken, given), given
        left, gain, before = left - taken, gain - given, after
    return Choice(items, gains, closest=all(whole) or sum(gains.values()) == need)


def _reaches(vector: Vector, goal: Vector) -> bool:
    return vector[: len(goal)] >= goal


def _add(*vectors: Vector) -> Vector:
    return tuple(map(sum, zip(*vectors, strict=True)))


def _best(parts: Sequence[Part], have: Vector, goal: Vector) -> list[list[Vector]]:
    """By how many parts are used, by number of items: the most that they gain. As many items as the line may take."""
    most = 8
    while True:
        best = [[tuple(0 for _ in have)]]
        for part in parts:
            largest = sorted(part.gaps.values(), reverse=True)[:most]
            gains = [part.worth(part.gain(restored)) for restored in accumulate(largest, initial=0)]
            before = best[-1]
            best.append(
                [
                    max(
                        tuple(map(int.__add__, before[number - taken], gains[taken]))
                        for taken in range(max(0, number - len(before) + 1), min(number, len(gains) - 1) + 1)
                    )
                    for number in range(min(most, len(before) + len(gains) - 2) + 1)
                ]
            )
        if _reaches(_add(have, best[-1][-1]), goal):
            return best
        most *= 2


def _groups(part: Part) -> list[tuple[int, list[str]]]:
    """Items with equal gaps, which may stand for one another, the smallest gap first, by name."""
    groups: dict[int, list[str]] = {}
    for item, gap in sorted(part.gaps.items(), key=lambda pair: (pair[1], pair[0])):
        groups.setdefault(gap, []).append(item)
    return list(groups.items())


def _levels(part: Part, most: int) -> tuple[list[_Sums], bool]:
    """What up to ``most`` items can put right: none of them, those of the smallest gap, those of the next as well, …;
    and whether these are all such sums."""
    levels: list[_Sums] = [[{0}]]
    whole = True
    for gap, items in _groups(part):
        before = levels[-1]
        sums: _Sums = [set() for _ in range(min(most, len(before) - 1 + len(items)) + 1)]
        for number, known in enumerate(before):
            for taken in range(min(len(items), most - number) + 1):
                sums[number + taken].update(one + taken * gap for one in known)
        if sum(map(len, sums)) > MOST_SUMS:
            sums, whole = [_ends(part, known) for known in sums], False
        levels.append(sums)
    return levels, whole


def _ends(part: Part, sums: set[int]) -> set[int]:
    """The lowest and the highest sum for each gain."""
    ordered = sorted(sums)
    lowest = {part.gain(one): one for one in reversed(ordered)}
    highest = {part.gain(one): one for one in ordered}
    return {*lowest.values(), *highest.values()}


def _options(part: Part, sums: _Sums) -> list[tuple[int, int]]:
    """Number of items and gain, the most first."""
    return sorted({(number, part.gain(one)) for number, known in enumerate(sums) for one in known}, reverse=True)


def _rests(
    parts: Sequence[Part], options: list[list[tuple[int, int]]], best: list[list[Vector]], count: int, need: int
) -> list[dict[tuple[int, int], Vector]]:
    """For every part: what it and the parts after it can give (number of items, gain → the best tie-breaks), as far as
    the parts before it can make up what is then missing of ``count`` items and a gain of ``need``."""
    rests: list[dict[tuple[int, int], Vector]] = [{(0, 0): tuple(0 for _ in best[0][0][1:])}]
    for part, option, before in reversed(list(zip(parts, options, best, strict=False))):
        found: dict[tuple[int, int], Vector] = {}
        for (number, gain), ties in rests[-1].items():
            for taken, given in option:
                open_ = count - number - taken
                if 0 <= open_ < len(before) and gain + given + before[open_][0] >= need:
                    place = number + taken, gain + given
                    together = tuple(tie + given * flag for tie, flag in zip(ties, part.counts_for, strict=True))
                    if place not in found or found[place] < together:
                        found[place] = together
        rests.append(found)
    return rests[::-1]


def _chosen(part: Part, levels: Sequence[_Sums], count: int, gain: int) -> list[str]:
    """Items of the part, so many, with this gain: the larger gaps first."""
    chosen: list[str] = []
    restored = 0
    for (gap, items), below in reversed(list(zip(_groups(part), levels, strict=False))):
        for taken in range(min(len(items), count - len(chosen)), -1, -1):
            rest = count - len(chosen) - taken
            if rest < len(below) and any(part.gain(restored + taken * gap + one) == gain for one in below[rest]):
                break
        chosen += items[:taken]
        restored += taken * gap
    return chosen
