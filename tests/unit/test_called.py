"""What items and days are called where people read them."""

import datetime as dt
from decimal import Decimal

import pytest

from kaohe.commands.lifecycle import _days
from kaohe.explaining import rough_number
from kaohe.explaining.called import item_called
from kaohe.explaining.text import _word


@pytest.mark.parametrize(
    ("item", "called"),
    [
        ("2", "第 2 次"), ("2023Q3", "2023 年第 3 季度"), ("1 2023-01", "第 1 党小组 2023-01"), ("2023-06", "2023-06"),
        ("year", "全年"), ("C1", "C1"), ("甲组 2023-01", "甲组 2023-01"), ("2023", "2023"),
    ],
)  # fmt: skip
def test_a_bare_number_says_what_it_is(item: str, called: str) -> None:
    assert item_called(item) == called


@pytest.mark.parametrize(
    ("number", "said"), [("11.363635", "11.36"), ("0.998", "0.99"), ("12.000000", "12"), ("0.5", "0.5"), ("100", "100")]
)
def test_two_decimals_are_enough_and_what_is_short_does_not_look_whole(number: str, said: str) -> None:
    assert rough_number(Decimal(number)) == said


def test_days_that_follow_one_another_are_a_range() -> None:
    days = [dt.date(2024, 4, day) for day in (1, 2, 3, 8, 29, 30)] + [dt.date(2024, 5, 1)]
    assert _days(days) == "2024-04-01—2024-04-03、2024-04-08、2024-04-29—2024-05-01"


def test_a_name_can_be_pasted_into_a_shell() -> None:
    assert (_word("党课每季度一次"), _word("党员培训满 32 学时")) == ("党课每季度一次", '"党员培训满 32 学时"')
