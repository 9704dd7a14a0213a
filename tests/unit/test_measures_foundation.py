"""Measures of 强基固本: a few literal rows in, the evidence they must give out."""

import pytest

from tests.helpers import YEAR
from tests.measures import D, Row, months, param, params, quarters, run, units

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


# --- Tasks and cadre actions ------------------------------------------------------------------------------------------


def task(number: str, due_on: str, done_on: str | None = None, unit: str = "U", year: int = YEAR) -> Row:
    return unit, number, due_on, done_on, year, f"r {number}"


@pytest.mark.parametrize(
    ("due_on", "done_on", "done"),
    [
        pytest.param("2023-05-31", "2023-05-31", 1, id="on the day"),
        pytest.param("2023-05-31", "2023-06-01", 0, id="a day late"),
        pytest.param("2023-05-31", "2022-12-31", 1, id="early"),
        pytest.param("2023-05-31", None, 0, id="not done"),
        pytest.param("2023-06-30", None, 0, id="due on the as-of day"),
        pytest.param("2023-07-01", "2023-05-31", None, id="not due yet"),
    ],
)
def test_a_task_is_done_by_its_date(due_on: str, done_on: str | None, done: int | None) -> None:
    found = run("measures/tasks_on_time", as_of="2023-06-30", task_breakdown=[task("T", due_on, done_on)])
    assert found == ([] if done is None else [("U", "T", 1, done, ["r T"])])


def test_tasks_of_other_years_are_not_due_and_each_is_its_units() -> None:
    given = [
        task("T1", "2023-05-31", "2023-05-01"),
        task("T2", "2023-12-31"),
        task("T3", "2023-05-31", "2023-05-01", unit="W"),
        task("2022", "2022-12-31", year=2022),
        task("2024", "2024-01-01", year=2024),
    ]
    assert run("measures/tasks_on_time", task_breakdown=given) == [
        ("U", "T1", 1, 1, ["r T1"]),
        ("U", "T2", 1, 0, ["r T2"]),
        ("W", "T3", 1, 1, ["r T3"]),
    ]


@pytest.mark.parametrize(
    ("planned_on", "done_on", "done"),
    [
        pytest.param("2023-05-31", "2023-05-31", 1, id="done"),
        pytest.param("2023-05-31", "2023-06-30", 1, id="late, by the as-of day"),
        pytest.param("2023-05-31", "2023-07-01", 0, id="after the as-of day"),
        pytest.param("2023-05-31", None, 0, id="not done"),
        pytest.param("2023-06-30", None, 0, id="planned for the as-of day"),
        pytest.param("2023-07-01", "2023-05-31", None, id="planned for later"),
    ],
)
def test_a_cadre_action_is_due_when_planned_and_done_by_the_as_of_day(
    planned_on: str, done_on: str | None, done: int | None
) -> None:
    found = run("measures/cadre_actions", as_of="2023-06-30", cadre_action=[task("A", planned_on, done_on)])
    assert found == ([] if done is None else [("U", "A", 1, done, ["r A"])])


def test_cadre_actions_of_other_years_are_not_due() -> None:
    given = [
        task("2022", "2022-12-31", year=2022),
        task("2023", "2023-12-31", "2024-01-10"),
        task("2024", "2024-01-01", year=2024),
        task("W", "2023-01-01", unit="W"),
    ]
    assert run("measures/cadre_actions", cadre_action=given) == [
        ("U", "2023", 1, 1, ["r 2023"]),
        ("W", "W", 1, 0, ["r W"]),
    ]


# --- Elections --------------------------------------------------------------------------------------------------------


def election(
    due_on: str,
    held_on: str | None = None,
    extended_to: str | None = None,
    approval: str | None = None,
    term_start: str = "2020-05-01",
) -> Row:
    return "U", term_start, due_on, held_on, extended_to, approval, int(due_on[:4]), "r"


def elected(given: Row, as_of: str = "2024-03-31") -> list[Row]:
    return run("measures/election_on_time", as_of=as_of, election=[given], param=params(extension_years=1))


