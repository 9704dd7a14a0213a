"""Base models and measures, one at a time: a few literal rows in, the rows they must give out."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from tests.helpers import AS_OF, ROOT, YEAR

SQL = ROOT / "sql"
D = Decimal

#: The columns that the SQL reads, by table.
TABLES = {
    "org_unit": "unit_id varchar, name varchar, category varchar, valid_from date, valid_to date",
    "assessed_unit": "unit_id varchar, valid_from date, valid_to date",
    "month_due": "unit_id varchar, item varchar, month_start date",
    "study_stat": "unit_id varchar, platform varchar, period date, enrolled bigint, passed bigint, "
    "participation_rate decimal(18,6), _rec varchar",
    "inspection": "unit_id varchar, inspection_id varchar, _year bigint, round bigint, fixed_time boolean, "
    "agenda boolean, procedure boolean, detailed_record boolean, _rec varchar",
    "inspection_finding": "unit_id varchar, finding_id varchar, inspection_id varchar, severity varchar, _year bigint, "
    "due_on date, rechecked_on date, _rec varchar",
    "pairing_agreement": "unit_id varchar, agreement_id varchar, partner_type varchar, signed_on date, "
    "expires_on date, _rec varchar",
    "pairing_activity": "unit_id varchar, activity_id varchar, agreement_id varchar, held_on date, theme varchar, "
    "_year bigint, _rec varchar",
    "valid_activity": "unit_id varchar, _rec varchar, held_on date, partner_type varchar",
    "pairing_item": "item_id varchar, agreement_id varchar, kind varchar, due_on date, done_on date, _rec varchar",
    "param": "name varchar, key varchar, text varchar, number decimal(18,6)",
}

Row = tuple[object, ...]
#: (name, key, text, number), as a scheme's parameters are laid out.
Param = tuple[str, str | None, str, str | None]


def run(model: str, *, as_of: str | dt.date = AS_OF, **tables: list[Row]) -> list[Row]:
    """The rows of one model of sql/base or sql/measures, in order. A measure's are (unit_id, item, due, done, records),
    cast as a run casts them; ``tables`` are the ones it reads, as rows under ``TABLES``."""
    last_day = dt.date(YEAR, 12, 31)
    seen_on = dt.date.fromisoformat(str(as_of))
    text = (SQL / f"{model}.sql").read_text(encoding="utf-8")
    with duckdb.connect() as con:
        con.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
        con.execute(
            "create table assessment as select ? as year, ? as as_of, ? as year_start, ? as year_end, ? as period_end",
            [YEAR, seen_on, dt.date(YEAR, 1, 1), last_day, min(seen_on, last_day)],
        )
        for table, rows in tables.items():
            con.execute(f"create table {table} ({TABLES[table]})")
            for row in rows:
                con.execute(f"insert into {table} values ({', '.join('?' * len(row))})", list(row))
        if model.startswith("measures/"):
            text = (
                "select unit_id, cast(item as varchar), cast(due as decimal(18,6)), cast(done as decimal(18,6)), "
                f"coalesce(list_sort(records), []) from ({text}\n)"
            )
        return con.sql(f"select * from ({text}\n) order by all").fetchall()


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


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


# --- Study -----------------------------------------------------------------------------------------------------------

MARCH: Row = ("U", "2023-03", "2023-03-01")
APRIL: Row = ("U", "2023-04", "2023-04-01")


def platform(name: str, target: str) -> list[Param]:
    return [("platform", None, name, None), ("target", None, target, target)]


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
        param=[*platform("学习强国", target)],
    )
    assert found == [("U", "2023-03", 1, D(done), ["r"])]


@pytest.mark.parametrize("measure", ["measures/study_participation", "measures/study_hours_met"])
def test_a_month_without_a_row_did_nothing_and_one_with_nobody_enrolled_is_no_item(measure: str) -> None:
    found = run(
        measure,
        month_due=[MARCH, APRIL, ("W", "2023-03", "2023-03-01")],
        study_stat=[stat("r", "0", enrolled=0, passed=0, on="2023-04-01")],
        param=[*platform("学习强国", "0.90")],
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
    found = run(measure, month_due=[MARCH, APRIL], study_stat=other, param=[*platform("学习强国", "0.90")])
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
        param=[*platform("学习强国", target)],
    )
    assert found == [("U", "2023-03", 1, D(done), ["r"])]


# --- Spot checks and what they found ---------------------------------------------------------------------------------

PENALTIES: list[Param] = [
    ("must", None, "25", "25"),
    ("penalty", "严重", "10", "10"),
    ("penalty", "一般", "5", "5"),
    ("penalty", "轻微", "2", "2"),
]
ROUND_1: list[Row] = [("round", None, "1", "1"), *PENALTIES]


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
        ("round", None, "2", "2"), *PENALTIES,
    ]) == []  # fmt: skip


SEVERITY: list[Row] = [
    ("severity", "严重", "2", "2"),
    ("severity", "一般", "1", "1"),
    ("severity", "轻微", "0.5", "0.5"),
]


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


# --- Pairing ---------------------------------------------------------------------------------------------------------

STREET: list[Row] = [("partner_type", None, "街道", None), ("partner_type", None, "居委", None)]
TWO_SLOTS: list[Row] = [*STREET, ("target", None, "2", "2")]
U: Row = ("U", "2015-01-01", None)


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
    evidence = run("measures/agreement_live", assessed_unit=[U], pairing_agreement=given, param=STREET)
    assert evidence == [("U", "year", 1, done, ["r A"] if done else [])]


@pytest.mark.parametrize(("signed_on", "done"), [("2023-06-30", 1), ("2023-07-01", 0)])
def test_within_the_year_an_agreement_must_be_signed_by_the_as_of_day(signed_on: str, done: int) -> None:
    evidence = run(
        "measures/agreement_live", as_of="2023-06-30", assessed_unit=[U], param=STREET,
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
    units = [U, ("W", "2015-01-01", None)]
    assert run("measures/agreement_live", assessed_unit=units, pairing_agreement=given, param=STREET) == [
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
    units: list[Row] = [U, ("V", "2015-01-01", None), ("W", "2015-01-01", None)]
    assert run("measures/activities_held", assessed_unit=units, valid_activity=held, param=TWO_SLOTS) == [
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
    text = (ROOT / "tests" / "unit" / "test_measures.py").read_text(encoding="utf-8")
    models = [f"{folder}/{path.stem}" for folder in ("base", "measures") for path in (SQL / folder).glob("*.sql")]
    assert [model for model in sorted(models) if f'"{model}"' not in text] == []
