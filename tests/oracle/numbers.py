"""Numbers: fractions wherever a number can be one, floats after a root, a power or a logarithm."""

import math
from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

Number = Fraction | float

MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}


def written(number: Any) -> Fraction:
    """A number of a scheme or a file as it is written: 0.1 is a tenth."""
    return Fraction(str(number))


def six_digits(text: str) -> Fraction:
    """A decimal of a file with 6 digits, rounded half up."""
    return Fraction(Decimal(text).quantize(Decimal("0.000001"), ROUND_HALF_UP))


def total(numbers: Iterable[Number]) -> Number:
    """The sum; exact if all are fractions."""
    found = list(numbers)
    exact = sum((number for number in found if isinstance(number, Fraction)), Fraction(0))
    floats = [number for number in found if isinstance(number, float)]
    return math.fsum([*floats, exact]) if floats else exact


def mean(numbers: Sequence[Number]) -> Number:
    """The sum over the number."""
    return total(numbers) / len(numbers)


def median(numbers: Sequence[Number]) -> Number:
    """The middle one, or the mean of the two middle ones."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def near(left: Number, right: Number) -> bool:
    """Whether floating point might not tell the two apart."""
    return abs(float(left) - float(right)) <= 1e-9 * max(1.0, abs(float(left)), abs(float(right)))


def rounded(number: Number, digits: int, mode: str) -> Fraction:
    """Rounded to decimal digits: half_up and down go by the size of the number, whatever its sign."""
    scaled = Fraction(number) * 10**digits
    whole = math.floor(abs(scaled))
    rest = abs(scaled) - whole
    half = Fraction(1, 2)
    up = mode != "down" and (rest > half or (rest == half and (mode == "half_up" or whole % 2 == 1)))
    return Fraction(whole + up, 10**digits) * (-1 if scaled < 0 else 1)


def decimals(number: Number, digits: int) -> set[Fraction]:
    """The number as a decimal, rounded half up; both neighbours if a last bit of floating point decides between them."""
    error = max(1e-15, abs(float(number)) * 1e-13)
    return {rounded(number + by, digits, "half_up") for by in (Fraction(-error), Fraction(0), Fraction(error))}


def skewness_squared(numbers: Sequence[Number]) -> tuple[Number, int]:
    """The square of the sample-corrected skewness G1, and its sign; for at least 3 numbers that are not all equal."""
    n, center = len(numbers), mean(numbers)
    squares, cubes = (total((number - center) ** power for number in numbers) for power in (2, 3))
    variance = squares / (n - 1)
    return Fraction(n, (n - 1) * (n - 2)) ** 2 * cubes**2 / variance**3, (cubes > 0) - (cubes < 0)


def excess_kurtosis(numbers: Sequence[Number]) -> Number:
    """The sample-corrected excess kurtosis G2; for at least 4 numbers that are not all equal."""
    n, center = len(numbers), mean(numbers)
    squares, fourths = (total((number - center) ** power for number in numbers) for power in (2, 4))
    variance = squares / (n - 1)
    first = Fraction(n * (n + 1), (n - 1) * (n - 2) * (n - 3)) * fourths / variance**2
    return first - Fraction(3 * (n - 1) ** 2, (n - 2) * (n - 3))