@pytest.mark.parametrize(
    ("given", "done"),
    [
        pytest.param(election("2023-05-01", "2023-05-01"), 1, id="on the last day"),
        pytest.param(election("2023-05-01", "2023-05-02"), 0, id="a day late"),
        pytest.param(election("2023-05-01"), 0, id="not held"),
        pytest.param(election("2023-02-01", "2024-02-01", "2024-02-01", "文1"), 1, id="extended by exactly a year"),
        pytest.param(election("2023-02-01", "2023-03-01", "2024-02-02", "文1"), 0, id="extended by a day more"),
        pytest.param(election("2023-02-01", "2023-08-02", "2023-08-01", "文1"), 0, id="held a day after the extension"),
        pytest.param(election("2023-02-01", "2023-08-01", "2023-08-01"), 0, id="extended without approval"),
        pytest.param(election("2023-02-01", None, None, "文1"), 0, id="approved until nobody knows when"),
        pytest.param(election("2023-05-01", None, "2024-03-31", "文1"), 1, id="extension ends on the as-of day"),
        pytest.param(election("2023-05-01", None, "2024-03-30", "文1"), 0, id="extension ended a day before"),
        pytest.param(election("2023-05-01", None, "2024-04-30", "文1"), 1, id="extension still runs"),
        pytest.param(election("2023-05-01", None, "2024-05-02", "文1"), 0, id="one too long runs for nothing"),
        pytest.param(election("2023-05-01", None, "2024-04-30"), 0, id="so does one without approval"),
    ],
)
def test_an_election_is_on_time_or_within_an_approved_extension_of_a_year(given: Row, done: int) -> None:
    assert elected(given) == [("U", "2020-05-01", 1, done, ["r"])]


@pytest.mark.parametrize(
    ("due_on", "items"),
    [("2022-12-31", 0), ("2023-01-01", 1), ("2023-06-30", 1), ("2023-07-01", 0), ("2024-01-01", 0)],
)
def test_an_election_is_due_in_the_year_by_the_as_of_day(due_on: str, items: int) -> None:
    assert len(elected(election(due_on), as_of="2023-06-30")) == items


# --- Development of members -------------------------------------------------------------------------------------------

LIMIT = params(limit={"talk": 1, "activist": 12, "training": 24, "meeting": 1, "approval": 3, "probation": 12})
STEPS = (
    "applied_on",
    "talked_on",
    "activist_on",
    "object_on",
    "training_hours",
    "prereview_on",
    "meeting_on",
    "approved_on",
    "regular_on",
)


def person(name: str = "P", **steps: object) -> Row:
    """A person's row; an application long ago, unless it says otherwise."""
    known = {"applied_on": "2010-01-01", **steps}
    return "U", name, *(known.get(step) for step in STEPS), f"r {name}"


def developed(*given: Row, as_of: str = "2024-03-31", limit: list[Row] = LIMIT) -> dict[object, object]:
    """item → done; every item is one of one, with its person's record."""
    found = run("measures/development_steps", as_of=as_of, member_development=list(given), param=limit)
    assert all(row == ("U", row[1], 1, row[3], [f"r {str(row[1]).split()[0]}"]) for row in found)
    return {row[1]: row[3] for row in found}


@pytest.mark.parametrize(
    ("step", "begun", "taken", "kept", "late"),
    [
        pytest.param("talk", "applied_on", "talked_on", "2023-04-15", "2023-04-16", id="talk, a month"),
        pytest.param("approval", "meeting_on", "approved_on", "2023-06-15", "2023-06-16", id="approval, three months"),
        pytest.param("meeting", "prereview_on", "meeting_on", "2023-04-15", "2023-04-16", id="meeting, a month"),
    ],
)
def test_a_step_is_taken_within_its_months(step: str, begun: str, taken: str, kept: str, late: str) -> None:
    item = f"P {step}"
    for on, done in [(kept, 1), (late, 0), ("2023-03-15", 1), (None, 0)]:
        assert developed(person(**{begun: "2023-03-15", taken: on}))[item] == done


def test_a_limit_that_ends_in_a_shorter_month_ends_on_its_last_day() -> None:
    assert developed(person(applied_on="2023-01-31", talked_on="2023-02-28")) == {"P talk": 1}
    assert developed(person(applied_on="2023-01-31", talked_on="2023-03-01")) == {"P talk": 0}


