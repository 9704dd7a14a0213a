"""Each of the oracle's measures: a few records in, items worked out by hand out."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.golden import made
from tests.golden.oracle.bureau import Bureau, Item, months_after
from tests.golden.oracle.records import Development, Election, Records, Unit
from tests.golden.oracle.scheme import Node, Version
from tests.golden.oracle.scores import measure_of

HALF = date(2023, 7, 31)
END = date(2024, 3, 31)
MONTHS = [f"2023-{n:02}" for n in range(1, 13)]


def day(text: str) -> date:
    """A day of 2023: 3-15."""
    month, number = text.split("-")
    return date(2023, int(month), int(number))


def find(
    measure: str, params: dict[str, Any] | None = None, as_of: date = END, unit: Unit | None = None, **tables: Any
) -> list[Item]:
    """The items of a unit."""
    unit = unit or made.unit()
    records = Records(org_unit=(unit,), **{name: tuple(rows) for name, rows in tables.items()})
    node = Node(measure, Fraction(1), (), measure, params or {})
    return measure_of(measure).items(Bureau(records, 2023, as_of), unit, node)


def of_one(*given: Any, **more: Any) -> dict[str, float]:
    """What was done of each item; of each, 1 was due."""
    items = find(*given, **more)
    assert all(item.due == 1 for item in items)
    assert len({item.item for item in items}) == len(items)
    return {item.item: float(item.done) for item in items}


def due_done(*given: Any, **more: Any) -> dict[str, tuple[float | None, float]]:
    """What was due and done of each item."""
    return {
        item.item: (None if item.due is None else float(item.due), float(item.done)) for item in find(*given, **more)
    }


def worth(*given: Any, **more: Any) -> dict[str, float]:
    """The points of each fact; none of them was ever due."""
    items = find(*given, **more)
    assert all(item.due is None for item in items)
    return {item.item: float(item.done) for item in items}


def only(done: list[str], among: list[str]) -> dict[str, float]:
    return {name: float(name in done) for name in among}


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 8, 31), 1, date(2023, 9, 30)),
        (date(2023, 12, 15), 1, date(2024, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2022, 11, 30), 3, date(2023, 2, 28)),
        (date(2023, 5, 6), 0, date(2023, 5, 6)),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(start: date, months: int, end: date) -> None:
    assert months_after(start, months) == end


# --- Theory ----------------------------------------------------------------------------------------------------------


def test_first_topics_cover_months() -> None:
    """Two in January are one month; August is not over; what was no first item does not count, nor last year's."""
    topics = [made.topic(held_on=day(on)) for on in ("1-5", "1-31", "3-1", "6-30", "8-1")]
    topics += [made.topic(held_on=day("2-2"), is_first_item=False), made.topic(held_on=date(2022, 4, 4))]
    topics += [made.topic(held_on=day("5-5"), unit_id="J02")]
    assert of_one("first_topic_months", as_of=HALF, first_topic=topics) == only(
        ["2023-01", "2023-03", "2023-06"], MONTHS[:7]
    )


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "due"),
    [
        (day("3-1"), day("6-30"), MONTHS[2:6]),
        (day("3-2"), day("6-29"), MONTHS[3:5]),
        (day("3-1"), None, MONTHS[2:]),
    ],
)
def test_a_month_is_due_if_the_unit_was_there_for_all_of_it(
    valid_from: date, valid_to: date | None, due: list[str]
) -> None:
    unit = made.unit(valid_from=valid_from, valid_to=valid_to)
    assert list(of_one("first_topic_months", unit=unit)) == due


def test_joint_study_takes_the_best_sessions_above_the_attendance() -> None:
    """10/10, 9/10, 8/10 count; 7/10 does not; nobody was due at the last."""
    counts = [(10, 7), (10, 8), (10, 10), (10, 9), (0, 0)]
    rows = [made.session(held_on=day(f"{n}-1"), due_count=d, attend_count=a) for n, (d, a) in enumerate(counts, 1)]
    rows.append(made.session(held_on=date(2022, 5, 1), attend_count=10))
    params = {"target": 4, "attendance": 0.80}
    assert of_one("joint_study_sessions", params, joint_study=rows) == {"1": 1.0, "2": 0.9, "3": 0.8, "4": 0.0}
    rows += [made.session(held_on=day("9-1"), due_count=7, attend_count=6)] * 3  # 0.857142|9
    assert of_one("joint_study_sessions", params, joint_study=rows) == {
        "1": 1.0,
        "2": 0.9,
        "3": 0.857143,
        "4": 0.857143,
    }


def test_a_campaign_covers_those_who_were_members_at_its_last_session() -> None:
    """甲 left in June, 丁 came in July. 主题教育: last session on 30 June, three members, 2 + 2 covered. 宣讲: on 1 July,
    three members, two covered. 二十大: another unit's; at the end of the period three members. 旧: last year's. 己 moved
    to another unit in March; nobody wrote down that he left."""
    members = [
        made.member(member_id="甲", valid_to=day("6-30")),
        made.member(member_id="乙"),
        made.member(member_id="丙", status="预备", exempt=True),
        made.member(member_id="丁", valid_from=day("7-1")),
        made.member(member_id="戊", unit_id="J02"),
        made.member(member_id="己"),
        made.member(member_id="己", unit_id="J02", valid_from=day("3-1")),
    ]
    sessions = [
        made.campaign(campaign="主题教育", held_on=day("3-1"), covered_count=2),
        made.campaign(campaign="主题教育", held_on=day("6-30"), covered_count=2),
        made.campaign(campaign="宣讲", held_on=day("7-1"), covered_count=2),
        made.campaign(campaign="二十大", held_on=day("2-1"), covered_count=9, unit_id="J02"),
        made.campaign(campaign="旧", held_on=date(2022, 2, 1), covered_count=3),
    ]
    assert due_done("campaign_cover", party_member=members, campaign_session=sessions) == {
        "主题教育": (3.0, 3.0),
        "宣讲": (3.0, 2.0),
        "二十大": (3.0, 0.0),
    }
    late = [made.member(member_id="甲", valid_from=day("7-2"))]
    assert due_done("campaign_cover", party_member=late, campaign_session=sessions) == {"二十大": (1.0, 0.0)}


