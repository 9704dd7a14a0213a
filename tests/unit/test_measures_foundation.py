"""Measures of 强基固本: a few literal rows in, the evidence they must give out."""

import pytest

from tests.helpers import YEAR
from tests.measures import D, Row, params, run

# --- Spot checks and what they found ---------------------------------------------------------------------------------

PENALTIES = params(must=25, penalty={"严重": 10, "一般": 5, "轻微": 2})
ROUND_1 = [*params(round=1), *PENALTIES]


def inspected(number: str, flags: str = "1111", round_: int = 1, year: int = YEAR, unit: str = "U") -> Row:
    return unit, number, year, round_, *(flag == "1" for flag in flags), f"r {number}"


def finding(
    number: str, severity: str, due_on: str = "2023-04-30", rechecked_on: str | None = None, **other: object
) -> Row:
    unit, check, year = other.get("unit", "U"), other.get("check", "C"), other.get("year", YEAR)
    return unit, number, check, severity, year, due_on, rechecked_on, f"r {number}"


@pytest.mark.parametrize(
    ("flags", "severities", "done"),
    [
        ("1111", [], 100),
        ("1011", [], 75),
        ("0000", [], 0),
        ("1111", ["严重"], 90),
        ("1111", ["一般"], 95),
        ("1111", ["轻微"], 98),
        ("1111", ["严重", "一般", "轻微"], 83),
        ("1000", ["严重", "严重", "一般"], 0),
        ("1100", ["严重", "严重", "严重", "严重", "严重", "轻微"], 0),
        ("0000", ["轻微"], 0),
    ],
)
def test_a_spot_check_has_25_for_each_must_less_penalties_and_never_below_0(
    flags: str, severities: list[str], done: int
) -> None:
    found = [finding(f"F{n}", severity) for n, severity in enumerate(severities)]
    records = ["r C", *(f"r F{n}" for n in range(len(severities)))]
    evidence = run("measures/spot_check", inspection=[inspected("C", flags)], inspection_finding=found, param=ROUND_1)
    assert evidence == [("U", "C", 100, done, records)]


def test_spot_checks_of_another_round_or_year_do_not_count_and_each_has_its_own_findings() -> None:
    checks = [
        inspected("C"),
        inspected("C2"),
        inspected("round 2", round_=2),
        inspected("2022", year=2022),
        inspected("2024", year=2024),
        inspected("W", unit="W"),
    ]
    found = [
        finding("F1", "严重"),
        finding("F2", "一般", check="C2", year=2022),  # with its check, whatever the year it was found in
        finding("F3", "轻微", check="nowhere"),
        finding("F4", "严重", check="round 2"),
    ]
    evidence = run("measures/spot_check", inspection=checks, inspection_finding=found, param=ROUND_1)
    assert evidence == [
        ("U", "C", 100, 90, ["r C", "r F1"]),
        ("U", "C2", 100, 95, ["r C2", "r F2"]),
        ("W", "W", 100, 100, ["r W"]),
    ]
    assert run("measures/spot_check", inspection=checks[:2], inspection_finding=[], param=[
        *params(round=2), *PENALTIES,
    ]) == []  # fmt: skip


SEVERITY = params(severity={"严重": 2, "一般": 1, "轻微": D("0.5")})


@pytest.mark.parametrize(
    ("severity", "rechecked_on", "due", "done"),
    [
        pytest.param("严重", "2023-04-30", "2", "2", id="severe, on the last day"),
        pytest.param("严重", "2023-05-01", "2", "0", id="severe, a day late"),
        pytest.param("一般", "2023-04-01", "1", "1", id="ordinary, early"),
        pytest.param("一般", None, "1", "0", id="ordinary, never"),
        pytest.param("轻微", "2023-04-30", "0.5", "0.5", id="slight, on the last day"),
    ],
)
def test_a_finding_is_closed_if_it_was_rechecked_by_its_date(
    severity: str, rechecked_on: str | None, due: str, done: str
) -> None:
    evidence = run(
        "measures/findings_closed",
        inspection=[inspected("C")],
        inspection_finding=[finding("F", severity, rechecked_on=rechecked_on)],
        param=SEVERITY,
    )
    assert evidence == [("U", "F", D(due), D(done), ["r F"])]


def test_a_finding_is_due_on_its_day_and_not_before_or_in_another_year() -> None:
    found = [
        finding("due", "一般", "2023-06-30"),
        finding("not yet", "一般", "2023-07-01", "2023-06-01"),
        finding("2022", "一般", "2023-01-15", year=2022),
    ]
    evidence = run(
        "measures/findings_closed", as_of="2023-06-30", inspection=[inspected("C")], inspection_finding=found,
        param=SEVERITY,
    )  # fmt: skip
    assert evidence == [("U", "due", 1, 0, ["r due"])]


def test_a_unit_that_was_inspected_and_has_nothing_due_did_all_and_one_never_inspected_has_no_item() -> None:
    checks = [
        inspected("C1", unit="clean"),
        inspected("C2", unit="clean", round_=2),
        inspected("C3", unit="not yet due"),
        inspected("C4", unit="has one due"),
        inspected("C5", unit="last year", year=2022),
    ]
    found = [
        finding("F1", "严重", "2024-06-30", unit="not yet due"),
        finding("F2", "轻微", unit="has one due"),
        finding("F3", "一般", unit="never inspected"),
    ]
    assert run("measures/findings_closed", inspection=checks, inspection_finding=found, param=SEVERITY) == [
        ("clean", "none", 1, 1, ["r C1", "r C2"]),
        ("has one due", "F2", D("0.5"), 0, ["r F2"]),
        ("never inspected", "F3", 1, 0, ["r F3"]),
        ("not yet due", "none", 1, 1, ["r C3"]),
    ]