@pytest.mark.parametrize(
    ("applied_on", "as_of", "due"),
    [
        pytest.param("2022-11-30", "2024-03-31", False, id="fell due in 2022"),
        pytest.param("2022-12-01", "2024-03-31", True, id="of 2022, fell due on the first day"),
        pytest.param("2023-11-30", "2024-03-31", True, id="falls due in the last month"),
        pytest.param("2023-12-01", "2024-03-31", False, id="falls due in 2024"),
        pytest.param("2023-05-30", "2023-06-30", True, id="fell due on the as-of day"),
        pytest.param("2023-05-31", "2023-06-29", False, id="falls due a day later"),
    ],
)
def test_a_talk_is_due_a_month_after_the_application_whenever_it_took_place(
    applied_on: str, as_of: str, due: bool
) -> None:
    found = developed(person(applied_on=applied_on, talked_on=applied_on), as_of=as_of)
    assert found == ({"P talk": 1} if due else {})


@pytest.mark.parametrize(
    ("step", "begun", "taken"),
    [
        pytest.param("activist", "activist_on", "object_on", id="activist"),
        pytest.param("probation", "meeting_on", "regular_on", id="probation"),
    ],
)
def test_a_step_is_not_taken_before_its_year_is_over(step: str, begun: str, taken: str) -> None:
    def found(first: str | None, second: str, as_of: str = "2024-03-31") -> object:
        return developed(person(**{begun: first, taken: second}), as_of=as_of).get(f"P {step}")

    assert found("2022-03-15", "2023-03-15") == 1
    assert found("2022-03-16", "2023-03-15") == 0
    assert found("2015-01-01", "2023-03-15") == 1
    assert found(None, "2023-03-15") == 0  # nobody can say that the year was kept
    assert found("2020-01-01", "2022-12-31") is None
    assert found("2020-01-01", "2023-01-01") == 1
    assert found("2020-01-01", "2023-06-30", as_of="2023-06-30") == 1
    assert found("2020-01-01", "2023-07-01", as_of="2023-06-30") is None
    assert found("2020-01-01", "2024-01-01") is None


@pytest.mark.parametrize(("hours", "done"), [("24", 1), ("23.9", 0), (None, 0), ("40", 1)])
def test_training_has_its_hours_on_the_day_of_the_meeting(hours: str | None, done: int) -> None:
    found = developed(person(training_hours=hours, meeting_on="2023-12-31"))
    assert found == {"P training": done}  # approval falls due in 2024
    assert developed(person(training_hours=hours, meeting_on="2022-06-30")) == {}
    assert developed(person(training_hours=hours)) == {}


def test_one_person_from_the_application_to_full_membership() -> None:
    whole = person(
        applied_on="2022-12-20",
        talked_on="2023-01-20",  # in time: due on 20 January 2023
        activist_on="2021-12-01",
        object_on="2023-01-31",  # after more than a year
        training_hours="20",  # too little, judged on the day of the meeting
        prereview_on="2023-02-01",
        meeting_on="2023-03-02",  # a day late
        approved_on="2023-06-02",  # on the last day
        regular_on="2023-12-02",  # after nine months
    )
    assert developed(whole, person("Q")) == {
        "P talk": 1,
        "P activist": 1,
        "P training": 0,
        "P meeting": 0,
        "P approval": 1,
        "P probation": 0,
    }


