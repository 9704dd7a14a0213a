"""体检单: a PDF for each unit, with everything of that unit and nothing of another."""

import datetime as dt
import re
import unicodedata
from pathlib import Path

import duckdb
import polars as pl
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaohe.publication import CHECK_UP, UNITS
from kaohe.publication.manifest import read_manifest
from kaohe.publishing.check_up_pdf import unit_folders, write_check_ups
from kaohe.words import speaking
from tests.helpers import CHECK, FINDING, STUDY, Result, assess, check, registry, write_csv
from tests.published import check_up


def text(path: Path) -> str:
    """The words of a PDF, without white space."""
    return plain("".join(page.extract_text() for page in pypdf.PdfReader(path).pages))


def plain(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).split())


def pdf(result: Result, unit: str) -> Path:
    return result.folder / UNITS / result.manifest["units"][unit] / CHECK_UP


def test_every_unit_has_its_own_folder_with_its_sheet_and_nothing_else(sample: Result) -> None:
    units = dict(sample.table("scores").select("unit_id", "unit_name").rows())
    assert sample.manifest["units"] == units  # none of these names needs a change
    there = sorted(path.relative_to(sample.folder / UNITS).as_posix() for path in (sample.folder / UNITS).rglob("*.*"))
    assert there == sorted(f"{name}/{CHECK_UP}" for name in units.values())


@pytest.mark.parametrize("unit", ["D01", "J06", "D36", "J18"])
def test_the_sheet_says_all_there_is_to_say_of_the_unit(sample: Result, unit: str) -> None:
    said, score = text(pdf(sample, unit)), sample.score(unit)
    assert plain(score["unit_name"]) in said
    lost = sample.table("indicator_scores").filter(
        (pl.col("unit_id") == unit) & (pl.col("lost") > 0) & (pl.col("points") >= 0)
    )
    sheet = check_up(sample.folder, unit)
    assert len(sheet["losses"]) == lost.height
    for row, loss in zip(lost.sort("lost", descending=True).iter_rows(named=True), sheet["losses"], strict=True):
        assert loss["right"] == f"−{row['lost']}"
        assert plain(loss["title"]) in said
        assert f"−{row['lost']}" in said
        for item in loss["items"]:
            assert plain(item["item"]) in said
            for record in item["records"]:
                assert plain(record["place"]) in said
                assert plain(record["cells"]) in said
    for each in sheet["alerts"]:
        assert (plain(each["sentence"]) in said) is each["for_unit"]
    for each in sheet["warnings"]:
        assert plain(f"{each['sentence']}{each['table']} · {' / '.join(each['places'][:6])}") in said
    assert (len(sheet["warnings"]) > 4) is (unit == "J18")
    if score["status"] != "no_data":
        assert str(score["total"]) in said


def test_warnings_are_of_what_the_unit_is_scored_by(sample: Result) -> None:
    """Not of tables that alerts alone read, which are the bureau's, nor of other years; through the agreement that an
    item belongs to, too; each once for all its records."""
    with duckdb.connect(str(sample.folder / "snapshot.duckdb"), read_only=True) as con:
        tables = {table for (table,) in con.sql("select distinct table_name from flagged").fetchall()}
    assert {"inspection_plan", "pairing_item", "study_stat"} <= tables
    warned = {unit: check_up(sample.folder, unit)["warnings"] for unit in sample.manifest["units"]}
    said = {(each["table"], each["sentence"]): unit for unit, sheet in warned.items() for each in sheet}
    assert ("结对共建三张清单", "项目没有计划完成日期，不计入应完成项目") in said
    assert not [table for table, _ in said if table == "抽查计划"]
    assert not [place for sheet in warned.values() for each in sheet for place in each["places"] if "2022年" in place]
    for sheet in warned.values():
        assert len({(each["table"], each["sentence"]) for each in sheet}) == len(sheet)
    assert max(len(each["places"]) for sheet in warned.values() for each in sheet) > 3


def test_a_sheet_is_a4_says_for_whom_it_is_and_numbers_its_pages(sample: Result) -> None:
    reader = pypdf.PdfReader(pdf(sample, "D01"))
    assert {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in reader.pages} == {(595, 842)}
    for number, page in enumerate(reader.pages, 1):
        assert f"仅供本单位使用。{number}/{len(reader.pages)}" in plain(page.extract_text())
    assert reader.metadata
    assert reader.metadata.title == "浦东新区水务管理事务中心2023年度党建工作体检单"


