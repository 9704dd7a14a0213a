"""Alerts from the ledgers to the publication, the command and the workbook; restricted ones never leave the warehouse."""

import json
import shutil
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest

from kaohe.alerts import Found, Question
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.publication import WORKBOOK
from kaohe.words import use_language
from tests.helpers import CHECK, YEAR, Result, assess, check, copied, in_process, registry, write_csv
from tests.published import files, said

ELECTION = ["单位名称", "本届起始日期", "党组织类型", "任期年限", "应换届日期"]
CLUES = ["单位名称", "季度", "线索数"]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """A publication with alerts, one kind of them restricted."""
    folder = tmp_path_factory.mktemp("before")
    inbox = folder / "inbox"
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
    write_csv(inbox / "名册.csv", registry(*units))
    terms = [
        ["办公室", "2021-04-20", "支部", 3, "2024-04-20"],
        ["法规处", "2021-09-20", "支部", 3, "2024-09-20"],
        ["水务中心", "2020-12-31", "支部", 3, "2023-12-31"],
    ]
    write_csv(inbox / "换届.csv", [ELECTION, *terms])
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室"), check("C2", "没有的单位")])
    write_csv(inbox / "举报.csv", [CLUES, ["办公室", "2023Q1", 7300173], ["查无此处", "2023Q2", 7300273]])
    return assess(inbox, folder / "home")


@pytest.fixture
def result(before: Result, home: Path) -> Result:
    return copied(before, home)


def found(result: Result, *kinds: str, **asked: object) -> Found:
    return Question(result.home, YEAR, kinds, **asked).collect()  # type: ignore[arg-type]


def test_an_alert_has_its_unit_its_sentence_and_the_places_of_its_records(result: Result) -> None:
    due, later = found(result, "elections_due").alerts
    assert (due.unit_name, due.level, due.days, due.system) == ("办公室", "urgent", 20, 10)
    assert due.sentence == "应于 2024-04-20 前换届（含经批准的延期），还有 20 天"
    assert due.records == "换届.csv · 2"
    assert (later.unit_name, later.level) == ("法规处", "notice")
    (overdue,) = found(result, "elections_overdue").alerts
    assert overdue.sentence == "应于 2023-12-31 前换届，已逾期 91 天，没有有效的延期批复"
    months = found(result, "coverage_months").alerts
    assert {alert.unit_name for alert in months} == {None}
    assert [alert.item for alert in months] == [f"2023-{month:02}" for month in range(1, 13) if month != 3]


def test_alerts_come_by_kind_and_the_most_urgent_first(before: Result, result: Result, tmp_path: Path) -> None:
    every = found(result)
    order = ["urgent", "warning", "notice"]
    assert [alert.level for alert in every.alerts] == sorted((alert.level for alert in every.alerts), key=order.index)
    assert sum(len(alerts) for alerts in every.kinds.values()) == len(every.alerts)
    most_urgent = [alerts[0].level for alerts in every.kinds.values()]
    assert most_urgent == sorted(most_urgent, key=order.index)
    assert {alert.level for alert in found(result, level="warning").alerts} == {"urgent", "warning"}
    for kind in ("coverage_rounds", "抽查轮次未覆盖"):
        assert found(result, kind, "elections_due").kinds.keys() == {"coverage_rounds", "elections_due"}
    inbox = shutil.copytree(before.home.parent / "inbox", tmp_path / "inbox")
    write_csv(inbox / "结对.csv", [
        ["协议编号", "单位名称", "结对单位", "结对类型", "签订日期", "到期日期"],
        ["X1", "办公室", "某银行", "行业", "2022-01-01", "2024-05-01"],
        ["X2", "法规处", "某街道", "街道", "2022-01-01", "2024-05-01"],
    ])  # fmt: skip
    again = assess(inbox, result.home)
    by_model = found(again, "agreements_expiring").kinds
    assert by_model.keys() == {"agreements_expiring_industry", "agreements_expiring_street"}


def test_the_publication_has_them_as_table_csv_and_sheet(result: Result) -> None:
    listed = pl.read_csv(result.folder / "alerts.csv", infer_schema=False)
    every = found(result).alerts
    assert listed["sentence"].to_list() == [alert.sentence for alert in every]
    assert "restricted" not in listed.columns
    sheet = openpyxl.load_workbook(result.folder / WORKBOOK)["预警"]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert [row[4] for row in rows] == [alert.sentence for alert in every]
    assert rows[0][:3] == ("紧急", "换届提醒", "办公室")
    assert {row[2] for row in rows if row[1] == "当月没有抽查"} == {"全局"}


def test_restricted_alerts_are_read_from_the_warehouse_and_stand_in_no_publication(result: Result) -> None:
    clues = found(result, restricted=True).alerts
    assert [(alert.alert, alert.unit_name, alert.item, alert.number) for alert in clues] == [
        ("clue_counts", "办公室", "2023Q1", 7300173),
        ("clue_counts", None, "2023Q1", 7300173),
    ]
    assert not found(result, level="notice").kinds.keys() & {"clue_counts"}
    with pytest.raises(KaoheError, match="没有“clue_counts”这种预警"):
        found(result, "clue_counts")
    with duckdb.connect(str(result.folder / "snapshot.duckdb"), read_only=True) as con:
        assert con.sql("select count(*) from alerts where alert = 'clue_counts'").fetchall() == [(0,)]
        assert con.sql("select count(*) from quarantine where table_name = 'clue_summary'").fetchall() == [(0,)]
    for path in files(result.folder).values():
        # Not even in rows that were written and deleted again. The manifest and the workbook name every file that came in.
        words = [b"7300173", b"7300273"] + ["举报.csv".encode()] * (
            path.name not in ("manifest.json", Path(WORKBOOK).name)
        )
        assert not [word for word in words if word in said(path)], path.name


