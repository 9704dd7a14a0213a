"""Dates, the working calendar, and the draws that every part of the bureau makes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

SEED: Final = 2023
YEAR: Final = 2023
AS_OF: Final = date(2024, 3, 31)
CREATED: Final = datetime(2024, 3, 1, 9, 0, 0)  # in every workbook's properties, so that bytes never change

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN: Final = "明华强敏静丽军洋勇艳杰娟涛超霞平刚玲"

# The State Council's holidays of 2023 and 2024, weekends among them, and the weekend days worked for them.
_HOLIDAYS: Final = (
    ((2023, 1, 1), (2023, 1, 2)),
    ((2023, 1, 21), (2023, 1, 27)),
    ((2023, 4, 5), (2023, 4, 5)),
    ((2023, 4, 29), (2023, 5, 3)),
    ((2023, 6, 22), (2023, 6, 24)),
    ((2023, 9, 29), (2023, 10, 6)),
    ((2024, 1, 1), (2024, 1, 1)),
    ((2024, 2, 10), (2024, 2, 17)),
    ((2024, 4, 4), (2024, 4, 6)),
    ((2024, 5, 1), (2024, 5, 5)),
    ((2024, 6, 8), (2024, 6, 10)),
    ((2024, 9, 15), (2024, 9, 17)),
    ((2024, 10, 1), (2024, 10, 7)),
)
_WORKED_WEEKENDS: Final = frozenset(
    date(year, month, day)
    for year, month, day in (
        (2023, 1, 28), (2023, 1, 29), (2023, 4, 23), (2023, 5, 6), (2023, 6, 25), (2023, 10, 7), (2023, 10, 8),
        (2024, 2, 4), (2024, 2, 18), (2024, 4, 7), (2024, 4, 28), (2024, 5, 11), (2024, 9, 14), (2024, 9, 29),
        (2024, 10, 12),
    )
)  # fmt: skip


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


_FREE: Final = frozenset(day for first, last in _HOLIDAYS for day in days(date(*first), date(*last)))


def is_workday(day: date) -> bool:
    """Whether a day is worked: weekends and holidays are not, unless worked in exchange."""
    return day in _WORKED_WEEKENDS or (day.weekday() < 5 and day not in _FREE)


def month(year: int, number: int) -> date:
    """The first day of a month."""
    return date(year, number, 1)


def last_day(first: date) -> date:
    """The last day of a month."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def months_after(day: date, number: int) -> date:
    """The same day some months later, or the month's last where there is none."""
    years, index = divmod(day.month - 1 + number, 12)
    first = date(day.year + years, index + 1, 1)
    return first.replace(day=min(day.day, last_day(first).day))


def workday(year: int, number: int, rng: random.Random) -> date:
    """A working day of a month."""
    first = month(year, number)
    return rng.choice([day for day in days(first, last_day(first)) if is_workday(day)])


def person(rng: random.Random) -> str:
    """A name that nobody has."""
    return f"{rng.choice(SURNAMES)}某{rng.choice(GIVEN)}"


def rate(part: int, whole: int) -> Decimal:
    """part/whole, to four places."""
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else Decimal(0)


def tenths(value: float) -> Decimal:
    """A number to one place."""
    return Decimal(round(value * 10)) / 10


def does(rng: random.Random, good: float, least: float = 0.7) -> bool:
    """Whether a unit does what it should: always if it is perfect, in `least` of all cases if its quality is 0."""
    return rng.random() < least + (1 - least) * good


def attendance(rng: random.Random, good: float, due: int) -> int:
    """How many of those due come: all if the unit is perfect, seldom fewer than four fifths."""
    few = rng.random() < 0.10 * (1 - good)
    share = rng.uniform(0.55, 0.79) if few else 1 - rng.random() * 0.18 * min(1.0, 1 - good)
    return due if good == 1 else round(due * share)


def words(*lines: str) -> tuple[str, ...]:
    """The words of some lines."""
    return tuple(" ".join(lines).split())


def pick_some(rng: random.Random, values: Sequence[str], least: int, most: int) -> list[str]:
    """Some of the values, in their order."""
    chosen = set(rng.sample(range(len(values)), rng.randint(least, min(most, len(values)))))
    return [value for number, value in enumerate(values) if number in chosen]
