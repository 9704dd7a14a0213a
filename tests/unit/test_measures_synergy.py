"""Measures of 聚力融合: a few literal rows in, the evidence they must give out."""

import datetime as dt

import pytest

from tests.helpers import AS_OF, YEAR
from tests.measures import Row, day, params, run, units

# --- Pairing ---------------------------------------------------------------------------------------------------------

STREET = params(partner_type=["街道", "居委"])
TWO_SLOTS = [*STREET, *params(target=2)]


def agreement(number: str, signed_on: str, expires_on: str, kind: str = "街道", unit: str = "U") -> Row:
    return unit, number, kind, signed_on, expires_on, f"r {number}"


@pytest.mark.parametrize(
    ("signed_on", "expires_on", "done"),
    [
        pytest.param("2023-12-31", "2024-12-30", 1, id="signed on the last day"),
        pytest.param("2024-01-01", "2024-12-31", 0, id="signed a day later"),
        pytest.param("2022-01-02", "2023-01-01", 1, id="expired on the first day"),
        pytest.param("2022-01-01", "2022-12-31", 0, id="expired a day earlier"),
        pytest.param("2020-01-01", "2030-01-01", 1, id="longer than the year"),
        pytest.param("2023-05-01", "2023-05-01", 1, id="a single day"),
    ],
)
def test_an_agreement_is_live_if_any_day_of_it_is_in_the_year(signed_on: str, expires_on: str, done: int) -> None:
    given = [agreement("A", signed_on, expires_on)]
    evidence = run("measures/agreement_live", assessed_unit=units("U"), pairing_agreement=given, param=STREET)
    assert evidence == [("U", "year", 1, done, ["r A"] if done else [])]


@pytest.mark.parametrize(("signed_on", "done"), [("2023-06-30", 1), ("2023-07-01", 0)])
def test_within_the_year_an_agreement_must_be_signed_by_the_as_of_day(signed_on: str, done: int) -> None:
    evidence = run(
        "measures/agreement_live", as_of="2023-06-30", assessed_unit=units("U"), param=STREET,
        pairing_agreement=[agreement("A", signed_on, "2024-12-31")],
    )  # fmt: skip
    assert [row[3] for row in evidence] == [done]


def test_agreements_with_partners_of_the_kinds_asked_for_are_one_item() -> None:
    given = [
        agreement("A2", "2023-01-01", "2023-12-31", "居委"),
        agreement("A1", "2022-01-01", "2023-12-31"),
        agreement("A3", "2023-01-01", "2023-12-31", "行业"),
        agreement("A4", "2023-01-01", "2023-12-31", "行业", unit="W"),
    ]
    assert run("measures/agreement_live", assessed_unit=units("U", "W"), pairing_agreement=given, param=STREET) == [
        ("U", "year", 1, 1, ["r A1", "r A2"]),
        ("W", "year", 1, 0, []),
    ]


def activity(number: str, held_on: str, theme: str = "义诊", under: str = "A", unit: str = "U") -> Row:
    return unit, number, under, held_on, theme, int(held_on[:4]), f"r {number}"


AGREEMENTS = [
    agreement("A", "2023-03-01", "2023-10-31"),
    agreement("B", "2020-01-01", "2030-12-31", "行业"),
    agreement("W", "2020-01-01", "2030-12-31", "居委", unit="W"),
]


def valid(*given: Row, as_of: str | dt.date = AS_OF) -> list[object]:
    """Ids of the activities that count."""
    found = run("base/valid_activity", as_of=as_of, pairing_agreement=AGREEMENTS, pairing_activity=list(given))
    return sorted(str(row[1]) for row in found)


def test_an_activity_counts_while_its_agreement_lives() -> None:
    days = ["2023-02-28", "2023-03-01", "2023-10-31", "2023-11-01"]
    assert valid(*(activity(held_on, held_on) for held_on in days)) == ["2023-03-01", "2023-10-31"]


