"""Other shapes of a known table: described in its contract, read without any code."""

from typing import Any

import pytest

from kaohe.contracts import Contract, Contracts
from kaohe.sources.files import Sheet
from kaohe.sources.found import FoundTable, Reading
from kaohe.sources.headings import Headings
from kaohe.sources.recognise import recognise

Merged = list[tuple[tuple[int, int], tuple[int, int]]]


def study(**layouts: dict[str, Any]) -> Contract:
    columns = {
        "platform": {"type": "choice", "headings": ["平台"], "required": True, "values": ["学习强国", "干部在线"]},
        "period": {"type": "month", "headings": ["月份"], "required": True},
        "unit_id": {"type": "unit", "headings": ["单位名称"], "required": True, "fill_down": True},
        "enrolled": {"type": "integer", "headings": ["应参加人数"], "required": True},
        "rate": {"type": "percent", "headings": ["参学率"]},
    }
    return Contract.model_validate(
        {"table": "study", "title": "学情", "key": ["unit_id"], "event_date": "period", "columns": columns}
        | {"layouts": {name: {"title": name, **layout} for name, layout in layouts.items()}}
    )


def read(
    contract: Contract,
    rows: list[list[str]],
    sheet: str = "表",
    merged: Merged | None = None,
    path: str = "a.xlsx",
) -> Reading:
    return recognise(Sheet.of(sheet, rows, merged), Headings(Contracts({contract.table: contract})), path)


def only(reading: Reading) -> FoundTable:
    (table,) = reading.tables
    return table


def records(reading: Reading) -> list[tuple[object, ...]]:
    columns = ["_row", "_at", "platform", "period", "unit_id", "enrolled", "rate"]
    return [row for table in reading.tables for row in table.frame.select(columns).rows()]


MONTHS = [
    ["2022年学情统计", "", "", "", "", ""],
    ["单位名称", "1月", "", "二月", "", "备注"],
    ["", "应参加人数", "参学率", "应参加人数", "参学率", ""],
    ["水务中心", "10", "90%", "11", "80%", "迁址"],
    ["监测站", "", "", "5", "100%", ""],
    ["合计", "10", "", "16", "", ""],
    ["固废中心", "", "", "", "", ""],
]
MERGED = [((0, 0), (0, 5)), ((1, 0), (2, 0)), ((1, 1), (1, 2)), ((1, 3), (1, 4)), ((1, 5), (2, 5))]


@pytest.mark.parametrize("merged", [MERGED, []], ids=["workbook", "CSV"])
def test_months_across_with_two_columns_each_and_the_platform_as_the_sheets_name(merged: Merged) -> None:
    contract = study(wide={"across": "period", "sheet_name": "platform"})
    reading = read(contract, MONTHS, "学习强国", merged)
    assert records(reading) == [
        (4, "B", "学习强国", "2022-01", "水务中心", "10", "90%"),
        (4, "D", "学习强国", "2022-02", "水务中心", "11", "80%"),
        (5, "D", "学习强国", "2022-02", "监测站", "5", "100%"),
    ]
    assert [(row.row, row.reason) for row in reading.left_out] == [
        (1, "title"), (2, "heading"), (3, "heading"), (6, "total"), (7, "empty"),
    ]  # fmt: skip
    assert only(reading).unknown_headings == ["备注"]
    places = {(position.column, position.at): position.letters for position in only(reading).positions}
    assert places["unit_id", "D"] == "A"
    assert (places["rate", "B"], places["rate", "D"]) == ("C", "E")


def test_months_across_with_one_value_each() -> None:
    contract = study(wide={"across": "period", "value": "enrolled", "above": ["platform"]})
    rows = [["平台：干部在线"], ["单位名称", "2023年1月", "2023.2"], ["水务中心", "10", "11"]]
    found = [(at, platform, period, cells[1]) for _, at, platform, period, *cells in records(read(contract, rows))]
    assert found == [("B", "干部在线", "2023-01", "10"), ("C", "干部在线", "2023-02", "11")]


@pytest.mark.parametrize(
    ("title", "sheet", "path", "expected"),
    [
        ("2022年", "2021", "2020/a.xlsx", "2022-01"),
        ("学情", "2021年", "2020/a.xlsx", "2021-01"),
        ("学情", "表", "2019/2020年.xlsx", "2020-01"),
        ("学情", "表", "2019/a.xlsx", "2019-01"),
        ("学情", "表", "a.xlsx", "1月"),
    ],
)
def test_a_month_without_a_year_takes_the_nearest_that_is_named(
    title: str, sheet: str, path: str, expected: str
) -> None:
    """And if none is, the cell says 1月, which typing refuses: nothing is guessed."""
    contract = study(wide={"across": "period", "value": "enrolled", "above": ["platform"]})
    rows = [[title], ["平台", "学习强国"], ["单位名称", "1月"], ["水务中心", "10"]]
    assert records(read(contract, rows, sheet, path=path))[0][3] == expected


