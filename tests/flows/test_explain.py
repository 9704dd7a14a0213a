"""Explaining a unit: every lost point with its rule and its record, in three forms; --to at the command line."""

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from rich.console import Console

from kaohe.explaining import Explainer, Explanation, Part
from kaohe.explaining.plain import plain
from kaohe.explaining.sheets import write_workbook
from kaohe.explaining.text import print_explanation
from kaohe.people import MASK
from kaohe.words import speaking
from tests.helpers import CHECK, Result, assess, check, copied, in_process, registry, write_csv
from tests.ledgers import ledger
from tests.office import refused

D = Decimal
SCHEME = """\
id: t
title: 试用办法
year: 2023
effective_from: 2023-01-01
effective_to: 2023-12-31
deadline: 2024-01-31
rounding: {digits: 2, mode: half_up}
dimensions:
  theory:
    title: 立根铸魂
    weight: 60
    children:
      topic:
        title: 第一议题
        weight: 60
        measure: first_topic_months
        rule: share
        basis: &rule {rule: 工作要点, article: 第三条, basis_type: local_standard}
  foundation:
    title: 强基固本
    weight: 40
    children:
      check:
        title: 抽查
        weight: 30
        measure: spot_check
        rule: share
        params: {round: 1, must: 25, penalty: {严重: 10, 一般: 5, 轻微: 2}}
        basis: *rule
      requests:
        title: 党员诉求
        weight: 10
        measure: requests_closed
        rule: share
        not_applicable: 没有到期的党员诉求
        basis: *rule
bonus:
  cap: 5
  indicators:
    honors:
      title: 荣誉
      measure: honors
      rule: per_item
      params: {points: {局: 1, 区: 2, 市: 2, 国家: 3}, title: {模范机关: 1}}
      basis: *rule
deductions:
  cap: 10
  indicators:
    overdue: {title: 逾期整改, measure: overdue_rectifications, rule: per_item, params: {points: 0.5}, basis: *rule}
vetoes:
  V1: {title: 违纪案件, measure: adverse_events, params: {level: V1}, grade_at_most: good, basis: *rule}
grades:
  excellent: {title: 优秀, at_least: 90, quota: 0.34}
  good: {title: 良好, at_least: 80}
  unqualified: {title: 不合格, at_least: 0}
"""
UNITS = [
    ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("J03", "规划处", "机关处室"), ("J04", "财务处", "机关处室"),
    ("J05", "人事处", "机关处室"), ("D01", "水务中心", "基层单位"),
]  # fmt: skip
#: The months of each unit's first topics.
TOPICS = {"J01": range(1, 13), "J02": range(1, 13), "J03": range(1, 10), "J04": range(1, 13)}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """J01 full and honoured, J02 short of full marks, J03 short of a grade, J04 vetoed, J05 silent, D01 without data."""
    folder = tmp_path_factory.mktemp("explain")
    inbox = folder / "inbox"
    write_csv(inbox / "名册.csv", registry(*UNITS))
    topics = [
        {"topic_id": f"{unit}-{month}", "unit_id": unit, "held_on": f"2023-{month:02}-05", "is_first_item": True}
        for unit, months in TOPICS.items()
        for month in months
    ]
    ledger(inbox, "first_topic", *topics)
    flags = {"J01": "1111", "J02": "1110", "J03": "0100", "J04": "1111"}
    names = {unit: name for unit, name, _ in UNITS}
    checks = [check(f"C{unit}", names[unit], flags=each, inspector="王某某") for unit, each in flags.items()]
    by_itself = {"J03": names["J03"]}  # the inspector was one of its own
    with_inspectors = [[*each, by_itself.get(unit, "")] for unit, each in zip(flags, checks, strict=True)]
    write_csv(inbox / "抽查.csv", [[*CHECK, "检查人单位"], *with_inspectors])
    honor = {"honor_id": "H1", "unit_id": "J01", "title": "先进", "level": "局", "granted_on": "2023-05-05"}
    ledger(inbox, "honor", honor)
    late = {"item_id": "Z1", "unit_id": "J03", "origin": "巡察", "due_on": "2023-07-28"}
    ledger(inbox, "rectification", late)
    ledger(inbox, "adverse_event", {"event_id": "S1", "unit_id": "J04", "level": "V1", "effective_on": "2023-09-01",
                                    "source_doc": "党办〔2023〕9号"})  # fmt: skip
    ledger(inbox, "appeal_request", {"request_id": "Q1", "unit_id": "J03", "handler_unit_id": "J02",
                                     "received_on": "2023-05-01", "due_on": "2023-06-01", "closed_on": "2023-05-30"})  # fmt: skip
    scheme = folder / "scheme.yml"
    scheme.write_text(SCHEME, encoding="utf-8")
    return assess(inbox, folder / "home", as_of=dt.date(2024, 4, 1), scheme=scheme)


def explained(published: Result, unit: str, indicator: str | None = None) -> Explanation:
    with Explainer.in_force(published.home) as explainer:
        return explainer.explain(unit, indicator)