def test_an_activity_counts_in_the_year_and_by_the_as_of_day() -> None:
    days = ["2022-12-31", "2023-01-01", "2023-06-30", "2023-07-01", "2023-12-31", "2024-01-01"]
    given = [activity(held_on, held_on, under="B") for held_on in days]
    assert valid(*given) == days[1:5]
    assert valid(*given, as_of="2023-06-30") == days[1:3]


def test_an_activity_under_no_agreement_or_another_units_does_not_count() -> None:
    assert valid(activity("1", "2023-05-01", under="nowhere"), activity("2", "2023-05-01", under="W")) == []


def test_one_activity_claimed_twice_counts_once_under_the_lowest_id() -> None:
    given = [
        activity("3", "2023-05-01"),
        activity("1", "2023-05-01", under="B"),  # the same under the other kind of pairing
        activity("2", "2023-05-01"),
        activity("4", "2023-05-02"),  # another day
        activity("5", "2023-05-01", theme="宣讲"),  # another theme
        activity("6", "2023-05-01", under="W", unit="W"),  # another unit
    ]
    assert valid(*given) == ["1", "4", "5", "6"]
    columns = run("base/valid_activity", pairing_agreement=AGREEMENTS, pairing_activity=given[1:2])
    assert columns == [("r 1", "1", "U", day("2023-05-01"), "行业")]


def test_a_claim_that_does_not_count_for_itself_takes_nothing_from_one_that_does() -> None:
    """Activity 1 was held before agreement A was signed."""
    assert valid(activity("1", "2023-02-01"), activity("2", "2023-02-01", under="B")) == ["2"]


def test_slots_are_filled_by_date_then_record_and_no_further_than_the_target() -> None:
    held: list[Row] = [
        ("U", "r c", "2023-09-01", "街道"),
        ("U", "r b", "2023-05-01", "居委"),
        ("U", "r a", "2023-05-01", "街道"),
        ("U", "r 0", "2023-01-01", "行业"),
        ("W", "r w", "2023-09-01", "居委"),
    ]
    assert run(
        "measures/activities_held", assessed_unit=units("U", "V", "W"), valid_activity=held, param=TWO_SLOTS
    ) == [
        ("U", "1", 1, 1, ["r a"]),
        ("U", "2", 1, 1, ["r b"]),
        ("V", "1", 1, 0, []),
        ("V", "2", 1, 0, []),
        ("W", "1", 1, 1, ["r w"]),
        ("W", "2", 1, 0, []),
    ]


def project(number: str, due_on: str | None, done_on: str | None = None, kind: str = "项目", under: str = "A") -> Row:
    return number, under, kind, due_on, done_on, f"r {number}"


@pytest.mark.parametrize(
    ("due_on", "done_on", "done"),
    [
        pytest.param("2023-05-31", "2023-05-31", 1, id="done"),
        pytest.param("2023-05-31", None, 0, id="not done"),
        pytest.param("2023-05-31", "2023-06-30", 1, id="late, by the as-of day"),
        pytest.param("2023-05-31", "2023-07-01", 0, id="after the as-of day"),
        pytest.param("2023-06-30", None, 0, id="due on the as-of day"),
        pytest.param("2023-07-01", "2023-05-31", None, id="not due yet"),
        pytest.param("2023-01-01", "2022-12-31", 1, id="due on the first day"),
        pytest.param("2022-12-31", None, None, id="of last year"),
        pytest.param(None, None, None, id="without a date"),
    ],
)
def test_a_project_is_due_in_the_year_by_the_as_of_day_and_done_by_then(
    due_on: str | None, done_on: str | None, done: int | None
) -> None:
    evidence = run(
        "measures/projects_done", as_of="2023-06-30", pairing_agreement=AGREEMENTS, param=STREET,
        pairing_item=[project("P", due_on, done_on)],
    )  # fmt: skip
    assert evidence == ([] if done is None else [("U", "P", 1, done, ["r P"])])