def test_platforms_across() -> None:
    contract = study(wide={"across": "platform", "value": "enrolled"})
    rows = [["单位名称", "月份", "学习强国", "干部在线"], ["水务中心", "2023-01", "10", "11"]]
    assert [(platform, cells[-2]) for _, _, platform, *cells in records(read(contract, rows))] == [
        ("学习强国", "10"), ("干部在线", "11"),
    ]  # fmt: skip


PLAIN = ["平台", "月份", "应参加人数"]


def test_one_sheet_per_unit_but_not_where_the_sheets_name_says_nothing() -> None:
    contract = study(book={"sheet_name": "unit_id"})
    rows = [PLAIN, ["学习强国", "2023-01", "10"]]
    assert records(read(contract, rows, "水务中心")) == [(2, None, "学习强国", "2023-01", "水务中心", "10", None)]
    for name in ("Sheet1", "工作表 2", ""):
        refusal = read(contract, rows, name).refusal
        assert refusal is not None
        assert refusal.missing == ["单位名称"]


def test_a_column_that_is_there_is_read_and_the_sheets_name_is_not() -> None:
    contract = study(book={"sheet_name": "unit_id"})
    rows = [[*PLAIN, "单位名称"], ["学习强国", "2023-01", "10", "监测站"]]
    assert records(read(contract, rows, "水务中心"))[0][4] == "监测站"


@pytest.mark.parametrize(
    "above",
    [
        ["填报单位：水务中心"],
        ["填报单位:", "", "水务中心"],
        ["单位名称", "水务中心"],
        ["日期", "2023", "填报单位：水务中心"],
    ],
)
def test_the_unit_named_once_above_the_table(above: list[str]) -> None:
    contract = study(above={"above": ["unit_id"], "headings": {"unit_id": ["填报单位"]}})
    reading = read(contract, [["学情统计"], above, PLAIN, ["学习强国", "2023-01", "10"]])
    assert records(reading)[0][4] == "水务中心"
    assert read(contract, [PLAIN, ["学习强国", "2023-01", "10"]]).tables == []


def test_a_unit_above_the_table_counts_for_more_than_the_sheets_name() -> None:
    by_name = {"sheet_name": "unit_id"}
    contract = study(book=by_name, above={"above": ["unit_id"], "headings": {"unit_id": ["填报单位"]}})
    rows = [PLAIN, ["学习强国", "2023-01", "10"]]
    assert records(read(contract, [["填报单位：水务中心"], *rows], "学情"))[0][4] == "水务中心"
    assert records(read(contract, rows, "监测站"))[0][4] == "监测站"


# --- Headings with the years they hold -------------------------------------------------------------------------------

OLD = {"headings": {"enrolled": ["人数"]}, "to_year": 2022}
NEW = {"headings": {"rate": ["人数"], "enrolled": ["注册人数"]}, "from_year": 2023}


def test_a_heading_of_earlier_years_is_read_in_them_and_refused_later() -> None:
    rows = [["平台", "月份", "单位名称", "人数"], *(["学习强国", month, "甲", "1"] for month in ("2022-12", "2023-01"))]
    reading = read(study(old=OLD), rows)
    assert [row[5] for row in records(reading)] == ["1", "1"]
    (bad,) = [bad for table in reading.tables for bad in table.bad_cells]
    assert (bad.row, bad.column, bad.rule) == (3, "period", "layout_year")


def test_one_heading_that_meant_different_columns_goes_by_each_records_year() -> None:
    rows = [["平台", "月份", "单位名称", "注册人数", "人数"]]
    rows += [["学习强国", month, "甲", "5", "4"] for month in ("2022-01", "2023-01", "2022年2月", "44958")]
    reading = read(study(old=OLD, new=NEW), rows)
    assert [(row[0], row[5], row[6]) for row in records(reading)] == [
        (2, "4", None), (3, "5", "4"), (4, "4", None), (5, "5", "4"),
    ]  # fmt: skip
    assert [bad for table in reading.tables for bad in table.bad_cells] == []
    spans = [(p.first_row, p.last_row) for t in reading.tables for p in t.positions if p.column == "enrolled"]
    assert spans == [(2, 2), (3, 3), (4, 4), (5, 5)]


# --- Cells that stand for several rows -------------------------------------------------------------------------------


def test_a_cell_merged_downwards_says_the_same_for_each_row_only_where_the_contract_says_so() -> None:
    rows = [
        ["单位名称", *PLAIN],
        ["水务中心", "学习强国", "2023-01", "1"],
        ["", "", "2023-02", "2"],
        ["", "", "2023-03", "3"],
    ]
    merged = [((1, 0), (2, 0)), ((1, 1), (2, 1))]
    reading = read(study(), rows, merged=merged)
    assert [(row[4], row[2]) for row in records(reading)] == [
        ("水务中心", "学习强国"),
        ("水务中心", None),
        (None, None),
    ]