def test_study_counts_the_months_with_somebody_to_study() -> None:
    """0.3 of 0.9 is a third; above the target is the target; nobody enrolled in March; April was not reported."""
    stats = [
        made.study(period=day("1-1"), participation_rate=Decimal("0.3")),
        made.study(period=day("2-1"), participation_rate=Decimal("1.2")),
        made.study(period=day("3-1"), enrolled=0),
        made.study(period=day("4-1"), platform="青年大学习"),
        made.study(period=date(2022, 4, 1)),
    ]
    params = {"platform": "学习强国", "target": 0.90}
    found = of_one("study_participation", params, as_of=day("4-30"), study_stat=stats)
    assert found == {"2023-01": 0.333333, "2023-02": 1.0, "2023-04": 0.0}


def test_study_hours_are_those_who_met_them_of_those_enrolled() -> None:
    stats = [made.study(period=day("1-1"), enrolled=7, passed=5), made.study(period=day("2-1"), passed=None)]
    params = {"platform": "学习强国", "target": 1.00}
    found = of_one("study_hours_met", params, as_of=day("2-28"), study_stat=stats)
    assert found == {"2023-01": 0.714286, "2023-02": 0.0}


MEMBERS = [
    made.member(member_id="书记", role="书记"),
    made.member(member_id="班子", role="班子"),
    made.member(member_id="干部", role="党务干部"),
    made.member(member_id="党员"),
    made.member(member_id="老党员", exempt=True),
    made.member(member_id="预备", status="预备"),
    made.member(member_id="预备班子", status="预备", role="班子"),
    made.member(member_id="离任", role="书记", valid_to=day("12-30")),
    made.member(member_id="到任", valid_from=date(2024, 1, 1)),
    made.member(member_id="外单位", unit_id="J02"),
]


@pytest.mark.parametrize(
    ("group", "people"),
    [
        ("党员", {"党员"}),
        ("书记班子", {"书记", "班子"}),
        ("党务干部", {"干部"}),
        ("预备党员", {"预备", "预备班子"}),
    ],
)
def test_training_is_due_from_those_of_the_group_at_years_end(group: str, people: set[str]) -> None:
    params = {"trainee_group": group, "hours": 1, "courses": 0}
    assert of_one("training_met", params, party_member=MEMBERS) == dict.fromkeys(people, 0.0)


def test_training_is_due_from_those_of_the_group_on_the_day_of_an_earlier_run() -> None:
    params = {"trainee_group": "书记班子", "hours": 1, "courses": 0}
    assert set(of_one("training_met", params, as_of=HALF, party_member=MEMBERS)) == {"书记", "班子", "离任"}


def test_training_needs_hours_of_any_course_and_a_course_of_the_group() -> None:
    """书记: 50 + 6 hours, one of the courses for 书记班子, filed by another unit. 班子: 56 hours, none of them. 乙: 55.5
    hours. 丙: last year's."""
    members = [made.member(member_id=name, role="班子") for name in ("书记", "班子", "乙", "丙")]
    courses = [
        made.training(member_id="书记", hours=Decimal(50)),
        made.training(member_id="书记", course_id="KC2", hours=Decimal(6), trainee_group="书记班子", unit_id="J02"),
        made.training(member_id="班子", hours=Decimal(56)),
        made.training(member_id="乙", hours=Decimal("55.5"), trainee_group="书记班子"),
        made.training(member_id="丙", hours=Decimal(56), trainee_group="书记班子", start_on=date(2022, 12, 31)),
    ]
    params = {"trainee_group": "书记班子", "hours": 56, "courses": 1}
    found = find("training_met", params, party_member=members, training_record=courses)
    assert {i.item: (float(i.done), i.recorded) for i in found} == {
        "书记": (1.0, True),
        "班子": (0.0, True),
        "乙": (0.0, True),
        "丙": (0.0, False),
    }


def test_a_role_model_is_honoured_in_the_year_and_made_public_by_now() -> None:
    silent = made.honor(honor_id="RY1")
    old = made.honor(honor_id="RY2", granted_on=date(2022, 12, 31), publicised_on=day("1-5"))
    public = made.honor(honor_id="RY3", publicised_on=date(2024, 1, 15))
    assert of_one("role_models", honor=[silent, old]) == {"year": 0.0}
    assert of_one("role_models", honor=[silent, public]) == {"year": 1.0}
    assert of_one("role_models", honor=[silent, public], as_of=date(2024, 1, 15)) == {"year": 1.0}
    assert of_one("role_models", honor=[silent, public], as_of=date(2024, 1, 14)) == {"year": 0.0}


@pytest.mark.parametrize(
    ("measure", "table"), [("loyalty_sessions", "loyalty_education"), ("warning_education", "warning_education")]
)
def test_sessions_fill_the_slots_with_their_attendance_the_best_first(measure: str, table: str) -> None:
    """5/10, 2/3 and nobody due: 0.666667 and 0.5."""
    rows = [
        made.session(held_on=day("1-9"), attend_count=5),
        made.session(held_on=day("2-9"), due_count=3, attend_count=2),
        made.session(held_on=day("3-9"), due_count=0, attend_count=0),
        made.session(held_on=date(2022, 3, 9), attend_count=10),
    ]
    assert of_one(measure, {"target": 2}, **{table: rows}) == {"1": 0.666667, "2": 0.5}
    assert of_one(measure, {"target": 2}, **{table: rows[2:]}) == {"1": 0.0, "2": 0.0}
    assert of_one(measure, {"target": 2}, **{table: rows[:1]}) == {"1": 0.5, "2": 0.0}


