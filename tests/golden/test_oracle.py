"""The oracle itself, checked against points worked out by hand."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.golden.oracle import (
    Grade,
    Node,
    Scheme,
    Scores,
    effective_weights,
    half_up,
    load_scheme,
    score,
    share_out,
)

SCHEME = Path(__file__).resolve().parents[2] / "data" / "schemes" / "2023.yml"
YEAR = 2023


@dataclass(frozen=True)
class Unit:
    unit_id: str = "J01"
    category: str = "机关处室"
    valid_from: date = date(2015, 1, 1)
    valid_to: date | None = None


@dataclass(frozen=True)
class Inspection:
    inspection_id: str
    inspected_on: date
    unit_id: str = "J01"
    round: int = 1
    fixed_time: bool = True
    agenda: bool = True
    procedure: bool = True
    detailed_record: bool = True


@dataclass(frozen=True)
class Finding:
    finding_id: str
    severity: str
    found_on: date = date(2023, 3, 1)
    due_on: date = date(2023, 3, 31)
    rechecked_on: date | None = None
    inspection_id: str = "CC1"
    unit_id: str = "J01"


@dataclass(frozen=True)
class StudyStat:
    platform: str
    period: date
    participation_rate: Decimal = Decimal(1)
    enrolled: int = 10
    passed: int | None = None
    unit_id: str = "J01"


@dataclass(frozen=True)
class Agreement:
    agreement_id: str
    partner_type: str
    signed_on: date = date(2022, 5, 1)
    expires_on: date = date(2025, 12, 31)
    unit_id: str = "J01"


@dataclass(frozen=True)
class Activity:
    activity_id: str
    agreement_id: str
    held_on: date
    theme: str = "共护碧水"
    unit_id: str = "J01"


@dataclass(frozen=True)
class Item:
    item_id: str
    agreement_id: str
    due_on: date | None
    done_on: date | None = None
    kind: str = "项目"


@dataclass(frozen=True)
class Records:
    units: tuple[Unit, ...] = (Unit(),)
    inspections: tuple[Inspection, ...] = ()
    findings: tuple[Finding, ...] = ()
    study_stats: tuple[StudyStat, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    activities: tuple[Activity, ...] = ()
    items: tuple[Item, ...] = ()


def amount(number: str) -> Fraction:
    return Fraction(Decimal(number))


def points(scores: Scores, unit_id: str = "J01") -> dict[str, str]:
    """What the unit got on each indicator, as text; an indicator that is not scored is left out."""
    return {
        indicator: f"{float(leaf.points):.2f}"
        for (owner, indicator), leaf in scores.leaves.items()
        if owner == unit_id and leaf.points is not None
    }


def weights(scores: Scores, unit_id: str = "J01") -> dict[str, str]:
    """The effective weights of the indicators that have one."""
    return {
        indicator: f"{float(leaf.effective_weight):.2f}"
        for (owner, indicator), leaf in scores.leaves.items()
        if owner == unit_id and leaf.effective_weight
    }


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return load_scheme(SCHEME)


@pytest.fixture(scope="module")
def findings_only() -> Scheme:
    """15 points for findings closed, 85 for a live agreement with an industry partner."""
    severity = {"严重": 2, "一般": 1, "轻微": 0.5}
    leaves = (
        Node("findings_closed", Fraction(15), (), "findings_closed", {"severity": severity}),
        Node("spot_check", Fraction(85), (), "agreement_live", {"partner_type": ["行业"]}),
    )
    grades = (Grade("优秀", Fraction(90), Fraction(3, 10), 1), Grade("良好", Fraction(80)), Grade("其他", Fraction(0)))
    return Scheme(Node("total", Fraction(100), leaves), date(2024, 1, 31), grades)


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
    findings = tuple(Finding(f"WT{n}", "一般", rechecked_on=date(2023, 3, 31) if n == 4 else None) for n in range(1, 9))
    records = Records(findings=findings, agreements=(Agreement("XY1", "行业"),))
    scores = score(records, findings_only, YEAR, date(2024, 3, 31))
    leaf = scores.leaves["J01", "findings_closed"]
    assert (leaf.due, leaf.done, leaf.points, leaf.lost) == (amount("8"), amount("1"), amount("1.88"), amount("13.12"))
    assert [(i.item, float(i.lost)) for i in leaf.items] == [
        ("WT1", 1.88),
        ("WT2", 1.88),
        ("WT3", 1.88),
        ("WT4", 0.0),
        ("WT5", 1.87),
        ("WT6", 1.87),
        ("WT7", 1.87),
        ("WT8", 1.87),
    ]
    assert scores.units["J01"].total == amount("86.88")
    assert scores.units["J01"].grade == "良好"


def test_a_loss_follows_the_weight_of_each_item(findings_only: Scheme) -> None:
    """One of 4.5 closed: 15 / 4.5 = 3.33|3; 11.67 over 2, 1 and 0.5: 6.66|86, 3.33|43, 1.66|71."""
    late = date(2023, 4, 1)
    findings = (
        Finding("WT1", "严重"),
        Finding("WT2", "一般", rechecked_on=late),
        Finding("WT3", "轻微", rechecked_on=late),
        Finding("WT4", "一般", rechecked_on=date(2023, 3, 30)),
        Finding("WT5", "严重", due_on=date(2024, 4, 1)),  # not due yet
        Finding("WT6", "严重", found_on=date(2022, 12, 31)),  # of another year
    )
    scores = score(Records(findings=findings), findings_only, YEAR, date(2024, 3, 31))
    leaf = scores.leaves["J01", "findings_closed"]
    assert (leaf.points, leaf.lost) == (amount("3.33"), amount("11.67"))
    assert [float(i.lost) for i in leaf.items] == [6.67, 3.33, 1.67, 0.0]


def test_a_unit_in_february(scheme: Scheme) -> None:
    """Two months over; nobody on 青年大学习; one check; pairing not reported, but not late yet.

    Theory 20 and foundation 45 share 100: 30.76|92 and 69.23|08. Theory: 15.38|5 twice, the cent to the first.
    Foundation: 46.15|33 and 23.07|67. Round 1: 75 - 5 = 70 of 100, so 32.305, which goes up.
    """
    january, february = date(2023, 1, 1), date(2023, 2, 1)
    stats = (
        StudyStat("学习强国", january, Decimal("0.81")),  # 0.9 of the target
        StudyStat("学习强国", february, Decimal("0.9")),
        StudyStat("上海干部在线学习城", january, passed=9),
        StudyStat("上海干部在线学习城", february, passed=10),
        StudyStat("青年大学习", january, Decimal(0), enrolled=0),
        StudyStat("青年大学习", february, Decimal(0), enrolled=0),
    )
    records = Records(
        inspections=(Inspection("CC1", date(2023, 2, 10), agenda=False),),
        findings=(Finding("WT1", "一般", found_on=date(2023, 2, 10), due_on=date(2023, 3, 10)),),
        study_stats=stats,
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
    records = Records(
        agreements=(Agreement("XY1", "行业"),),
        activities=(
            Activity("HD1", "XY1", date(2023, 4, 3)),
            Activity("HD2", "XY1", date(2023, 4, 3)),  # the same again
            Activity("HD3", "XY1", date(2022, 4, 3)),  # last year
        ),
        items=(
            Item("QD1", "XY1", date(2023, 6, 30), date(2024, 2, 1)),
            Item("QD2", "XY1", date(2023, 6, 30)),
            Item("QD3", "XY1", date(2024, 6, 30)),  # due next year
            Item("QD4", "XY1", date(2023, 6, 30), kind="资源"),
        ),
    )
    scores = score(records, scheme, YEAR, date(2024, 3, 31))
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


def test_a_unit_without_data_is_listed_and_not_ranked(scheme: Scheme) -> None:
    last_year = StudyStat("学习强国", date(2022, 5, 1))
    scores = score(Records(study_stats=(last_year,)), scheme, YEAR, date(2024, 3, 31))
    unit = scores.units["J01"]
    assert (unit.total, unit.status, unit.rank, unit.grade) == (amount("0"), "no_data", None, None)


def test_a_month_is_due_once_it_is_over_and_the_unit_was_there_for_all_of_it(scheme: Scheme) -> None:
    unit = Unit(valid_from=date(2023, 5, 15), valid_to=date(2023, 8, 30))
    scores = score(Records(units=(unit,)), scheme, YEAR, date(2023, 7, 30))
    assert [i.item for i in scores.leaves["J01", "study_xuexi"].items] == ["2023-06"]


def test_ties_share_the_rank_and_the_next_is_skipped(findings_only: Scheme) -> None:
    units = tuple(Unit(f"J0{n}") for n in (1, 2, 3, 4))
    checks = tuple(Inspection(f"CC{n}", date(2023, 5, 5), f"J0{n}") for n in (1, 2, 3))
    agreements = tuple(Agreement(f"XY{n}", "行业", unit_id=f"J0{n}") for n in (1, 2))
    records = Records(units=units, inspections=checks, agreements=agreements)
    scores = score(records, findings_only, YEAR, date(2024, 3, 31))
    assert [(unit.rank, unit.tied, unit.grade) for unit in scores.units.values()] == [
        (1, True, "优秀"),
        (1, True, "优秀"),  # the quota of three is one, but a tie is not cut
        (3, False, "其他"),  # 15 of 100
        (None, False, None),
    ]