def test_projects_belong_to_the_unit_of_their_agreement_and_other_kinds_are_no_projects() -> None:
    given = [
        project("P1", "2023-05-31", "2023-05-01"),
        project("P2", "2023-05-31", under="W"),
        project("resource", "2023-05-31", kind="资源"),
        project("demand", "2023-05-31", kind="需求"),
        project("industry", "2023-05-31", under="B"),
        project("nobody's", "2023-05-31", under="nowhere"),
        project("next year", "2024-01-01"),
    ]
    assert run("measures/projects_done", pairing_agreement=AGREEMENTS, pairing_item=given, param=STREET) == [
        ("U", "P1", 1, 1, ["r P1"]),
        ("W", "P2", 1, 0, ["r P2"]),
    ]


# --- The front line ---------------------------------------------------------------------------------------------------


def post(number: str, who: str, days: int = 5, outcome: str | None = "成果", unit: str = "U", year: int = YEAR) -> Row:
    return unit, number, who, days, outcome, year, f"r {number}"


TARGET = params(target={"机关处室": 2, "基层单位": 3})


def unit_of(category: str, name: str = "U") -> Row:
    return name, "2015-01-01", None, category


@pytest.mark.parametrize(
    ("category", "people", "due", "done"),
    [
        ("机关处室", 0, 2, 0),
        ("机关处室", 1, 2, 1),
        ("机关处室", 2, 2, 2),
        ("机关处室", 3, 2, 2),
        ("基层单位", 2, 3, 2),
        ("基层单位", 3, 3, 3),
        ("基层单位", 4, 3, 3),
    ],
)
def test_people_at_the_front_line_count_up_to_the_target_of_the_category(
    category: str, people: int, due: int, done: int
) -> None:
    given = [post(f"P{number}", f"M{number}") for number in range(people)]
    found = run(
        "measures/frontline_participants", assessed_unit=[unit_of(category)], frontline_post=given, param=TARGET
    )
    assert found == [("U", "unit", due, done, [f"r P{number}" for number in range(people)])]


def test_one_person_at_several_posts_is_one_and_other_years_and_categories_are_not_asked() -> None:
    given = [
        post("P1", "M"),
        post("P2", "M", days=1, outcome=None),
        post("P3", "N", year=2022),
        post("P4", "O", unit="W"),
    ]
    assessed = [unit_of("基层单位"), unit_of("机关处室", "W"), unit_of("其他", "X")]
    found = run("measures/frontline_participants", assessed_unit=assessed, frontline_post=given, param=TARGET)
    assert found == [("U", "unit", 3, 1, ["r P1", "r P2"]), ("W", "unit", 2, 1, ["r P4"])]


@pytest.mark.parametrize(
    ("days", "outcome", "done"),
    [
        pytest.param(5, "成果", 1, id="just long enough"),
        pytest.param(4, "成果", 0, id="a day short"),
        pytest.param(30, None, 0, id="without an outcome"),
    ],
)
def test_a_post_is_valid_if_it_was_long_enough_and_had_an_outcome(days: int, outcome: str | None, done: int) -> None:
    given = [post("P", "M", days, outcome), post("2022", "M", year=2022), post("2024", "M", year=2024)]
    found = run("measures/frontline_posts_valid", frontline_post=given, param=params(days=5))
    assert found == [("U", "P", 1, done, ["r P"])]


# --- The united front -------------------------------------------------------------------------------------------------


def test_united_front_activities_fill_slots_by_date_then_record() -> None:
    given: list[Row] = [
        ("U", "2023-09-01", 2023, "r d"),
        ("U", "2023-05-01", 2023, "r c"),
        ("U", "2023-05-01", 2023, "r b"),
        ("U", "2022-05-01", 2022, "r a"),
        ("W", "2023-12-31", 2023, "r w"),
        ("W", "2024-01-01", 2024, "r x"),
    ]
    found = run(
        "measures/united_front", assessed_unit=units("U", "V", "W"), united_front_activity=given,
        param=params(target=2),
    )  # fmt: skip
    assert found == [
        ("U", "1", 1, 1, ["r b"]),
        ("U", "2", 1, 1, ["r c"]),
        ("V", "1", 1, 0, []),
        ("V", "2", 1, 0, []),
        ("W", "1", 1, 1, ["r w"]),
        ("W", "2", 1, 0, []),
    ]