# --- Foundation ------------------------------------------------------------------------------------------------------


def test_tasks_are_done_by_their_date() -> None:
    tasks = [
        made.task(task_id="RW1", due_on=day("6-30"), done_on=day("6-30")),
        made.task(task_id="RW2", due_on=day("6-30"), done_on=day("7-1")),
        made.task(task_id="RW3", due_on=day("7-31")),
        made.task(task_id="RW4", due_on=day("8-1"), done_on=day("7-1")),  # not due yet
        made.task(task_id="RW5", due_on=date(2022, 12, 31)),
    ]
    assert of_one("tasks_on_time", as_of=HALF, task_breakdown=tasks) == {"RW1": 1.0, "RW2": 0.0, "RW3": 0.0}


APPROVED = {"approval_no": "沪委组〔2023〕5号"}


@pytest.mark.parametrize(
    ("term", "done"),
    [
        (made.election(held_on=day("3-1")), 1.0),
        (made.election(held_on=day("3-2")), 0.0),
        (made.election(), 0.0),
        (made.election(held_on=day("9-1"), extension_approved_to=day("9-1"), **APPROVED), 1.0),
        (made.election(held_on=day("9-2"), extension_approved_to=day("9-1"), **APPROVED), 0.0),
        (made.election(held_on=day("9-1"), extension_approved_to=day("9-1")), 0.0),  # by nobody
        (made.election(held_on=day("9-1"), **APPROVED), 0.0),  # to no day
        (made.election(extension_approved_to=date(2024, 3, 1), **APPROVED), 0.0),  # ran out
        (made.election(due_on=day("4-1"), extension_approved_to=date(2024, 3, 31), **APPROVED), 1.0),  # the last day
        (made.election(due_on=day("4-1"), extension_approved_to=date(2024, 4, 1), **APPROVED), 1.0),  # a year
        (made.election(due_on=day("4-1"), extension_approved_to=date(2024, 4, 2), **APPROVED), 0.0),  # more than a year
    ],
)
def test_an_election_is_held_in_time_or_within_an_approved_extension(term: Election, done: float) -> None:
    assert of_one("election_on_time", {"extension_years": 1}, election=[term]) == {"2020-03-01": done}


def test_an_election_is_due_in_its_year() -> None:
    terms = [
        made.election(due_on=day("8-1"), term_start=date(2020, 8, 1)),
        made.election(due_on=date(2022, 8, 1), term_start=date(2019, 8, 1)),
        made.election(due_on=date(2024, 3, 1), term_start=date(2021, 3, 1)),
        made.election(due_on=day("7-31"), term_start=date(2018, 7, 31)),
    ]
    params = {"extension_years": 1}
    assert set(of_one("election_on_time", params, as_of=HALF, election=terms)) == {"2018-07-31"}
    assert set(of_one("election_on_time", params, election=terms)) == {"2018-07-31", "2020-08-01"}


LIMITS = {"limit": {"talk": 1, "activist": 12, "training": 24, "meeting": 1, "approval": 3, "probation": 12}}


@pytest.mark.parametrize(
    ("person", "found"),
    [
        # to be talked with within a month
        (made.candidate(applied_on=day("5-10"), talked_on=day("6-10")), {"甲 talk": 1.0}),
        (made.candidate(applied_on=day("5-10"), talked_on=day("6-11")), {"甲 talk": 0.0}),
        (made.candidate(applied_on=day("5-10")), {"甲 talk": 0.0}),
        (
            made.candidate(applied_on=date(2022, 12, 10), talked_on=date(2022, 12, 11)),
            {"甲 talk": 1.0},
        ),  # due 10 January
        (made.candidate(applied_on=date(2022, 11, 30)), {}),  # was due on 30 December
        (made.candidate(applied_on=day("12-1"), talked_on=day("12-2")), {}),  # due next year
        # an activist for at least a year; it falls due with the next step
        (made.candidate(activist_on=date(2022, 4, 1), object_on=day("4-1")), {"甲 activist": 1.0}),
        (made.candidate(activist_on=date(2022, 4, 2), object_on=day("4-1")), {"甲 activist": 0.0}),
        (made.candidate(activist_on=date(2022, 4, 2)), {}),
        (made.candidate(object_on=day("4-1")), {"甲 activist": 0.0}),
        (made.candidate(activist_on=date(2020, 4, 2), object_on=date(2022, 4, 1)), {}),
        # the meeting within a month of the pre-review, 24 hours of training by then, approval within three months
        (
            made.candidate(
                prereview_on=day("5-31"), meeting_on=day("6-30"), training_hours=Decimal(24), approved_on=day("9-30")
            ),
            {"甲 meeting": 1.0, "甲 training": 1.0, "甲 approval": 1.0},
        ),
        (
            made.candidate(
                prereview_on=day("5-31"), meeting_on=day("7-1"), training_hours=Decimal("23.5"), approved_on=day("10-2")
            ),
            {"甲 meeting": 0.0, "甲 training": 0.0, "甲 approval": 0.0},
        ),
        (made.candidate(prereview_on=day("5-31")), {"甲 meeting": 0.0}),
        (made.candidate(meeting_on=day("12-1")), {"甲 training": 0.0}),  # no pre-review, no limit; approval due in 2024
        # a year on probation
        (made.candidate(meeting_on=date(2022, 6, 30), regular_on=day("6-30")), {"甲 probation": 1.0}),
        (made.candidate(meeting_on=date(2022, 6, 30), regular_on=day("6-29")), {"甲 probation": 0.0}),
        (made.candidate(meeting_on=date(2022, 6, 30)), {}),
        (made.candidate(meeting_on=date(2022, 6, 30), regular_on=date(2024, 2, 1)), {}),
        (made.candidate(unit_id="J02", applied_on=day("5-10")), {}),
    ],
)
def test_a_limit_on_the_way_to_membership_is_kept_or_not(person: Development, found: dict[str, float]) -> None:
    assert of_one("development_steps", LIMITS, member_development=[person]) == found


