"""A fraction with small numbers gives the same points as the one it stands for, whatever the weight."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from kaohe.publishing.workbook.fractions import simplest


def rounded(weight: int, numerator: int, denominator: int) -> tuple[int, int, int]:
    """Half up, half even and down, in whole numbers."""
    whole, rest = divmod(weight * numerator, denominator)
    return (
        whole + (2 * rest >= denominator),
        whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)),
        whole,
    )


WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=200)


@given(st.integers(1, 10**14), st.data())
def test_points_are_those_of_the_fraction(denominator: int, data: st.DataObject) -> None:
    numerator = data.draw(st.integers(0, denominator))
    part, whole = simplest(numerator, denominator)
    assert 0 < whole <= 40_000
    for weight in data.draw(WEIGHTS):
        assert rounded(weight, part, whole) == rounded(weight, numerator, denominator)


@given(st.integers(1, 10_000), st.integers(0, 20_000), st.sampled_from([-1, 0, 1]), st.integers(10**9, 10**13))
@example(weight=9_999, halves=9_999, off=-1, scale=10**12)
def test_a_hair_beside_the_line_stays_beside_it(weight: int, halves: int, off: int, scale: int) -> None:
    """The fraction that makes the points a half hundredth exactly, and those a hair below and above it."""
    line = Fraction(min(halves, 2 * weight), 2 * weight)
    numerator, denominator = max(0, line.numerator * scale + off), line.denominator * scale
    part, whole = simplest(numerator, denominator)
    assert rounded(weight, part, whole) == rounded(weight, numerator, denominator)


@given(st.integers(1, 20_000), st.data())
def test_small_fractions_are_only_reduced(denominator: int, data: st.DataObject) -> None:
    numerator = data.draw(st.integers(0, 3 * denominator))
    part, whole = simplest(numerator, denominator)
    assert Fraction(part, whole) == Fraction(numerator, denominator)
    assert (part, whole) == Fraction(numerator, denominator).as_integer_ratio()