def test_a_step_is_judged_by_the_text_in_force_on_its_first_day() -> None:
    """Made up: no such text exists. From 1 July 2023 other limits are supposed to hold."""
    before, after = ("0001-01-01", "2023-06-30"), ("2023-07-01", "9999-12-31")
    steps = {"talk": (1, 2), "activist": (12, 6), "training": (24, 40), "meeting": (1, 2), "approval": (3, 1)}
    steps["probation"] = (12, 6)
    limit = [param("limit", old, step, before) for step, (old, _) in steps.items()]
    limit += [param("limit", new, step, after) for step, (_, new) in steps.items()]

    given = [
        person("A", applied_on="2023-06-30", talked_on="2023-07-31"),  # one month: until 30 July
        person("B", applied_on="2023-07-01", talked_on="2023-09-01"),  # two
        person("C", activist_on="2023-06-30", object_on="2023-12-30"),  # twelve months; had six
        person("D", activist_on="2023-07-01", object_on="2024-01-01"),  # taken in 2024
        person("E", activist_on="2023-07-01", object_on="2023-12-31"),  # six months; a day short
        person("F", training_hours="24", meeting_on="2023-06-30", approved_on="2023-09-30"),  # 24 hours, three months
        person("G", training_hours="24", meeting_on="2023-07-01", approved_on="2023-08-02"),  # 40 hours, one month
        person("H", prereview_on="2023-06-30", meeting_on="2023-07-31"),  # one month for the meeting
        person("I", meeting_on="2023-06-30", regular_on="2023-12-31"),  # twelve months
        person("J", prereview_on="2023-07-01", meeting_on="2023-09-01"),  # two months for the meeting
    ]
    assert developed(*given, limit=limit) == {
        "A talk": 0,
        "B talk": 1,
        "C activist": 0,
        "E activist": 0,
        "F training": 1,
        "F approval": 1,
        "G training": 0,
        "G approval": 0,
        "H training": 0,
        "H meeting": 0,
        "H approval": 0,
        "I training": 0,
        "I approval": 0,
        "I probation": 0,
        "J training": 0,
        "J meeting": 1,
        "J approval": 0,
    }
    assert developed(person(meeting_on="2023-06-30", training_hours="24", regular_on="2023-12-30"), limit=[
        param("limit", 6, "probation", after), param("limit", 12, "probation", before),
    ]) == {"P probation": 0}  # fmt: skip
    assert developed(person(meeting_on="2023-06-01", regular_on="2023-12-01"), limit=[
        param("limit", 6, "probation", ("2023-06-01", "9999-12-31")),
        param("limit", 12, "probation", ("0001-01-01", "2023-05-31")),
    ]) == {"P probation": 1}  # fmt: skip


# --- Secretaries ------------------------------------------------------------------------------------------------------


def attended(number: str, how: str, reported: bool = False, unit: str = "U", year: int = YEAR) -> Row:
    return unit, number, how, reported, year, f"r {unit} {number}"


ATTENDED = params(attended={"本人": 1, "代会": D("0.5"), "缺席": 0})


def test_a_proxy_counts_half_and_absence_nothing() -> None:
    given = [
        attended("1", "本人"),
        attended("2", "代会"),
        attended("3", "缺席"),
        attended("1", "缺席", unit="W"),
        attended("2022", "本人", year=2022),
        attended("2024", "本人", year=2024),
    ]
    assert run("measures/secretary_meetings", secretary_meeting=given, param=ATTENDED) == [
        ("U", "1", 1, 1, ["r U 1"]),
        ("U", "2", 1, D("0.5"), ["r U 2"]),
        ("U", "3", 1, 0, ["r U 3"]),
        ("W", "1", 1, 0, ["r W 1"]),
    ]


def test_the_annual_report_was_given_at_any_meeting_of_the_year() -> None:
    given = [
        attended("1", "本人", reported=True),
        attended("2", "本人"),
        attended("3", "代会", reported=True),
        attended("1", "本人", unit="V"),
        attended("2022", "本人", reported=True, unit="V", year=2022),
    ]
    assert run("measures/annual_report", assessed_unit=units("U", "V", "W"), secretary_meeting=given) == [
        ("U", "year", 1, 1, ["r U 1", "r U 3"]),
        ("V", "year", 1, 0, []),
        ("W", "year", 1, 0, []),
    ]


# --- Meetings of organisational life ----------------------------------------------------------------------------------


def held(
    rec: str,
    kind: str,
    held_on: str,
    attended: int = 10,
    due: int = 10,
    unit: str = "U",
    group: str | None = None,
    year: int = YEAR,
) -> Row:
    return unit, kind, group, held_on, due, attended, year, rec


ASSEMBLY = params(type="支部党员大会", attendance=D("0.80"))
THEMED_DAY = params(type="主题党日", attendance=0)


def test_a_quarter_has_its_assembly_however_often_and_all_in_december_are_one() -> None:
    given = [held(f"r{number:02}", "支部党员大会", f"2023-12-{number:02}") for number in range(1, 13)]
    given += [held("lecture", "党课", "2023-02-01"), held("w", "支部党员大会", "2023-02-01", unit="W")]
    found = run("measures/meeting_quarters", quarter_due=quarters(1, 2, 3, 4), valid_meeting=given, param=ASSEMBLY)
    assert found == [
        ("U", "2023Q1", 1, 0, []),
        ("U", "2023Q2", 1, 0, []),
        ("U", "2023Q3", 1, 0, []),
        ("U", "2023Q4", 1, 1, [f"r{number:02}" for number in range(1, 13)]),
    ]