def test_ditto_marks_say_the_same_as_above() -> None:
    rows = [
        ["单位名称", *PLAIN],
        *([unit, "学习强国", "2023-01", "1"] for unit in ("水务中心", "同上", "〃", "监测站", "同上")),
    ]
    assert [row[4] for row in records(read(study(), rows))] == ["水务中心"] * 3 + ["监测站"] * 2


# --- Tables beside one another ---------------------------------------------------------------------------------------

OTHER = Contract.model_validate(
    {"table": "talk", "title": "谈话", "key": ["talk_id"], "columns": {
        "talk_id": {"type": "code", "headings": ["谈话编号"], "required": True},
        "unit_id": {"type": "unit", "headings": ["单位名称"], "required": True},
    }}
)  # fmt: skip


def tables(rows: list[list[str]]) -> tuple[list[tuple[str, list[tuple[object, ...]]]], list[tuple[int, str]]]:
    reading = recognise(Sheet.of("表", rows), Headings(Contracts({"study": study(), "talk": OTHER})))
    found = [(t.contract.table, t.frame.select("_row", "_at", "unit_id").rows()) for t in reading.tables]
    return found, [(row.row, row.reason) for row in reading.left_out]


def test_two_tables_side_by_side_with_a_gap() -> None:
    rows = [
        ["谈话编号", "单位名称", "", *PLAIN, "单位名称"],
        ["T1", "甲", "", "学习强国", "2023-01", "1", "乙"],
        ["T2", "丙"],
        ["", "", "", "学习强国", "2023-02", "2", "丁"],
    ]
    found, left_out = tables(rows)
    assert found == [("talk", [(2, None, "甲"), (3, None, "丙")]), ("study", [(2, "D", "乙"), (4, "D", "丁")])]
    assert left_out == [(1, "heading"), (1, "heading")]


def test_the_same_table_twice_side_by_side_without_a_gap() -> None:
    found, _ = tables([["谈话编号", "单位名称", "谈话编号", "单位名称"], ["T1", "甲", "T2", "乙"], ["T3", "丙"]])
    assert found == [("talk", [(2, None, "甲"), (3, None, "丙")]), ("talk", [(2, "C", "乙")])]


def test_a_table_that_begins_beside_the_records_of_another() -> None:
    rows = [
        ["谈话编号", "单位名称"],
        ["T1", "甲"],
        ["T2", "乙", "", *PLAIN, "单位名称"],
        ["T3", "丙", "", "学习强国", "2023-01", "1", "丁"],
    ]
    found, _ = tables(rows)
    assert found == [("talk", [(2, None, "甲"), (3, None, "乙"), (4, None, "丙")]), ("study", [(4, "D", "丁")])]


def test_a_title_between_two_tables_is_no_record() -> None:
    rows = [
        ["谈话编号", "单位名称"], ["T1", "甲"], [], ["二、学情", "", "制表：乙"], [*PLAIN, "单位名称"], ["学习强国", "2023-01", "1", "乙"],
    ]  # fmt: skip
    found, left_out = tables(rows)
    assert found == [("talk", [(2, None, "甲")]), ("study", [(6, None, "乙")])]
    assert left_out == [(1, "heading"), (4, "title"), (5, "heading")]


def test_a_broken_record_before_a_heading_is_no_title() -> None:
    found, left_out = tables([["谈话编号", "单位名称"], ["T1", "甲"], ["", "丙", "注"], [*PLAIN, "单位名称"]])
    assert found[0] == ("talk", [(2, None, "甲"), (3, None, "丙")])
    assert left_out == [(1, "heading"), (4, "heading")]


@pytest.mark.parametrize(
    "numbering", [["1", "2", "3", "4"], ["A", "B", "C", "D"], ["(1)", "(2)", "(3)", "(4)"], ["甲", "乙", "1", "2"]]
)
def test_a_row_that_numbers_the_columns_is_a_heading(numbering: list[str]) -> None:
    _, left_out = tables([[*PLAIN, "单位名称"], numbering, ["学习强国", "2023-01", "1", "乙"]])
    assert left_out == [(1, "heading"), (2, "heading")]


def test_a_record_of_small_numbers_is_no_numbering() -> None:
    found, left_out = tables([["谈话编号", "单位名称", "应"], ["1", "12", "7"]])
    assert found == [("talk", [(2, None, "12")])]
    assert left_out == [(1, "heading")]


def test_an_example_is_left_out() -> None:
    found, left_out = tables([["序号", "谈话编号", "单位名称"], ["示例", "T0", "甲"], ["1", "T1", "甲"]])
    assert found == [("talk", [(3, None, "甲")])]
    assert left_out == [(1, "heading"), (2, "example")]


def test_a_layout_that_makes_no_sense_is_refused() -> None:
    for layout, key in (
        ({"across": "enrolled"}, "month 或 choice"),
        ({"value": "enrolled"}, "across"),
        ({"sheet_name": "nobody"}, "nobody"),
        ({"headings": {"nobody": ["x"]}}, "nobody"),
    ):
        with pytest.raises(ValueError, match=key):
            study(odd=layout)
