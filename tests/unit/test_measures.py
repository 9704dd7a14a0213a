"""Base models and exact division: a few literal rows in, the rows they must give out."""

import duckdb
import pytest

from tests.helpers import ROOT
from tests.measures import SQL, D, Row, day, run, units

# --- Units and months ------------------------------------------------------------------------------------------------


def test_units_are_assessed_that_exist_at_the_end_of_the_period() -> None:
    org_unit: list[Row] = [
        ("old", "老", "机关处室", "2015-01-01", None),
        ("last day", "末", "机关处室", "2023-12-31", None),
        ("too late", "迟", "机关处室", "2024-01-01", None),
        ("gone on the last day", "撤", "基层单位", "2015-01-01", "2023-12-31"),
        ("gone before it", "早撤", "基层单位", "2015-01-01", "2023-12-30"),
    ]
    assert run("base/assessed_unit", org_unit=org_unit) == [
        ("gone on the last day", "撤", "基层单位", day("2015-01-01"), day("2023-12-31")),
        ("last day", "末", "机关处室", day("2023-12-31"), None),
        ("old", "老", "机关处室", day("2015-01-01"), None),
    ]


def test_within_the_year_units_are_assessed_that_exist_on_the_as_of_day() -> None:
    org_unit: list[Row] = [
        ("from that day", "a", "机关处室", "2023-06-30", None),
        ("from the next", "b", "机关处室", "2023-07-01", None),
        ("until that day", "c", "机关处室", "2015-01-01", "2023-06-30"),
        ("until the one before", "d", "机关处室", "2015-01-01", "2023-06-29"),
    ]
    found = run("base/assessed_unit", as_of="2023-06-30", org_unit=org_unit)
    assert [row[0] for row in found] == ["from that day", "until that day"]


def test_what_units_may_be_grouped_by_or_divided_by() -> None:
    org_unit: list[Row] = [
        ("U", "单位", "机关处室", "2015-01-01", None, True, 2, "支部", "r", 30),
        ("other", "另", "机关处室", "2015-01-01", None, True, 1, "支部", "s", 9),
    ]
    found = run("base/unit_attribute", org_unit=org_unit, assessed_unit=[("U", "2015-01-01", None, "机关处室")])
    assert found == [
        ("U", "category", "机关处室", None),
        ("U", "group_count", None, 2.0),
        ("U", "member_count", None, 30.0),
        ("U", "party_org_type", "支部", None),
    ]


@pytest.mark.parametrize(
    ("as_of", "months"),
    [
        ("2022-12-31", []),
        ("2023-01-30", []),
        ("2023-01-31", ["2023-01"]),
        ("2023-02-27", ["2023-01"]),
        ("2023-02-28", ["2023-01", "2023-02"]),
        ("2023-12-30", [f"2023-{month:02}" for month in range(1, 12)]),
        ("2023-12-31", [f"2023-{month:02}" for month in range(1, 13)]),
        ("2024-03-31", [f"2023-{month:02}" for month in range(1, 13)]),
    ],
)
def test_a_month_is_due_once_its_last_day_is_there(as_of: str, months: list[str]) -> None:
    found = run("base/month_due", as_of=as_of, assessed_unit=[("U", "2015-01-01", None)])
    assert found == [("U", day(f"{month}-01"), month) for month in months]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "first", "last"),
    [
        pytest.param("2023-06-01", None, "2023-06", "2023-12", id="founded on the first of a month"),
        pytest.param("2023-06-02", None, "2023-07", "2023-12", id="founded a day later"),
        pytest.param("2015-01-01", "2023-12-31", "2023-01", "2023-12", id="closed on the last of a month"),
        pytest.param("2015-01-01", "2023-12-30", "2023-01", "2023-11", id="closed a day earlier"),
    ],
)
def test_a_month_is_due_from_units_that_are_there_from_its_first_day_to_its_last(
    valid_from: str, valid_to: str | None, first: str, last: str
) -> None:
    items = [row[2] for row in run("base/month_due", assessed_unit=[("U", valid_from, valid_to)])]
    assert (items[0], items[-1], len(items)) == (first, last, int(str(last)[5:]) - int(str(first)[5:]) + 1)


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        ("2023-03-30", 0),
        ("2023-03-31", 1),
        ("2023-06-29", 1),
        ("2023-06-30", 2),
        ("2023-09-30", 3),
        ("2023-12-30", 3),
        ("2023-12-31", 4),
        ("2024-03-31", 4),
    ],
)
def test_a_quarter_is_due_once_its_last_day_is_there(as_of: str, last: int) -> None:
    all_four: list[Row] = [
        ("U", day("2023-01-01"), "2023Q1"),
        ("U", day("2023-04-01"), "2023Q2"),
        ("U", day("2023-07-01"), "2023Q3"),
        ("U", day("2023-10-01"), "2023Q4"),
    ]
    assert run("base/quarter_due", as_of=as_of, assessed_unit=units("U")) == all_four[:last]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "items"),
    [
        pytest.param("2023-04-01", None, ["2023Q2", "2023Q3", "2023Q4"], id="founded on the first of a quarter"),
        pytest.param("2023-04-02", None, ["2023Q3", "2023Q4"], id="founded a day later"),
        pytest.param("2023-10-02", None, [], id="founded in the last quarter"),
        pytest.param("2015-01-01", "2023-12-31", ["2023Q1", "2023Q2", "2023Q3", "2023Q4"], id="closed on the last day"),
        pytest.param("2015-01-01", "2023-12-30", ["2023Q1", "2023Q2", "2023Q3"], id="closed a day earlier"),
    ],
)
def test_a_quarter_is_due_from_units_that_are_there_from_its_first_day_to_its_last(
    valid_from: str, valid_to: str | None, items: list[str]
) -> None:
    found = run("base/quarter_due", assessed_unit=[("U", valid_from, valid_to)])
    assert [row[2] for row in found] == items