@pytest.mark.parametrize(
    ("held_on", "year", "done"),
    [
        ("2023-03-31", 2023, 0),
        ("2023-04-01", 2023, 1),
        ("2023-06-30", 2023, 1),
        ("2023-07-01", 2023, 0),
        pytest.param("2023-05-15", 2022, 0, id="in the quarter, for last year"),
        pytest.param("2022-05-15", 2023, 0, id="for the year, in no quarter of it"),
    ],
)
def test_a_meeting_counts_for_the_quarter_it_was_held_in_and_the_year_it_belongs_to(
    held_on: str, year: int, done: int
) -> None:
    given = [held("r", "支部党员大会", held_on, year=year)]
    found = run("measures/meeting_quarters", quarter_due=quarters(2), valid_meeting=given, param=ASSEMBLY)
    assert found == [("U", "2023Q2", 1, done, ["r"] if done else [])]


@pytest.mark.parametrize(
    ("attended", "due", "done"),
    [
        pytest.param(8, 10, 1, id="just enough"),
        pytest.param(7, 10, 0, id="one too few"),
        pytest.param(5, 6, 1, id="five of six"),
        pytest.param(7, 9, 0, id="seven of nine"),
        pytest.param(0, 0, 0, id="nobody was due"),
    ],
)
def test_an_assembly_needs_its_attendance(attended: int, due: int, done: int) -> None:
    given = [held("r", "支部党员大会", "2023-05-01", attended, due)]
    found = run("measures/meeting_quarters", quarter_due=quarters(2), valid_meeting=given, param=ASSEMBLY)
    assert found == [("U", "2023Q2", 1, done, ["r"] if done else [])]


def test_a_lecture_counts_however_few_came_and_a_good_meeting_saves_a_quarter() -> None:
    lectures = [held("r", "党课", "2023-05-01", 1, 100)]
    lecture = params(type="党课", attendance=0)
    found = run("measures/meeting_quarters", quarter_due=quarters(2), valid_meeting=lectures, param=lecture)
    assert found == [("U", "2023Q2", 1, 1, ["r"])]
    both = [held("bad", "支部党员大会", "2023-05-01", 1), held("good", "支部党员大会", "2023-05-02", 9)]
    found = run("measures/meeting_quarters", quarter_due=quarters(2), valid_meeting=both, param=ASSEMBLY)
    assert found == [("U", "2023Q2", 1, 1, ["good"])]


def test_twelve_themed_days_in_december_are_one_month() -> None:
    given = [held(f"r{number:02}", "主题党日", f"2023-12-{number:02}", 1) for number in range(1, 13)]
    found = run("measures/meeting_months", month_due=months(*range(1, 13)), valid_meeting=given, param=THEMED_DAY)
    assert found == [
        *[("U", f"2023-{month:02}", 1, 0, []) for month in range(1, 12)],
        ("U", "2023-12", 1, 1, [f"r{number:02}" for number in range(1, 13)]),
    ]


@pytest.mark.parametrize(
    ("given", "done"),
    [
        pytest.param(held("r", "主题党日", "2023-02-01"), 1, id="on the first day"),
        pytest.param(held("r", "主题党日", "2023-02-28"), 1, id="on the last day"),
        pytest.param(held("r", "主题党日", "2023-01-31"), 0, id="a day early"),
        pytest.param(held("r", "主题党日", "2023-03-01"), 0, id="a day late"),
        pytest.param(held("r", "党课", "2023-02-01"), 0, id="another type"),
        pytest.param(held("r", "主题党日", "2023-02-01", unit="W"), 0, id="another unit"),
        pytest.param(held("r", "主题党日", "2023-02-01", year=2022), 0, id="for last year"),
        pytest.param(held("r", "主题党日", "2022-02-01"), 0, id="for the year, in no month of it"),
        pytest.param(held("r", "主题党日", "2023-02-01", 0), 1, id="whoever came"),
        pytest.param(held("r", "主题党日", "2023-02-01", 0, 0), 0, id="nobody was due"),
    ],
)
def test_a_themed_day_counts_for_the_month_it_was_held_in(given: Row, done: int) -> None:
    found = run("measures/meeting_months", month_due=months(2), valid_meeting=[given], param=THEMED_DAY)
    assert found == [("U", "2023-02", 1, done, ["r"] if done else [])]


