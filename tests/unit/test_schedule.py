"""The schedule: what it may say, when a night should have been, and every mistake with its line."""

import asyncio
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.schedule import Keep, Schedule, schedule_of
from tests.helpers import project_copy


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_the_project_has_one_and_the_home_s_own_takes_its_place(tmp_path: Path) -> None:
    assert schedule_of(tmp_path) == Schedule()
    (tmp_path / "schedule.yml").write_text(
        'cron: "30 1 * * 1-5"\ntimezone: Europe/Berlin\nlate_after: 1.5\nyears: [2023]\ninbox: in/here\n'
        "keep: {days: 3}\n"
    )
    own = schedule_of(tmp_path)
    assert (own.cron, own.timezone, own.late_after, own.years) == ("30 1 * * 1-5", "Europe/Berlin", 1.5, [2023])
    assert (own.inbox, own.keep) == (tmp_path.resolve() / "in" / "here", Keep(days=3, least=7))


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('cron: "0 99 * * *"', 1, "不是定时"),
        ('cron: "30 0 2 * * *"', 1, "不是定时"),  # six fields: one reads seconds, another not
        ('cron: "0 2 LW * *"', 1, "不是定时"),  # Prefect knows no LW
        ('cron: "0 2 */2 * 1"', 1, "日和星期都有限定"),  # either of them for Prefect, both for us
        ("timezone: Asia/Nowhere", 1, "时区"),
        ("timezone: ../../etc/passwd", 1, "时区"),
        ('cron: "0 2 * * *"\nlate_after: 0', 2, "late_after"),
        ("keep: {days: 0}", 1, "days"),
        ("years: [1]", 1, "years"),
        ("hour: 2", 1, "hour"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, text: str, line: int, word: str) -> None:
    (tmp_path / "schedule.yml").write_text(text + "\n")
    with pytest.raises(KaoheError) as caught:
        schedule_of(tmp_path)
    assert f"第 {line} 行" in str(caught.value)
    assert word in str(caught.value)


def test_a_night_should_be_over_so_many_hours_after_its_start() -> None:
    schedule = Schedule(cron="0 2 * * *", late_after=6)
    assert schedule.last_start(at("2024-01-03T02:00:00+08:00")) == at("2024-01-03T02:00:00+08:00")
    assert schedule.last_start(at("2024-01-03T01:59:59+08:00")) == at("2024-01-02T02:00:00+08:00")
    assert schedule.next_start(at("2024-01-03T02:00:00+08:00")) == at("2024-01-04T02:00:00+08:00")
    assert schedule.expected_by(at("2024-01-03T07:59:59+08:00")) == at("2024-01-02T02:00:00+08:00")
    assert schedule.expected_by(at("2024-01-03T08:00:00+08:00")) == at("2024-01-03T02:00:00+08:00")
    assert schedule.expected_by(at("2024-01-03T00:00:00+00:00")) == at("2024-01-03T02:00:00+08:00")  # UTC


def test_it_is_the_hour_of_its_zone_in_summer_and_in_winter() -> None:
    schedule = Schedule(cron="0 2 * * *", timezone="Europe/Berlin")
    assert schedule.last_start(at("2024-07-03T12:00:00+00:00")).utcoffset() == dt.timedelta(hours=2)
    assert schedule.last_start(at("2024-01-03T12:00:00+00:00")).utcoffset() == dt.timedelta(hours=1)


ZONES = "America/New_York", "America/Havana", "Africa/Cairo", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai"
MINUTES = st.sampled_from(["0", "15", "30", "*/20", "59"])
HOURS = st.sampled_from(["0", "1", "2", "3", "1-3", "*/2", "*", "23"])
DAYS = st.sampled_from(["* * *", "1 * *", "* * 0", "8,29 * 1", "*/3 * *"])
#: Around the days of 2026 on which clocks change: from so many hours after the first of the month.
AROUND = st.tuples(st.sampled_from([3, 4, 10, 11]), st.integers(0, 31 * 24 * 4))


@given(st.sampled_from(ZONES), st.builds("{} {} {}".format, MINUTES, HOURS, DAYS), AROUND)
@settings(max_examples=200)
def test_nights_begin_when_prefect_starts_them(zone: str, cron: str, around: tuple[int, int]) -> None:
    from prefect.server.schemas.schedules import CronSchedule

    def prefect(start: dt.datetime) -> dt.datetime:
        """The first from ``start`` on."""
        (found,) = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(n=1, start=start))
        return found.astimezone(dt.UTC)  # an hour that comes twice equals none of another zone

    month, quarters = around
    now = dt.datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC) + quarters * dt.timedelta(minutes=15)
    schedule, second = Schedule(cron=cron, timezone=zone), dt.timedelta(seconds=1)
    last, following = (each(now).astimezone(dt.UTC) for each in (schedule.last_start, schedule.next_start))
    assert last <= now < following
    assert (prefect(last), prefect(last + second), prefect(now + second)) == (last, following, following)


def test_without_years_it_is_last_year_and_this_year_as_far_as_there_is_a_scheme(tmp_path: Path) -> None:
    project = project_copy(tmp_path)
    home = tmp_path / "home"
    assert Schedule().years_on(dt.date(2024, 5, 1), project, home) == [2023, 2024]
    assert Schedule().years_on(dt.date(2025, 5, 1), project, home) == [2024]
    assert Schedule().years_on(dt.date(2030, 5, 1), Project.find(), home) == []
    assert Schedule(years=[2023]).years_on(dt.date(2030, 5, 1), project, home) == [2023]
    (home / "schemes").mkdir(parents=True)
    (home / "schemes" / "2030.yml").touch()
    assert Schedule().years_on(dt.date(2030, 5, 1), project, home) == [2030]
