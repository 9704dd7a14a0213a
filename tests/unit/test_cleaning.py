"""Text cells → typed values; what cannot be typed is a problem, never a guess."""

import polars as pl
import pytest

from kaohe.cleaning import told, typed, untyped
from kaohe.contracts import Column, Contract


def clean(column: Column, *cells: str | None) -> tuple[list[str | None], list[int]]:
    """The cells of one column typed, and the rows (1, 2, …) that could not be."""
    cleaned, bad = clean_and_why(column, *cells)
    return cleaned, [row for row, _ in bad]


def clean_and_why(column: Column, *cells: str | None) -> tuple[list[str | None], list[tuple[int, str]]]:
    """The cells of one column typed, the rows (1, 2, …) that could not be, and the rule that says why."""
    contract = Contract.model_construct(table="t", columns={"x": column})
    place = {"_source": "inbox", "_file": "a", "_sheet": "", "_table": 0, "_at": None}
    cell = pl.Series(cells, dtype=pl.String).replace("", None)
    raw = told(contract, pl.DataFrame({"x": cell, "_row": range(1, len(cells) + 1), **place}))
    cleaned = typed(contract, raw)
    return cleaned["x"].to_list(), untyped(contract, raw, cleaned).select("_row", "rule").rows()


def column(type_: str, **more: object) -> Column:
    return Column.model_validate({"type": type_, "headings": ["x"], **more})


@pytest.mark.parametrize(
    "cell",
    ["2023-03-05", "2023.3.5", "2023年3月5日", "2023 年 3 月 5 日", "2023/3/5", "2023/03/05 08:30", "20230305", "44990",
     "２０２３．３．５", "2023-03-05 00:00:00"],
)  # fmt: skip
def test_dates_are_read_in_every_form_people_use(cell: str) -> None:
    assert clean(column("date"), cell) == (["2023-03-05"], [])


@pytest.mark.parametrize("cell", ["2023年13月1日", "2023.2.30", "3月5日", "2023年3月", "23.3.5", "12", "去年", "99999"])
def test_what_is_no_full_date_is_a_problem(cell: str) -> None:
    assert clean(column("date"), cell) == ([None], [1])


@pytest.mark.parametrize("cell", ["2023年3月", "2023-03", "2023.3", "2023/3", "202303", "2023-03-15", "2023年3月份"])
def test_months_are_their_first_day(cell: str) -> None:
    assert clean(column("month"), cell) == (["2023-03-01"], [])


def test_a_month_that_may_be_january_or_october_is_a_problem() -> None:
    assert clean(column("month"), "2023.1", "2023.11", "2023-01") == ([None, "2023-11-01", "2023-01-01"], [1])


def test_months_with_a_point_are_clear_where_october_is_written_out() -> None:
    assert clean(column("month"), "2023.1", "2023.10") == (["2023-01-01", "2023-10-01"], [])


@pytest.mark.parametrize("blank", [None, "　", " ", "-", "—", "/", "无", "暂无"])
def test_what_stands_for_nothing_is_empty_and_no_problem(blank: str | None) -> None:
    assert clean(column("date"), blank) == ([None], [])


def test_numbers_in_full_width_digits_and_with_thousands() -> None:
    cells = ["１２", "1,234", "12.0", "-3", "12.5", "约12", "1,23", "12人"]
    expected = ["12", "1234", "12", "-3", None, None, None, None]
    assert clean(column("integer"), *cells) == (expected, [5, 6, 7, 8])
    assert clean(column("number"), "1,234.50", "０.5", "一百") == (["1234.50", "0.5", None], [3])


def test_percents_with_a_mark_and_shares_without() -> None:
    assert clean(column("percent"), "96.5%", "96.5 ％", "0.965", "1.03", "0") == (
        ["96.5e-2", "96.5e-2", "0.965", "1.03", "0"], [],
    )  # fmt: skip


def test_bare_percentages_are_known_by_their_column_and_what_could_be_either_is_a_problem() -> None:
    assert clean(column("percent"), "96.5", "88", "0", "1", "0.97", "50%") == (
        ["96.5e-2", "88e-2", "0e-2", None, None, "50e-2"], [4, 5],
    )  # fmt: skip


def test_one_percentage_among_shares_is_the_problem_and_not_the_shares() -> None:
    cells = ["0.875"] * 3 + ["87.5"] + ["0.9", "1.03", "0", "96%", "约九成"]
    typed_cells = ["0.875"] * 3 + [None] + ["0.9", "1.03", "0", "96e-2", None]
    assert clean_and_why(column("percent"), *cells) == (typed_cells, [(4, "among_shares"), (9, "bad_cell")])


def test_one_share_among_percentages_is_the_problem() -> None:
    cells = ["87.5", "90", "0.9", "88", "100", "0"]
    typed_cells = ["87.5e-2", "90e-2", None, "88e-2", "100e-2", "0e-2"]
    assert clean_and_why(column("percent"), *cells) == (typed_cells, [(3, "among_percentages")])


def test_a_share_among_a_few_percentages_stays_unclear() -> None:
    assert clean_and_why(column("percent"), "87.5", "0.9", "0.8", "0.7") == (
        ["87.5e-2", None, None, None], [(2, "bad_cell"), (3, "bad_cell"), (4, "bad_cell")],
    )  # fmt: skip


def test_flags() -> None:
    yes = ["是", "√", "有", "1", "TRUE", "Ｙ"]
    no = ["否", "×", "无", "0", "false"]
    assert clean(column("flag"), *yes, *no, "也许", "") == (["true"] * 6 + ["false"] * 5 + [None] * 2, [12])


def test_synonyms_are_replaced_by_what_they_mean() -> None:
    assert clean(column("integer", synonyms={"第一轮": 1}), "第 一 轮", "2") == (["1", "2"], [])
    choice = column("choice", values=["总支"], synonyms={"党总支": "总支"})
    assert clean(choice, "党总支", "总支", "别的") == (["总支", "总支", "别的"], [])


def test_names_of_units_and_codes_lose_what_the_eye_does_not_see() -> None:
    assert clean(column("unit"), "浦东（水务） 中心", "ABC") == (["浦东(水务)中心", "abc"], [])
    assert clean(column("code"), "ＪＣ－00１") == (["JC-001"], [])
    assert clean(column("text"), " 原样 保留（全角） ") == (["原样 保留（全角）"], [])


def test_lists_are_split_at_every_mark_people_use_and_an_unknown_element_is_a_problem() -> None:
    kinds = column("list", values=["党课", "主题党日"], synonyms={"党日": "主题党日"})
    cells = ["党课", "党日、 党课", "主题党日；党课，党课", "党课/主题党日", "党课、联欢", "、", ""]
    expected = ["[党课]", "[主题党日, 党课]", "[主题党日, 党课]", "[党课, 主题党日]", None, None, None]
    assert clean(kinds, *cells) == (expected, [5, 6])
