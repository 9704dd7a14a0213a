"""Working days: the calendar decides, and where it says nothing, Monday to Friday."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaohe.lifecycle.steps import working_days

#: May Day of 2024 as it was: five days off, and work on the Saturdays and Sundays around them.
MAY_DAY = {
    dt.date(2024, 4, 28): True,
    **{dt.date(2024, 5, day): False for day in range(1, 6)},
    dt.date(2024, 5, 11): True,
}


@pytest.mark.parametrize(
    ("after", "days", "last"),
    [
        pytest.param("2024-04-26", 1, "2024-04-28", id="a Sunday that is worked"),
        pytest.param("2024-04-26", 4, "2024-05-06", id="over a holiday"),
        pytest.param("2024-05-06", 5, "2024-05-11", id="a Saturday that is worked"),
        pytest.param("2024-05-13", 5, "2024-05-20", id="over a weekend"),
        pytest.param("2024-05-04", 1, "2024-05-06", id="from a day off"),
    ],
)
def test_working_days(after: str, days: int, last: str) -> None:
    found, unknown = working_days(MAY_DAY, dt.date.fromisoformat(after), days)
    assert found == dt.date.fromisoformat(last)
    assert not set(unknown) & MAY_DAY.keys()


def test_what_the_calendar_does_not_know_is_said() -> None:
    _, unknown = working_days(MAY_DAY, dt.date(2024, 4, 26), 4)
    assert unknown == [dt.date(2024, 4, day) for day in (27, 29, 30)] + [dt.date(2024, 5, 6)]


@given(
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31)),
    st.integers(1, 20),
    st.dictionaries(st.dates(dt.date(2020, 1, 1), dt.date(2031, 3, 1)), st.booleans(), max_size=200),
)
def test_so_many_days_are_worked_and_the_last_one_is(after: dt.date, days: int, calendar: dict[dt.date, bool]) -> None:
    last, unknown = working_days(calendar, after, days)
    between = [after + dt.timedelta(days=n) for n in range(1, (last - after).days + 1)]
    worked = [day for day in between if calendar.get(day, day.weekday() < 5)]
    assert len(worked) == days
    assert worked[-1] == last
    assert unknown == [day for day in between if day not in calendar]