def test_a_limit_falls_due_by_the_day_of_the_run() -> None:
    person = made.candidate(applied_on=day("7-1"), talked_on=day("7-2"))
    assert of_one("development_steps", LIMITS, as_of=HALF, member_development=[person]) == {}
    assert of_one("development_steps", LIMITS, as_of=day("8-1"), member_development=[person]) == {"甲 talk": 1.0}


def test_the_text_in_force_when_a_step_began_sets_its_limit() -> None:
    """Two months for a talk until May, one from June; before 2014 there is no text."""
    texts = (
        Version(date(2014, 5, 28), day("5-31"), {"limit": {**LIMITS["limit"], "talk": 2, "activist": 24}}),
        Version(day("6-1"), date.max, LIMITS),
    )
    node = Node("development", Fraction(1), (), "development_steps", {}, None, texts)
    people = (
        made.candidate(person_id="甲", applied_on=day("5-31"), talked_on=day("7-31")),
        made.candidate(person_id="乙", applied_on=day("6-1"), talked_on=day("7-2")),
        made.candidate(person_id="丙", activist_on=date(2013, 1, 1), object_on=day("7-1")),
        made.candidate(person_id="丁", activist_on=date(2022, 1, 1), object_on=day("7-1")),
    )
    bureau = Bureau(Records(member_development=people), 2023, END)
    found = measure_of("development_steps").items(bureau, made.unit(), node)
    assert {i.item: int(i.done) for i in found} == {"甲 talk": 1, "乙 talk": 0, "丁 activist": 0}


def test_secretaries_attend_themselves_by_proxy_or_not_at_all() -> None:
    rows = [
        made.secretaries(meeting_id="LH1"),
        made.secretaries(meeting_id="LH2", attended="代会", reported=True),
        made.secretaries(meeting_id="LH3", attended="缺席"),
        made.secretaries(meeting_id="LH0", held_on=date(2022, 12, 1), reported=True),
    ]
    params = {"attended": {"本人": 1, "代会": 0.5, "缺席": 0}}
    assert of_one("secretary_meetings", params, secretary_meeting=rows) == {"LH1": 1.0, "LH2": 0.5, "LH3": 0.0}
    assert of_one("annual_report", secretary_meeting=rows) == {"year": 1.0}
    assert of_one("annual_report", secretary_meeting=[rows[0], rows[3]]) == {"year": 0.0}
    assert of_one("secretary_meetings", params) == {}


QUARTERS = ["2023Q1", "2023Q2", "2023Q3", "2023Q4"]
ASSEMBLY = {"type": "支部党员大会", "attendance": 0.80}


def test_assemblies_cover_quarters_if_four_fifths_came() -> None:
    meetings = [
        made.meeting(held_on=day("3-31"), attend_count=8),
        made.meeting(held_on=day("4-5"), attend_count=7),
        made.meeting(held_on=day("7-5"), due_count=0, attend_count=0),
        made.meeting(held_on=day("10-1"), types=("党课", "支部党员大会")),
    ]
    assert of_one("meeting_quarters", ASSEMBLY, org_life_record=meetings) == only(["2023Q1", "2023Q4"], QUARTERS)
    lecture = {"type": "党课", "attendance": 0}
    assert of_one("meeting_quarters", lecture, org_life_record=meetings) == only(["2023Q4"], QUARTERS)


@pytest.mark.parametrize(
    ("as_of", "unit", "due"),
    [
        (HALF, made.unit(), QUARTERS[:2]),
        (day("6-29"), made.unit(), QUARTERS[:1]),
        (END, made.unit(valid_from=day("1-2")), QUARTERS[1:]),
        (END, made.unit(valid_to=date(2024, 1, 1)), QUARTERS),
        (day("10-10"), made.unit(valid_to=day("10-20")), QUARTERS[:3]),
    ],
)
def test_a_quarter_is_due_once_it_is_over_and_the_unit_was_there_for_all_of_it(
    as_of: date, unit: Unit, due: list[str]
) -> None:
    assert list(of_one("meeting_quarters", ASSEMBLY, as_of=as_of, unit=unit)) == due


@pytest.mark.parametrize(
    "lacking",
    [
        {"topic": None},
        {"host": None},
        {"recorder": ""},
        {"resolutions": None},
        {"attributed_year": 2022},
        {"types": ("支委会",)},
        {"unit_id": "J02"},
        {"held_on": date(2022, 1, 5)},
        {"held_on": date(2022, 1, 5), "attributed_year": 2023},  # of the year, but in none of its quarters
    ],
    ids=str,
)
def test_a_meeting_that_lacks_something_does_not_count(lacking: dict[str, Any]) -> None:
    meetings = [made.meeting(**{"held_on": day("1-5")} | lacking)]
    assert of_one("meeting_quarters", ASSEMBLY, org_life_record=meetings) == only([], QUARTERS)


def test_the_text_is_record_enough() -> None:
    meetings = [made.meeting(held_on=day("1-5"), resolutions=None, text_hash="a1")]
    assert of_one("meeting_quarters", ASSEMBLY, org_life_record=meetings) == only(["2023Q1"], QUARTERS)