def part(found: Explanation, name: str) -> Part:
    (named,) = [each for top in found.parts for each in top.below() if each.name == name]
    return named


def test_from_the_total_down_to_the_record(published: Result) -> None:
    found = explained(published, "法规处")
    assert (found.score["total"], found.score["rank"], found.ranked) == (D("92.50"), 3, 4)
    assert [(each.name, each.points, each.lost) for each in found.parts[:2]] == [
        ("theory", D(60), 0), ("foundation", D("32.50"), D("7.50"))
    ]  # fmt: skip
    leaf = part(found, "check")
    assert (leaf.status, leaf.effective_weight, leaf.points, leaf.due, leaf.done) == ("scored", 30, D("22.50"), 100, 75)
    assert leaf.leaf
    assert leaf.leaf.basis
    assert (leaf.leaf.basis.rule, leaf.leaf.basis.article) == ("工作要点", "第三条")
    (item,) = leaf.items
    assert (item.item, item.due, item.done, item.lost) == ("CJ02", 100, 75, D("7.50"))
    (record,) = item.records
    assert (record.table, record.file, record.row) == ("组织生活记录抽查", "抽查.csv", 3)
    assert record.cells["详实记录"] == "否"
    assert record.cells["会议议题"] == "是"
    assert record.cells["被检查单位"] == "法规处"
    assert record.cells["检查人"] == MASK
    assert [each.name for top in found.parts for each in top.below() if each.items] == ["check"]


def test_what_does_not_apply_says_so_and_gives_its_weight_away(published: Result) -> None:
    found = explained(published, "J03")
    requests, check_ = part(found, "requests"), part(found, "check")
    assert (requests.status, requests.points, requests.lost) == ("not_applicable", None, 0)
    assert requests.not_applicable_rule == "没有到期的党员诉求"
    assert (check_.weight, check_.effective_weight, check_.lost) == (30, 40, 30)


def test_bonus_deductions_and_vetoes_have_their_records(published: Result) -> None:
    bonus = part(explained(published, "办公室"), "honors")
    assert (bonus.points, bonus.items[0].gained, bonus.items[0].records[0].file) == (1, 1, "honor.csv")
    late = part(explained(published, "规划处"), "overdue")
    assert (late.points, late.items[0].lost, late.items[0].records[0].file) == (
        D("-0.5"),
        D("0.5"),
        "rectification.csv",
    )
    veto = part(explained(published, "财务处"), "V1")
    assert (veto.points, veto.items[0].item) == (None, "S1")
    assert veto.items[0].records[0].cells["依据文件"] == "党办〔2023〕9号"
    assert not part(explained(published, "办公室"), "V1").items


@pytest.mark.parametrize(
    ("unit", "reasons"),
    [
        ("J01", ["评为优秀"]),
        ("J02", ["够优秀的分数，但同类 4 个单位只有 1 个名额，第 3 名在名额之外", "评为良好"]),
        ("J03", ["距优秀（90 分）还差 35.50 分", "距良好（80 分）还差 25.50 分", "评为不合格"]),
        ("J04", ["得分达到优秀，但适用违纪案件", "评为良好"]),
        ("J05", ["没有任何数据，不评等次、不排名"]),
    ],
)
def test_why_this_grade_and_no_better_one(published: Result, unit: str, reasons: list[str]) -> None:
    found = explained(published, unit)
    assert list(found.grade_reasons) == reasons
    assert found.score["grade"] == (reasons[-1][2:].partition("（")[0] if unit != "J05" else None)


def test_an_indicator_alone_shows_what_lost_nothing_too(published: Result) -> None:
    found = explained(published, "规划处", "第一议题")
    (topic,) = found.parts
    assert len(topic.items) == 12
    assert sum(item.lost for item in topic.items) == topic.lost == 15
    assert [bool(item.records) for item in topic.items] == [True] * 9 + [False] * 3
    assert explained(published, "J03", "topic").parts == found.parts
    assert explained(published, "J03", "一议").parts == found.parts
    assert [each.name for each in explained(published, "J03", "强基固本").parts[0].below()] == [
        "foundation", "check", "requests"
    ]  # fmt: skip


def test_what_a_rule_warns_of_stands_below(published: Result) -> None:
    """Of the unit's own records alone, in the tables that what was asked for is measured from."""
    (warned,) = explained(published, "规划处").flagged
    assert (warned.table, [record.place for record in warned.records]) == ("组织生活记录抽查", ["抽查.csv · 第 4 行"])
    assert warned.sentence == "检查人来自被检查单位自己"
    assert (
        explained(published, "规划处", "抽查").flagged
        == explained(published, "规划处", "强基固本").flagged
        == (warned,)
    )
    assert explained(published, "规划处", "第一议题").flagged == explained(published, "法规处").flagged == ()


