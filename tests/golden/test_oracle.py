"""The oracle's points, ranks and grades, checked against numbers worked out by hand."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.golden import made
from tests.golden.oracle.bureau import half_up
from tests.golden.oracle.records import Record, Records
from tests.golden.oracle.scheme import Extra, Grade, Node, Scheme, Veto, load_scheme
from tests.golden.oracle.scores import Scores, effective_weights, score, share_out

YEAR = 2023
END = date(2024, 3, 31)

#: Three dimensions with study, spot checks and pairing alone.
SMALL = """
deadline: 2024-01-31
dimensions:
  theory:
    weight: 20
    children:
      study_xuexi: {weight: 6.67, measure: study_participation, params: {platform: 学习强国, target: 0.90}}
      study_cadre: {weight: 6.67, measure: study_hours_met, params: {platform: 上海干部在线学习城, target: 1.00}}
      study_youth: {weight: 6.66, measure: study_participation, params: {platform: 青年大学习, target: 0.95}}
  foundation:
    weight: 45
    children:
      spot_check:
        weight: 30
        children:
          spot_check_round_1:
            {weight: 15, measure: spot_check, params: {round: 1, must: 25, penalty: {严重: 10, 一般: 5, 轻微: 2}}}
          spot_check_round_2:
            {weight: 15, measure: spot_check, params: {round: 2, must: 25, penalty: {严重: 10, 一般: 5, 轻微: 2}}}
      findings_closed: {weight: 15, measure: findings_closed, params: {severity: {严重: 2, 一般: 1, 轻微: 0.5}}}
  synergy:
    weight: 35
    children:
      industry_pairing:
        weight: 15
        children:
          industry_agreement: {weight: 4.5, measure: agreement_live, params: {partner_type: [行业]}}
          industry_activities: {weight: 6, measure: activities_held, params: {partner_type: [行业], target: 2}}
          industry_projects: {weight: 4.5, measure: projects_done, params: {partner_type: [行业]}}
      street_pairing:
        weight: 20
        children:
          street_agreement: {weight: 6, measure: agreement_live, params: {partner_type: [街道, 镇]}}
          street_activities: {weight: 8, measure: activities_held, params: {partner_type: [街道, 镇], target: 2}}
          street_projects: {weight: 6, measure: projects_done, params: {partner_type: [街道, 镇]}}
bonus: {cap: 5}
deductions: {cap: 10}
grades:
  excellent: {title: 优秀, at_least: 90, quota: 0.30}
  good: {title: 良好, at_least: 80}
  qualified: {title: 合格, at_least: 60}
  unqualified: {title: 不合格, at_least: 0}