def test_the_same_sheets_give_the_same_bytes(sample: Result, tmp_path: Path) -> None:
    write_check_ups([check_up(sample.folder, "D01")], read_manifest(sample.folder), tmp_path)
    again = tmp_path / UNITS / "浦东新区水务管理事务中心" / CHECK_UP
    assert again.read_bytes() == pdf(sample, "D01").read_bytes()


def test_what_the_bureau_notes_for_itself_is_not_on_the_units_own_sheet(inbox: Path, home: Path) -> None:
    """The guidance of weak units, a proposed veto and a gap in the spot checks; leadership's page has them all."""
    write_csv(
        inbox / "指导.csv",
        [["指导编号", "被指导单位", "单位分层", "指导原因", "指导措施"], ["Z1", "办公室", "C", "张三能力不足", "谈话"]],
    )
    minutes = [
        ["J1", "办公室", "支部党员大会", f"2023-0{month}-05", "学习", "甲", "乙", 10, 10, 0, "通过", "同一份"]
        for month in (1, 2)
    ]
    headings = [
        "记录编号",
        "单位名称",
        "会议类型",
        "召开日期",
        "会议主题",
        "主持人",
        "记录人",
        "应到人数",
        "实到人数",
        "请假人数",
        "会议决议",
        "文本指纹",
    ]
    write_csv(inbox / "组织生活.csv", [headings, *minutes])
    result = assess(inbox, home, as_of=dt.date(2024, 4, 1))
    alerts = check_up(result.folder, "J01")["alerts"]
    assert {"分层分类指导", "抽查轮次未覆盖"} <= {alert["title"] for alert in alerts if not alert["for_unit"]}
    assert any("张三能力不足" in alert["sentence"] for alert in alerts)
    said = text(pdf(result, "J01"))
    for words in ("张三", "分层分类指导", "抽查轮次未覆盖"):
        assert words not in said


def test_from_2024_on_no_month_of_study_is_held_against_a_unit(tmp_path: Path, home: Path, libraries: None) -> None:
    inbox = tmp_path / "inbox"
    write_csv(inbox / "名册.csv", registry(("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室")))
    rows = [
        ["学习强国", f"{year}年6月", name, 10, n, f"{n}0%"]
        for year in (2023, 2024)
        for name, n in (("办公室", 9), ("法规处", 1))
    ]
    write_csv(inbox / "学情.csv", [STUDY, *rows])
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室"), check("C2", "办公室", on="2024-05-05")])
    for year, shown in ((2023, True), (2024, False)):
        result = assess(inbox, home, year=year, as_of=dt.date(year + 1, 4, 1))
        months = {row["title"] for row in check_up(result.folder, "J02")["months"]}
        assert ("学情通报" in months) is shown
        assert ("学情通报" in text(pdf(result, "J02"))) is shown


def test_a_veto_stands_on_the_sheet_without_points(sample: Result) -> None:
    vetoed = sample.table("scores").filter(pl.col("veto").is_not_null())["unit_id"].to_list()
    assert len(vetoed) == 3
    for unit in vetoed:
        (veto,) = [part for part in check_up(sample.folder, unit)["extras"] if part["above"] == "一票否决"]
        assert (veto["of_weight"], veto["right"]) == ("", "")
        said = text(pdf(sample, unit))
        assert plain(veto["title"]) in said
        assert "−0" not in said.replace("−0.", "")


def test_of_very_many_items_the_sheet_has_the_dearest(sample: Result, tmp_path: Path) -> None:
    sheet = check_up(sample.folder, "D01")
    loss = sheet["losses"][0]
    items = [loss["items"][0] | {"item": f"第{number}项", "records": []} for number in range(50)]
    write_check_ups([sheet | {"losses": [loss | {"items": items}]}], read_manifest(sample.folder), tmp_path)
    said = text(tmp_path / UNITS / sample.manifest["units"]["D01"] / CHECK_UP)
    assert "第39项" in said
    assert "第40项" not in said
    assert plain("……另有 10 项，见网页或 kaohe explain") in said