# --- Members ----------------------------------------------------------------------------------------------------------


def member(name: str, unit: str, valid_from: str, valid_to: str | None = None, status: str = "正式") -> Row:
    return name, unit, status, "党员", False, valid_from, valid_to, f"r {name} {valid_from}"


def test_members_are_those_of_the_last_day_and_a_transfer_counts_where_they_are_then() -> None:
    given = [
        member("from that day", "U", "2023-12-31"),
        member("from the next", "U", "2024-01-01"),
        member("until that day", "U", "2015-01-01", "2023-12-31"),
        member("until the one before", "U", "2015-01-01", "2023-12-30"),
        member("moved", "U", "2015-01-01", "2023-06-30"),
        member("moved", "W", "2023-07-01"),
        member("moves later", "U", "2015-01-01", "2024-01-31"),
        member("moves later", "W", "2024-02-01"),
    ]
    assert run("base/member_now", party_member=given) == [
        ("from that day", "U", "正式", "党员", False),
        ("moved", "W", "正式", "党员", False),
        ("moves later", "U", "正式", "党员", False),
        ("until that day", "U", "正式", "党员", False),
    ]


def test_within_the_year_members_are_those_of_the_as_of_day() -> None:
    given = [member("moved", "U", "2015-01-01", "2023-06-30"), member("moved", "W", "2023-07-01")]
    assert [row[1] for row in run("base/member_now", as_of="2023-06-30", party_member=given)] == ["U"]
    assert [row[1] for row in run("base/member_now", as_of="2023-07-01", party_member=given)] == ["W"]


def test_a_member_in_two_rows_at_once_stands_where_the_later_one_says() -> None:
    given = [
        member("M", "W", "2023-09-01"),
        member("M", "U", "2015-01-01"),
        member("N", "U", "2022-03-01", status="预备"),
        member("N", "U", "2023-03-01"),
    ]
    assert run("base/member_now", party_member=given) == [
        ("M", "W", "正式", "党员", False),
        ("N", "U", "正式", "党员", False),
    ]


def test_rows_of_members_who_stand_in_several_are_found() -> None:
    given = [member("stays", "U", "2015-01-01"), member("moved", "U", "2015-01-01", "2023-06-30")]
    assert run("base/member_moved", party_member=given) == []
    assert run("base/member_moved", party_member=[*given, member("moved", "W", "2023-07-01")]) == [
        ("moved", day("2015-01-01"), day("2023-06-30")),
        ("moved", day("2023-07-01"), None),
    ]


def test_campaigns_are_those_that_any_unit_held_in_the_year() -> None:
    sessions = [
        ("U", "宪法宣传周", "2023-12-04", 9, 2023, "1"),
        ("W", "宪法宣传周", "2023-12-05", 9, 2023, "2"),
        ("U", "学雷锋", "2022-03-05", 9, 2022, "3"),
    ]
    assert run("base/campaign_held", campaign_session=sessions) == [("宪法宣传周",)]


