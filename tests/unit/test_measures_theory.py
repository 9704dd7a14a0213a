"""Measures of 立根铸魂: a few literal rows in, the evidence they must give out."""

import pytest

from tests.helpers import YEAR
from tests.measures import D, Row, months, params, run, units

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


# --- First topic ------------------------------------------------------------------------------------------------------


def topic(rec: str, held_on: str, first: bool = True, unit: str = "U", year: int = YEAR) -> Row:
    return unit, held_on, first, year, rec


def test_a_month_has_its_first_topic_however_often_and_twelve_in_december_are_one() -> None:
    given = [topic(f"r{number:02}", f"2023-12-{number:02}") for number in range(1, 13)]
    assert run("measures/first_topic_months", month_due=months(10, 11, 12), first_topic=given) == [
        ("U", "2023-10", 1, 0, []),
        ("U", "2023-11", 1, 0, []),
        ("U", "2023-12", 1, 1, [f"r{number:02}" for number in range(1, 13)]),
    ]


@pytest.mark.parametrize(
    ("given", "done"),
    [
        pytest.param(topic("r", "2023-03-01"), 1, id="on the first day"),
        pytest.param(topic("r", "2023-03-31"), 1, id="on the last day"),
        pytest.param(topic("r", "2023-02-28"), 0, id="a day early"),
        pytest.param(topic("r", "2023-04-01"), 0, id="a day late"),
        pytest.param(topic("r", "2023-03-15", first=False), 0, id="not as the first item"),
        pytest.param(topic("r", "2023-03-15", unit="W"), 0, id="another unit's"),
        pytest.param(topic("r", "2022-03-15", year=2022), 0, id="a year before"),
        pytest.param(topic("r", "2023-03-15", year=2022), 0, id="of another year"),
    ],
)
def test_a_first_topic_counts_for_the_month_and_unit_it_was_taken_up_in(given: Row, done: int) -> None:
    found = run("measures/first_topic_months", month_due=[MARCH], first_topic=[given])
    assert found == [("U", "2023-03", 1, done, ["r"] if done else [])]


def test_no_month_due_is_no_item_of_first_topics() -> None:
    assert run("measures/first_topic_months", month_due=[], first_topic=[topic("r", "2023-03-01")]) == []


# --- Sessions that fill slots -----------------------------------------------------------------------------------------


def session(rec: str, held_on: str, attended: int, due: int = 10, unit: str = "U", year: int = YEAR) -> Row:
    return unit, held_on, due, attended, year, rec


JOINT = params(target=4, attendance=D("0.80"))


def test_joint_study_is_the_best_attended_sessions_and_empty_slots() -> None:
    given = [
        session("r1", "2023-03-01", 8),
        session("r2", "2023-05-01", 10),
        session("r3", "2023-07-01", 9),
        session("w", "2023-07-01", 3, due=3, unit="W"),
    ]
    found = run("measures/joint_study_sessions", assessed_unit=units("U", "W"), joint_study=given, param=JOINT)
    assert found == [
        ("U", "1", 1, 1, ["r2"]),
        ("U", "2", 1, D("0.9"), ["r3"]),
        ("U", "3", 1, D("0.8"), ["r1"]),
        ("U", "4", 1, 0, []),
        ("W", "1", 1, 1, ["w"]),
        ("W", "2", 1, 0, []),
        ("W", "3", 1, 0, []),
        ("W", "4", 1, 0, []),
    ]


@pytest.mark.parametrize(
    ("attended", "due", "done"),
    [
        pytest.param(4, 5, "0.8", id="just enough"),
        pytest.param(79, 100, "0", id="one too few"),
        pytest.param(7, 9, "0", id="0.777778"),
        pytest.param(5, 6, "0.833333", id="rounded down"),
        pytest.param(11, 12, "0.916667", id="rounded up"),
        pytest.param(0, 0, "0", id="nobody was due"),
    ],
)
def test_a_joint_study_needs_its_attendance(attended: int, due: int, done: str) -> None:
    given = [session("r", "2023-03-01", attended, due)]
    found = run(
        "measures/joint_study_sessions", assessed_unit=units("U"), joint_study=given,
        param=params(target=1, attendance=D("0.80")),
    )  # fmt: skip
    assert found == [("U", "1", 1, D(done), ["r"] if D(done) else [])]


