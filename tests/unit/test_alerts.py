"""The models of sql/alerts: a few literal rows in, the alerts they must raise."""

import datetime as dt

import pytest

from tests.helpers import ROOT, YEAR
from tests.measures import SQL, D, Row, day, params, run, units

MIDYEAR = "2023-07-01"


def levels(rows: list[Row]) -> dict[object, object]:
    """Level by item."""
    return {row[1]: row[2] for row in rows}


# --- 10 Elections ----------------------------------------------------------------------------------------------------

SOON = params(days={"urgent": 30, "warning": 90, "notice": 180}, extension_years=1)
TERM = "2020-01-01"


def term(
    due_on: str,
    held_on: str | None = None,
    extended_to: str | None = None,
    approval: str | None = None,
    start: str = TERM,
    unit: str = "U",
) -> Row:
    return unit, start, due_on, held_on, extended_to, approval, None, f"r {start}"


@pytest.mark.parametrize(
    ("days", "level"),
    [
        (-1, None),
        (0, "urgent"),
        (30, "urgent"),
        (31, "warning"),
        (90, "warning"),
        (91, "notice"),
        (180, "notice"),
        (181, None),
    ],
)
def test_an_election_due_soon_is_raised_by_the_nearest_threshold(days: int, level: str | None) -> None:
    due_on = day(MIDYEAR) + dt.timedelta(days)
    found = run(
        "alerts/elections_due", as_of=MIDYEAR, assessed_unit=units("U"), election=[term(str(due_on))], param=SOON
    )
    assert found == ([("U", TERM, level, due_on, days, None, None, [f"r {TERM}"])] if level else [])


def test_an_election_that_was_held_is_not_due_and_an_approved_extension_moves_the_day() -> None:
    terms = [
        term("2023-07-10", held_on="2023-06-30", start="2020-07-01"),
        term("2023-07-10", held_on=MIDYEAR, start="2020-06-30"),  # on the as-of date
        term("2023-07-10", held_on="2023-07-02", start="2020-07-02"),  # after it
        term("2023-06-01", extended_to="2023-09-01", approval="批复1", start="2020-07-03"),
        term("2023-07-10", extended_to="2024-07-10", approval="批复2", start="2020-07-04"),  # a year, far off
        term("2023-07-10", extended_to="2023-12-10", start="2020-07-05"),  # without approval
        term("2023-07-10", extended_to="2024-07-11", approval="批复3", start="2020-07-06"),  # more than a year
        term("2023-07-10", unit="gone"),
    ]
    found = run("alerts/elections_due", as_of=MIDYEAR, assessed_unit=units("U"), election=terms, param=SOON)
    assert levels(found) == {
        "2020-07-02": "urgent",
        "2020-07-03": "warning",
        "2020-07-05": "urgent",
        "2020-07-06": "urgent",
    }


def test_an_overdue_election_is_urgent_unless_its_extension_still_runs() -> None:
    terms = [
        term("2023-06-30", start="2020-01-01"),
        term("2023-07-01", start="2020-01-02"),  # the last day itself
        term("2022-09-01", extended_to="2023-06-21", approval="批复", start="2020-01-03"),
        term("2022-09-01", extended_to="2023-07-01", approval="批复", start="2020-01-04"),
        term("2022-09-01", held_on=MIDYEAR, start="2020-01-05"),
        term("2023-06-30", unit="gone"),
    ]
    found = run(
        "alerts/elections_overdue", as_of=MIDYEAR, assessed_unit=units("U"), election=terms,
        param=params(extension_years=1),
    )  # fmt: skip
    assert found == [
        ("U", "2020-01-01", "urgent", day("2023-06-30"), -1, 1, None, ["r 2020-01-01"]),
        ("U", "2020-01-03", "urgent", day("2023-06-21"), -10, 10, None, ["r 2020-01-03"]),
    ]


# --- 14 Committees ---------------------------------------------------------------------------------------------------


