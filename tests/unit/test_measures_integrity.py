"""Measures of 正风肃纪: a few literal rows in, the evidence they must give out. (警示教育 is tested with its twin,
对党忠诚教育, in test_measures_theory.py.)"""

import pytest

from tests.helpers import YEAR
from tests.measures import Row, params, run

MONTHS = params(months={"高": 6, "中": 12, "低": 12})


def risk(
    number: str,
    level: str = "中",
    reviewed_on: str | None = "2023-06-30",
    measure: str | None = "措施",
    owner: str | None = "h",
    unit: str = "U",
) -> Row:
    return unit, number, level, measure, owner, reviewed_on, f"r {number}"


@pytest.mark.parametrize(
    ("given", "done"),
    [
        pytest.param(risk("R", "高", "2022-12-30"), 1, id="high, six months old"),
        pytest.param(risk("R", "高", "2022-12-29"), 0, id="high, a day older"),
        pytest.param(risk("R", "中", "2022-06-30"), 1, id="middling, twelve months old"),
        pytest.param(risk("R", "中", "2022-06-29"), 0, id="middling, a day older"),
        pytest.param(risk("R", "低", "2022-06-30"), 1, id="low, twelve months old"),
        pytest.param(risk("R", "低", "2022-06-29"), 0, id="low, a day older"),
        pytest.param(risk("R", reviewed_on="2023-06-30"), 1, id="reviewed on the as-of day"),
        pytest.param(risk("R", reviewed_on="2023-07-01"), 0, id="to be reviewed a day later"),
        pytest.param(risk("R", reviewed_on=None), 0, id="never reviewed"),
        pytest.param(risk("R", measure=None), 0, id="without a measure"),
        pytest.param(risk("R", owner=None), 0, id="without an owner"),
    ],
)
def test_a_risk_is_held_by_an_owner_a_measure_and_a_fresh_review(given: Row, done: int) -> None:
    found = run("measures/integrity_risks", as_of="2023-06-30", integrity_risk=[given], param=MONTHS)
    assert found == [("U", "R", 1, done, ["r R"])]


def test_after_the_year_reviews_are_still_judged_on_the_as_of_day() -> None:
    given = [risk("R1", "高", "2023-09-30"), risk("R2", "高", "2023-09-29"), risk("R3", "低", "2024-03-31", unit="W")]
    given.append(risk("R4", "低", "2024-03-30", unit="W"))
    assert run("measures/integrity_risks", as_of="2024-03-30", integrity_risk=given, param=MONTHS) == [
        ("U", "R1", 1, 1, ["r R1"]),
        ("U", "R2", 1, 0, ["r R2"]),
        ("W", "R3", 1, 0, ["r R3"]),
        ("W", "R4", 1, 1, ["r R4"]),
    ]


def test_talks_weigh_as_much_as_people_were_due() -> None:
    given: list[Row] = [
        ("U", "T1", 36, 35, 2023, "r1"),
        ("U", "T2", 1, 1, 2023, "r2"),
        ("U", "T3", 2, 3, 2023, "r3"),
        ("U", "nobody due", 0, 0, 2023, "r4"),
        ("U", "2022", 5, 0, 2022, "r5"),
        ("W", "T4", 4, 0, 2023, "r6"),
    ]
    assert run("measures/integrity_talks", integrity_talk=given) == [
        ("U", "T1", 36, 35, ["r1"]),
        ("U", "T2", 1, 1, ["r2"]),
        ("U", "T3", 2, 2, ["r3"]),
        ("W", "T4", 4, 0, ["r6"]),
    ]


def request(number: str, due_on: str, closed_on: str | None = None, year: int = YEAR) -> Row:
    return "asker", "handler", number, due_on, closed_on, year, f"r {number}"


@pytest.mark.parametrize(
    ("due_on", "closed_on", "done"),
    [
        pytest.param("2023-05-31", "2023-05-31", 1, id="on the day"),
        pytest.param("2023-05-31", "2023-06-01", 0, id="a day late"),
        pytest.param("2023-05-31", None, 0, id="not closed"),
        pytest.param("2023-06-30", None, 0, id="due on the as-of day"),
        pytest.param("2023-07-01", "2023-06-01", None, id="not due yet"),
    ],
)
def test_a_request_is_closed_by_its_date_by_its_handler(due_on: str, closed_on: str | None, done: int | None) -> None:
    found = run("measures/requests_closed", as_of="2023-06-30", appeal_request=[request("Q", due_on, closed_on)])
    assert found == ([] if done is None else [("handler", "Q", 1, done, ["r Q"])])


def test_requests_of_other_years_are_not_due() -> None:
    given = [
        request("2022", "2022-12-31", year=2022),
        request("2023", "2023-12-31", "2023-12-30"),
        request("2024", "2024-01-01", year=2024),
    ]
    assert run("measures/requests_closed", appeal_request=given) == [("handler", "2023", 1, 1, ["r 2023"])]
