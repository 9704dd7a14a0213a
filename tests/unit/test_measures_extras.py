"""Measures of bonus, deductions and vetoes: a few literal rows in, the facts and points they must give out."""

import pytest

from tests.helpers import YEAR
from tests.measures import D, Row, params, run

LEVELS = {"局": D("0.5"), "区": 1, "市": 2, "国家": 3}

# --- Bonus ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "points"), [("局", "0.5"), ("区", "1"), ("市", "2"), ("国家", "3")])
def test_an_innovation_case_has_the_points_of_its_level(level: str, points: str) -> None:
    given: list[Row] = [("U", "C", level, YEAR, "r")]
    found = run("measures/innovation_cases", innovation_case=given, param=params(points=LEVELS))
    assert found == [("U", "C", None, D(points), ["r"])]


def test_a_case_counts_once_in_a_year_at_its_highest_level() -> None:
    given: list[Row] = [
        ("U", "C1", "区", 2023, "r3"),
        ("U", "C1", "市", 2023, "r1"),
        ("U", "C1", "国家", 2022, "r0"),
        ("U", "C2", "局", 2023, "r2"),
        ("W", "C1", "局", 2023, "w"),
    ]
    assert run("measures/innovation_cases", innovation_case=given, param=params(points=LEVELS)) == [
        ("U", "C1", None, 2, ["r1", "r3"]),
        ("U", "C2", None, D("0.5"), ["r2"]),
        ("W", "C1", None, D("0.5"), ["w"]),
    ]


def honor(number: str, level: str, case: str | None = None, title: str = "优秀集体", year: int = YEAR) -> Row:
    return "U", number, title, level, None, case, year, f"r {number}"


def test_honors_count_once_a_case_at_the_highest_level_and_alone_without_one() -> None:
    given = [
        honor("H1", "区", "C"),
        honor("H2", "国家", "C"),
        honor("H3", "市"),
        honor("H4", "市"),
        honor("H5", "国家", year=2022),
        honor("H6", "国家", "C2", year=2024),
    ]
    assert run("measures/honors", honor=given, param=params(points=LEVELS, title={"模范机关": 1})) == [
        ("U", "C", None, 3, ["r H1", "r H2"]),
        ("U", "荣誉 H3", None, 2, ["r H3"]),
        ("U", "荣誉 H4", None, 2, ["r H4"]),
    ]


def test_a_title_with_points_of_its_own_has_these_whatever_the_level() -> None:
    given = [
        honor("H1", "市", title="模范机关"),
        honor("H2", "局", title="模范机关"),
        honor("H3", "市", title="模范机关创建先进"),
        honor("H4", "国家", "C", title="模范机关"),
        honor("H5", "市", "C"),
    ]
    assert run("measures/honors", honor=given, param=params(points=LEVELS, title={"模范机关": 1})) == [
        ("U", "C", None, 2, ["r H4", "r H5"]),
        ("U", "荣誉 H1", None, 1, ["r H1"]),
        ("U", "荣誉 H2", None, 1, ["r H2"]),
        ("U", "荣誉 H3", None, 2, ["r H3"]),
    ]


# --- Deductions -------------------------------------------------------------------------------------------------------


def notice(number: str, level: str, fact: str | None = None, unit: str = "U", year: int = YEAR) -> Row:
    return unit, number, level, fact, year, f"r {number}"


def test_notices_count_once_a_fact_for_the_heaviest_and_alone_without_one() -> None:
    given = [
        notice("N1", "局", "F"),
        notice("N2", "区", "F"),
        notice("N3", "局"),
        notice("N4", "局"),
        notice("N5", "区", "F", year=2022),
        notice("N6", "局", "F", unit="W"),
    ]
    assert run("measures/notices", notice=given, param=params(points={"区": 2, "局": 1})) == [
        ("U", "F", None, 2, ["r N1", "r N2"]),
        ("U", "通报 N3", None, 1, ["r N3"]),
        ("U", "通报 N4", None, 1, ["r N4"]),
        ("W", "F", None, 1, ["r N6"]),
    ]