def test_a_branch_with_enough_full_members_and_no_committee_is_raised() -> None:
    def unit(name: str, has_committee: bool, kind: str = "支部") -> Row:
        return name, None, None, None, None, has_committee, 0, kind, f"r {name}"

    def members(unit: str, full: int, probationary: int = 0) -> list[Row]:
        statuses = ["正式"] * full + ["预备"] * probationary
        return [(f"{unit} {number}", unit, status, "党员", False) for number, status in enumerate(statuses)]

    found = run(
        "alerts/committee_missing",
        assessed_unit=units("seven", "six", "has one", "general branch"),
        org_unit=[
            unit("seven", False),
            unit("six", False),
            unit("has one", True),
            unit("general branch", False, "总支"),
            unit("gone", False),
        ],
        member_now=[
            *members("seven", 7),
            *members("six", 6, 3),
            *members("has one", 9),
            *members("general branch", 9),
            *members("gone", 9),
        ],
        param=params(members=7),
    )
    assert found == [("seven", "committee", "warning", None, None, 7, None, ["r seven"])]


# --- 16, 20 What is overdue ------------------------------------------------------------------------------------------


def test_a_rectification_is_raised_from_the_day_after_its_date_until_it_is_done() -> None:
    def item(name: str, due_on: str, done_on: str | None = None, unit: str = "U") -> Row:
        return unit, name, "巡察", due_on, done_on, None, f"r {name}"

    found = run(
        "alerts/rectifications_overdue",
        as_of=MIDYEAR,
        assessed_unit=units("U"),
        rectification=[
            item("today", MIDYEAR),
            item("a day", "2023-06-30"),
            item("89 days", "2023-04-03"),
            item("90 days", "2023-04-02"),
            item("last year", "2022-07-01"),
            item("done late", "2023-01-01", MIDYEAR),
            item("done after the as-of date", "2023-06-21", "2023-07-02"),
            item("of a unit that is gone", "2023-01-01", unit="gone"),
        ],
        param=params(days={"warning": 1, "urgent": 90}),
    )
    assert levels(found) == {
        "a day": "warning",
        "89 days": "warning",
        "90 days": "urgent",
        "last year": "urgent",
        "done after the as-of date": "warning",
    }
    assert ("U", "a day", "warning", day("2023-06-30"), -1, 1, "巡察", ["r a day"]) in found
    assert [row[5] for row in found if row[1] == "last year"] == [365]


def test_a_finding_is_raised_until_it_is_rechecked_by_its_severity() -> None:
    def finding(name: str, severity: str, due_on: str, rechecked_on: str | None = None, unit: str = "U") -> Row:
        return unit, name, "C", severity, None, due_on, rechecked_on, f"r {name}"

    found = run(
        "alerts/findings_overdue",
        as_of=MIDYEAR,
        assessed_unit=units("U"),
        inspection_finding=[
            finding("severe", "严重", "2023-06-30"),
            finding("ordinary", "一般", "2022-06-30"),
            finding("slight", "轻微", "2023-06-01"),
            finding("due today", "严重", MIDYEAR),
            finding("closed late", "严重", "2023-06-01", MIDYEAR),
            finding("closed after the as-of date", "轻微", "2023-06-01", "2023-07-02"),
            finding("of a unit that is gone", "严重", "2023-06-01", unit="gone"),
        ],
        param=params(level={"严重": "urgent", "一般": "warning", "轻微": "notice"}),
    )
    assert levels(found) == {
        "severe": "urgent",
        "ordinary": "warning",
        "slight": "notice",
        "closed after the as-of date": "notice",
    }
    assert ("U", "severe", "urgent", day("2023-06-30"), -1, 1, "严重", ["r severe"]) in found


# --- 19 Coverage of the spot checks ----------------------------------------------------------------------------------

ROUNDS = params(by_month={"1": 6, "2": 12}, days=60)


