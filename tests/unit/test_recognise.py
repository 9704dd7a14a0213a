"""Finding tables by their headings, wherever they stand and whatever surrounds them."""

from pathlib import Path

import pytest

from kaohe.contracts import Contract, Contracts
from kaohe.marking import marked
from kaohe.marking.mark import Mark
from kaohe.sources.files import Sheet, read_sheets
from kaohe.sources.found import FoundTable, Reading
from kaohe.sources.headings import Headings
from kaohe.sources.recognise import recognise
from kaohe.words import use_language
from tests.helpers import MESSY, write_xlsx


def contract(table: str, **columns: tuple[str, bool, list[str]]) -> Contract:
    """A contract from column = (type, required, headings)."""
    specs = {name: {"type": t, "required": r, "headings": h} for name, (t, r, h) in columns.items()}
    key = [name for name, (_, required, _) in columns.items() if required][:1]
    return Contract.model_validate({"table": table, "title": table, "key": key, "reference": True, "columns": specs})


CHECKS = contract(
    "checks",
    number=("code", True, ["检查编号", "编号"]),
    unit=("text", True, ["单位名称", "被检查单位"]),
    fixed_time=("flag", False, ["固定时间"]),
    agenda=("flag", False, ["会议议题"]),
    rate=("percent", False, ["参学率"]),
)
TALKS = contract("talks", number=("code", True, ["谈话编号", "编号"]), unit=("text", True, ["单位名称"]))


def read(
    rows: list[list[str]], *contracts: Contract, merged: list[tuple[tuple[int, int], tuple[int, int]]] | None = None
) -> Reading:
    known = Contracts({c.table: c for c in contracts or (CHECKS,)})
    return recognise(Sheet.of("表", rows, merged), Headings(known))


def only(reading: Reading) -> FoundTable:
    (table,) = reading.tables
    return table


def records(reading: Reading) -> list[tuple[int, list[str]]]:
    frame = only(reading).frame.fill_null("")
    return [(row, list(cells)) for row, *cells in frame.select("_row", *only(reading).contract.required).iter_rows()]


def positions(reading: Reading) -> dict[str, str]:
    return {position.column: position.letters for position in only(reading).positions}


def left_out(reading: Reading) -> list[tuple[int, str]]:
    return [(row.row, row.reason) for row in reading.left_out]


def test_a_table_under_title_rows_with_total_and_note_rows_left_out_and_reported() -> None:
    reading = read([
        ["2023 年抽查记录", "", ""],
        ["填报单位：机关党委", "", ""],
        [],
        ["序号", "检查编号", "单位名称"],
        ["1", "C1", "水务中心"],
        ["", "", ""],
        ["2", "C2", "监测站"],
        ["3", "", ""],
        ["合 计", "", "2"],
        ["注：以上为上半年", "", ""],
    ])  # fmt: skip
    assert records(reading) == [(5, ["C1", "水务中心"]), (7, ["C2", "监测站"])]
    assert left_out(reading) == [(1, "title"), (2, "title"), (4, "heading"), (8, "empty"), (9, "total"), (10, "note")]
    assert only(reading).frame["_extra"][0] == '{"序号": "1"}'
    assert only(reading).unknown_headings == []  # everybody knows that one


def test_a_record_that_only_looks_like_a_total_or_a_note_is_kept() -> None:
    reading = read([["编号", "单位名称"], ["注：1", "水务中心"], ["C2", "合计"]])
    assert [row for row, _ in records(reading)] == [2, 3]


def test_of_rows_before_the_next_table_only_titles_are_left_out() -> None:
    """A title is one text that begins its row, or a few that follow a blank row; a code, or half a record, is none."""
    heading, whole = ["检查编号", "单位名称", "检查日期"], ["C1", "甲", "2023-03-05"]
    between = [["C2"], ["", "乙"], [], ["C3", "丙"], [], ["二、下半年"], []]
    reading = read([heading, whole, *between, heading, ["C4", "甲", "2023-09-05"]])
    assert [list(table.frame["_row"]) for table in reading.tables] == [[2, 3, 4, 6], [11]]
    assert left_out(reading) == [(1, "heading"), (8, "title"), (10, "heading")]


def test_a_sheet_that_lists_what_a_check_found_is_passed_over_and_no_other_of_its_name() -> None:
    book = marked("台账.csv", "编号\nC1\n".encode(), [Mark("", 2, 0, "C1", "不对", "改正")])
    use_language("en")
    english = marked("台账.csv", "编号\nC1\n".encode(), [])
    for data in (book, english):
        listed, *_ = read_sheets("a.xlsx", data)
        assert {row.reason for row in recognise(listed, Headings(Contracts({"checks": CHECKS}))).left_out} == {"note"}
    rows = [["检查情况"], [], ["序号", "检查编号", "单位名称", "检查日期"], ["1", "C1", "甲", "2023-03-05"]]
    reading = recognise(Sheet.of("检查结果", rows), Headings(Contracts({"checks": CHECKS})))
    assert list(only(reading).frame["_row"]) == [4]


def test_a_two_row_heading_with_cells_merged_both_ways() -> None:
    rows = [
        ["检查编号", "被检查单位", "四必有", "", "备注"],
        ["", "", "固定时间", "会议议题", ""],
        ["C1", "水务中心", "是", "否", "x"],
    ]
    merged = [((0, 0), (1, 0)), ((0, 1), (1, 1)), ((0, 2), (0, 3)), ((0, 4), (1, 4))]
    for given in (merged, []):  # a CSV has no merged cells
        reading = read(rows, merged=given)
        assert positions(reading) == {"number": "A", "unit": "B", "fixed_time": "C", "agenda": "D"}
        assert records(reading) == [(3, ["C1", "水务中心"])]
        assert left_out(reading) == [(1, "heading"), (2, "heading")]


