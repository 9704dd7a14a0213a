"""What a publication holds, and that readers only ever see a whole one."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from kaohe.publication import WORKBOOK, pointed_at
from kaohe.words import use_language
from tests.helpers import CHECK, FINDING, STUDY, UNITS, Result, assess, check, copied, registry, write_csv
from tests.published import summary


def busy_inbox(inbox: Path) -> Path:
    """An inbox with something of everything."""
    write_csv(inbox / "名册.csv", registry(*UNITS))
    rows = [
        check("C1", "办公室", flags="1101"),
        check("C2", "法规处"),
        check("C3", "没有的单位"),
        check("C4", "水务中心", 2),
    ]
    write_csv(inbox / "抽查.csv", [CHECK, *rows, check("C5", "办公室", on="2022-05-06"), ["合计"], ["注：=SUM(A1)"]])
    finding = ["F1", "C1", "办公室", "一般", "=HYPERLINK(1)", "2023-03-05", "2023-04-05", "2023-05-01", "已销号"]
    write_csv(inbox / "问题.csv", [FINDING, finding])
    study = [["学习强国", f"2023年{month}月", "办公室", 10, 9, f"{80 + month}%"] for month in range(1, 13)]
    write_csv(inbox / "学情.csv", [STUDY, *study, ["青年大学习", "2023年5月", "办公室", 10, 11, "110%"]])
    return inbox


AS_OF = dt.date(2024, 4, 1)  # the day after the last deadline: nothing is pending


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """A publication of it, made once; nobody may change it."""
    use_language("zh")
    folder = tmp_path_factory.mktemp("busy")
    return assess(busy_inbox(folder / "inbox"), folder / "home", as_of=AS_OF)


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    return busy_inbox(tmp_path / "inbox")


@pytest.fixture
def before(result: Result, home: Path) -> Result:
    """The same publication in a home that the test may change."""
    return copied(result, home)


def book(result: Result) -> openpyxl.Workbook:
    return openpyxl.load_workbook(result.folder / WORKBOOK, data_only=True)


def rows(result: Result, sheet: str) -> list[dict[str, object]]:
    """The rows of a sheet under its headings, which stand on row 3."""
    table = list(book(result)[sheet].iter_rows(min_row=3, values_only=True))
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def test_the_workbook_has_the_league_tables_the_dimensions_and_the_rest(result: Result) -> None:
    assert book(result).sheetnames == [
        "概览", "机关处室", "基层单位", "立根铸魂", "强基固本", "聚力融合", "正风肃纪", "指标得分", "名次区间", "稳健性", "失分明细", "预警", "隔离区", "提示", "数据情况", "未读未计", "考核办法", "折算权重", "计算",
    ]  # fmt: skip
    for sheet in book(result).worksheets:
        assert sheet.freeze_panes is not None
        assert sheet["A3" if sheet.title != "概览" else "A4"].font.bold
        assert sheet.print_title_rows == "$3:$3"


def test_the_league_table_says_what_the_scores_say(result: Result) -> None:
    shown = {row["单位"]: row for row in rows(result, "机关处室") + rows(result, "基层单位")}
    for score in result.table("scores").iter_rows(named=True):
        row = shown[score["unit_name"]]
        assert (row["名次"], row["等次"] or None) == (score["rank"], score["grade"])
        assert row["总分"] == float(score["total"])
        assert sum(row[name] for name in ("立根铸魂", "强基固本", "聚力融合", "正风肃纪")) == pytest.approx(
            float(score["base"])
        )  # type: ignore[misc]
    assert book(result)["机关处室"]["C4"].number_format == "0.00"


def test_every_lost_point_names_its_records(result: Result) -> None:
    lost = rows(result, "失分明细")
    (flags,) = (row for row in lost if row["事项"] == "C1")
    assert flags["相关记录（文件 · 工作表 · 行）"] == "抽查.csv · 2；问题.csv · 2"
    total = sum((Decimal(str(row["失分"])) for row in lost), Decimal(0))
    assert total == result.table("indicator_scores")["lost"].sum()


def test_quarantine_warnings_and_rows_left_out_are_in_the_workbook(result: Result) -> None:
    (bad,) = rows(result, "隔离区")
    assert (bad["原因"], bad["文件"], bad["行"]) == ("单位不认识", "抽查.csv", 4)
    assert "单位名称" not in str(bad["问题（单元格 内容 说明）"])
    assert "检查编号 C3" in str(bad["原始记录"])
    assert "＊＊＊" in str(bad["原始记录"])
    (flagged,) = rows(result, "提示")
    assert "超过 100%" in str(flagged["说明"])
    remarks = [(row["文件"], row["行"], row["说明"]) for row in rows(result, "未读未计")]
    assert ("抽查.csv", 7, "合计行，未计入") in remarks
    assert ("抽查.csv", 8, "注释，未计入") in remarks


def test_the_same_in_english(busy: Path, before: Result) -> None:
    use_language("en")
    english = assess(busy, before.home, as_of=AS_OF)
    assert "only the language (--lang) differs" in summary(english)
    (busy / "学情.csv").unlink()
    use_language("zh")
    assert "只是换了语言" not in summary(assess(busy, before.home, as_of=AS_OF))
    assert book(english).sheetnames[7:] == [
        "points",
        "rank intervals",
        "robustness",
        "lost points",
        "alerts",
        "quarantine",
        "warnings",
        "data",
        "left out",
        "scheme",
        "effective weights",
        "calculation",
    ]
    assert english.quarantine["problems"][0].startswith("B4 「没有的单位」 is in neither the registry nor the aliases")
    assert english.manifest["flagged"] == 1


def test_a_publication_that_fails_halfway_leaves_no_trace(
    busy: Path, before: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    (busy / "学情.csv").unlink()

    def fail(*_: object) -> None:
        raise RuntimeError("halfway")

    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr("kaohe.publishing.workbook.write_workbook", fail)
        assess(busy, before.home, as_of=AS_OF)
    folder = before.folder.parent
    assert pointed_at(folder) == before.folder
    assert sorted(path.name for path in folder.iterdir()) == sorted([before.folder.name, "CURRENT", "acts.jsonl"])
    after = assess(busy, before.home, as_of=AS_OF)
    assert pointed_at(folder) == after.folder != before.folder


def test_what_a_killed_run_left_behind_is_swept_away(inbox: Path, home: Path) -> None:
    leftover = home / "published" / "2023" / ".20240331-0123456789ab.part"
    leftover.mkdir(parents=True)
    (leftover / "scores.csv").write_text("half")
    assess(inbox, home)
    assert not leftover.exists()


def test_going_back_to_earlier_inputs_makes_their_publication_current_again(busy: Path, before: Result) -> None:
    first = before
    kept = (busy / "学情.csv").read_bytes()
    (busy / "学情.csv").unlink()
    second = assess(busy, before.home, as_of=AS_OF)
    (busy / "学情.csv").write_bytes(kept)
    third = assess(busy, before.home, as_of=AS_OF)
    assert third.folder == first.folder != second.folder
    assert pointed_at(first.folder.parent) == first.folder


def test_every_part_of_the_question_is_part_of_the_identity(result: Result) -> None:
    manifest = result.manifest
    assert {"year", "as_of", "language", "inputs", "scheme", "contracts", "sql", "code"} <= manifest.keys()
    assert manifest["scheme"]["file"] == "2023.yml"
    assert "measures/spot_check.sql" in manifest["sql"]
    assert "inspection.yml" in manifest["contracts"]
    assert [entry["path"] for entry in manifest["inputs"]] == ["名册.csv", "学情.csv", "抽查.csv", "问题.csv"]


def test_evidence_points_at_trusted_records_in_order(result: Result) -> None:
    items = result.items("J01", "spot_check_round_1")
    (records,) = items["records"].to_list()
    assert records == sorted(records)
    assert len(records) == 2
    empty = result.items("J02", "industry_agreement")["records"].to_list()
    assert empty == [[]]
    assert result.table("evidence").schema["lost"] == pl.Decimal(9, 2)