def test_a_copy_of_an_earlier_meeting_does_not_count() -> None:
    """The first two were held on one day; the text of the fourth is another unit's."""
    meetings = [
        made.meeting(held_on=day("1-5"), text_hash="a1"),
        made.meeting(held_on=day("1-5"), text_hash="a1", types=("党课",)),
        made.meeting(held_on=day("4-5"), text_hash="a1"),
        made.meeting(held_on=day("7-5"), text_hash="b2"),
        made.meeting(held_on=day("6-5"), text_hash="b2", unit_id="J02"),
        made.meeting(held_on=day("10-5"), text_hash="c3"),
        made.meeting(held_on=date(2022, 10, 5), text_hash="c3", types=("支委会",)),
    ]
    assert of_one("meeting_quarters", ASSEMBLY, org_life_record=meetings) == only(["2023Q1", "2023Q3"], QUARTERS)
    lecture = {"type": "党课", "attendance": 0}
    assert of_one("meeting_quarters", lecture, org_life_record=meetings) == only(["2023Q1"], QUARTERS)


def test_themed_days_cover_months() -> None:
    meetings = [made.meeting(held_on=day(on), types=("主题党日",), attend_count=1) for on in ("2-1", "2-28", "6-30")]
    params = {"type": "主题党日", "attendance": 0}
    found = of_one("meeting_months", params, as_of=HALF, org_life_record=meetings)
    assert found == only(["2023-02", "2023-06"], MONTHS[:7])


def test_a_committee_meets_with_half_of_it_if_there_is_one() -> None:
    meetings = [
        made.meeting(held_on=day("1-5"), types=("支委会",), due_count=4, attend_count=2),
        made.meeting(held_on=day("2-5"), types=("支委会",), due_count=5, attend_count=2),
    ]
    params = {"attendance": 0.50}
    found = of_one("committee_months", params, as_of=day("2-28"), org_life_record=meetings)
    assert found == {"2023-01": 1.0, "2023-02": 0.0}
    assert of_one("committee_months", params, unit=made.unit(has_committee=False), org_life_record=meetings) == {}


def test_groups_meet_every_month_and_those_never_named_are_due_as_well() -> None:
    """四组 is named in a record of last year only, 五组 only by a themed day: neither is a group. The third meeting names no group."""
    meetings = [
        made.meeting(held_on=day("1-1"), types=("党小组会",), group_id="一组"),
        made.meeting(held_on=day("1-31"), types=("党小组会",), group_id="三组"),
        made.meeting(held_on=day("2-5"), types=("党小组会",)),
        made.meeting(held_on=day("2-5"), types=("主题党日",), group_id="五组"),
        made.meeting(held_on=date(2022, 2, 5), types=("党小组会",), group_id="四组"),
    ]
    params = {"attendance": 0}
    found = of_one("group_months", params, unit=made.unit(group_count=4), as_of=day("2-28"), org_life_record=meetings)
    assert found == {
        "一组 2023-01": 1.0,
        "一组 2023-02": 0.0,
        "三组 2023-01": 1.0,
        "三组 2023-02": 0.0,
        "未报小组1 2023-01": 0.0,
        "未报小组1 2023-02": 0.0,
        "未报小组2 2023-01": 0.0,
        "未报小组2 2023-02": 0.0,
    }
    found = of_one("group_months", params, unit=made.unit(group_count=1), as_of=day("1-31"), org_life_record=meetings)
    assert found == {"一组 2023-01": 1.0}  # 一 comes before 三
    assert of_one("group_months", params, org_life_record=meetings) == {}


def test_an_organisational_life_meeting_is_held_and_its_problems_put_right() -> None:
    """Held in March for the year before: of the year all the same."""
    held = made.meeting(
        held_on=date(2024, 3, 1), attributed_year=2023, types=("组织生活会",), due_count=0, attend_count=0
    )
    rows = [
        made.rectification(item_id="ZG1", due_on=day("6-30"), done_on=day("6-30")),
        made.rectification(item_id="ZG2", due_on=day("6-30"), done_on=day("7-1"), origin="巡察"),
        made.rectification(item_id="ZG3", due_on=date(2024, 2, 1)),
        made.rectification(item_id="ZG4", due_on=day("6-30"), done_on=day("6-1"), origin="民主评议"),
    ]
    params = {"origin": ["组织生活会", "巡察"]}
    measure = "org_life_meeting"
    tables = {"org_life_record": [held], "rectification": rows}
    assert of_one(measure, params, **tables) == {"ZG1": 1.0, "ZG2": 0.0}
    assert of_one(measure, params, org_life_record=[held]) == {"none": 1.0}
    assert of_one(measure, params, rectification=rows) == {"ZG1": 0.0, "ZG2": 0.0}
    assert of_one(measure, params) == {"none": 0.0}
    assert of_one(measure, params, as_of=day("6-29"), **tables) == {"none": 1.0}
    assert of_one(measure, params, as_of=day("6-30"), **tables) == {"ZG1": 1.0, "ZG2": 0.0}


@pytest.mark.parametrize(
    ("excellent", "others", "done"),
    [(3, (6, 0, 0), 1.0), (4, (4, 1, 2), 0.5), (4, (5, 2, 1), 1.0), (0, (0, 0, 0), 1.0)],
)
def test_a_democratic_review_finds_at_most_a_third_excellent(
    excellent: int, others: tuple[int, int, int], done: float
) -> None:
    """3 of 9 is a third; 4 of 11 is more; 4 of 12 is a third."""
    qualified, basic, unqualified = others
    rows = [made.review(excellent=excellent, qualified=qualified, basic=basic, unqualified=unqualified)]
    params = {"excellent_one_in": 3, "above": 0.5}
    assert of_one("democratic_review", params, democratic_review=rows) == {"year": done}