@pytest.mark.parametrize(
    ("due_on", "done_on", "overdue"),
    [
        pytest.param("2023-05-31", "2023-05-31", False, id="on the day"),
        pytest.param("2023-05-31", "2023-06-01", True, id="a day late"),
        pytest.param("2023-05-31", None, True, id="not done"),
        pytest.param("2023-06-30", None, True, id="due on the as-of day"),
        pytest.param("2023-07-01", None, False, id="not due yet"),
        pytest.param("2022-12-31", None, False, id="of last year"),
    ],
)
def test_a_rectification_is_overdue_if_it_was_not_done_by_its_date(
    due_on: str, done_on: str | None, overdue: bool
) -> None:
    given: list[Row] = [("U", "I", "巡察", due_on, done_on, int(due_on[:4]), "r")]
    found = run(
        "measures/overdue_rectifications", as_of="2023-06-30", rectification=given, param=params(points=D("0.5"))
    )
    assert found == ([("U", "整改 I", None, D("0.5"), ["r"])] if overdue else [])


def report(held_on: str, created_on: str | None, year: int = YEAR) -> Row:
    return "U", "R", None, ["党课"], held_on, "t", "h", "h", 5, 5, "决议", None, created_on, year, "r"


@pytest.mark.parametrize(
    ("given", "late"),
    [
        pytest.param(report("2023-05-25", "2023-06-01"), False, id="seven days"),
        pytest.param(report("2023-05-25", "2023-06-02"), True, id="eight days"),
        pytest.param(report("2023-05-25", "2023-05-25"), False, id="the same day"),
        pytest.param(report("2023-05-25", "2023-05-20"), False, id="before"),
        pytest.param(report("2023-05-25", None), False, id="nobody knows"),
        pytest.param(report("2023-12-31", "2024-01-08"), True, id="in the next year"),
        pytest.param(report("2023-01-10", "2023-03-01", year=2022), False, id="of last year"),
        pytest.param(report("2024-01-10", "2024-03-01"), True, id="held in the next year, for this one"),
    ],
)
def test_a_record_is_late_more_than_seven_days_after_the_meeting(given: Row, late: bool) -> None:
    found = run("measures/late_reports", org_life_record=[given], param=params(points=D("0.2"), days=7))
    assert found == ([("U", "记录 R", None, D("0.2"), ["r"])] if late else [])


def found_out(number: str, category: str, unit: str = "U", year: int = YEAR) -> Row:
    return unit, number, "C", "严重", year, "2023-06-30", None, f"r {number}", category


def test_only_findings_of_the_year_that_say_so_are_made_up_records() -> None:
    given = [
        found_out("F1", "事后补记"),
        found_out("F2", "记录不详"),
        found_out("F3", "事后补记", year=2022),
        found_out("F4", "代签", unit="W"),
    ]
    asked = params(points=2, category=["事后补记", "代签"])
    assert run("measures/made_up_records", inspection_finding=given, param=asked) == [
        ("U", "F1", None, 2, ["r F1"]),
        ("W", "F4", None, 2, ["r F4"]),
    ]


def test_one_fact_has_the_same_name_under_every_deduction() -> None:
    """Scoring counts the same item once (see test_scores.py); here is why it is the same."""
    noticed = run("measures/notices", notice=[notice("N", "区", "F")], param=params(points={"区": 2}))
    made_up = run(
        "measures/made_up_records", inspection_finding=[found_out("F", "事后补记")],
        param=params(points=2, category=["事后补记"]),
    )  # fmt: skip
    assert (noticed[0][:2], made_up[0][:2]) == (("U", "F"), ("U", "F"))


# --- Vetoes -----------------------------------------------------------------------------------------------------------


def test_adverse_events_of_the_level_and_the_year_are_vetoes() -> None:
    given: list[Row] = [
        ("U", "E1", "V1", 2023, "r1"),
        ("U", "E2", "V2", 2023, "r2"),
        ("U", "E3", "V1", 2022, "r3"),
        ("W", "E4", "V1", 2023, "r4"),
    ]
    assert run("measures/adverse_events", adverse_event=given, param=params(level="V1")) == [
        ("U", "E1", None, 1, ["r1"]),
        ("W", "E4", None, 1, ["r4"]),
    ]
    assert run("measures/adverse_events", adverse_event=given, param=params(level="V2")) == [
        ("U", "E2", None, 1, ["r2"])
    ]