def test_headings_with_units_marks_and_line_breaks() -> None:
    reading = read([["*检查编号", "单位\n名称", "参学率（%）", "固 定 时 间"], ["C1", "水务中心", "96.5", "是"]])
    assert positions(reading) == {"number": "A", "unit": "B", "rate": "C", "fixed_time": "D"}


def test_of_two_headings_for_one_column_the_contracts_first_wins() -> None:
    reading = read([["被检查单位", "单位名称", "检查编号"], ["旧", "新", "C1"]])
    assert records(reading) == [(2, ["C1", "新"])]
    assert only(reading).unknown_headings == ["被检查单位"]


def test_a_repeated_heading_and_a_row_of_column_numbers_are_left_out() -> None:
    reading = read([
        ["检查编号", "单位名称", "固定时间"], ["1", "2", "3"], ["C1", "甲", "是"], ["检查编号", "单位名称", "固定时间"],
        ["C2", "乙", "否"],
    ])  # fmt: skip
    found = [found for table in reading.tables for found in table.frame.select("_row", "number").rows()]
    assert found == [(3, "C1"), (5, "C2")]
    assert left_out(reading) == [(1, "heading"), (2, "heading"), (4, "heading")]


def test_headings_that_fit_two_contracts_alike_are_refused_with_both() -> None:
    refusal = read([["编号", "单位名称"], ["1", "甲"]], CHECKS, TALKS).refusal
    assert refusal is not None
    assert [c.table for c in refusal.fits] == ["checks", "talks"]


def test_the_contract_that_explains_more_headings_wins() -> None:
    reading = read([["编号", "单位名称", "固定时间"], ["1", "甲", "是"]], TALKS, CHECKS)
    assert only(reading).contract is CHECKS


def test_headings_that_fit_none_are_refused_with_the_nearest_and_what_it_lacks() -> None:
    refusal = read([["固定时间", "会议议题", "检查编号"], ["是", "否", "C1"]], CHECKS).refusal
    assert refusal is not None
    assert (refusal.nearest, refusal.missing, refusal.rows) == (CHECKS, ["单位名称"], 2)
    refusal = read([["甲", "乙"], ["1", "2"]], CHECKS).refusal
    assert refusal is not None
    assert refusal.nearest is None


def test_an_empty_sheet_is_nothing_to_report() -> None:
    assert read([["", ""], []]) == Reading([], [], None)


def test_merged_headings_of_a_real_workbook(tmp_path: Path) -> None:
    rows = [["抽查表", "", ""], ["检查编号", "单位名称", "四必有"], ["", "", "固定时间"], ["C1", "甲", "√"]]
    write_xlsx(tmp_path / "a.xlsx", {"随便": rows}, merged=["A1:C1", "A2:A3", "B2:B3"])
    (sheet,) = read_sheets("a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    reading = recognise(sheet, Headings(Contracts({"checks": CHECKS})))
    assert only(reading).frame.select("_row", *CHECKS.columns).rows() == [(4, "C1", "甲", "√", None, None)]


DEATHS = contract(
    "deaths", name=("text", True, ["Name"]), profession=("text", True, ["Profession"]), age=("integer", True, ["Age"]),
    born=("date", True, ["Date of birth"]),
)  # fmt: skip
STAFF = contract(
    "staff", first=("text", True, ["First Name"]), last=("text", True, ["Last Name"]),
    hired=("date", False, ["Hire Date"]), share=("percent", False, ["% Allocated"]),
)  # fmt: skip
HOSPITAL = contract("nhs", code=("code", True, ["Organisation_code"]), name=("text", True, ["Organisation_name"]))
EMISSION = contract("co2", sector=("text", True, ["Sub-groups"]), first=("number", True, ["2000"]))


@pytest.mark.parametrize(
    ("name", "known", "rows", "first", "last"),
    [
        pytest.param(
            "tidyverse__deaths.xlsx", DEATHS, (6, 15), "David Bowie", "George Michael", id="text above and below"
        ),
        pytest.param("sfirke__dirty_data.xlsx", STAFF, (3, 15), "Jason", "Micheal", id="a note above, odd columns"),
        pytest.param("okfn__utf-16le_encoded.csv", HOSPITAL, (2, None), None, None, id="UTF-16"),
    ],
)
def test_tables_of_awkward_files(
    name: str, known: Contract, rows: tuple[int, int | None], first: str, last: str
) -> None:
    """What surrounds the table never becomes a record silently: rows of the file = records + left out + blank."""
    sheet = read_sheets(name, (MESSY / name).read_bytes())[0]
    reading = recognise(sheet, Headings(Contracts({known.table: known})))
    table = only(reading)
    complete = table.frame.drop_nulls(list(known.columns)[:2]).select("_row", *known.columns).rows()
    assert complete[0][0] == rows[0]
    if rows[1]:
        assert complete[-1][0] == rows[1]
        assert (complete[0][1], complete[-1][1]) == (first, last)
    filled = sum(any(row) for row in sheet.rows)
    assert filled == table.frame.height + len(reading.left_out)