def test_a_democratic_review_of_another_year_is_none() -> None:
    params = {"excellent_one_in": 3, "above": 0.5}
    assert of_one("democratic_review", params, democratic_review=[made.review(attributed_year=2022)]) == {"year": 0.0}


def test_every_member_is_talked_with() -> None:
    talks = [
        made.talk(member_id="书记", talked_on=day("1-1")),
        made.talk(member_id="老党员", talked_on=day("12-31"), unit_id="J02"),  # wherever
        made.talk(member_id="党员", talked_on=date(2024, 1, 1)),
        made.talk(member_id="离任", talked_on=day("5-1")),
    ]
    assert of_one("members_talked_with", party_member=MEMBERS, talk_record=talks) == only(
        ["书记", "老党员"], ["书记", "班子", "干部", "党员", "老党员", "预备", "预备班子"]
    )


def test_talks_with_a_member_that_another_unit_filed_are_told_apart() -> None:
    talks = [made.talk(member_id="书记", talked_on=day("1-1"), unit_id="J02")]
    found = find("members_talked_with", party_member=MEMBERS[:2], talk_record=talks)
    assert {i.item: i.recorded for i in found} == {"书记": True, "班子": False}


def test_a_finding_is_due_on_its_day() -> None:
    rows = [made.finding(finding_id="WT1", due_on=HALF), made.finding(finding_id="WT2", due_on=day("8-1"))]
    params = {"severity": {"一般": 1}}
    assert of_one("findings_closed", params, as_of=HALF, inspection_finding=rows) == {"WT1": 0.0}
    assert of_one("findings_closed", params, as_of=HALF, inspection_finding=rows[1:]) == {}
    checks = [made.check(inspection_id="CC1")]
    found = of_one("findings_closed", params, as_of=HALF, inspection_finding=rows[1:], inspection=checks)
    assert found == {"none": 1.0}


def test_a_check_is_worth_its_musts_less_the_penalties() -> None:
    """CC1: 3 x 25 - 10 - 2. CC2: 1 x 25 - 3 x 10 is nothing. CC3 is of the other round."""
    checks = [
        made.check(inspection_id="CC1", agenda=False),
        made.check(inspection_id="CC2", agenda=False, procedure=False, detailed_record=False),
        made.check(inspection_id="CC3", round=2),
        made.check(inspection_id="CC4", inspected_on=date(2022, 5, 5)),
    ]
    findings = [
        made.finding(finding_id="WT1", severity="严重"),
        made.finding(finding_id="WT2", severity="轻微"),
        *(made.finding(finding_id=f"WT{n}", inspection_id="CC2", severity="严重") for n in (3, 4, 5)),
    ]
    params = {"round": 1, "must": 25, "penalty": {"严重": 10, "一般": 5, "轻微": 2}}
    assert due_done("spot_check", params, inspection=checks, inspection_finding=findings) == {
        "CC1": (100.0, 63.0),
        "CC2": (100.0, 0.0),
    }


def test_cadre_actions_are_done_by_now() -> None:
    actions = [
        made.action(action_id="GB1", planned_on=day("3-1"), done_on=day("7-31")),  # late, but done
        made.action(action_id="GB2", planned_on=day("3-1"), done_on=day("8-1")),
        made.action(action_id="GB3", planned_on=day("7-31")),
        made.action(action_id="GB4", planned_on=day("8-1"), done_on=day("7-1")),
        made.action(action_id="GB5", planned_on=date(2022, 8, 1)),
    ]
    assert of_one("cadre_actions", as_of=HALF, cadre_action=actions) == {"GB1": 1.0, "GB2": 0.0, "GB3": 0.0}


def test_the_model_office_has_four_goals_whatever_was_graded() -> None:
    rows = [
        made.goal(goal="讲政治", grade="A"),
        made.goal(goal="守纪律", grade="B"),
        made.goal(goal="负责任", grade="C"),
        made.goal(goal="有效率", grade="A", year=2022),
    ]
    params = {"grade": {"A": 1, "B": 0.8, "C": 0.5, "D": 0}}
    found = of_one("model_office", params, model_office=rows)
    assert found == {"讲政治": 1.0, "守纪律": 0.8, "负责任": 0.5, "有效率": 0.0}


# --- Synergy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "due", "done"), [("机关处室", 2.0, 2.0), ("基层单位", 3.0, 3.0), ("基层单位", 3.0, 2.0)]
)
def test_so_many_people_go_to_the_front_line(category: str, due: float, done: float) -> None:
    """甲 went twice and is one; the fourth post is of next year."""
    people = ("甲", "甲", "乙", *(("丙", "丁") if done == due else ()))
    posts = [made.post(post_id=f"HG{n}", member_id=name) for n, name in enumerate(people)]
    posts.append(made.post(post_id="HG9", member_id="戊", start_on=date(2024, 1, 1)))
    unit = made.unit(category=category)
    params = {"target": {"机关处室": 2, "基层单位": 3}}
    assert due_done("frontline_participants", params, unit=unit, frontline_post=posts) == {"unit": (due, done)}


def test_a_post_at_the_front_line_lasts_and_has_an_outcome() -> None:
    posts = [
        made.post(post_id="HG1"),
        made.post(post_id="HG2", days=Decimal("4.5")),
        made.post(post_id="HG3", outcome=None),
        made.post(post_id="HG4", start_on=date(2022, 8, 1)),
    ]
    found = of_one("frontline_posts_valid", {"days": 5}, frontline_post=posts)
    assert found == {"HG1": 1.0, "HG2": 0.0, "HG3": 0.0}
    assert of_one("frontline_posts_valid", {"days": 5}) == {}