def test_a_themed_day_needs_the_attendance_that_is_asked() -> None:
    given = [held("r1", "主题党日", "2023-02-01", 1, 3), held("r2", "主题党日", "2023-03-01", 3, 10)]
    asked = params(type="主题党日", attendance=D("0.333333"))
    assert run("measures/meeting_months", month_due=months(2, 3), valid_meeting=given, param=asked) == [
        ("U", "2023-02", 1, 1, ["r1"]),
        ("U", "2023-03", 1, 0, []),
    ]


def registered(unit: str, committee: bool = False, groups: int = 0) -> Row:
    return unit, unit, "基层单位", "2015-01-01", None, committee, groups


@pytest.mark.parametrize(
    ("attended", "due", "done"), [(3, 6, 1), (2, 5, 0), (3, 5, 1), (5, 5, 1), (2, 4, 1), (1, 3, 0)]
)
def test_half_a_committee_is_enough_the_half_included(attended: int, due: int, done: int) -> None:
    found = run(
        "measures/committee_months", org_unit=[registered("U", committee=True)], month_due=months(5),
        valid_meeting=[held("r", "支委会", "2023-05-31", attended, due)], param=params(attendance=D("0.50")),
    )  # fmt: skip
    assert found == [("U", "2023-05", 1, done, ["r"] if done else [])]


def test_a_committee_meeting_is_due_each_month_where_there_is_a_committee() -> None:
    given = [
        held("r2", "支委会", "2023-05-31"),
        held("r1", "支委会", "2023-05-01"),
        held("assembly", "支部党员大会", "2023-06-01"),
        held("last year's", "支委会", "2023-06-01", year=2022),
        held("nobody due", "支委会", "2023-06-01", 0, 0),
        held("w", "支委会", "2023-05-01", unit="W"),
    ]
    due = [*months(5, 6), *months(5, unit="V"), *months(5, unit="W")]
    org_unit = [registered("U", committee=True), registered("V", committee=True), registered("W")]
    found = run(
        "measures/committee_months", org_unit=org_unit, month_due=due, valid_meeting=given,
        param=params(attendance=D("0.50")),
    )  # fmt: skip
    assert found == [
        ("U", "2023-05", 1, 1, ["r1", "r2"]),
        ("U", "2023-06", 1, 0, []),
        ("V", "2023-05", 1, 0, []),
    ]


def of_group(rec: str, group: str | None, unit: str = "U", year: int = YEAR) -> Row:
    """A record that names a group, whatever else it says."""
    return unit, rec, group, ["党小组会"], "2023-05-01", None, None, None, 5, 5, None, None, None, year, rec


def grouped(org_unit: list[Row], records: list[Row], meetings: list[Row], due: list[Row]) -> list[Row]:
    return run(
        "measures/group_months", org_unit=org_unit, org_life_record=records, valid_meeting=meetings, month_due=due,
        param=params(attendance=0),
    )  # fmt: skip


def test_each_group_meets_each_month() -> None:
    records = [of_group("r1", "一组"), of_group("r2", "二组"), of_group("r3", "一组"), of_group("r4", None)]
    meetings = [
        held("r1", "党小组会", "2023-05-31", group="一组"),
        held("r2", "党小组会", "2023-06-01", group="二组"),
        held("r3", "党小组会", "2023-05-01", group="一组"),
        held("lecture", "党课", "2023-06-01", group="一组"),
        held("whose", "党小组会", "2023-06-01"),
        held("last year's", "党小组会", "2023-06-01", group="一组", year=2022),
        held("nobody due", "党小组会", "2023-06-01", 0, 0, group="一组"),
        held("w", "党小组会", "2023-06-01", group="一组", unit="W"),
    ]
    assert grouped([registered("U", groups=2)], records, meetings, months(5, 6)) == [
        ("U", "一组 2023-05", 1, 1, ["r1", "r3"]),
        ("U", "一组 2023-06", 1, 0, []),
        ("U", "二组 2023-05", 1, 0, []),
        ("U", "二组 2023-06", 1, 1, ["r2"]),
    ]