def check(unit: str, round_: int, on: str, year: int = YEAR) -> Row:
    return unit, f"{unit} {on}", year, round_, True, True, True, True, f"r {on}", on


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2023-04-30", {}),  # 61 days before
        ("2023-05-01", {("U", "1"): "notice"}),
        ("2023-06-30", {("U", "1"): "notice"}),
        ("2023-07-01", {("U", "1"): "warning"}),
        ("2023-11-01", {("U", "1"): "warning", ("U", "2"): "notice", ("half", "2"): "notice", ("new", "2"): "notice"}),
        (
            "2024-01-01",
            {("U", "1"): "warning", ("U", "2"): "warning", ("half", "2"): "warning", ("new", "2"): "warning"},
        ),
    ],
)
def test_a_round_that_has_not_reached_a_unit_is_behind_once_it_should_be_over(
    as_of: str, expected: dict[tuple[str, str], str]
) -> None:
    found = run(
        "alerts/coverage_rounds",
        as_of=as_of,
        assessed_unit=[
            *units("half", "both"),
            ("U", "2023-06-01", None, "基层单位"),  # there throughout the round's last month
            ("late", "2023-06-02", None, "基层单位"),
            ("new", "2023-07-01", None, "基层单位"),
        ],
        inspection=[
            check("late", 2, "2023-08-01"),
            check("half", 1, "2023-02-01"),
            check("both", 1, "2023-02-01"),
            check("both", 1, "2023-03-01"),
            check("both", 2, "2023-04-01"),
            check("U", 1, "2022-02-01", 2022),
        ],
        param=ROUNDS,
    )
    assert {(unit, item): level for unit, item, level, *_ in found} == expected
    assert all(row[7] == [] for row in found)


def test_a_closed_month_without_any_inspection_is_raised_for_the_bureau() -> None:
    checks = [check("U", 1, f"2023-{month:02}-15") for month in (1, 2, 4)]
    closed = run("alerts/coverage_months", as_of="2023-03-31", inspection=checks[:2])
    assert levels(closed) == {"2023-03": "warning"}
    found = run(
        "alerts/coverage_months", as_of="2023-06-29", inspection=[*checks, check("U", 1, "2022-03-15", 2022)]
    )  # fmt: skip
    assert found == [
        (None, "2023-03", "warning", day("2023-03-31"), -90, None, None, []),
        (None, "2023-05", "warning", day("2023-05-31"), -29, None, None, []),
    ]


def test_a_unit_that_was_drawn_but_not_inspected_that_month_is_raised() -> None:
    plan = [
        ("kept", YEAR, 3, 1, "p1"),
        ("missed", YEAR, 3, 1, "p2"),
        ("made up", YEAR, 3, 1, "p3"),
        ("other round", YEAR, 3, 1, "p4"),
        ("not over", YEAR, 6, 1, "p5"),
        ("other year", 2022, 3, 1, "p6"),
        ("over today", YEAR, 5, 2, "p7"),
        ("gone", YEAR, 3, 1, "p8"),
    ]
    names = [str(row[0]) for row in plan[:-1]]
    checks = [
        check("kept", 1, "2023-03-31"),
        check("kept", 1, "2023-02-01"),
        check("made up", 1, "2023-04-01"),
        check("other round", 2, "2023-04-01"),
        check("missed", 1, "2022-03-15", 2022),
    ]
    found = run(
        "alerts/plan_missed", as_of="2023-05-31", assessed_unit=units(*names), inspection_plan=plan, inspection=checks
    )
    assert found == [
        ("made up", "2023-03", "notice", day("2023-03-31"), -61, 1, None, ["p3"]),
        ("missed", "2023-03", "warning", day("2023-03-31"), -61, 1, None, ["p2"]),
        ("other round", "2023-03", "warning", day("2023-03-31"), -61, 1, None, ["p4"]),
        ("over today", "2023-05", "warning", day("2023-05-31"), 0, 2, None, ["p7"]),
    ]


# --- 25, 26 Agreements -----------------------------------------------------------------------------------------------


def agreement(
    name: str,
    expires_on: str,
    partner: str = "某银行",
    kind: str = "行业",
    signed_on: str = "2021-01-01",
    unit: str = "U",
) -> Row:
    return unit, name, kind, signed_on, expires_on, f"r {name}", partner


