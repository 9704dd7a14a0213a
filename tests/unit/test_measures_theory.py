"""Measures of 立根铸魂: a few literal rows in, the evidence they must give out."""

import pytest

from tests.measures import D, Row, months, params, run

# --- Study -----------------------------------------------------------------------------------------------------------

MARCH, APRIL = months(3, 4)


def stat(
    rec: str, rate: str = "0", enrolled: int = 10, passed: int | None = None, on: str = "2023-03-01", **other: str
) -> Row:
    return other.get("unit", "U"), other.get("platform", "学习强国"), on, enrolled, passed, rate, rec


@pytest.mark.parametrize(
    ("rate", "target", "done"),
    [
        pytest.param("0.45", "0.90", "0.5", id="half of the target"),
        pytest.param("0.9", "0.90", "1", id="on target"),
        pytest.param("0.97", "0.90", "1", id="over target"),
        pytest.param("1.2", "0.95", "1", id="over 100 %"),
        pytest.param("0", "0.90", "0", id="nobody"),
        pytest.param("0.3", "0.90", "0.333333", id="rounded down"),
        pytest.param("0.6", "0.90", "0.666667", id="rounded up"),
        pytest.param("0.001", "0.64", "0.001563", id="0.0015625, half up"),
        pytest.param("0.899999", "0.90", "0.999999", id="not quite"),
    ],
)
def test_study_participation_is_measured_against_the_target_to_six_digits(rate: str, target: str, done: str) -> None:
    found = run(
        "measures/study_participation",
        month_due=[MARCH],
        study_stat=[stat("r", rate)],
        param=params(platform="学习强国", target=D(target)),
    )
    assert found == [("U", "2023-03", 1, D(done), ["r"])]


@pytest.mark.parametrize("measure", ["measures/study_participation", "measures/study_hours_met"])
def test_a_month_without_a_row_did_nothing_and_one_with_nobody_enrolled_is_no_item(measure: str) -> None:
    found = run(
        measure,
        month_due=[MARCH, APRIL, ("W", "2023-03", "2023-03-01")],
        study_stat=[stat("r", "0", enrolled=0, passed=0, on="2023-04-01")],
        param=params(platform="学习强国", target=D("0.90")),
    )
    assert found == [("U", "2023-03", 1, 0, []), ("W", "2023-03", 1, 0, [])]


@pytest.mark.parametrize("measure", ["measures/study_participation", "measures/study_hours_met"])
def test_study_rows_of_another_platform_unit_or_month_do_not_count(measure: str) -> None:
    other = [
        stat("platform", "1", passed=10, platform="青年大学习"),
        stat("unit", "1", passed=10, unit="W"),
        stat("not due", "1", passed=10, on="2023-05-01"),
        stat("last year", "1", passed=10, on="2022-03-01"),
    ]
    found = run(
        measure, month_due=[MARCH, APRIL], study_stat=other, param=params(platform="学习强国", target=D("0.90"))
    )
    assert found == [("U", "2023-03", 1, 0, []), ("U", "2023-04", 1, 0, [])]


@pytest.mark.parametrize(
    ("passed", "enrolled", "target", "done"),
    [
        pytest.param(7, 7, "1.00", "1", id="everyone"),
        pytest.param(0, 7, "1.00", "0", id="nobody"),
        pytest.param(1, 3, "1.00", "0.333333", id="rounded down"),
        pytest.param(2, 3, "1.00", "0.666667", id="rounded up"),
        pytest.param(1, 128, "1.00", "0.007813", id="0.0078125, half up"),
        pytest.param(9, 10, "0.80", "1", id="over target"),
        pytest.param(2, 7, "0.90", "0.317460", id="divided once: 2 / 6.3"),
    ],
)
def test_study_hours_are_divided_exactly_and_rounded_once(passed: int, enrolled: int, target: str, done: str) -> None:
    found = run(
        "measures/study_hours_met",
        month_due=[MARCH],
        study_stat=[stat("r", enrolled=enrolled, passed=passed)],
        param=params(platform="学习强国", target=D(target)),
    )
    assert found == [("U", "2023-03", 1, D(done), ["r"])]