def test_joint_study_beyond_the_target_or_of_another_year_does_not_count() -> None:
    given = [
        session("2022", "2022-12-31", 10, year=2022),
        session("2024", "2024-01-01", 10, year=2024),
        session("r a", "2023-12-31", 9),
        session("r c", "2023-01-01", 18, due=20),
        session("r b", "2023-01-01", 9),
        session("r d", "2023-06-01", 10),
    ]
    found = run(
        "measures/joint_study_sessions", assessed_unit=units("U"), joint_study=given,
        param=params(target=2, attendance=D("0.80")),
    )  # fmt: skip
    assert found == [("U", "1", 1, 1, ["r d"]), ("U", "2", 1, D("0.9"), ["r b"])]


#: 对党忠诚教育 and, of 正风肃纪, 警示教育: the same measure over two tables.
EDUCATION = [("measures/loyalty_sessions", "loyalty_education"), ("measures/warning_education", "warning_education")]


@pytest.mark.parametrize(("measure", "table"), EDUCATION)
def test_education_is_the_two_best_attended_sessions_of_the_year(measure: str, table: str) -> None:
    given = [
        session("worst", "2023-01-01", 5),
        session("best", "2023-11-01", 2, due=3),
        session("second", "2023-06-01", 6),
        session("2022", "2022-12-31", 10, year=2022),
        session("2024", "2024-01-01", 10, year=2024),
        session("v", "2023-12-31", 0, unit="V"),
        session("nobody due", "2023-12-31", 0, due=0, unit="W"),
    ]
    assert run(measure, assessed_unit=units("U", "V", "W"), param=params(target=2), **{table: given}) == [
        ("U", "1", 1, D("0.666667"), ["best"]),
        ("U", "2", 1, D("0.6"), ["second"]),
        ("V", "1", 1, 0, ["v"]),
        ("V", "2", 1, 0, []),
        ("W", "1", 1, 0, []),
        ("W", "2", 1, 0, []),
    ]


@pytest.mark.parametrize(("measure", "table"), EDUCATION)
def test_equally_attended_sessions_fill_slots_by_date_then_record(measure: str, table: str) -> None:
    given = [
        session("r d", "2023-01-02", 9),
        session("r c", "2023-01-01", 9),
        session("r b", "2023-01-01", 18, due=20),
        session("r a", "2023-01-03", 9),
    ]
    assert run(measure, assessed_unit=units("U"), param=params(target=2), **{table: given}) == [
        ("U", "1", 1, D("0.9"), ["r b"]),
        ("U", "2", 1, D("0.9"), ["r c"]),
    ]


# --- Campaigns --------------------------------------------------------------------------------------------------------


def campaign(rec: str, name: str, held_on: str, covered: int, unit: str = "U", year: int = YEAR) -> Row:
    return unit, name, held_on, covered, year, rec


def member(name: str, unit: str = "U", valid_from: str = "2015-01-01", valid_to: str | None = None) -> Row:
    return name, unit, "正式", "党员", False, valid_from, valid_to, f"r {name}"


def covered(sessions: list[Row], members: list[Row], *names: str, as_of: str = "2024-03-31") -> list[Row]:
    return run(
        "measures/campaign_cover", as_of=as_of, assessed_unit=units(*names), campaign_session=sessions,
        party_member=members,
    )  # fmt: skip


def test_a_campaign_reaches_no_more_than_the_members_there_are() -> None:
    sessions = [
        campaign("r1", "主题教育", "2023-05-01", 1),
        campaign("r2", "主题教育", "2023-06-01", 1),
        campaign("r3", "集中宣讲", "2023-06-01", 7),
        campaign("r4", "去年的", "2022-06-01", 7, year=2022),
    ]
    members = [member("A"), member("B"), member("C"), member("D", "W"), member("E", "W")]
    assert covered(sessions, members, "U", "W", "without members") == [
        ("U", "主题教育", 3, 2, ["r1", "r2"]),
        ("U", "集中宣讲", 3, 3, ["r3"]),
        ("W", "主题教育", 2, 0, []),
        ("W", "集中宣讲", 2, 0, []),
    ]