@pytest.mark.parametrize(
    ("days", "level"), [(-1, None), (0, "warning"), (30, "warning"), (31, "notice"), (90, "notice"), (91, None)]
)
def test_an_agreement_about_to_end_is_raised(days: int, level: str | None) -> None:
    ends = day(MIDYEAR) + dt.timedelta(days)
    found = run(
        "alerts/agreements_expiring",
        as_of=MIDYEAR,
        assessed_unit=units("U"),
        pairing_agreement=[agreement("A", str(ends))],
        param=params(partner_type=["行业"], days={"warning": 30, "notice": 90}),
    )
    assert found == ([("U", "A", level, ends, days, None, "某银行", ["r A"])] if level else [])


def test_an_agreement_that_is_renewed_of_another_kind_or_of_a_unit_gone_is_not_raised() -> None:
    soon, later = "2023-07-20", "2025-07-20"
    found = run(
        "alerts/agreements_expiring",
        as_of=MIDYEAR,
        assessed_unit=units("U", "V"),
        pairing_agreement=[
            agreement("renewed", soon, "甲"),
            agreement("its successor", later, "甲", signed_on="2023-06-01"),
            agreement("another partner's stays", soon, "乙"),
            agreement("another unit's successor", later, "乙", unit="V"),
            agreement("a street's", soon, "丙", "街道"),
            agreement("gone", soon, "丁", unit="gone"),
        ],
        param=params(partner_type=["行业"], days={"warning": 30, "notice": 90}),
    )
    assert levels(found) == {"another partner's stays": "warning"}


def test_an_agreement_that_ended_and_was_not_renewed_weighs_more_if_none_of_the_kind_is_live() -> None:
    found = run(
        "alerts/agreements_lapsed",
        as_of=MIDYEAR,
        assessed_unit=units("none left", "another live", "renewed", "only a street's", "long ago", "not yet"),
        pairing_agreement=[
            agreement("A", "2023-06-30", unit="none left"),
            agreement("B", "2023-01-01", unit="another live"),
            agreement("C", MIDYEAR, "乙", unit="another live"),
            agreement("C2", "2023-12-31", "丁", unit="another live"),
            agreement("D", "2023-06-30", unit="renewed"),
            agreement("E", "2024-06-30", unit="renewed"),
            agreement("F", "2023-06-30", unit="only a street's"),
            agreement("G", "2024-06-30", "丙", "街道", unit="only a street's"),
            agreement("H", "2022-12-31", unit="long ago"),
            agreement("I", MIDYEAR, unit="not yet"),
            agreement("J", "2023-06-30", unit="gone"),
        ],
        param=params(partner_type=["行业"]),
    )
    assert found == [
        ("another live", "B", "notice", day("2023-01-01"), -181, 181, "某银行", ["r B"]),
        ("none left", "A", "warning", day("2023-06-30"), -1, 1, "某银行", ["r A"]),
        ("only a street's", "F", "warning", day("2023-06-30"), -1, 1, "某银行", ["r F"]),
    ]


# --- 17 Members of whom nothing is recorded --------------------------------------------------------------------------


def test_members_with_nothing_recorded_for_months_are_counted_and_never_named() -> None:
    members = [
        ("silent", "U"), ("silent too", "U"), ("trained", "U"), ("talked with", "U"), ("posted", "U"),
        ("trained too early", "U"), ("exempt", "U"), ("new", "U"), ("moved here", "U"), ("elsewhere", "V"),
        ("of a unit gone", "gone"),
    ]  # fmt: skip
    joined = {"new": "2023-01-02", "silent too": "2023-01-01", "moved here": "2023-06-01"}
    found = run(
        "alerts/inactive_members",
        as_of=MIDYEAR,
        assessed_unit=units("U", "V"),
        member_now=[(name, unit, "正式", "党员", name == "exempt") for name, unit in members],
        party_member=[
            *((name, unit, "正式", "党员", False, joined.get(name, "2020-01-01"), None, "m") for name, unit in members),
            ("moved here", "V", "正式", "党员", False, "2020-01-01", "2023-05-31", "m"),
        ],
        training_record=[
            ("trained", "U", "党员", 8, YEAR, "r1", "2023-01-02"),
            ("trained too early", "U", "党员", 8, YEAR, "r2", "2023-01-01"),
            ("elsewhere", "U", "党员", 8, YEAR, "r3", "2023-07-02"),  # after the as-of date
        ],
        talk_record=[("W", "talked with", YEAR, "r4", "2023-07-01")],
        frontline_post=[("U", "P", "posted", 5, None, YEAR, "r5", "2023-03-01")],
        param=params(months=6),
    )
    assert found == [
        ("U", "members", "notice", None, None, 4, None, []),  # two silent, one too early, one moved here
        ("V", "members", "notice", None, None, 1, None, []),
    ]