def test_the_three_forms_say_the_same(published: Result, tmp_path: Path) -> None:
    found = explained(published, "规划处")
    console = Console(width=100, file=io.StringIO(), record=True)
    print_explanation(console, found)
    said = console.export_text()
    assert "总分 54.50 = 基础分 55.00 + 加分 0.00 − 扣分 0.50" in said
    assert "抽查  10.00 / 40.00，失 30.00" in said
    assert "依据：工作要点 第三条（本地标准）" in said
    assert "· 2023-10  应做 1，已做 0  −5.00  没有相关记录" in said
    assert "失分最多：抽查 30.00、第一议题 15.00、逾期整改 0.50" in said
    assert "1 处提示（记录已读入，请核对）\n· 检查人来自被检查单位自己\n  组织生活记录抽查  抽查.csv · 第 4 行" in said
    assert said.rstrip().endswith("姓名在读入时已换成密文。"), "what ＊＊＊ means stands below, once"
    assert "王某某" not in said
    assert not [line for line in said.splitlines() if line != line.rstrip()]
    as_json = json.loads(json.dumps(plain(found)))
    assert as_json["total"] == "54.50"
    (warned,) = as_json["flagged"]
    assert (warned["records"][0]["row"], warned["sentence"]) == (4, "检查人来自被检查单位自己")
    totals = [D(each["points"]) for each in as_json["parts"] if each["points"] is not None]
    assert sum(totals) == D("54.50")
    write_workbook(found, tmp_path / "体检单.xlsx")
    book = openpyxl.load_workbook(tmp_path / "体检单.xlsx")
    assert book.sheetnames == ["体检单", "失分和加分的事项", "提示"]
    assert [row[0].value for row in book["提示"].iter_rows(min_row=4, min_col=5)] == ["检查人来自被检查单位自己"]
    heading, *rows = book["失分和加分的事项"].iter_rows(min_row=3, values_only=True)
    lost = [row[heading.index("失分")] for row in rows]
    assert sum(lost) == pytest.approx(45.5)
    assert rows[0][:5] == ("第一议题", "2023-10", 1, 0, 5)
    heading, *rows = book["体检单"].iter_rows(min_row=3, values_only=True)
    leaves = {row[0].strip(): row for row in rows}
    assert leaves["抽查"][heading.index("依据")] == "工作要点 第三条（本地标准）"
    assert leaves["党员诉求"][heading.index("状态")] == "不适用：没有到期的党员诉求"


def test_the_command(published: Result, tmp_path: Path) -> None:
    asked = ("explain", "法规处", "--home", published.home)
    shown = in_process(*asked)
    assert shown.returncode == 0, shown.stderr
    assert "抽查.csv · 第 3 行" in shown.stdout
    assert "due 100, done 75" in in_process(*asked, "--lang", "en").stdout
    as_json: dict[str, Any] = json.loads(in_process(*asked, "抽查", "--format", "json").stdout)
    assert as_json["parts"][0]["items"][0]["records"][0]["row"] == 3
    out = tmp_path / "out" / "法规处.xlsx"
    assert str(out) in in_process(*asked, "--format", "xlsx", "--out", out).stdout
    assert out.exists()
    assert [path.name for path in out.parent.iterdir()] == ["法规处.xlsx"]


def test_what_it_would_have_taken(published: Result) -> None:
    asked = ("explain", "规划处", "--to", "良好", "--home", published.home)
    said = in_process(*asked)
    assert said.returncode == 0, said.stderr
    assert "最少补上 1 项即可达到“良好”，其他单位不变：84.50 分，第 4 名" in said.stdout
    as_json: dict[str, Any] = json.loads(in_process(*asked, "--format", "json").stdout)
    assert (as_json["outcome"], as_json["count"]) == ("items", 1)
    assert as_json["righted"][0]["items"][0]["item"] == "CJ03"
    with Explainer.in_force(published.home) as explainer, speaking("zh"):
        assert explainer.reach("J04", "excellent").outcome == "veto"
        assert explainer.reach("J02", "优秀").outcome == "short"
        assert explainer.reach("J01", "优秀").outcome == "already"


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("水务局",), "当前发布里没有单位“水务局”，最接近的是："),
        (("法规处", "第一议程"), "最接近的是：topic（第一议题）"),
        (("法规处", "--to", "优良"), "办法里没有等次“优良”；有：优秀、良好、不合格"),
        (("法规处", "抽查", "--to", "优秀"), "--to 说的是整个单位"),
        (("法规处", "--out", "x.xlsx"), "--out 只和 --format xlsx 一起用"),
        (("法规处", "--year", "2022"), "还没有 2022 年度的发布"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(published: Result, arguments: tuple[str, ...], key: str) -> None:
    done = in_process("explain", *arguments, "--home", published.home)
    assert done.returncode == 2
    assert key in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not done.stdout


def test_a_publication_of_an_earlier_version_says_so(published: Result, tmp_path: Path) -> None:
    old = copied(published, tmp_path / "home")
    with duckdb.connect(str(old.folder / "snapshot.duckdb")) as con:
        con.execute("alter table org_unit drop column _at")
    assert refused(explained, old, "法规处").key == "explain_old"