tie_break: [spot_check]
"""
GRADES = (
    Grade("excellent", "优秀", Fraction(90), Fraction(3, 10)),
    Grade("good", "良好", Fraction(80)),
    Grade("qualified", "合格", Fraction(60)),
    Grade("unqualified", "不合格", Fraction(0)),
)


def amount(number: str) -> Fraction:
    return Fraction(Decimal(number))


def points(scores: Scores, unit_id: str = made.UNIT) -> dict[str, str]:
    """What the unit got on each indicator, as text; an indicator that is not scored is left out."""
    return {
        indicator: f"{float(leaf.points):.2f}"
        for (owner, indicator), leaf in scores.leaves.items()
        if owner == unit_id and leaf.points is not None
    }


def weights(scores: Scores, unit_id: str = made.UNIT) -> dict[str, str]:
    """The effective weights of the indicators that have one."""
    return {
        indicator: f"{float(leaf.effective_weight):.2f}"
        for (owner, indicator), leaf in scores.leaves.items()
        if owner == unit_id and leaf.effective_weight
    }


def statuses(scores: Scores, unit_id: str = made.UNIT) -> dict[str, str]:
    return {indicator: leaf.status for (owner, indicator), leaf in scores.leaves.items() if owner == unit_id}


def lost(scores: Scores, indicator: str, unit_id: str = made.UNIT) -> dict[str, float]:
    return {i.item: float(i.lost) for i in scores.leaves[unit_id, indicator].items}


def leaf(name: str, weight: str, measure: str, deadline: date | None = None, **params: Any) -> Node:
    return Node(name, amount(weight), (), measure, params, deadline)


def scheme_of(*leaves: Node, **more: Any) -> Scheme:
    """A scheme whose root holds the leaves."""
    return Scheme(Node("total", Fraction(100), leaves), date(2024, 1, 31), GRADES, **more)


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    path: Path = tmp_path_factory.mktemp("scheme") / "small.yml"
    path.write_text(SMALL, encoding="utf-8")
    return load_scheme(path)


@pytest.fixture(scope="module")
def findings_only() -> Scheme:
    """15 points for findings closed, 85 for a live agreement with an industry partner."""
    return scheme_of(
        leaf("findings_closed", "15", "findings_closed", severity={"严重": 2, "一般": 1, "轻微": 0.5}),
        leaf("spot_check", "85", "agreement_live", partner_type=["行业"]),
        tie_break=("spot_check",),
    )


# --- Rounding and sharing --------------------------------------------------------------------------------------------


def test_a_half_goes_up() -> None:
    assert half_up(amount("1.875"), amount("0.01")) == amount("1.88")
    assert half_up(amount("1.8749"), amount("0.01")) == amount("1.87")


def test_cents_left_over_go_to_the_largest_remainders_then_to_the_first() -> None:
    assert share_out(amount("0.10"), [Fraction(1)] * 3) == [amount("0.04"), amount("0.03"), amount("0.03")]
    assert share_out(amount("1.00"), [Fraction(1), Fraction(2), Fraction(3)]) == [
        amount("0.17"),  # 16.67 cents
        amount("0.33"),  # 33.33
        amount("0.50"),
    ]


def test_shared_out_weights_add_up_to_the_cent(scheme: Scheme) -> None:
    """Never inspected, and nobody on 青年大学习.

    100 over theory 20 and synergy 35: 36.36|36 and 63.63|64, so the cent goes to synergy.
    """
    absent = {"study_youth", "spot_check_round_1", "spot_check_round_2", "findings_closed"}
    shared = effective_weights(scheme.root, {leaf.id for leaf in scheme.root.leaves()} - absent)
    assert {name: f"{float(weight):.2f}" for name, weight in shared.items() if weight} == {
        "study_xuexi": "18.18",  # half of 36.36
        "study_cadre": "18.18",
        "industry_agreement": "8.18",  # 15/35 of 63.64 is 27.27|4; of that 8.18|1, 10.90|8, 8.18|1
        "industry_activities": "10.91",
        "industry_projects": "8.18",
        "street_agreement": "10.91",  # 20/35 of 63.64 is 36.36|6, rounded up; of that 10.91|1, 14.54|8, 10.91|1
        "street_activities": "14.55",
        "street_projects": "10.91",
    }
    assert sum(shared.values()) == 100


def test_one_leaf_is_rounded_half_up_and_its_loss_laid_on_the_items(findings_only: Scheme) -> None:
    """One finding of eight closed: 15 / 8 = 1.875, so 1.88; 13.12 lost on seven: 1.87|43 each, three cents over."""
    findings = [
        made.finding(finding_id=f"WT{n}", rechecked_on=date(2023, 3, 31) if n == 4 else None) for n in range(1, 9)
    ]
    records = Records(
        org_unit=(made.unit(),),
        inspection_finding=tuple(findings),
        pairing_agreement=(made.agreement(agreement_id="XY1"),),
    )
    scores = score(records, findings_only, YEAR, END)
    leaf = scores.leaves["J01", "findings_closed"]
    assert (leaf.due, leaf.done, leaf.points, leaf.lost) == (amount("8"), amount("1"), amount("1.88"), amount("13.12"))
    assert lost(scores, "findings_closed") == {
        "WT1": 1.88,
        "WT2": 1.88,
        "WT3": 1.88,
        "WT4": 0.0,
        "WT5": 1.87,
        "WT6": 1.87,
        "WT7": 1.87,
        "WT8": 1.87,
    }
    assert scores.units["J01"].total == amount("86.88")
    assert scores.units["J01"].grade == "良好"


def test_a_loss_follows_the_weight_of_each_item(findings_only: Scheme) -> None:
    """One of 4.5 closed: 15 / 4.5 = 3.33|3; 11.67 over 2, 1 and 0.5: 6.66|86, 3.33|43, 1.66|71."""
    late = date(2023, 4, 1)
    findings = (
        made.finding(finding_id="WT1", severity="严重"),
        made.finding(finding_id="WT2", rechecked_on=late),
        made.finding(finding_id="WT3", severity="轻微", rechecked_on=late),
        made.finding(finding_id="WT4", rechecked_on=date(2023, 3, 30)),
        made.finding(finding_id="WT5", severity="严重", due_on=date(2024, 4, 1)),  # not due yet
        made.finding(finding_id="WT6", severity="严重", found_on=date(2022, 12, 31)),  # of another year
    )
    scores = score(Records(org_unit=(made.unit(),), inspection_finding=findings), findings_only, YEAR, END)
    leaf = scores.leaves["J01", "findings_closed"]
    assert (leaf.points, leaf.lost) == (amount("3.33"), amount("11.67"))
    assert lost(scores, "findings_closed") == {"WT1": 6.67, "WT2": 3.33, "WT3": 1.67, "WT4": 0.0}


def test_a_unit_in_february(scheme: Scheme) -> None:
    """Two months over; nobody on 青年大学习; one check; pairing not reported, but not late yet.

    Theory 20 and foundation 45 share 100: 30.76|92 and 69.23|08. Theory: 15.38|5 twice, the cent to the first.
    Foundation: 46.15|33 and 23.07|67. Round 1: 75 - 5 = 70 of 100, so 32.305, which goes up.
    """
    january, february = date(2023, 1, 1), date(2023, 2, 1)
    cadre, youth = "上海干部在线学习城", "青年大学习"
    stats = (
        made.study(period=january, participation_rate=Decimal("0.81")),  # 0.9 of the target
        made.study(period=february, participation_rate=Decimal("0.9")),
        made.study(platform=cadre, period=january, passed=9),
        made.study(platform=cadre, period=february, passed=10),
        made.study(platform=youth, period=january, participation_rate=Decimal(0), enrolled=0),
        made.study(platform=youth, period=february, participation_rate=Decimal(0), enrolled=0),
    )
    tenth = date(2023, 2, 10)
    records = Records(
        org_unit=(made.unit(),),
        inspection=(made.check(inspection_id="CC1", inspected_on=tenth, agenda=False),),
        inspection_finding=(made.finding(finding_id="WT1", found_on=tenth, due_on=date(2023, 3, 10)),),
        study_stat=stats,
    )
    scores = score(records, scheme, YEAR, date(2023, 2, 28))
    assert weights(scores) == {
        "study_xuexi": "15.39",
        "study_cadre": "15.38",
        "spot_check_round_1": "46.15",
        "findings_closed": "23.08",
    }
    assert points(scores) == {
        "study_xuexi": "14.62",  # 15.39 x 0.95 = 14.6205
        "study_cadre": "14.61",  # 15.38 x 0.95 = 14.611
        "spot_check_round_1": "32.31",
        "findings_closed": "23.08",
    }
    unit = scores.units["J01"]
    assert (unit.total, unit.status, unit.rank, unit.grade) == (amount("84.62"), "pending", 1, None)
    assert scores.leaves["J01", "study_youth"].status == "not_applicable"
    assert scores.leaves["J01", "street_agreement"].status == "pending"
    assert scores.leaves["J01", "street_projects"].status == "not_applicable"


def test_a_unit_that_reported_pairing_only(scheme: Scheme) -> None:
    """After the deadline: study not reported, nothing to say of inspections, an industry partner and no other.

    36.36 for study: 12.12|606, 12.12|606, 12.10|788; two cents over, to the third and the first.
    36.37 for the street, without projects: 6/14 is 15.58|71, 8/14 is 20.78|29.
    """
    june = date(2023, 6, 30)
    records = Records(
        org_unit=(made.unit(),),
        pairing_agreement=(made.agreement(agreement_id="XY1"),),
        pairing_activity=(
            made.activity(activity_id="HD1", agreement_id="XY1", held_on=date(2023, 4, 3)),
            made.activity(activity_id="HD2", agreement_id="XY1", held_on=date(2023, 4, 3)),  # the same again
            made.activity(activity_id="HD3", agreement_id="XY1", held_on=date(2022, 4, 3)),  # last year
        ),
        pairing_item=(
            made.line(item_id="QD1", agreement_id="XY1", due_on=june, done_on=date(2024, 2, 1)),
            made.line(item_id="QD2", agreement_id="XY1", due_on=june),
            made.line(item_id="QD3", agreement_id="XY1", due_on=date(2024, 6, 30)),  # due next year
            made.line(item_id="QD4", agreement_id="XY1", due_on=june, kind="资源"),
        ),
    )
    scores = score(records, scheme, YEAR, END)
    assert weights(scores) == {
        "study_xuexi": "12.13",
        "study_cadre": "12.12",
        "study_youth": "12.11",
        "industry_agreement": "8.18",
        "industry_activities": "10.91",
        "industry_projects": "8.18",
        "street_agreement": "15.59",
        "street_activities": "20.78",
    }
    assert {name: value for name, value in points(scores).items() if value != "0.00"} == {
        "industry_agreement": "8.18",
        "industry_activities": "5.46",  # half of 10.91 is 5.455
        "industry_projects": "4.09",
    }
    unit = scores.units["J01"]
    assert (unit.total, unit.status, unit.grade) == (amount("17.73"), "scored", "不合格")
    assert scores.leaves["J01", "study_youth"].status == "not_reported"
    assert scores.leaves["J01", "street_agreement"].status == "scored"


# --- Statuses --------------------------------------------------------------------------------------------------------


def every_status() -> Scheme:
    """A shown leaf, one that never applies here, one of each deadline, and one whose unit has no items."""
    return scheme_of(
        leaf("campaigns", "0", "campaign_cover"),
        leaf("tasks", "10", "tasks_on_time"),
        leaf("review", "30", "democratic_review", date(2024, 3, 31), excellent_one_in=3, above=0.5),
        leaf("secretaries", "20", "secretary_meetings", attended={"本人": 1, "代会": 0.5, "缺席": 0}),
        leaf("goals", "40", "model_office", grade={"A": 1, "B": 0.8, "C": 0.5, "D": 0}),
    )


@pytest.mark.parametrize(
    ("as_of", "review", "secretaries", "of_the_unit"),
    [
        (date(2023, 7, 31), "pending", "pending", "pending"),
        (date(2024, 1, 31), "pending", "pending", "pending"),  # the last day
        (date(2024, 2, 1), "pending", "not_reported", "pending"),
        (date(2024, 3, 31), "pending", "not_reported", "pending"),
        (date(2024, 4, 1), "not_reported", "not_reported", "scored"),
    ],
    ids=str,
)
def test_each_indicator_has_its_own_deadline(as_of: date, review: str, secretaries: str, of_the_unit: str) -> None:
    records = Records(
        org_unit=(made.unit(),),
        party_member=tuple(made.member(member_id=name) for name in "甲乙丙"),
        campaign_session=(made.campaign(campaign="主题教育", held_on=date(2023, 5, 1), covered_count=2),),
        model_office=(made.goal(goal="讲政治", grade="B"), made.goal(goal="守纪律", grade="A")),
    )
    scores = score(records, every_status(), YEAR, as_of)
    assert statuses(scores) == {
        "campaigns": "shown",
        "tasks": "not_applicable",
        "review": review,
        "secretaries": secretaries,
        "goals": "scored",
    }
    assert scores.units["J01"].status == of_the_unit
    assert (scores.units["J01"].grade is None) == (of_the_unit == "pending")


def test_what_is_shown_has_its_items_and_neither_points_nor_weight() -> None:
    records = Records(
        org_unit=(made.unit(),),
        party_member=tuple(made.member(member_id=name) for name in "甲乙丙"),
        campaign_session=(made.campaign(campaign="主题教育", held_on=date(2023, 5, 1), covered_count=2),),
    )
    shown = score(records, every_status(), YEAR, END).leaves["J01", "campaigns"]
    assert (shown.weight, shown.effective_weight, shown.points, shown.lost) == (0, 0, None, 0)
    assert (shown.due, shown.done) == (3, 2)
    assert [(i.item, i.due, i.done, i.lost) for i in shown.items] == [("主题教育", 3, 2, 0)]


def test_what_was_not_reported_loses_all_its_points_on_an_item_none_if_it_has_no_other() -> None:
    """Weights 30, 20 and 40 of 90: 33.33|33, 22.22|22, 44.44|44, the cent to the last. The goals: 44.45 x 1.8 / 4 =
    20.00|25; 24.45 over 0.2, 0, 1 and 1: 2.22|27, 11.11|36, 11.11|36, the cent to 有效率, whose name sorts first."""
    records = Records(
        org_unit=(made.unit(),),
        model_office=(made.goal(goal="讲政治", grade="B"), made.goal(goal="守纪律", grade="A")),
    )
    scores = score(records, every_status(), YEAR, date(2024, 4, 1))
    assert weights(scores) == {"review": "33.33", "secretaries": "22.22", "goals": "44.45"}
    assert points(scores) == {"review": "0.00", "secretaries": "0.00", "goals": "20.00"}
    assert lost(scores, "review") == {"year": 33.33}
    assert lost(scores, "secretaries") == {"none": 22.22}
    assert lost(scores, "goals") == {"守纪律": 0.0, "有效率": 11.12, "讲政治": 2.22, "负责任": 11.11}
    missing = scores.leaves["J01", "secretaries"]
    assert (missing.due, missing.done) == (1, 0)


def test_what_a_unit_reported_of_the_year_decides() -> None:
    """A meeting of last year is no report; a post of the year without anything due is: then nothing was due."""
    scheme = scheme_of(
        leaf("posts", "50", "frontline_posts_valid", days=5),
        leaf("secretaries", "50", "secretary_meetings", attended={"本人": 1}),
    )
    last_year = made.secretaries(meeting_id="SJ1", held_on=date(2022, 12, 31))
    records = Records(
        org_unit=(made.unit(),), secretary_meeting=(last_year,), frontline_post=(made.post(post_id="HG1"),)
    )
    assert statuses(score(records, scheme, YEAR, END)) == {"posts": "scored", "secretaries": "not_reported"}


def test_training_filed_by_another_unit_is_reported() -> None:
    scheme = scheme_of(leaf("members", "100", "training_met", trainee_group="党员", hours=32, courses=0))
    records = Records(
        org_unit=(made.unit(),),
        party_member=(made.member(member_id="甲"),),
        training_record=(made.training(member_id="甲", unit_id="D01", hours=Decimal(32)),),
    )
    scores = score(records, scheme, YEAR, date(2024, 1, 1))
    assert statuses(scores) == {"members": "scored"}
    assert points(scores) == {"members": "100.00"}


def test_a_unit_without_data_is_listed_and_not_ranked(scheme: Scheme) -> None:
    records = Records(org_unit=(made.unit(),), study_stat=(made.study(period=date(2022, 5, 1)),))
    unit = score(records, scheme, YEAR, END).units["J01"]
    assert (unit.total, unit.status, unit.rank, unit.grade) == (amount("0"), "no_data", None, None)


@pytest.mark.parametrize(
    "record",
    [
        {"appeal_request": (made.request(unit_id="J01", handler_unit_id="D01", request_id="SQ1", due_on=END),)},
        {"notice": (made.notice(notice_id="TB1"),)},
        {"integrity_risk": (made.risk(risk_id="FX1"),)},
        {"pairing_agreement": (made.agreement(agreement_id="XY1"),)},
    ],
    ids=lambda record: next(iter(record)),
)
def test_any_record_of_the_year_or_of_no_year_is_data(scheme: Scheme, record: dict[str, tuple[Record, ...]]) -> None:
    """But the request above is of 2024, the year in which it falls due."""
    unit = score(Records(org_unit=(made.unit(),), **record), scheme, YEAR, END).units["J01"]  # type: ignore[arg-type]
    assert (unit.status == "no_data") == ("appeal_request" in record)


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "assessed"),
    [
        (date(2023, 7, 31), None, True),
        (date(2023, 8, 1), None, False),
        (date(2015, 1, 1), date(2023, 7, 31), True),
        (date(2015, 1, 1), date(2023, 7, 30), False),
    ],
)
def test_a_unit_is_assessed_that_exists_at_the_end_of_the_period(
    scheme: Scheme, valid_from: date, valid_to: date | None, assessed: bool
) -> None:
    records = Records(org_unit=(made.unit(valid_from=valid_from, valid_to=valid_to),))
    assert bool(score(records, scheme, YEAR, date(2023, 7, 31)).units) == assessed


def test_a_month_is_due_once_it_is_over_and_the_unit_was_there_for_all_of_it(scheme: Scheme) -> None:
    unit = made.unit(valid_from=date(2023, 5, 15), valid_to=date(2023, 8, 30))
    scores = score(Records(org_unit=(unit,)), scheme, YEAR, date(2023, 7, 30))
    assert [i.item for i in scores.leaves["J01", "study_xuexi"].items] == ["2023-06"]


# --- Bonus and deductions --------------------------------------------------------------------------------------------

LEVELS = {"局": 0.5, "区": 1, "市": 2, "国家": 3}


def live(*units: str, **more: Any) -> Records:
    """Units with a live agreement each."""
    return Records(
        org_unit=tuple(made.unit(unit_id=name) for name in units),
        pairing_agreement=tuple(made.agreement(agreement_id=f"XY{name}", unit_id=name) for name in units),
        **more,
    )


def with_extras(**more: Any) -> Scheme:
    """100 points for a live agreement; bonus up to 5, deductions up to 10."""
    return scheme_of(
        leaf("agreement", "100", "agreement_live", partner_type=["行业"]),
        bonus=Extra(
            Fraction(5),
            (
                leaf("cases", "0", "innovation_cases", points=LEVELS),
                leaf("honors", "0", "honors", points=LEVELS, title={"模范机关": 1}),
            ),
        ),
        deductions=Extra(
            Fraction(10),
            (
                leaf("notices", "0", "notices", points={"区": 2, "局": 1}),
                leaf("overdue", "0", "overdue_rectifications", points=0.5),
                leaf("late", "0", "late_reports", points=0.2, days=7),
                leaf("made_up", "0", "made_up_records", points=2, category=["事后补记"]),
            ),
        ),
        **more,
    )


def test_a_case_counts_once_for_the_most_points_in_the_first_indicator_that_gives_them() -> None:
    """AL1: 1 (case) and 2 (honour), so 2 under honours. AL2: 1 and 1, so 1 under cases. RY9: 0.5. Together 3.5."""
    records = live(
        "J01",
        innovation_case=(
            made.case(case_key="AL1", level="局"),
            made.case(case_key="AL1", level="区"),  # taken up higher
            made.case(case_key="AL2", level="区"),
        ),
        honor=(
            made.honor(honor_id="RY1", level="市", case_key="AL1"),
            made.honor(honor_id="RY2", level="区", case_key="AL2"),
            made.honor(honor_id="RY9"),
        ),
    )
    scores = score(records, with_extras(), YEAR, END)
    assert points(scores) == {
        "agreement": "100.00",
        "cases": "1.00",
        "honors": "2.50",
        "notices": "0.00",
        "overdue": "0.00",
        "late": "0.00",
        "made_up": "0.00",
    }
    cases, honors = (scores.leaves["J01", name] for name in ("cases", "honors"))
    assert [(i.item, i.due, i.done, i.lost) for i in cases.items] == [("AL1", None, 1, 0), ("AL2", None, 1, 0)]
    assert [(i.item, float(i.done)) for i in honors.items] == [("AL1", 2.0), ("AL2", 1.0), ("荣誉 RY9", 0.5)]
    assert (honors.status, honors.weight, honors.effective_weight, honors.due) == ("scored", 0, 0, None)
    assert (honors.done, honors.lost) == (amount("2.5"), 0)
    unit = scores.units["J01"]
    assert (unit.base, unit.bonus, unit.deduction, unit.total) == (100, amount("3.5"), 0, amount("103.5"))


def test_the_bonus_stops_at_its_cap_at_the_last_facts() -> None:
    """3 + 1 (the title's own) + 3: of the last fact, RY2, 1 is left."""
    records = live(
        "J01",
        innovation_case=(made.case(case_key="AL1", level="国家"),),
        honor=(
            made.honor(honor_id="RY2", level="国家"),
            made.honor(honor_id="RY1", level="国家", title="模范机关"),
        ),
    )
    scores = score(records, with_extras(), YEAR, END)
    assert (points(scores)["cases"], points(scores)["honors"]) == ("3.00", "2.00")
    assert scores.leaves["J01", "honors"].done == 2
    assert scores.units["J01"].total == 105


def test_deductions_of_the_same_finding_count_once_and_cost_their_items() -> None:
    """Notice on WT1 1, but made up 2: 2. Notice on its own 2. Two overdue 0.5 each. One late record 0.2. 5.2 in all."""
    records = live(
        "J01",
        notice=(made.notice(notice_id="TB1", finding_id="WT1"), made.notice(notice_id="TB2", level="区")),
        rectification=(
            made.rectification(item_id="ZG1", due_on=date(2023, 9, 1)),
            made.rectification(item_id="ZG2", due_on=date(2023, 9, 1), done_on=date(2023, 9, 2)),
            made.rectification(item_id="ZG3", due_on=date(2023, 9, 1), done_on=date(2023, 9, 1)),
        ),
        org_life_record=(made.meeting(held_on=date(2023, 3, 1), created_on=date(2023, 3, 9)),),
        inspection_finding=(made.finding(finding_id="WT1", category="事后补记"), made.finding(finding_id="WT2")),
    )
    scores = score(records, with_extras(), YEAR, END)
    assert {name: points(scores)[name] for name in ("notices", "overdue", "late", "made_up")} == {
        "notices": "-2.00",
        "overdue": "-1.00",
        "late": "-0.20",
        "made_up": "-2.00",
    }
    assert lost(scores, "notices") == {"通报 TB2": 2.0, "WT1": 0.0}
    assert lost(scores, "overdue") == {"整改 ZG1": 0.5, "整改 ZG2": 0.5}
    assert lost(scores, "made_up") == {"WT1": 2.0}
    assert scores.leaves["J01", "notices"].done == 2
    unit = scores.units["J01"]
    assert (unit.deduction, unit.total) == (amount("5.2"), amount("94.8"))


def test_deductions_stop_at_their_cap_and_at_nothing() -> None:
    """J01: six notices of 2 stop at 10. J02, without an agreement and with a bonus of 0.5: 0.5 is all there is."""
    records = Records(
        org_unit=(made.unit(), made.unit(unit_id="J02")),
        pairing_agreement=(made.agreement(agreement_id="XY1"),),
        honor=(made.honor(honor_id="RY1", unit_id="J02"),),
        notice=(
            *(made.notice(notice_id=f"TB{n}", level="区") for n in range(1, 7)),
            made.notice(notice_id="TB7", unit_id="J02"),
        ),
    )
    scores = score(records, with_extras(), YEAR, END)
    assert lost(scores, "notices") == {
        "通报 TB1": 2.0,
        "通报 TB2": 2.0,
        "通报 TB3": 2.0,
        "通报 TB4": 2.0,
        "通报 TB5": 2.0,
        "通报 TB6": 0.0,
    }
    assert lost(scores, "notices", "J02") == {"通报 TB7": 0.5}
    first, second = scores.units.values()
    assert (first.deduction, first.total) == (10, 90)
    assert (second.base, second.bonus, second.deduction, second.total) == (0, amount("0.5"), amount("0.5"), 0)


# --- Ranks, grades and vetoes ----------------------------------------------------------------------------------------


def test_ties_share_the_rank_and_the_next_is_skipped(findings_only: Scheme) -> None:
    units = tuple(made.unit(unit_id=f"J0{n}") for n in (1, 2, 3, 4))
    checks = tuple(made.check(inspection_id=f"CC{n}", unit_id=f"J0{n}") for n in (1, 2, 3))
    agreements = tuple(made.agreement(agreement_id=f"XY{n}", unit_id=f"J0{n}") for n in (1, 2))
    records = Records(org_unit=units, inspection=checks, pairing_agreement=agreements)
    scores = score(records, findings_only, YEAR, END)
    assert [(unit.rank, unit.tied, unit.quota_tie, unit.grade) for unit in scores.units.values()] == [
        (1, True, True, "优秀"),
        (1, True, True, "优秀"),  # the quota of three is one, but a tie is not cut
        (3, False, False, "不合格"),  # 15 of 100
        (None, False, False, None),
    ]


def notices(**of_units: int) -> tuple[Record, ...]:
    """So many notices of one point."""
    return tuple(
        made.notice(notice_id=f"TB{unit}{n}", unit_id=unit) for unit, count in of_units.items() for n in range(count)
    )


def test_places_go_to_the_first_three_tenths_of_a_category_rounded_down() -> None:
    """Ten offices without data apart, three places: J01, J02, and J03 with J04 on the line. D01 has a place of its own."""
    names = [f"J{n:02}" for n in range(1, 11)]
    records = live(*names, notice=notices(J02=1, J03=2, J04=2, J05=3, J06=4, J07=5, J08=6, J09=7, J10=9))
    alone = made.unit(unit_id="D01", category="基层单位")
    idle = made.unit(unit_id="J11")
    agreement = made.agreement(agreement_id="XYD01", unit_id="D01")
    records = Records(
        org_unit=(*records.org_unit, alone, idle),
        pairing_agreement=(*records.pairing_agreement, agreement),
        notice=records.notice,
    )
    scores = score(records, with_extras(), YEAR, END)
    assert {name: unit.grade for name, unit in scores.units.items()} == {
        "J01": "优秀",
        "J02": "优秀",
        "J03": "优秀",
        "J04": "优秀",
        "J05": "良好",  # 97 points, but the fifth of ten
        "J06": "良好",
        "J07": "良好",
        "J08": "良好",
        "J09": "良好",
        "J10": "良好",
        "D01": "优秀",
        "J11": None,
    }
    assert [name for name, unit in scores.units.items() if unit.quota_tie] == ["J03", "J04"]
    assert [unit.rank for unit in scores.units.values()] == [1, 2, 3, 3, 5, 6, 7, 8, 9, 10, 1, None]


@pytest.mark.parametrize(
    ("tie_break", "ranks"),
    [
        (("first", "fewer_deductions"), [1, 4, 3, 2]),
        (("fewer_deductions", "first"), [1, 2, 4, 3]),
        (("first",), [1, 4, 1, 1]),
        ((), [1, 1, 1, 1]),
    ],
)
def test_ties_are_broken_in_the_schemes_order_by_nodes_and_by_fewer_deductions(
    tie_break: tuple[str, ...], ranks: list[int]
) -> None:
    """All have 80: J01 20 + 60, J02 0 + 80, J03 20 + 60 + 5 bonus - 5, J04 20 + 60 + 1 - 1."""
    first = Node("first", Fraction(20), (leaf("agreement", "20", "agreement_live", partner_type=["行业"]),))
    goals = leaf("goals", "80", "model_office", grade={"A": 1, "B": 0.8, "C": 0.5, "D": 0})
    extras = with_extras()
    scheme = scheme_of(first, goals, tie_break=tie_break, bonus=extras.bonus, deductions=extras.deductions)
    grades = {"J01": "AAAD", "J02": "AAAA", "J03": "AAAD", "J04": "AAAD"}
    partners = {"J01": "行业", "J02": "镇", "J03": "行业", "J04": "行业"}
    records = Records(
        org_unit=tuple(made.unit(unit_id=name) for name in grades),
        pairing_agreement=tuple(
            made.agreement(agreement_id=f"XY{name}", unit_id=name, partner_type=kind) for name, kind in partners.items()
        ),
        model_office=tuple(
            made.goal(unit_id=name, goal=goal, grade=grade)
            for name, given in grades.items()
            for goal, grade in zip(("讲政治", "守纪律", "负责任", "有效率"), given, strict=True)
        ),
        honor=(
            made.honor(honor_id="RY1", unit_id="J03", level="国家"),
            made.honor(honor_id="RY2", unit_id="J03", level="市"),
            made.honor(honor_id="RY3", unit_id="J04", level="区"),
        ),
        notice=notices(J03=5, J04=1),
    )
    scores = score(records, scheme, YEAR, END)
    assert [(unit.total, unit.rank) for unit in scores.units.values()] == [(80, rank) for rank in ranks]


def vetoes(*events: tuple[str, str]) -> tuple[Record, ...]:
    return tuple(made.event(event_id=f"SJ{n}", unit_id=unit, level=level) for n, (unit, level) in enumerate(events))


def test_a_veto_caps_the_grade_and_leaves_number_and_rank() -> None:
    """J01 100 with V1, J02 99 with both, J03 98 with one of last year, J04 91."""
    scheme = with_extras(
        vetoes=(
            Veto(leaf("V1", "0", "adverse_events", level="V1"), "good"),
            Veto(leaf("V2", "0", "adverse_events", level="V2"), "unqualified"),
        )
    )
    records = live(
        "J01", "J02", "J03", "J04",
        notice=notices(J02=1, J03=2, J04=9),
        adverse_event=(
            *vetoes(("J01", "V1"), ("J02", "V1"), ("J02", "V2")),
            made.event(event_id="SJ9", unit_id="J03", effective_on=date(2022, 12, 31)),  # of another year
        ),
    )  # fmt: skip
    scores = score(records, scheme, YEAR, END)
    assert [(float(u.total), u.rank, u.veto, u.grade) for u in scores.units.values()] == [
        (100.0, 1, "V1", "良好"),
        (99.0, 2, "V2", "不合格"),
        (98.0, 3, None, "良好"),  # one place of four, and the first has it, veto or not
        (91.0, 4, None, "良好"),
    ]
    assert [(i.item, i.due, i.done, i.lost) for i in scores.vetoes["J02", "V2"]] == [("SJ2", None, 1, 0)]
    assert scores.vetoes["J03", "V1"] == ()
    assert ("J01", "V1") not in scores.leaves


def test_a_veto_never_raises_a_grade() -> None:
    scheme = scheme_of(
        leaf("agreement", "70", "agreement_live", partner_type=["行业"]),
        leaf("street", "30", "agreement_live", partner_type=["镇"]),
        vetoes=(Veto(leaf("V1", "0", "adverse_events", level="V1"), "good"),),
    )
    unit = score(live("J01", adverse_event=vetoes(("J01", "V1"))), scheme, YEAR, END).units["J01"]
    assert (unit.total, unit.veto, unit.grade) == (70, "V1", "合格")