# --- 13 Tiers, and the line of the next grade ------------------------------------------------------------------------

WORDS = {
    "set": "已定：",
    "proposed": "建议：",
    "below": "总分",
    "not_reported": "未报",
    "veto": "否决",
    "last": "末位",
    "unvisited": "未走访",
}
TIERS = params(below={"C": 60, "B": 80}, not_reported={"C": 3}, veto={"C": 1}, last={"B": 1}, reason=WORDS)


def tiers(
    scores: list[Row],
    guidance: list[Row] | None = None,
    leaves: list[Row] | None = None,
    ranks: list[Row] | None = None,
) -> list[Row]:
    return run(
        "alerts/tiered_guidance",
        as_of=MIDYEAR,
        scores=scores,
        guidance_log=guidance or [],
        indicator_scores=leaves or [],
        unit_rank=ranks or [],
        param=TIERS,
    )


@pytest.mark.parametrize(
    ("total", "tier"), [("80", None), ("79.99", "B"), ("60", "B"), ("59.99", "C"), ("0", "C")]
)  # fmt: skip
def test_the_total_proposes_a_tier(total: str, tier: str | None) -> None:
    found = tiers([("U", total, None, "scored")])
    text = "建议：总分" + ("；未走访" if tier == "C" else "")
    level = "urgent" if tier == "C" else "notice"
    assert found == ([("U", tier, level, None, None, D(total), text, [])] if tier else [])


def test_other_reasons_for_a_tier_are_named_together() -> None:
    scores: list[Row] = [
        ("vetoed", 95, "V1", "scored"),
        ("two missing", 95, None, "scored"),
        ("three missing", 75, None, "scored"),
        ("last", 95, None, "scored"),
        ("shares the last place", 95, None, "scored"),
        ("last but one", 95, None, "scored"),
        ("alone", 95, None, "scored"),
        ("no data", 0, None, "no_data"),
    ]
    leaves: list[Row] = [
        *(("two missing", f"i{number}", "not_reported") for number in range(2)),
        *(("three missing", f"i{number}", "not_reported") for number in range(3)),
        ("two missing", "i9", "pending"),
    ]
    ranks: list[Row] = [
        ("last", 9, 1, 9),
        ("shares the last place", 8, 2, 9),
        ("last but one", 8, 1, 9),
        ("alone", 1, 1, 1),
    ]
    found = tiers(scores, leaves=leaves, ranks=ranks)
    assert {row[0]: (row[1], row[6]) for row in found} == {
        "vetoed": ("C", "建议：否决；未走访"),
        "three missing": ("C", "建议：总分、未报；未走访"),
        "last": ("B", "建议：末位"),
        "shares the last place": ("B", "建议：末位"),
    }


def test_a_rule_for_which_the_scheme_has_no_word_goes_by_its_name() -> None:
    found = run(
        "alerts/tiered_guidance",
        scores=[("U", 79, None, "scored")],
        guidance_log=[],
        indicator_scores=[],
        unit_rank=[],
        param=params(below={"B": 80}, reason={"proposed": "建议："}),
    )
    assert [row[6] for row in found] == ["建议：below"]


