"""Base models and exact division: a few literal rows in, the rows they must give out."""

import duckdb
import pytest

from tests.helpers import ROOT
from tests.measures import SQL, D, Row, day, run

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
    assert [model for model in sorted(models) if f'"{model}"' not in text] == []