def test_the_workbook_has_a_sheet_for_each_kind(result: Result) -> None:
    question = Question(result.home, YEAR, level="warning")
    path = question.write(question.collect())
    assert path == result.home / "alerts" / "2023" / "预警.xlsx"
    first = path.read_bytes()
    book = openpyxl.load_workbook(path)
    kinds = question.collect().kinds
    assert book.sheetnames == ["预警", *(f"{n} {alerts[0].title}" for n, alerts in enumerate(kinds.values(), start=1))]
    counts = [row[1:] for row in book["预警"].iter_rows(min_row=4, values_only=True)]
    assert sum(row[-1] for row in counts) == len(question.collect().alerts)
    rows = list(book["1 换届提醒"].iter_rows(min_row=3, values_only=True))
    assert rows[1] == (
        "紧急", "办公室", "2021-04-20", "2024-04-20", 20, "应于 2024-04-20 前换届（含经批准的延期），还有 20 天", "换届.csv · 2",
    )  # fmt: skip
    assert question.write(question.collect()).read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == ["预警.xlsx"]


def test_the_restricted_workbook_is_for_its_owner_alone(result: Result, tmp_path: Path) -> None:
    question = Question(result.home, YEAR, restricted=True)
    path = question.write(question.collect())
    assert path.is_relative_to(result.home / "warehouse")
    assert path.stat().st_mode & 0o777 == 0o600
    elsewhere = Question(result.home, YEAR, restricted=True, out=tmp_path / "out")
    assert elsewhere.write(elsewhere.collect()).stat().st_mode & 0o777 == 0o600
    with pytest.raises(KaoheError, match="不能改动"):
        Question(result.home, YEAR, restricted=True, out=result.folder / "x")


def test_what_cannot_be_answered_is_said(result: Result, inbox: Path, tmp_path: Path) -> None:
    with pytest.raises(KaoheError, match="没有“换界”这种预警；可选：elections_due 换届提醒、"):
        found(result, "换界")
    with pytest.raises(KaoheError, match="还没有发布"):
        Question(tmp_path / "nowhere")
    assess(inbox, result.home, year=2024)
    assert Question(result.home).year == 2024
    assert found(result).year == YEAR
    with pytest.raises(KaoheError, match="现在是 2024 年度的结果"):
        found(result, restricted=True)


def test_a_publication_of_an_earlier_version_has_no_alerts(result: Result) -> None:
    with duckdb.connect(str(result.folder / "snapshot.duckdb")) as con:
        con.execute("drop table alerts")
    with pytest.raises(KaoheError, match="旧版程序"):
        found(result)


def test_a_level_that_is_none_names_the_file(inbox: Path, home: Path, project: Project) -> None:
    path = project.sql / "alerts" / "coverage_months.sql"
    for bad, problem in (("'severe'", "预警的级别"), ("lower('Severe')", "SQL 运行出错"), ("null", "SQL 运行出错")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("'warning'", bad), encoding="utf-8")
        with pytest.raises(KaoheError, match=rf"coverage_months\.sql：{problem}"):
            assess(inbox, home)
        path.write_text(text, encoding="utf-8")


def test_in_english(inbox: Path, home: Path) -> None:
    use_language("en")
    write_csv(inbox / "换届.csv", [ELECTION, ["办公室", "2021-04-20", "支部", 3, "2024-04-20"]])
    (due,) = found(assess(inbox, home), "elections_due").alerts
    assert due.sentence == "the election is due by 2024-04-20 (approved extension included), in 20 days"


def test_the_command_prints_and_starts_the_flow(result: Result, tmp_path: Path, server: str) -> None:
    printed = in_process("alerts", "--home", result.home, "--year", YEAR)
    assert printed.returncode == 0, printed.stderr
    assert "2023 年度预警（截至 2024-03-31）" in printed.stdout
    assert "换届提醒 · elections_due · 紧急 1，提示 1" in printed.stdout
    assert "……另有 1 条，用 --kind coverage_months 看全部" in printed.stdout
    whole = in_process("alerts", "--home", result.home, "--kind", "coverage_months").stdout
    assert all(f"2023-{month:02}" in whole for month in range(1, 13) if month != 3)
    asked = in_process(
        "alerts", "--home", result.home, "--kind", "elections_due", "--level", "urgent", "--format", "json"
    )
    (one,) = json.loads(asked.stdout)
    assert (one["unit_name"], one["due_on"], one["days"]) == ("办公室", "2024-04-20", 20)
    secret = in_process("alerts", "--home", result.home, "--restricted")
    assert "2023Q1 收到问题线索 7300173 件" in secret.stdout
    asked_out = ("--format", "xlsx", "--out", tmp_path / "out")
    written = in_process("alerts", "--home", result.home, *asked_out, server=server)
    assert written.stdout.strip() == f"已写出 {tmp_path / 'out' / '预警.xlsx'}", written.stderr
    assert "1 换届提醒" in openpyxl.load_workbook(tmp_path / "out" / "预警.xlsx").sheetnames
    assert in_process("alerts", "--home", result.home, "--out", tmp_path).returncode == 2