def test_the_bureaus_own_tier_goes_before_and_a_weak_unit_that_nobody_visited_is_urgent() -> None:
    scores: list[Row] = [
        (name, 50, None, "scored") for name in ("set A", "visited", "last year", "later entry", "open entry", "none")
    ]
    guidance: list[Row] = [
        ("set A", "G1", "A", "新班子", None, "g1"),
        ("visited", "G2", "C", "整改慢", "2023-05-01", "g2"),
        ("last year", "G3", "B", "旧", "2022-12-31", "g3"),
        ("later entry", "G4", "B", "先", "2023-02-01", "g4"),
        ("later entry", "G5", "C", "后", "2023-06-01", "g5"),
        ("open entry", "G6", "C", "先", "2023-02-01", "g6"),
        ("open entry", "G7", "B", "后", None, "g7"),
        ("none", "G8", "A", "以后", "2023-07-02", "g8"),  # after the as-of date
        ("strong", "G9", "A", "示范", None, "g9"),
    ]
    found = tiers([*scores, ("strong", 95, None, "scored")], guidance)
    assert {row[0]: (row[1], row[2], row[6], row[7]) for row in found} == {
        "set A": ("A", "notice", "已定：新班子", ["g1"]),
        "strong": ("A", "notice", "已定：示范", ["g9"]),
        "visited": ("C", "warning", "已定：整改慢", ["g2"]),
        "last year": ("C", "urgent", "建议：总分；未走访", []),
        "later entry": ("C", "warning", "已定：后", ["g4", "g5"]),
        "open entry": ("B", "notice", "已定：后", ["g6", "g7"]),
        "none": ("C", "urgent", "建议：总分；未走访", []),
    }


def test_a_unit_just_below_the_line_of_the_next_grade_is_raised() -> None:
    found = run(
        "alerts/next_grade",
        scores=[
            ("on the line", 88, None, "scored"),
            ("too far", "87.99", None, "scored"),
            ("to good", "79.5", None, "pending"),
            ("good", 80, None, "scored"),
            ("at the top", 97, None, "scored"),
            ("kept below by a veto", "89.5", "V1", "scored"),
            ("vetoed but below it", "79.5", "V1", "scored"),
            ("no data", 79, None, "no_data"),
        ],
        scheme_grade=[(1, "excellent", "优秀", 90), (2, "good", "良好", 80), (3, "low", "不合格", 0)],
        scheme_veto=[("V1", 2)],
        param=params(points=2),
    )
    assert found == [
        ("on the line", "excellent", "notice", None, None, 2, "优秀", []),
        ("to good", "good", "notice", None, None, D("0.5"), "良好", []),
        ("vetoed but below it", "good", "notice", None, None, D("0.5"), "良好", []),
    ]


# --- Reports still to come -------------------------------------------------------------------------------------------


def test_pending_indicators_are_raised_as_their_deadline_comes_near() -> None:
    found = run(
        "alerts/reports_due",
        as_of="2024-01-21",
        indicator_scores=[
            ("U", "first", "pending"),
            ("U", "second", "pending"),
            ("U", "third", "not_reported"),
            ("U", "review", "pending"),
            ("V", "first", "scored"),
        ],
        scheme_indicator=[
            ("first", "2024-01-31"), ("second", "2024-01-31"), ("third", "2024-01-31"), ("review", "2024-03-31"),
        ],
        scheme_node=[("first", "甲", 2), ("second", "乙", 1), ("third", "丙", 3), ("review", "丁", 4)],
        param=params(days={"urgent": 3, "warning": 10, "notice": 30}),
    )  # fmt: skip
    assert found == [("U", "2024-01-31", "warning", day("2024-01-31"), 10, 2, "乙、甲", [])]


# --- Vetoes proposed -------------------------------------------------------------------------------------------------

PROPOSED = params(extension_years=1, reason={"overdue_election": "逾期", "copied_records": "雷同"})