@pytest.mark.parametrize(
    ("moved_in", "moved_out", "due"),
    [
        pytest.param("2023-06-01", "2023-12-31", 2, id="in on the day of the last session"),
        pytest.param("2023-06-02", None, 1, id="in a day later"),
        pytest.param("2015-01-01", "2023-06-01", 2, id="out after that day"),
        pytest.param("2015-01-01", "2023-05-31", 1, id="out a day before"),
    ],
)
def test_members_are_counted_on_the_day_of_the_units_last_session(
    moved_in: str, moved_out: str | None, due: int
) -> None:
    sessions = [campaign("r2", "主题教育", "2023-06-01", 0), campaign("r1", "主题教育", "2023-01-01", 0)]
    members = [member("stays"), member("moves", "U", moved_in, moved_out)]
    assert covered(sessions, members, "U") == [("U", "主题教育", due, 0, ["r1", "r2"])]


@pytest.mark.parametrize(("as_of", "due"), [("2024-03-31", 1), ("2023-07-01", 1), ("2023-06-30", 2)])
def test_without_a_session_members_are_counted_at_the_end_of_the_period(as_of: str, due: int) -> None:
    sessions = [campaign("w", "主题教育", "2023-06-01", 1, unit="W")]
    members = [member("stays"), member("moves", "U", "2015-01-01", "2023-06-30"), member("later", "U", "2024-01-01")]
    assert covered(sessions, members, "U", as_of=as_of) == [("U", "主题教育", due, 0, [])]


def test_a_member_in_two_rows_is_one_and_no_campaign_is_no_item() -> None:
    members = [member("A"), member("A", "U", "2020-01-01")]
    assert covered([campaign("r", "主题教育", "2023-06-01", 2)], members, "U") == [("U", "主题教育", 1, 1, ["r"])]
    assert covered([], members, "U") == []


@pytest.mark.parametrize(
    ("held_on", "here", "there"),
    [
        pytest.param("2023-05-31", 1, 0, id="before the later row"),
        pytest.param("2023-06-01", 0, 1, id="from its first day"),
        pytest.param("2023-06-30", 0, 1, id="to its last"),
        pytest.param("2023-07-01", 1, 0, id="after it"),
    ],
)
def test_a_member_of_two_units_at_once_is_where_the_later_row_says(held_on: str, here: int, there: int) -> None:
    sessions = [campaign("u", "主题教育", held_on, 0), campaign("w", "主题教育", held_on, 0, unit="W")]
    members = [member("M"), member("M", "W", "2023-06-01", "2023-06-30"), member("other", "V")]
    due = [("U", "主题教育", 1, 0, ["u"])] * here + [("W", "主题教育", 1, 0, ["w"])] * there
    assert covered(sessions, members, "U", "W") == due


# --- Training ---------------------------------------------------------------------------------------------------------


def trainee(name: str, role: str = "党员", status: str = "正式", exempt: bool = False, unit: str = "U") -> Row:
    return name, unit, status, role, exempt


def course(rec: str, who: str, hours: object, group: str = "党员", unit: str = "U", year: int = YEAR) -> Row:
    return who, unit, group, D(str(hours)), year, rec


def trained(group: str, hours: int, courses: int, members: list[Row], given: list[Row]) -> list[Row]:
    asked = params(trainee_group=group, hours=hours, courses=courses)
    return run("measures/training_met", member_now=members, training_record=given, param=asked)


@pytest.mark.parametrize(
    ("hours", "done"),
    [
        pytest.param([32], 1, id="just enough"),
        pytest.param(["31.5"], 0, id="half an hour short"),
        pytest.param([10, 10, 12], 1, id="in three courses"),
        pytest.param([], 0, id="none"),
    ],
)
def test_members_have_their_hours_or_not(hours: list[object], done: int) -> None:
    given = [course(f"r{number}", "M", each) for number, each in enumerate(hours)]
    assert trained("党员", 32, 0, [trainee("M")], given) == [
        ("U", "M", 1, done, [f"r{number}" for number in range(len(hours))])
    ]


def test_all_hours_of_the_year_count_whichever_unit_filed_them_under_whichever_group() -> None:
    given = [
        course("own", "M", 12),
        course("old unit", "M", 10, unit="W"),
        course("other group", "M", 10, group="书记班子"),
        course("last year", "M", 32, year=2022),
        course("somebody else", "N", 32),
        course("nobody's", "X", 99),
    ]
    members = [trainee("M"), trainee("N", unit="W")]
    assert trained("党员", 32, 0, members, given) == [
        ("U", "M", 1, 1, ["old unit", "other group", "own"]),
        ("W", "N", 1, 1, ["somebody else"]),
    ]
    assert trained("党员", 33, 0, members, given)[0] == ("U", "M", 1, 0, ["old unit", "other group", "own"])