def test_in_english(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室", flags="1101")])
    with speaking("en"):
        result = assess(inbox, home)
    said = text(pdf(result, "J01"))
    for words in ("Lost points", "Months × systems", "For this unit alone"):
        assert plain(words) in said


NAMES = ("a/b", "a:b", "..", "CON", "#set page(width: 1pt)", "*_$x$_*", "办公室\u202e", "办公室 ")


def test_odd_names_are_text_in_the_sheet_and_harmless_as_folders(tmp_path: Path, home: Path) -> None:
    inbox = tmp_path / "inbox"
    units = [(f"J{number}", name, "机关处室") for number, name in enumerate(NAMES)]
    write_csv(inbox / "名册.csv", registry(*units))
    write_csv(inbox / "抽查.csv", [CHECK, *(check(f"C{n}", name, flags="1101") for n, name in enumerate(NAMES))])
    finding = ["F1", "C4", NAMES[4], "一般", "#panic(1) $", "2023-03-05", "2023-04-05", "", "待整改"]
    write_csv(inbox / "问题.csv", [FINDING, finding])
    result = assess(inbox, home)
    folders = result.manifest["units"]
    assert len(set(folders.values())) == len(folders) == result.table("scores").height
    for unit in folders:
        assert pdf(result, unit).parent.parent == result.folder / UNITS
        assert pdf(result, unit).is_file()
    assert plain("#set page(width: 1pt)") in text(pdf(result, "J4"))
    assert plain("#panic(1) $") in text(pdf(result, "J4"))
    assert pypdf.PdfReader(pdf(result, "J4")).pages[0].mediabox.width > 500


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=90), st.text(max_size=80)), max_size=8, unique_by=lambda unit: unit[0]
    )
)
def test_any_units_have_folders_of_their_own_that_every_system_bears(units: list[tuple[str, str]]) -> None:
    folders = unit_folders(units)
    assert folders.keys() == {unit for unit, _ in units}
    told_apart = {unicodedata.normalize("NFC", name).casefold() for name in folders.values()}
    assert len(told_apart) == len(units)
    for name in folders.values():
        assert name.strip(" .") == name != ""
        assert not re.search(r'[\\/:*?"<>|\x00-\x1f]', name)
        assert len(name.encode()) <= 255


def test_folders_do_not_hang_on_what_other_units_there_are() -> None:
    """A share's permissions are set once: nobody gets the folder that is another's while the other is away."""
    assert unit_folders([("A1", "办公室"), ("A2", "法规处")]) == {"A1": "办公室", "A2": "法规处"}
    assert unit_folders([("U1", "水/务"), ("U2", "水:务")]) == {"U1": "水_务_U1", "U2": "水_务_U2"}
    assert unit_folders([("U2", "水:务")]) == {"U2": "水_务_U2"}
    assert unit_folders([("A1", "办公室"), ("A2", "办公室 ")]) == {"A1": "办公室", "A2": "办公室_A2"}
    assert unit_folders([("A2", "ABC"), ("A1", "abc")]) == {"A1": "abc_A1", "A2": "ABC_A2"}


def test_a_folder_given_before_stays_with_its_unit() -> None:
    before = {"A1": "办公室", "U1": "水_务", "U2": "水_务_U2"}
    assert unit_folders([("A0", "办公室"), ("A1", "办公室")], before) == {"A0": "办公室_A0", "A1": "办公室"}
    assert unit_folders([("A2", "办公室")], before) == {"A2": "办公室_A2"}
    assert unit_folders([("A2", "办公室")], {"A2": "办公室_A2"}) == {"A2": "办公室_A2"}
    assert unit_folders([("U1", "水/务"), ("U2", "水:务")], before) == {"U1": "水_务", "U2": "水_务_U2"}
    assert unit_folders([("A1", "综合处"), ("A2", "办公室")], before) == {"A1": "综合处", "A2": "办公室_A2"}


def test_the_publication_in_force_says_whose_folder_is_whose(inbox: Path, home: Path) -> None:
    write_csv(inbox / "名册.csv", registry(("J01", "办公室", "机关处室")))
    assert assess(inbox, home).manifest["units"] == {"J01": "办公室"}
    write_csv(inbox / "名册.csv", registry(("J02", "办公室", "机关处室")))
    assert assess(inbox, home).manifest["units"] == {"J02": "办公室_J02"}
