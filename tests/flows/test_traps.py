"""The traps of the domain, one by one: where such a product goes wrong if nobody thought of it."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kaohe import planning
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.people import hashed, key_of
from kaohe.project import Project
from kaohe.scheme import load_scheme
from tests.helpers import ROOT, Result, assess, registry, write_csv
from tests.ledgers import ledger

D = Decimal
MONTHS = [f"2023-{month:02}" for month in range(1, 13)]


def meetings(unit: str, kind: str, *days: str, **more: object) -> list[dict[str, object]]:
    """A record of organisational life for each day."""
    return [
        {"record_id": f"{unit}-{kind}-{day}-{number}", "unit_id": unit, "types": [kind], "held_on": day,
         "due_count": 10, "attend_count": 10, "leave_count": 0, "resolutions": "通过", **more}
        for number, day in enumerate(days)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Units whose records each walk into one of the traps."""
    folder = tmp_path_factory.mktemp("traps")
    offices = [(f"J{n:02}", f"机关{n:02}处", "机关处室") for n in range(1, 16)]
    heading, *rows = registry(*offices)
    registered = {str(row[0]): row for row in rows}
    registered["J02"][5:8] = ["否", 0, 6]  # six full members: no committee, no groups
    write_csv(folder / "名册.csv", [heading, *registered.values()])

    ledger(folder, "org_life_record",
        *meetings("J01", "主题党日", *[f"2023-12-{day:02}" for day in range(1, 13)]),
        *meetings("J02", "主题党日", *[f"{month}-10" for month in MONTHS]),
        *meetings("J02", "组织生活会", "2024-03-05", attributed_year=2023),
        *meetings("J03", "主题党日", "2023-01-10", "2023-02-10", text_hash="SAME"),
        *meetings("J03", "党课", "2023-03-10"),
        *meetings("J05", "支部党员大会", "2023-03-10", due_count=10, attend_count=7, leave_count=3),
        *meetings("J05", "支部党员大会", "2023-06-10", due_count=10, attend_count=8, leave_count=2),
        *meetings("J05", "支委会", "2023-03-10", due_count=5, attend_count=2, leave_count=3),
        *meetings("J05", "支委会", "2023-04-10", due_count=6, attend_count=3, leave_count=3),
    )  # fmt: skip
    ledger(folder, "democratic_review",
        {"unit_id": "J02", "attributed_year": 2023, "held_on": "2024-03-05", "due_count": 6, "attend_count": 6,
         "excellent": 2, "qualified": 4, "basic": 0, "unqualified": 0},
        {"unit_id": "J03", "attributed_year": 2023, "held_on": "2023-12-05", "due_count": 6, "attend_count": 6,
         "excellent": 3, "qualified": 3, "basic": 0, "unqualified": 0},
        {"unit_id": "J05", "attributed_year": 2022, "held_on": "2023-02-05", "due_count": 6, "attend_count": 6,
         "excellent": 1, "qualified": 5, "basic": 0, "unqualified": 0},
    )  # fmt: skip
    ledger(folder, "study_stat",
        *({"platform": "青年大学习", "period": month, "unit_id": "J04", "enrolled": 20, "active": 23,
           "participation_rate": "115%"} for month in MONTHS),
    )  # fmt: skip
    member = {"status": "正式", "role": "党员", "exempt": False, "valid_from": "2020-01-01"}
    ledger(folder, "party_member",
        member | {"member_id": "P1", "unit_id": "J06"},
        member | {"member_id": "P2", "unit_id": "J06", "exempt": True},
        member | {"member_id": "P3", "unit_id": "J06", "valid_to": "2023-06-30"},
        member | {"member_id": "P3", "unit_id": "J07", "valid_from": "2023-07-01"},
    )  # fmt: skip
    course = {"trainee_group": "党员", "start_on": "2023-03-01"}
    ledger(folder, "training_record",
        course | {"member_id": "P1", "course_id": "K1", "unit_id": "J06", "hours": 31},
        course | {"member_id": "P3", "course_id": "K1", "unit_id": "J06", "hours": 32},
    )  # fmt: skip
    agreement = {"signed_on": "2022-01-01", "expires_on": "2024-12-31"}
    ledger(folder, "pairing_agreement",
        agreement | {"agreement_id": "A1", "unit_id": "J08", "partner_type": "行业"},
        agreement | {"agreement_id": "A2", "unit_id": "J08", "partner_type": "街道"},
    )  # fmt: skip
    activity = {"unit_id": "J08", "held_on": "2023-05-05", "theme": "护河"}
    ledger(folder, "pairing_activity",
        activity | {"activity_id": "H1", "agreement_id": "A1"}, activity | {"activity_id": "H2", "agreement_id": "A2"},
    )  # fmt: skip
    check = {"round": 1, "fixed_time": True, "agenda": True, "procedure": True, "detailed_record": True}
    ledger(folder, "inspection",
        *(check | {"inspection_id": f"C{unit}", "unit_id": unit, "inspected_on": "2023-03-05"} for unit in ("J09", "J10", "J13")),
    )  # fmt: skip
    ledger(folder, "inspection_finding",
        {"finding_id": "F1", "inspection_id": "CJ09", "unit_id": "J09", "severity": "轻微", "category": "事后补记",
         "found_on": "2023-03-05", "due_on": "2023-04-05", "rectified_on": "2023-04-01", "rechecked_on": "2023-04-02",
         "status": "已销号"},
    )  # fmt: skip
    ledger(folder, "notice",
        {"notice_id": "N1", "unit_id": "J09", "level": "局", "issued_on": "2023-04-10", "finding_id": "F1"},
        {"notice_id": "N2", "unit_id": "J09", "level": "局", "issued_on": "2023-08-10"},
    )  # fmt: skip
    ledger(folder, "adverse_event",
        {"event_id": "E1", "unit_id": "J09", "level": "V1", "fact": "记录造假", "effective_on": "2023-09-01", "finding_id": "F1"},
    )  # fmt: skip
    ledger(folder, "rectification",
        {"item_id": "1", "unit_id": "J13", "origin": "巡察", "due_on": "2023-05-01"},
    )  # fmt: skip
    ledger(
        folder, "notice", {"notice_id": "1", "unit_id": "J13", "level": "局", "issued_on": "2023-04-10"}, name="通报二"
    )
    ledger(folder, "clue_summary", *({"unit_id": unit, "quarter": "2023Q1", "clues": 7} for unit in ("J09", "J12")))
    return folder


