"""Corrections: a cell is read as a document says, the ledger stays as it is, and nothing is ever guessed or passed over."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from kaohe.contracts import Contracts, load_contracts
from kaohe.corrections import checked
from kaohe.lifecycle.damage import verify
from kaohe.people import is_hash
from kaohe.publication import WORKBOOK
from tests.helpers import CHECK, FINDING, ROOT, SMALL, STUDY, YEAR, Result, check, registry, write_csv
from tests.office import AS_OF, Office, refused

HEADING = ["更正台账", "更正记录编号", "更正栏目", "更正前", "更正后", "更正理由", "依据文件", "批准机构"]
MEMBER = ["党员编号", "所在党组织", "党员类别", "党内职务", "免学时", "起始日期"]
WHY = ["补交原件", "党办〔2024〕1号", "机关党委"]


def checks(*changed: list[object]) -> list[list[object]]:
    """The inspections, some of them changed."""
    rows = {
        "C1": check("C1", "办公室", flags="1110"),
        "C2": check("C2", "法规处", flags="1100"),
        "C3": check("C3", "没有的单位"),
        "C4": check("C4", "水务中心", opinion=""),
    } | {str(row[0]): row for row in changed}
    return [CHECK, *rows.values()]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    """An office with a provisional result."""
    ours = Office(tmp_path_factory.mktemp("corrections"), SMALL)
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
    write_csv(ours.inbox / "名册.csv", registry(*units))
    write_csv(ours.inbox / "别名.csv", [["别名", "平台", "对应单位"], ["局办", "通用", "办公室"]])
    write_csv(ours.inbox / "抽查.csv", checks())
    finding = ["F1", "C1", "办公室", "一般", "记录", "2023-03-05", "2023-04-05", "", "已整改"]
    write_csv(ours.inbox / "问题.csv", [FINDING, finding])
    write_csv(ours.inbox / "学情.csv", [STUDY, ["学习强国", "2023年3月", "办公室", 10, 9, "80.5%"]])
    write_csv(ours.inbox / "党员.csv", [MEMBER, ["M001", "办公室", "正式", "党员", "否", "2020-01-01"]])
    ours.run(AS_OF)
    return ours.inbox.parent


@pytest.fixture
def ours(published: Path, tmp_path: Path) -> Office:
    """A copy of that office."""
    shutil.copytree(published, tmp_path / "office")
    return Office(tmp_path / "office", SMALL)


def order(ours: Office, *rows: list[object], file: str = "更正.csv") -> None:
    """Corrections in a file of the inbox."""
    write_csv(ours.inbox / file, [HEADING, *rows])


def corrected(result: Result) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(result.folder / "snapshot.duckdb"), read_only=True) as snapshot:
        return snapshot.sql(
            "select table_name, record_key, column_name, before, after, applied, _file, _row from corrected"
        ).fetchall()


def test_a_correction_changes_the_score_and_is_shown(ours: Office) -> None:
    before = ours.published()
    ours.correct()
    result = ours.run(AS_OF)
    assert result.leaf("J01", "spot_check_round_1")["done"] == 95  # 100 less the finding
    assert corrected(result) == [("inspection", "C1", "detailed_record", "否", "是", True, "correction.csv", 2)]
    book = openpyxl.load_workbook(result.folder / WORKBOOK)
    heading, row = book["更正"].iter_rows(min_row=3, values_only=True)
    shown = dict(zip(heading, row, strict=True))
    assert (shown["数据表"], shown["记录"], shown["列"]) == ("组织生活记录抽查", "C1", "详实记录")
    assert (shown["原为"], shown["现为"], shown["依据文件"]) == ("否", "是", "党办〔2024〕1号")
    assert result.manifest["tables"]["correction"]["records_used"] == 1
    assert [entry["path"] for entry in result.manifest["inputs"] if entry["source"] == "ledgers"] == ["correction.csv"]
    assert "更正" not in openpyxl.load_workbook(before.folder / WORKBOOK).sheetnames


@pytest.mark.long
def test_the_same_corrections_give_the_same_scores_in_any_order_and_from_any_hand(
    published: Path, tmp_path: Path
) -> None:
    """By commands in either order, by a file of the inbox, by both: only where they stand differs."""
    first = {"key": "C1"}
    second = {"key": "C2", "column": "规范程序"}
    finding = {"table": "inspection_finding", "key": "F1", "column": "复查日期", "expect": "", "value": "2023.4.1"}
    found = []
    for number, given in enumerate(([first, second, finding], [finding, second, first], [])):
        folder = tmp_path / str(number)
        shutil.copytree(published, folder)
        office = Office(folder, SMALL)
        for correction in given:
            office.correct(**correction)
        if number != 1:
            row = ["组织生活记录抽查", "C1", "详实记录", "×", "√", *WHY]
            other = ["inspection", "C2", "procedure", "否", "是", *WHY]
            order(office, row, other, ["抽查问题整改清单", "F1", "复查日期", "", "2023-04-01", *WHY])
        found.append(office.run(AS_OF))
    for table in ("scores", "indicator_scores", "evidence"):
        assert found[0].table(table).equals(found[1].table(table))
        assert found[0].table(table).equals(found[2].table(table))
    assert found[0].leaf("J01", "findings_closed")["done"] == 1
    assert {row[:6] for row in corrected(found[0])} == {row[:6] for row in corrected(found[1])}


def test_a_ledger_that_was_mended_needs_no_correction(ours: Office) -> None:
    ours.correct()
    before = ours.run(AS_OF)
    write_csv(ours.inbox / "抽查.csv", checks(check("C1", "办公室", flags="1111")))
    result = ours.run(AS_OF)
    assert result.outcome.new
    assert result.table("scores").equals(before.table("scores"))
    assert corrected(result) == [("inspection", "C1", "detailed_record", "是", "是", False, "correction.csv", 2)]


def test_a_ledger_that_says_something_else_stops_the_run(ours: Office) -> None:
    due = {
        "table": "inspection_finding",
        "key": "F1",
        "column": "整改期限",
        "expect": "2023-04-05",
        "value": "2023-05-05",
    }
    number = ours.correct(**due)
    ours.run(AS_OF)
    current = ours.current
    finding = ["F1", "C1", "办公室", "一般", "记录", "2023-03-05", "2023-04-20", "", "已整改"]
    write_csv(ours.inbox / "问题.csv", [FINDING, finding])
    error = refused(ours.run, AS_OF)
    assert error.key == "correction_refused"
    for said in (
        "correction.csv 第 2 行",
        "“整改期限”是“2023-04-20”",
        "“2023-04-05”",
        "“2023-05-05”",
        "kaohe withdraw",
    ):
        assert said in str(error)
    (ours.inbox / "问题.csv").unlink()
    error = refused(ours.run, AS_OF)
    assert "没有编号为 F1 的可用记录" in str(error)
    assert ours.current == current
    ours.withdraw(number)
    assert corrected(ours.run(AS_OF)) == []


@pytest.mark.long
def test_a_correction_taken_back_is_as_if_it_never_was(ours: Office) -> None:
    before = ours.current
    number = ours.correct()
    assert ours.run(AS_OF).folder.name != before
    assert refused(ours.correct, value="否", expect="是").key == "correction_known"
    ours.withdraw(number)
    again = ours.correct(column="会议议题", expect="是", value="否")
    ours.withdraw(again)
    assert not (ours.home / "ledgers" / str(YEAR) / "correction.csv").exists()
    assert ours.run(AS_OF).folder.name == before
    assert verify(ours.home, YEAR) == []


def test_a_correction_can_be_ordered_anew_before_the_next_run(ours: Office) -> None:
    """The publication still has the first correction; what the ledger said before counts."""
    number = ours.correct()
    ours.run(AS_OF)
    ours.withdraw(number)
    ours.correct()
    assert ours.ledger("correction.csv")[0]["更正后"] == "是"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            [["inspection", "C1", "详实记录", "否", "是", *WHY], ["inspection", "C1", "详实记录", "否", "否", *WHY]],
            "同一个单元格有两条不一致的更正",
            id="one says yes, one says no",
        ),
        pytest.param(
            [
                ["学情统计", "学习强国/2023-03/办公室", "参学率", "80.5%", "81%", *WHY],
                ["学情统计", "学习强国/2023年3月/局办", "参学率", "80.5%", "82%", *WHY],
            ],
            "更正的是同一个单元格",
            id="by two names of the unit",
        ),
        pytest.param([["没有这张表", "C1", "详实记录", "否", "是", *WHY]], "没有“没有这张表”这张表", id="no table"),
        pytest.param([["inspection", "C9", "详实记录", "否", "是", *WHY]], "没有编号为 C9 的可用记录", id="no record"),
        pytest.param([["inspection", "C1", "检查人", "王某", "李某", *WHY]], "是编号或人员", id="a person"),
    ],
)
def test_a_correction_that_cannot_be_carried_out_stops_the_run(
    ours: Office, rows: list[list[object]], said: str
) -> None:
    current = ours.current
    order(ours, *rows)
    error = refused(ours.run, AS_OF)
    assert error.key == "correction_refused"
    assert said in str(error)
    assert "更正 更正.csv 第" in str(error)
    assert "请改正或删去这一行" in str(error)
    assert ours.current == current


def test_a_correction_without_a_document_is_no_order(ours: Office) -> None:
    """It goes to quarantine like any record that lacks a cell, and is not applied; nor is the record it names shown."""
    order(ours, ["party_member", "张三/2020-01-01", "党内职务", "党员", "书记", "理由", "", "机关党委"])
    result = ours.run(AS_OF)
    (bad,) = (row for row in result.quarantine.iter_rows(named=True) if row["table_name"] == "correction")
    assert (bad["reason"], bad["cells"]) == ("rule", "G2")
    assert "张三" not in (result.folder / "quarantine.csv").read_text("utf-8")
    assert corrected(result) == []


def test_a_correction_brings_a_record_out_of_quarantine(ours: Office) -> None:
    """A cell left blank, a unit misspelt: after the correction they are judged like any other."""
    before = ours.published()
    assert set(before.quarantine["reason"]) == {"unknown_unit", "rule"}
    order(
        ours,
        ["组织生活记录抽查", "C3", "被检查单位", "没有的单位", "局办", *WHY],
        ["组织生活记录抽查", "C4", "检查意见", "", "规范", *WHY],
    )
    result = ours.run(AS_OF)
    assert result.quarantine.height == 0
    assert result.leaf("D01", "spot_check_round_1")["done"] == 100
    assert result.items("J01", "spot_check_round_1")["item"].to_list() == ["C1", "C3"]


def test_a_corrected_date_moves_a_record_to_its_year(ours: Office) -> None:
    ours.correct(key="C2", column="检查日期", expect="2023年3月5日", value="2022-03-05")
    result = ours.run(AS_OF)
    assert result.leaf("J02", "spot_check_round_1")["status"] == "not_applicable"
    assert result.manifest["tables"]["inspection"]["other_year"] == 1


def test_a_record_named_by_several_columns(ours: Office) -> None:
    key = "学习强国/2023-03/局办"
    assert ours.published().leaf("J01", "study_xuexi")["done"] == Decimal("0.894444")
    error = refused(ours.correct, table="学情统计", key=key, column="参学率", expect="80%", value="90%")
    assert "是“80.5%”" in str(error)
    ours.correct(table="学情统计", key=key, column="参学率", expect="80.5%", value="90%")
    assert ours.run(AS_OF).leaf("J01", "study_xuexi")["done"] == 1


def test_a_record_of_a_person_is_named_by_its_code(ours: Office) -> None:
    """The command takes the number and keeps its hash; a file must give the hash, as published."""
    ours.correct(table="党员名册", key="M001/2020-01-01", column="党内职务", expect="党员", value="书记")
    (row,) = ours.ledger("correction.csv")
    assert is_hash(row["更正记录编号"].split("/")[0])
    result = ours.run(AS_OF)
    ((_, key, *_),) = corrected(result)
    with duckdb.connect(str(result.folder / "snapshot.duckdb"), read_only=True) as snapshot:
        ((member, role),) = snapshot.sql("select member_id, role from party_member").fetchall()
    assert (key, role) == (f"{member}/2020-01-01", "书记")
    log = (ours.folder / "acts.jsonl").read_text("utf-8")
    assert "M001" not in log
    order(ours, ["党员名册", "M001/2020-01-01", "免学时", "否", "是", *WHY])
    assert "不写姓名或工号" in str(refused(ours.run, AS_OF))
    order(ours, ["党员名册", f"{member}/2020-01-01", "免学时", "否", "是", *WHY])
    assert len(corrected(ours.run(AS_OF))) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"expect": "是", "value": "否"}, "是“否”，既不是更正前的“是”", id="says something else"),
        pytest.param({"key": "C9"}, "没有编号为 C9 的可用记录", id="no such record"),
        pytest.param(
            {"key": "C4", "column": "检查意见", "expect": "", "value": "好"},
            "隔离区的记录请改原始台账",
            id="in quarantine",
        ),
        pytest.param({"value": "否"}, "更正前后都是“否”", id="nothing to correct"),
        pytest.param(
            {"column": "被检查单位", "expect": "局办", "value": "某处"}, "没有单位“某处”", id="to an unknown unit"
        ),
    ],
)
def test_what_the_command_refuses(ours: Office, given: dict[str, str], said: str) -> None:
    assert said in str(refused(ours.correct, **given))
    assert len(ours.state.log.acts) == 1


def test_a_unit_may_be_named_as_people_name_it(ours: Office) -> None:
    ours.correct(column="被检查单位", expect="局办", value="法规处")
    assert ours.run(AS_OF).items("J02", "spot_check_round_1")["item"].to_list() == ["C1", "C2"]


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(ROOT / "expectations")


GIVEN = {"table": "inspection", "key": "C1", "column": "round", "expect": "1", "value": "2"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"table": "inspections"}, "最接近的是：", id="no table"),
        pytest.param({"table": "问题线索季度统计", "key": "办公室/2023Q1"}, "不能这样更正", id="a restricted table"),
        pytest.param({"table": "correction"}, "不能这样更正", id="a correction"),
        pytest.param({"table": "score_appeal"}, "不能这样更正", id="an appeal"),
        pytest.param({"column": "轮回"}, "没有“轮回”这一列，最接近的是：检查轮次", id="no column"),
        pytest.param({"column": "检查编号"}, "是编号或人员", id="a key"),
        pytest.param({"column": "inspector"}, "是编号或人员", id="a person"),
        pytest.param({"value": "甲"}, "“检查轮次”不能是“甲”：不是整数", id="no number"),
        pytest.param({"expect": "甲"}, "“检查轮次”不能是“甲”：不是整数", id="expects no number"),
        pytest.param({"value": ""}, "“检查轮次”不能是“”：必填", id="a blank where none may be"),
        pytest.param({"key": "—"}, "不是记录的编号", id="no key"),
        pytest.param(
            {"table": "inspection_finding", "column": "severity", "expect": "一般", "value": "很重"},
            "只能是：严重、一般、轻微",
            id="no choice",
        ),
        pytest.param(
            {"table": "study_stat", "key": "学习强国/2023-03", "column": "enrolled"},
            "学习平台/统计月份/单位名称",
            id="half a key",
        ),
        pytest.param(
            {"table": "study_stat", "key": "学习强国/三月/办公室", "column": "enrolled"},
            "不是记录的编号",
            id="no month",
        ),
        pytest.param({"table": "党员名册", "key": "张三/2020-01-01", "column": "exempt"}, "不写姓名", id="a name"),
    ],
)
def test_what_no_correction_can_say(contracts: Contracts, given: dict[str, str], said: str) -> None:
    asked = GIVEN | given
    error = refused(checked, contracts, *asked.values(), "这里", "请改正")
    assert error.key == "correction_refused"
    assert said in str(error)
    assert str(error).startswith("这里：")


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("inspection.fixed_time", "√", "是"),
        ("study_stat.participation_rate", "９６.50 %", "96.5%"),
        ("study_stat.participation_rate", "0.9", "90%"),
        ("study_stat.period", "2023年3月", "2023-03"),
        ("study_stat.enrolled", "1,200", "1200"),
        ("inspection.inspected_on", "2023.3.5", "2023-03-05"),
        ("org_life_record.types", "党课；主题党日", "党课、主题党日"),
        ("frontline_post.days", "10.0", "10"),
    ],
)
def test_cells_are_shown_as_people_write_them(contracts: Contracts, column: str, text: str, shown: str) -> None:
    from kaohe.cleaning import typed_cell
    from kaohe.corrections import Correction

    table, _, name = column.partition(".")
    contract = contracts[table]
    value, good = typed_cell(contract.columns[name], text)
    assert good
    assert Correction(contract, "", (), name, None, None, "", "").readable(value) == shown