@pytest.mark.parametrize(
    ("row", "proposed"),
    [
        pytest.param(term("2023-06-30"), True, id="never held"),
        pytest.param(term("2023-12-30"), True, id="overdue for the last day of the year"),
        pytest.param(term("2023-12-31"), False, id="overdue from the next year on"),
        pytest.param(term("2023-06-30", held_on="2023-06-30"), False, id="held in time"),
        pytest.param(term("2023-06-30", held_on="2023-07-01"), True, id="held a day late"),
        pytest.param(term("2022-06-30"), True, id="overdue since last year"),
        pytest.param(term("2022-06-30", held_on="2022-12-31"), False, id="made good last year"),
        pytest.param(term("2022-06-30", held_on="2023-01-01"), True, id="made good this year"),
        pytest.param(
            term("2023-06-30", held_on="2023-12-01", extended_to="2023-12-01", approval="批复"), False, id="extended"
        ),
        pytest.param(term("2023-06-30", held_on="2023-12-01", extended_to="2023-12-01"), True, id="without approval"),
        pytest.param(
            term("2022-06-30", extended_to="2023-06-30", approval="批复"), True, id="past the end of its extension"
        ),
        pytest.param(term("2023-06-30", unit="gone"), False, id="unit gone"),
    ],
)
def test_an_election_overdue_in_the_year_without_extension_proposes_a_veto(row: Row, proposed: bool) -> None:
    found = run(
        "alerts/veto_proposed", assessed_unit=units("U"), election=[row], org_life_record=[], adverse_event=[],
        param=PROPOSED,
    )  # fmt: skip
    assert found == ([("U", "overdue_election", "urgent", None, None, 1, "逾期", [f"r {TERM}"])] if proposed else [])


def minutes(name: str, held_on: str, text_hash: str | None, year: int = YEAR, unit: str = "U") -> Row:
    return unit, name, None, [], held_on, "t", "h", "r", 9, 9, None, text_hash, None, year, f"r {name}"


def test_minutes_copied_from_an_earlier_day_propose_a_veto_unless_an_event_caps_the_grade_already() -> None:
    records = [
        minutes("first", "2023-03-01", "x"),
        minutes("copy", "2023-04-01", "x"),
        minutes("copy again", "2023-05-01", "x"),
        minutes("another record of that day", "2023-03-01", "x"),
        minutes("copy of last year's", "2023-06-01", "y"),
        minutes("last year's", "2022-06-01", "y", 2022),
        minutes("copied last year", "2022-07-01", "y", 2022),
        minutes("no hash", "2023-03-01", None),
        minutes("no hash either", "2023-04-01", None),
        minutes("V's", "2023-01-01", "x", unit="V"),
        *(minutes(f"W{month}", f"2023-0{month}-01", "z", unit="W") for month in (1, 2)),
        *(minutes(f"X{month}", f"2023-0{month}-01", "z", unit="X") for month in (1, 2)),
    ]
    found = run(
        "alerts/veto_proposed",
        assessed_unit=units("U", "V", "W", "X"),
        election=[],
        org_life_record=records,
        adverse_event=[("W", "E1", "V1", YEAR, "e1"), ("X", "E2", "V1", 2022, "e2")],
        param=PROPOSED,
    )
    assert found == [
        ("U", "copied_records", "urgent", None, None, 3, "雷同", ["r copy", "r copy again", "r copy of last year's"]),
        ("X", "copied_records", "urgent", None, None, 1, "雷同", ["r X2"]),
    ]


# --- 31 Clues --------------------------------------------------------------------------------------------------------


def test_clues_are_counted_by_quarter_for_the_unit_and_the_bureau() -> None:
    found = run(
        "alerts/clue_counts",
        clue_summary=[
            ("U", "2023Q1", 2, "c1"),
            ("V", "2023Q1", 1, "c2"),
            ("U", "2023Q2", 0, "c3"),
            ("U", "2023Q4", 3, "c4"),
            ("U", "2022Q4", 5, "c5"),
        ],
    )
    assert found == [
        ("U", "2023Q1", "notice", None, None, 2, None, ["c1"]),
        ("U", "2023Q4", "notice", None, None, 3, None, ["c4"]),
        ("V", "2023Q1", "notice", None, None, 1, None, ["c2"]),
        (None, "2023Q1", "notice", None, None, 3, None, ["c1", "c2"]),
        (None, "2023Q4", "notice", None, None, 3, None, ["c4"]),
    ]


def test_every_alert_is_tested_here() -> None:
    text = (ROOT / "tests" / "unit" / "test_alerts.py").read_text(encoding="utf-8")
    untested = [path.stem for path in sorted((SQL / "alerts").glob("*.sql")) if f'"alerts/{path.stem}"' not in text]
    assert untested == [], "add a test to tests/unit/test_alerts.py"
