"""From the treated value to the score of a leaf."""

import math
from fractions import Fraction
from typing import Any

from tests.oracle.numbers import Number, mean, median, near, written

Column = dict[str, Number]  # unit → number, of the units that have one


def exact(keys: dict[str, Any], x: Fraction) -> Fraction:
    """``share``, ``linear`` and ``steps``."""
    if keys["rule"] == "share":
        return min(max(x, Fraction(0)), Fraction(1))
    if keys["rule"] == "linear":
        floor, target = written(keys["floor"]), written(keys["target"])
        return min(max((x - floor) / (target - floor), Fraction(0)), Fraction(1))
    for step in keys["steps"]:
        if x >= written(step["at_least"]) if "at_least" in step else x <= written(step["at_most"]):
            return written(step["give"])
    return Fraction(0)


def normalise(keys: dict[str, Any], group: Column) -> tuple[Column, set[str]]:
    """The scores of one group of units by a rule that looks at them all; and units whose score hangs by a last bit."""
    lower = keys["direction"] == "lower"
    low, high = map(written, keys["range"])
    middle, width = (low + high) / 2, high - low
    numbers = list(group.values())
    unsure: set[str] = set()

    def worse(x: Number) -> int:
        return sum(other > x if lower else other < x for other in numbers)

    def to_range(share: Number) -> Number:
        return low + width * share

    rule = keys["rule"]
    if rule == "minmax":
        least, most = min(numbers), max(numbers)

        def score(x: Number) -> Number:
            if least == most:
                return middle
            return to_range(((most - x) if lower else (x - least)) / (most - least))

    elif rule == "goalposts":
        bottom, top = written(keys["low"]), written(keys["high"])

        def score(x: Number) -> Number:
            found = to_range(((top - x) if lower else (x - bottom)) / (top - bottom))
            return found if keys.get("clamp") is False else min(max(found, low), high)

    elif rule == "zscore":
        center, middle_score = mean(numbers), written(keys.get("mean", 0))
        squares = sum((x - center) ** 2 for x in numbers)
        same = min(numbers) == max(numbers)
        deviation = 0.0 if same else math.sqrt(squares / (len(numbers) - 1))

        def score(x: Number) -> Number:
            if same:
                return middle_score
            return float(middle_score) + float(written(keys.get("sd", 1))) * float(
                (center - x) if lower else (x - center)
            ) / float(deviation)

    elif rule == "rank":

        def score(x: Number) -> Number:
            first, alike = worse(x) + 1, sum(other == x for other in numbers)
            ties = {
                "min": Fraction(first),
                "max": Fraction(first + alike - 1),
                "average": first + Fraction(alike - 1, 2),
            }
            return ties[keys.get("ties", "min")]

    elif rule == "percentile":

        def score(x: Number) -> Number:
            return to_range(Fraction(worse(x), len(numbers) - 1)) if len(numbers) > 1 else middle

    elif rule == "ratio_to_best":
        best = min(numbers) if lower else max(numbers)
        if min(numbers) < 0 or best == 0:
            raise ValueError(f"ratio_to_best of {min(numbers)}…{max(numbers)}")

        def score(x: Number) -> Number:
            return high * (best / x if lower else x / best)

    elif rule == "ratio_to_reference":
        given = keys["reference"]
        reference = {"mean": mean, "median": median}[given](numbers) if isinstance(given, str) else written(given)

        def score(x: Number) -> Number:
            return high * (reference / x if lower else x / reference)

    elif rule == "above_mean":
        margin, center = written(keys.get("margin", 0)), mean(numbers)
        above, below = (1 + margin) * center, (1 - margin) * center
        best, worst = (low, high) if lower else (high, low)
        for unit, x in group.items():
            if (near(x, above) or near(x, below)) and not (margin == 0 and all(map(dyadic, numbers))):
                unsure.add(unit)

        def score(x: Number) -> Number:
            return best if x > above else worst if x < below else middle

    elif rule == "raw":

        def score(x: Number) -> Number:
            return -x if lower else x

    else:
        raise ValueError(f"rule {rule}")
    return {unit: score(x) for unit, x in group.items()}, unsure


def dyadic(number: Number) -> bool:
    """A number that floating point holds, and a sum of which it holds, exactly."""
    number = Fraction(number)
    return number.denominator <= 2**12 and number.denominator & (number.denominator - 1) == 0 and abs(number) < 2**30


def held(keys: dict[str, Any], score: Number) -> bool:
    """A score that floating point gets exactly: of an exact rule, or an eighth or so of the way through the range."""
    if keys["rule"] in ("share", "linear", "steps"):
        return True
    if keys["rule"] not in ("minmax", "goalposts", "percentile", "above_mean"):
        return False
    low, high = map(written, keys["range"])
    return isinstance(score, Fraction) and (8 * (score - low) / (high - low)).denominator == 1