def test_groups_that_no_record_names_are_due_too_and_more_than_the_registry_knows_are_not() -> None:
    records = [
        of_group("r1", "b"),
        of_group("r2", "v3", unit="V"),
        of_group("r3", "v1", unit="V"),
        of_group("r4", "v2", unit="V"),
        of_group("r5", "w", unit="W"),
        of_group("r6", "a", year=2022),
    ]
    org_unit = [
        registered("U", groups=3),
        registered("V", groups=2),
        registered("W"),
        registered("X", groups=1),
        registered("not due", groups=1),
    ]
    due = [row for unit in ("U", "V", "W", "X") for row in months(5, unit=unit)]
    meetings = [held("r2", "党小组会", "2023-05-01", unit="V", group="v3")]
    assert grouped(org_unit, records, meetings, due) == [
        ("U", "b 2023-05", 1, 0, []),
        ("U", "未报小组1 2023-05", 1, 0, []),
        ("U", "未报小组2 2023-05", 1, 0, []),
        ("V", "v1 2023-05", 1, 0, []),
        ("V", "v2 2023-05", 1, 0, []),
        ("X", "未报小组1 2023-05", 1, 0, []),
    ]


def test_a_group_meeting_needs_the_attendance_that_is_asked() -> None:
    meetings = [
        held("r1", "党小组会", "2023-05-01", 4, group="一组"),
        held("r2", "党小组会", "2023-06-01", 5, group="一组"),
    ]
    found = run(
        "measures/group_months", org_unit=[registered("U", groups=1)], org_life_record=[of_group("r1", "一组")],
        valid_meeting=meetings, month_due=months(5, 6), param=params(attendance=D("0.5")),
    )  # fmt: skip
    assert found == [("U", "一组 2023-05", 1, 0, []), ("U", "一组 2023-06", 1, 1, ["r2"])]


# --- The yearly meeting, the review and the talks ---------------------------------------------------------------------

ORIGIN = params(origin=["组织生活会", "民主评议", "巡察"])


def to_mend(
    number: str,
    due_on: str = "2023-05-31",
    done_on: str | None = None,
    origin: str = "组织生活会",
    unit: str = "U",
) -> Row:
    return unit, number, origin, due_on, done_on, int(due_on[:4]), f"r {number}"


def yearly(meetings: list[Row], rectification: list[Row], *names: str, as_of: str = "2024-03-31") -> list[Row]:
    return run(
        "measures/org_life_meeting", as_of=as_of, assessed_unit=units(*names), valid_meeting=meetings,
        rectification=rectification, param=ORIGIN,
    )  # fmt: skip


def test_the_yearly_meeting_counts_with_nothing_to_mend_if_it_was_held() -> None:
    meetings = [
        held("r2", "组织生活会", "2024-02-01"),  # held in 2024 for 2023
        held("r1", "组织生活会", "2023-08-01", 1),
        held("v", "组织生活会", "2023-02-01", unit="V", year=2022),  # held in 2023 for 2022
        held("w", "主题党日", "2023-02-01", unit="W"),
    ]
    assert yearly(meetings, [], "U", "V", "W") == [
        ("U", "none", 1, 1, ["r1", "r2"]),
        ("V", "none", 1, 0, []),
        ("W", "none", 1, 0, []),
    ]


@pytest.mark.parametrize(
    ("due_on", "done_on", "done"),
    [
        pytest.param("2023-05-31", "2023-05-31", 1, id="on the day"),
        pytest.param("2023-05-31", "2023-06-01", 0, id="a day late"),
        pytest.param("2023-05-31", None, 0, id="not done"),
        pytest.param("2023-06-30", None, 0, id="due on the as-of day"),
        pytest.param("2023-07-01", None, None, id="not due yet"),
        pytest.param("2022-12-31", None, None, id="of last year"),
    ],
)
def test_what_is_to_be_mended_is_mended_by_its_date(due_on: str, done_on: str | None, done: int | None) -> None:
    found = yearly(
        [held("m", "组织生活会", "2023-02-01")], [to_mend("I", due_on, done_on)], "U", as_of="2023-06-30"
    )  # fmt: skip
    assert found == [("U", "none", 1, 1, ["m"]) if done is None else ("U", "I", 1, done, ["m", "r I"])]


def test_nothing_counts_without_the_meeting_and_other_origins_are_not_asked_for() -> None:
    rectification = [
        to_mend("I1", done_on="2023-05-01"),
        to_mend("I2", done_on="2023-05-01", origin="巡察"),
        to_mend("I3", origin="民主评议"),
        to_mend("I4", origin="审计"),
        to_mend("I5", done_on="2023-05-01", unit="W"),
    ]
    meetings = [held("m", "组织生活会", "2023-02-01", unit="W")]
    assert yearly(meetings, rectification, "U", "W") == [
        ("U", "I1", 1, 0, ["r I1"]),
        ("U", "I2", 1, 0, ["r I2"]),
        ("U", "I3", 1, 0, ["r I3"]),
        ("W", "I5", 1, 1, ["m", "r I5"]),
    ]