def test_an_agreement_is_live_on_some_day_of_the_year_so_far() -> None:
    params = {"partner_type": ["镇", "村"]}

    def live(signed_on: date, expires_on: date, kind: str = "村") -> dict[str, float]:
        given = made.agreement(agreement_id="XY1", signed_on=signed_on, expires_on=expires_on, partner_type=kind)
        return of_one("agreement_live", params, as_of=HALF, pairing_agreement=[given])

    assert live(date(2020, 1, 1), day("1-1")) == {"year": 1.0}
    assert live(date(2020, 1, 1), date(2022, 12, 31)) == {"year": 0.0}
    assert live(HALF, date(2026, 1, 1)) == {"year": 1.0}
    assert live(day("8-1"), date(2026, 1, 1)) == {"year": 0.0}
    assert live(day("1-1"), date(2026, 1, 1), "行业") == {"year": 0.0}


def test_an_activity_counts_once_while_its_agreement_runs() -> None:
    """HD1 and HD2 are one, claimed under both kinds, and HD1's kind has it."""
    agreements = [
        made.agreement(agreement_id="XY1", expires_on=day("6-30")),
        made.agreement(agreement_id="XY2", partner_type="镇"),
        made.agreement(agreement_id="XY3", unit_id="J02"),
    ]
    activities = [
        made.activity(activity_id="HD2", agreement_id="XY2", held_on=day("3-1")),
        made.activity(activity_id="HD1", agreement_id="XY1", held_on=day("3-1")),
        made.activity(activity_id="HD3", agreement_id="XY1", held_on=day("7-1")),  # too late
        made.activity(activity_id="HD4", agreement_id="XY2", held_on=day("3-1"), theme="汛前联查"),
        made.activity(activity_id="HD5", agreement_id="XY3", held_on=day("3-2")),  # another unit's agreement
    ]
    tables = {"pairing_agreement": agreements, "pairing_activity": activities}
    assert of_one("activities_held", {"partner_type": ["行业"], "target": 2}, **tables) == {"1": 1.0, "2": 0.0}
    assert of_one("activities_held", {"partner_type": ["镇"], "target": 2}, **tables) == {"1": 1.0, "2": 0.0}
    assert of_one("activities_held", {"partner_type": ["镇", "行业"], "target": 2}, **tables) == {"1": 1.0, "2": 1.0}


def test_an_activity_counts_on_the_first_and_the_last_day_of_its_agreement() -> None:
    agreements = [made.agreement(agreement_id="XY1", signed_on=day("3-1"), expires_on=day("6-30"))]
    for on, done in (("2-28", 0.0), ("3-1", 1.0), ("6-30", 1.0), ("7-1", 0.0)):
        activities = [made.activity(activity_id="HD1", agreement_id="XY1", held_on=day(on))]
        params = {"partner_type": ["行业"], "target": 1}
        tables = {"pairing_agreement": agreements, "pairing_activity": activities}
        assert of_one("activities_held", params, **tables) == {"1": done}


def test_projects_are_done_by_now() -> None:
    lines = [
        made.line(item_id="QD1", agreement_id="XY1", due_on=day("6-1"), done_on=day("7-31")),
        made.line(item_id="QD2", agreement_id="XY1", due_on=day("6-1"), done_on=day("8-1")),
        made.line(item_id="QD3", agreement_id="XY1", due_on=None),
        made.line(item_id="QD4", agreement_id="XY1", due_on=day("6-1"), kind="需求"),
        made.line(item_id="QD5", agreement_id="XY9", due_on=day("6-1")),
    ]
    agreements = [made.agreement(agreement_id="XY1")]
    params = {"partner_type": ["行业"]}
    found = of_one("projects_done", params, as_of=HALF, pairing_agreement=agreements, pairing_item=lines)
    assert found == {"QD1": 1.0, "QD2": 0.0}


def test_united_front_activities_fill_the_slots() -> None:
    rows = [made.front(activity_id=f"TZ{n}", held_on=day(f"{n}-1")) for n in (1, 2, 3)]
    last_year = made.front(activity_id="TZ0", held_on=date(2022, 1, 1))
    assert of_one("united_front", {"target": 2}, united_front_activity=rows) == {"1": 1.0, "2": 1.0}
    assert of_one("united_front", {"target": 2}, united_front_activity=[rows[0], last_year]) == {"1": 1.0, "2": 0.0}


# --- Integrity -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "done"),
    [
        ({"reviewed_on": date(2023, 3, 31)}, 1.0),  # twelve months to the day
        ({"reviewed_on": date(2023, 3, 30)}, 0.0),
        ({"reviewed_on": date(2023, 9, 30), "level": "高"}, 0.0),  # six months: to 30 March
        ({"reviewed_on": date(2023, 10, 1), "level": "高"}, 1.0),
        ({"reviewed_on": date(2024, 3, 31)}, 1.0),
        ({"reviewed_on": date(2024, 4, 1)}, 0.0),  # not yet
        ({"reviewed_on": date(2024, 1, 1), "owner": None}, 0.0),
        ({"reviewed_on": date(2024, 1, 1), "measure": None}, 0.0),
        ({}, 0.0),
    ],
    ids=str,
)
def test_a_risk_is_owned_met_and_reviewed(given: dict[str, Any], done: float) -> None:
    rows = [made.risk(risk_id="FX1", **given), made.risk(risk_id="FX2", unit_id="J02")]
    params = {"months": {"高": 6, "中": 12, "低": 12}}
    assert of_one("integrity_risks", params, integrity_risk=rows) == {"FX1": done}