@pytest.mark.parametrize(
    ("group", "people"),
    [
        ("党员", ["member"]),
        ("书记班子", ["committee", "secretary"]),
        ("党务干部", ["cadre"]),
        ("预备党员", ["probationary", "probationary cadre"]),
    ],
)
def test_everybody_belongs_to_one_group_and_the_exempt_to_none(group: str, people: list[str]) -> None:
    members = [
        trainee("member"),
        trainee("secretary", "书记"),
        trainee("committee", "班子"),
        trainee("cadre", "党务干部"),
        trainee("probationary", status="预备"),
        trainee("probationary cadre", "党务干部", status="预备"),
        trainee("old", exempt=True),
        trainee("old secretary", "书记", exempt=True),
        trainee("old cadre", "党务干部", exempt=True),
        trainee("ill and probationary", status="预备", exempt=True),
    ]
    assert trained(group, 0, 0, members, []) == [("U", name, 1, 1, []) for name in people]


@pytest.mark.parametrize(
    ("given", "done"),
    [
        pytest.param([course("r1", "S", 56, group="书记班子")], 1, id="both"),
        pytest.param([course("r1", "S", 56)], 0, id="hours, but no course of the group"),
        pytest.param([course("r1", "S", 55, group="书记班子")], 0, id="a course, but an hour short"),
        pytest.param([course("r1", "S", 1, group="书记班子"), course("r2", "S", 55)], 1, id="hours from elsewhere"),
        pytest.param([course("r1", "S", 56), course("r2", "T", 8, group="书记班子")], 0, id="another one's course"),
    ],
)
def test_secretaries_need_their_hours_and_a_course_for_them(given: list[Row], done: int) -> None:
    records = [str(row[5]) for row in given if row[0] == "S"]
    assert trained("书记班子", 56, 1, [trainee("S", "书记")], given) == [("U", "S", 1, done, records)]


def test_where_only_a_course_is_asked_one_without_hours_does() -> None:
    given = [course("r", "P", 0, group="预备党员")]
    members = [trainee("P", status="预备"), trainee("Q", status="预备")]
    assert trained("预备党员", 0, 1, members, given) == [("U", "P", 1, 1, ["r"]), ("U", "Q", 1, 0, [])]


def test_where_several_courses_are_asked_they_are_counted() -> None:
    given = [course("r1", "P", 0, group="党务干部"), course("r2", "P", 0, group="党务干部")]
    assert trained("党务干部", 0, 2, [trainee("P", "党务干部")], given) == [("U", "P", 1, 1, ["r1", "r2"])]
    assert trained("党务干部", 0, 3, [trainee("P", "党务干部")], given) == [("U", "P", 1, 0, ["r1", "r2"])]


def test_a_unit_with_nobody_in_the_group_has_no_item() -> None:
    assert trained("党务干部", 0, 1, [trainee("M")], [course("r", "M", 8, group="党务干部")]) == []


# --- Role models ------------------------------------------------------------------------------------------------------


def honor(rec: str, publicised_on: str | None, unit: str = "U", year: int = YEAR) -> Row:
    return unit, rec, "优秀党员", "区", publicised_on, None, year, rec


@pytest.mark.parametrize(
    ("given", "done"),
    [
        pytest.param(honor("r", "2023-06-30"), 1, id="publicised on the as-of day"),
        pytest.param(honor("r", "2023-07-01"), 0, id="a day later"),
        pytest.param(honor("r", None), 0, id="never publicised"),
        pytest.param(honor("r", "2023-06-01", unit="W"), 0, id="another unit's"),
        pytest.param(honor("r", "2023-06-01", year=2022), 0, id="granted last year"),
    ],
)
def test_a_role_model_is_an_honor_of_the_year_that_was_publicised(given: Row, done: int) -> None:
    found = run("measures/role_models", as_of="2023-06-30", assessed_unit=units("U"), honor=[given])
    assert found == [("U", "year", 1, done, ["r"] if done else [])]


def test_several_role_models_are_one_item() -> None:
    given = [honor("r2", "2023-05-01"), honor("r1", "2024-01-15"), honor("r0", None)]
    assert run("measures/role_models", assessed_unit=units("U", "W"), honor=given) == [
        ("U", "year", 1, 1, ["r1", "r2"]),
        ("W", "year", 1, 0, []),
    ]