def review(excellent: int, others: tuple[int, int, int], unit: str = "U", year: int = YEAR) -> Row:
    return unit, year, excellent, *others, f"r {unit}"


REVIEW = params(excellent_one_in=3, above=D("0.5"))


@pytest.mark.parametrize(
    ("excellent", "others", "done"),
    [
        pytest.param(3, (6, 0, 0), "1", id="exactly a third"),
        pytest.param(4, (6, 1, 0), "0.5", id="a little over: 4 of 11"),
        pytest.param(4, (7, 0, 1), "1", id="4 of 12, all grades counted"),
        pytest.param(4, (5, 2, 1), "1", id="4 of 12 in every grade"),
        pytest.param(0, (9, 0, 0), "1", id="nobody"),
        pytest.param(5, (0, 0, 0), "0.5", id="everybody"),
        pytest.param(0, (0, 0, 0), "1", id="nobody was graded"),
        pytest.param(33, (66, 0, 0), "1", id="33 of 99"),
        pytest.param(34, (66, 0, 0), "0.5", id="34 of 100"),
    ],
)
def test_a_review_with_more_than_a_third_excellent_is_worth_half(
    excellent: int, others: tuple[int, int, int], done: str
) -> None:
    given = [review(excellent, others)]
    found = run("measures/democratic_review", assessed_unit=units("U"), democratic_review=given, param=REVIEW)
    assert found == [("U", "year", 1, D(done), ["r U"])]


def test_a_review_is_of_the_year_that_it_is_attributed_to_and_due_from_every_unit() -> None:
    given = [review(1, (9, 0, 0)), review(1, (9, 0, 0), unit="V", year=2022)]
    found = run("measures/democratic_review", assessed_unit=units("U", "V", "W"), democratic_review=given, param=REVIEW)
    assert found == [("U", "year", 1, 1, ["r U"]), ("V", "year", 1, 0, []), ("W", "year", 1, 0, [])]


def test_every_member_is_talked_with_in_the_year_by_whichever_unit() -> None:
    members: list[Row] = [
        ("A", "U", "正式", "书记", False),
        ("B", "U", "预备", "党员", False),
        ("C", "U", "正式", "党员", True),
        ("D", "W", "正式", "党员", False),
    ]
    talks: list[Row] = [
        ("U", "A", 2023, "r2"),
        ("U", "A", 2023, "r1"),
        ("U", "B", 2022, "r3"),
        ("U", "C", 2024, "r4"),
        ("U", "D", 2023, "before the transfer"),
        ("U", "gone", 2023, "r5"),
    ]
    assert run("measures/members_talked_with", member_now=members, talk_record=talks) == [
        ("U", "A", 1, 1, ["r1", "r2"]),
        ("U", "B", 1, 0, []),
        ("U", "C", 1, 0, []),
        ("W", "D", 1, 1, ["before the transfer"]),
    ]


# --- The model office -------------------------------------------------------------------------------------------------


def test_four_goals_are_due_and_worth_their_grades() -> None:
    given: list[Row] = [
        ("U", "讲政治", "A", 2023, "r1"),
        ("U", "守纪律", "B", 2023, "r2"),
        ("U", "负责任", "C", 2023, "r3"),
        ("U", "有效率", "D", 2023, "r4"),
        ("V", "讲政治", "A", 2022, "r5"),
        ("V", "有效率", "C", 2023, "r6"),
    ]
    grade = params(grade={"A": 1, "B": D("0.8"), "C": D("0.5"), "D": 0})
    assert run("measures/model_office", assessed_unit=units("U", "V"), model_office=given, param=grade) == [
        ("U", "守纪律", 1, D("0.8"), ["r2"]),
        ("U", "有效率", 1, 0, ["r4"]),
        ("U", "讲政治", 1, 1, ["r1"]),
        ("U", "负责任", 1, D("0.5"), ["r3"]),
        ("V", "守纪律", 1, 0, []),
        ("V", "有效率", 1, D("0.5"), ["r6"]),
        ("V", "讲政治", 1, 0, []),
        ("V", "负责任", 1, 0, []),
    ]