def test_integrity_talks_reach_those_who_should_be_talked_with() -> None:
    talks = [
        made.round_of_talks(talk_id="YT1", due_count=36, talked_count=35),
        made.round_of_talks(talk_id="YT2", due_count=0, talked_count=0),
        made.round_of_talks(talk_id="YT3", due_count=2, talked_count=2, talked_on=date(2024, 1, 1)),
    ]
    assert due_done("integrity_talks", integrity_talk=talks) == {"YT1": (36.0, 35.0)}


def test_a_request_is_closed_in_time_by_the_unit_that_handles_it() -> None:
    requests = [
        made.request(request_id="SQ1", due_on=day("6-1"), closed_on=day("6-1")),
        made.request(request_id="SQ2", due_on=day("6-1"), closed_on=day("6-2")),
        made.request(request_id="SQ3", due_on=day("8-1")),  # not due yet
        made.request(request_id="SQ4", due_on=day("6-1"), unit_id="J01", handler_unit_id="D01"),
    ]
    assert of_one("requests_closed", as_of=HALF, appeal_request=requests) == {"SQ1": 1.0, "SQ2": 0.0}


# --- Bonus, deductions, vetoes ---------------------------------------------------------------------------------------

LEVELS = {"局": 0.5, "区": 1, "市": 2, "国家": 3}


def test_a_case_is_worth_its_highest_level() -> None:
    cases = [
        made.case(case_key="AL1", level="区"),
        made.case(case_key="AL1", level="国家"),
        made.case(case_key="AL1", level="市"),
        made.case(case_key="AL2"),
        made.case(case_key="AL3", level="市", adopted_on=date(2024, 1, 1)),
    ]
    assert worth("innovation_cases", {"points": LEVELS}, innovation_case=cases) == {"AL1": 3.0, "AL2": 0.5}


def test_an_honour_is_worth_its_title_or_its_level_and_a_case_its_best() -> None:
    honors = [
        made.honor(honor_id="RY1", level="市", title="模范机关"),
        made.honor(honor_id="RY2", level="市"),
        made.honor(honor_id="RY3", level="区", case_key="AL1"),
        made.honor(honor_id="RY4", level="局", case_key="AL1"),
        made.honor(honor_id="RY5", granted_on=date(2022, 1, 1)),
    ]
    params = {"points": LEVELS, "title": {"模范机关": 1}}
    assert worth("honors", params, honor=honors) == {"荣誉 RY1": 1.0, "荣誉 RY2": 2.0, "AL1": 1.0}


def test_notices_of_one_finding_are_one() -> None:
    rows = [
        made.notice(notice_id="TB1", finding_id="WT1"),
        made.notice(notice_id="TB2", finding_id="WT1", level="区"),
        made.notice(notice_id="TB3"),
        made.notice(notice_id="TB4", issued_on=date(2022, 1, 1)),
    ]
    assert worth("notices", {"points": {"区": 2, "局": 1}}, notice=rows) == {"WT1": 2.0, "通报 TB3": 1.0}


def test_a_rectification_is_overdue_from_its_date_on() -> None:
    rows = [
        made.rectification(item_id="ZG1", due_on=day("7-31")),
        made.rectification(item_id="ZG2", due_on=day("7-30"), done_on=day("7-31"), origin="巡察"),
        made.rectification(item_id="ZG3", due_on=day("7-30"), done_on=day("7-30")),
        made.rectification(item_id="ZG4", due_on=day("8-1")),
        made.rectification(item_id="ZG5", due_on=date(2022, 7, 30)),
    ]
    assert worth("overdue_rectifications", {"points": 0.5}, as_of=HALF, rectification=rows) == {
        "整改 ZG1": 0.5,
        "整改 ZG2": 0.5,
    }


def test_a_record_is_late_more_than_a_week_after_the_meeting() -> None:
    held = day("3-1")
    rows = [
        made.meeting(record_id="ZZ1", held_on=held, created_on=day("3-8")),
        made.meeting(record_id="ZZ2", held_on=held, created_on=day("3-9")),
        made.meeting(record_id="ZZ3", held_on=held, created_on=None),
        made.meeting(record_id="ZZ4", held_on=held, created_on=day("5-1"), resolutions=None),  # late, valid or not
        made.meeting(record_id="ZZ5", held_on=held, created_on=day("5-1"), attributed_year=2022),
    ]
    found = worth("late_reports", {"points": 0.2, "days": 7}, org_life_record=rows)
    assert found == {"记录 ZZ2": 0.2, "记录 ZZ4": 0.2}


def test_records_made_up_afterwards_are_found_by_a_check() -> None:
    rows = [
        made.finding(finding_id="WT1", category="事后补记"),
        made.finding(finding_id="WT2"),
        made.finding(finding_id="WT3", category="事后补记", found_on=date(2024, 1, 1), due_on=date(2024, 2, 1)),
    ]
    params = {"points": 2, "category": ["事后补记"]}
    assert worth("made_up_records", params, inspection_finding=rows) == {"WT1": 2.0}


def test_adverse_events_are_of_a_level() -> None:
    rows = [
        made.event(event_id="SJ1"),
        made.event(event_id="SJ2", level="V2"),
        made.event(event_id="SJ3", effective_on=date(2022, 1, 1)),
    ]
    assert worth("adverse_events", {"level": "V1"}, adverse_event=rows) == {"SJ1": 1.0}
    assert worth("adverse_events", {"level": "V2"}, adverse_event=rows) == {"SJ2": 1.0}


def test_a_measure_without_a_second_opinion_is_said() -> None:
    with pytest.raises(LookupError, match="the measure volunteer_hours has no second opinion yet"):
        find("volunteer_hours")