@pytest.fixture(scope="module")
def run(inbox: Path, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    return assess(inbox, tmp_path_factory.mktemp("home"))


def test_attributed_year_decides_to_which_year_a_record_belongs(run: Result) -> None:
    assert run.leaf("J02", "democratic_review")["done"] == 1
    assert run.leaf("J02", "org_life_meeting")["done"] == 1
    assert run.leaf("J05", "democratic_review")["done"] == 0, "held in 2023 for 2022"
    assert run.manifest["tables"]["democratic_review"]["other_year"] == 1


def test_periods_not_counts_twelve_meetings_in_december_are_one_month(run: Result) -> None:
    crammed, spread = (run.leaf(unit, "themed_day_months") for unit in ("J01", "J02"))
    assert (crammed["done"], crammed["due"]) == (1, 12)
    assert (spread["done"], spread["due"]) == (12, 12)


def test_not_applicable_is_shared_out_within_the_dimension(run: Result) -> None:
    """No committee and no groups: their weight goes to their siblings, and all still add up to the cent."""
    leaves = run.table("indicator_scores").filter(pl.col("unit_id") == "J02")
    absent = leaves.filter(pl.col("indicator").is_in(["committee_months", "group_months"]))
    assert absent["status"].to_list() == ["not_applicable"] * 2
    assert absent["not_applicable_rule"].to_list() == ["未设支部委员会（正式党员不足 7 人）", "未划分党小组"]
    # 三会一课 keeps what it would have had with a committee: its two other leaves, 3 and 2 points, have all of it.
    life = dict(leaves.filter(pl.col("indicator").is_in(["assembly_quarters", "lecture_quarters"])).select(
        "indicator", "effective_weight").iter_rows())  # fmt: skip
    month = leaves.row(by_predicate=pl.col("indicator") == "themed_day_months", named=True)["effective_weight"]
    assert abs(sum(life.values()) - month * 10 / 4) <= D("0.02")
    assert abs(life["assembly_quarters"] - sum(life.values()) * 3 / 5) <= D("0.01")
    assert leaves["effective_weight"].sum() == 100


def test_a_whole_dimension_not_applicable_is_shared_out_among_the_others(
    inbox: Path, tmp_path: Path, libraries: None
) -> None:
    """With talks and requests alone in 正风肃纪, a unit that owed neither has its 14 points elsewhere."""
    text = (ROOT / "data" / "schemes" / "2023.yml").read_text(encoding="utf-8")
    for measure in ("integrity_risks", "warning_education"):
        text = text.replace(f"measure: {measure}\n", "measure: tasks_on_time\n")
    for params in ("        params: {months: {高: 6, 中: 12, 低: 12}}\n",):
        text = text.replace(params, "")
    text = text.replace(
        "        params: {target: 2}\n        basis: {rule: 浦东新区生态环境局2023年党建工作要点, article: 警示",
        "        basis: {rule: 浦东新区生态环境局2023年党建工作要点, article: 警示",
    )
    scheme = tmp_path / "scheme.yml"
    scheme.write_text(text, encoding="utf-8")
    result = assess(inbox, tmp_path / "home", scheme=scheme)
    leaves = result.table("indicator_scores").filter(pl.col("unit_id") == "J01")
    integrity = leaves.filter(pl.col("dimension") == "integrity")
    assert integrity["status"].unique().to_list() == ["not_applicable"]
    assert integrity["effective_weight"].sum() == 0
    assert leaves["effective_weight"].sum() == 100


def test_pending_before_the_deadline_and_not_reported_after_it(inbox: Path, tmp_path: Path, run: Result) -> None:
    on_the_day = assess(inbox, tmp_path / "home", as_of=dt.date(2024, 1, 31))
    leaf = on_the_day.leaf("J10", "themed_day_months")
    assert (leaf["status"], leaf["points"], leaf["effective_weight"]) == ("pending", None, 0)
    assert on_the_day.score("J10")["grade"] is None
    a_day_later = assess(inbox, tmp_path / "home", as_of=dt.date(2024, 2, 1))
    leaf = a_day_later.leaf("J10", "themed_day_months")
    assert (leaf["status"], leaf["points"]) == ("not_reported", 0)
    assert a_day_later.leaf("J10", "democratic_review")["status"] == "pending", "its own deadline is 31 March"
    assert run.leaf("J10", "democratic_review")["status"] == "pending", "the day itself included"


def test_a_unit_with_no_data_is_listed_but_not_ranked(run: Result) -> None:
    unit = run.score("J11")
    assert (unit["status"], unit["rank"], unit["grade"]) == ("no_data", None, None)


def test_a_veto_changes_the_grade_and_never_the_number(tmp_path: Path, libraries: None) -> None:
    write_csv(tmp_path / "in" / "名册.csv", registry(("J01", "一处", "机关处室"), ("J02", "二处", "机关处室")))
    check = {"round": 1, "fixed_time": True, "agenda": True, "procedure": True, "inspected_on": "2023-03-05"}
    ledger(tmp_path / "in", "inspection", *(
        check | {"inspection_id": unit, "unit_id": unit, "detailed_record": unit == "J01"} for unit in ("J01", "J02")
    ))  # fmt: skip
    scheme = tmp_path / "scheme.yml"
    scheme.write_text(ONE_LEAF, encoding="utf-8")
    before = assess(tmp_path / "in", tmp_path / "home", scheme=scheme).score("J01")
    ledger(tmp_path / "in", "adverse_event",
        {"event_id": "E1", "unit_id": "J01", "level": "V2", "fact": "单位被问责", "effective_on": "2023-09-01"},
    )  # fmt: skip
    after = assess(tmp_path / "in", tmp_path / "home", scheme=scheme).score("J01")
    assert (before["total"], before["rank"], before["grade"], before["veto"]) == (100, 1, "优秀", None)
    assert (after["total"], after["rank"], after["grade"], after["veto"]) == (100, 1, "不合格", "V2")


def test_one_fact_is_deducted_once(run: Result) -> None:
    """F1 stands in a notice (1 point) and among the made-up records (2): the larger counts, the other does not."""
    lost = {leaf: run.leaf("J09", leaf)["lost"] for leaf in ("notices", "made_up_records")}
    assert lost == {"notices": 1, "made_up_records": 2}
    items = run.items("J09", "notices").select("item", "lost").rows()
    assert items == [("F1", 0), ("通报 N2", 1)]


def test_the_same_number_in_two_ledgers_is_not_one_fact(run: Result) -> None:
    assert run.leaf("J13", "notices")["done"] == 1
    assert run.leaf("J13", "overdue_rectifications")["done"] == D("0.5")


def test_a_shortfall_of_spot_checks_is_never_a_units_loss(run: Result) -> None:
    leaf = run.leaf("J10", "spot_check_round_2")
    assert (leaf["status"], leaf["lost"]) == ("not_applicable", 0)
    assert "不扣分" in leaf["not_applicable_rule"]
    first, closed = (run.leaf("J10", name) for name in ("spot_check_round_1", "findings_closed"))
    assert abs(first["effective_weight"] - 2 * closed["effective_weight"]) <= D("0.02"), (
        "the first round has both's weight"
    )
    assert first["points"] == first["effective_weight"]


def test_clue_counts_are_never_scored_and_never_published(run: Result) -> None:
    with duckdb.connect(str(run.folder / "snapshot.duckdb"), read_only=True) as con:
        tables = {name for (name,) in con.sql("select table_name from duckdb_tables()").fetchall()}
        alerts = con.sql("select distinct alert from alerts").fetchall()
    assert "clue_summary" not in tables
    assert ("clue_counts",) not in alerts
    assert run.score("J12")["status"] == "no_data", "clues about a unit are no report of its own"
    scored = load_scheme(ROOT / "data" / "schemes" / "2023.yml")
    behind = planning.plan(Project(ROOT), load_contracts(ROOT / "expectations"), scored).tables
    assert all("clue_summary" not in behind[entry.name] for entry, _ in scored.leaves)


def test_membership_is_as_of_the_date(run: Result) -> None:
    """P3 moved from J06 to J07 in July: at the year's end J07 answers for P3, with the hours J06 filed."""
    assert run.leaf("J06", "training_members")["due"] == 1
    moved = run.leaf("J07", "training_members")
    assert (moved["due"], moved["done"]) == (1, 1)


def test_exempt_members_owe_no_hours(run: Result) -> None:
    (name,) = hashed(pl.Series(["P1"]), key_of(run.home))
    assert run.items("J06", "training_members").select("item", "done").rows() == [(name, 0)]


def test_participation_over_100_per_cent_is_capped_and_flagged(run: Result) -> None:
    leaf = run.leaf("J04", "study_youth")
    assert (leaf["done"], leaf["due"]) == (12, 12)
    with duckdb.connect(str(run.folder / "snapshot.duckdb"), read_only=True) as con:
        flagged = con.sql("select count(*) from flagged where table_name = 'study_stat'").fetchall()
    assert flagged == [(12,)]


def test_an_activity_claimed_under_both_pairings_counts_once(run: Result) -> None:
    done = [run.leaf("J08", leaf)["done"] for leaf in ("industry_activities", "street_activities")]
    assert done == [1, 0]


def test_a_copied_record_is_no_meeting(run: Result) -> None:
    assert run.leaf("J03", "themed_day_months")["done"] == 1


def test_attendance_decides_whether_a_meeting_counts_half_of_a_committee_included(run: Result) -> None:
    assert run.leaf("J05", "assembly_quarters")["done"] == 1, "80 % of an assembly"
    assert run.leaf("J05", "committee_months")["done"] == 1, "half of a committee"


def test_more_than_a_third_excellent_halves_the_review(run: Result) -> None:
    assert run.leaf("J02", "democratic_review")["done"] == 1, "exactly a third"
    assert run.leaf("J03", "democratic_review")["done"] == D("0.5")


def test_study_scores_count_in_2023_and_are_only_shown_in_2024(run: Result, inbox: Path, tmp_path: Path) -> None:
    assert run.leaf("J04", "study_youth")["status"] == "scored"
    later = assess(inbox, tmp_path / "home", as_of=dt.date(2025, 3, 31), year=2024)
    assert later.leaf("J04", "study_youth")["status"] == "shown"


def test_ties_at_the_quota_are_flagged_never_cut(inbox: Path, tmp_path: Path, libraries: None) -> None:
    """Two of three units share the first rank, and the quota of excellent has one place."""
    units = [("J01", "一处", "机关处室"), ("J02", "二处", "机关处室"), ("J03", "三处", "机关处室")]
    write_csv(tmp_path / "in" / "名册.csv", registry(*units))
    check = {"round": 1, "fixed_time": True, "agenda": True, "procedure": True, "inspected_on": "2023-03-05"}
    ledger(tmp_path / "in", "inspection", *(
        check | {"inspection_id": unit, "unit_id": unit, "detailed_record": unit != "J03"} for unit, _, _ in units
    ))  # fmt: skip
    scheme = tmp_path / "scheme.yml"
    scheme.write_text(ONE_LEAF, encoding="utf-8")
    result = assess(tmp_path / "in", tmp_path / "home", scheme=scheme)
    found = {unit: result.score(unit) for unit, _, _ in units}
    assert [found[unit]["grade"] for unit in found] == ["优秀", "优秀", "合格"]
    assert [found[unit]["quota_tie"] for unit in found] == [True, True, False]


ONE_LEAF = """\
id: t
title: t
year: 2023
effective_from: 2023-01-01
effective_to: 2023-12-31
deadline: 2024-01-31
rounding: {digits: 2, mode: half_up}
dimensions:
  foundation:
    title: 强基固本
    weight: 100
    children:
      check:
        title: 抽查
        weight: 100
        measure: spot_check
        rule: share
        params: {round: 1, must: 25, penalty: {严重: 10, 一般: 5, 轻微: 2}}
        basis: {rule: r, article: a, basis_type: default}
bonus: {cap: 5}
deductions: {cap: 10}
vetoes:
  V2:
    title: 否决
    measure: adverse_events
    params: {level: V2}
    basis: {rule: r, article: a, basis_type: default}
    grade_at_most: unqualified
grades:
  excellent: {title: 优秀, at_least: 90, quota: 0.30}
  qualified: {title: 合格, at_least: 60}
  unqualified: {title: 不合格, at_least: 0}
"""


def test_a_scheme_that_scores_study_in_2024_is_refused_with_the_rules_name(tmp_path: Path) -> None:
    text = (ROOT / "data" / "schemes" / "2023.yml").read_text(encoding="utf-8").replace("2019—2023年", "某年")
    scheme = tmp_path / "s.yml"
    scheme.write_text(
        text.replace("year: 2023", "year: 2024").replace("effective_from: 2023-01-01", "effective_from: 2024-01-01")
        .replace("effective_to: 2023-12-31\n", "effective_to: 2024-12-31\n").replace("deadline: 2024", "deadline: 2025").replace(", effective_to: 2023-12-31}", "}"),
        encoding="utf-8",
    )  # fmt: skip
    with pytest.raises(KaoheError, match="整治形式主义为基层减负若干规定"):
        assess(tmp_path, tmp_path.parent / "home", scheme=scheme, year=2024, as_of=dt.date(2025, 3, 31))