# --- Meetings ---------------------------------------------------------------------------------------------------------

FULL = {"topic": "议题", "host": "h", "recorder": "h", "resolutions": "决议", "text_hash": "t"}


def meeting(
    rec: str, held_on: str = "2023-05-10", unit: str = "U", types: tuple[str, ...] = ("党课",), **cells: object
) -> Row:
    """A record with everything that makes it count, but for what ``cells`` say."""
    topic, host, recorder, resolutions, text_hash = (cells.get(name, FULL[name]) for name in FULL)
    year = cells.get("year", int(held_on[:4]))
    counts = (10, 9)
    return (
        unit,
        rec,
        None,
        list(types),
        held_on,
        topic,
        host,
        recorder,
        *counts,
        resolutions,
        text_hash,
        None,
        year,
        rec,
    )


@pytest.mark.parametrize(
    ("missing", "counts"),
    [
        ([], True),
        (["topic"], False),
        (["host"], False),
        (["recorder"], False),
        (["resolutions"], True),
        (["text_hash"], True),
        (["resolutions", "text_hash"], False),
    ],
    ids=lambda given: "+".join(given) if isinstance(given, list) else None,
)
def test_a_meeting_counts_with_agenda_procedure_and_record(missing: list[str], counts: bool) -> None:
    found = run("base/valid_meeting", org_life_record=[meeting("r", **dict.fromkeys(missing))])
    assert found == ([("r", "U", "党课", None, day("2023-05-10"), 10, 9, 2023)] if counts else [])


def test_a_meeting_of_several_types_counts_once_for_each() -> None:
    given = meeting("r", types=("党课", "主题党日"))
    assert [row[:3] for row in run("base/valid_meeting", org_life_record=[given])] == [
        ("r", "U", "主题党日"),
        ("r", "U", "党课"),
    ]


def test_minutes_of_a_later_day_that_say_what_others_said_before_are_a_copy() -> None:
    given = [
        meeting("first", "2023-03-01", text_hash="a"),
        meeting("same day", "2023-03-01", text_hash="a"),  # one meeting in two rows
        meeting("next day", "2023-03-02", text_hash="a"),
        meeting("later", "2023-09-01", text_hash="a"),
        meeting("other text", "2023-09-01", text_hash="b"),
        meeting("other unit", "2023-09-01", unit="W", text_hash="a"),
        meeting("of last year", "2022-12-01", text_hash="c"),
        meeting("copied from it", "2023-01-01", text_hash="c"),
        meeting("no hash", "2023-03-01", text_hash=None),
        meeting("no hash either", "2023-09-01", text_hash=None),
    ]
    found = {row[0] for row in run("base/valid_meeting", org_life_record=given)}
    assert found == {
        "first", "same day", "other text", "other unit", "of last year", "no hash", "no hash either",
    }  # fmt: skip


def test_a_meeting_keeps_the_year_that_it_is_attributed_to() -> None:
    found = run("base/valid_meeting", org_life_record=[meeting("r", "2024-02-01", year=2023)])
    assert [(row[4], row[7]) for row in found] == [(day("2024-02-01"), 2023)]


# --- Exact division --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        ("0", "7", "0"),
        ("1", "3", "0.333333"),
        ("2", "3", "0.666667"),
        ("1", "128", "0.007813"),
        ("0.000001", "2", "0.000001"),
        ("0.000001", "2.000001", "0"),
        ("7", "0.000002", "3500000"),
        ("999999.999999", "1", "999999.999999"),
        ("1", "1000000", "0.000001"),
        ("20230315", "20230315", "1"),
    ],
)
def test_share_is_exact_and_rounded_half_up_to_six_digits(part: str, whole: str, expected: str) -> None:
    with duckdb.connect() as con:
        con.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
        assert con.execute("select share(?, ?)", [D(part), D(whole)]).fetchall() == [(D(expected),)]


def test_every_base_model_and_every_measure_is_tested_here() -> None:
    files = (ROOT / "tests" / "unit").glob("test_measures*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    models = [f"{folder}/{path.stem}" for folder in ("base", "measures") for path in (SQL / folder).glob("*.sql")]
    untested = [model for model in sorted(models) if f'"{model}"' not in text]
    assert untested == [], "add a test to tests/unit/test_measures_*.py"
