"""Workbooks: names of sheets, text that looks like a formula, CSV files."""

from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from kaohe.book import Book, Formula, Input, sheet_name
from kaohe.publishing.csv_files import write_csv


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("机关处室", "机关处室"),
        ("a[b]:c*d?e/f\\g", "a_b__c_d_e_f_g"),
        ("'单位'", "_单位"),
        ("", "_"),
        ("History", "_History"),
        ("长" * 40, "长" * 31),
        ("a\nb", "a_b"),
    ],
)
def test_a_sheet_has_a_legal_name(tmp_path: Path, name: str, legal: str) -> None:
    assert sheet_name(name) == legal
    book = Book(tmp_path / "book.xlsx", "title")
    book.sheet(name, "", "", ["a"], [[1]])
    book.book.close()
    assert openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames == [legal]


def test_no_two_sheets_have_one_name(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.xlsx", "title")
    long = "长" * 40
    assert book.claim("A") == "A"
    for name in ("a", "A", long, long, "b"):
        book.sheet(name, "", "", ["a"], [[1]])
    book.page("A")
    book.book.close()
    names = openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames
    assert names == ["a (2)", "A (3)", "长" * 31, "长" * 27 + " (2)", "b", "A"]


def test_text_that_looks_like_a_formula_stays_text_when_it_is_edited(tmp_path: Path) -> None:
    risky = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "＝1"]
    book = Book(tmp_path / "book.xlsx", "=title")
    plain = ["a=b", "1-1", "'=1", Decimal("-1.5"), -3, None, True]
    book.sheet(
        "s",
        "=title",
        "+note",
        ["=heading", "-other"],
        [[text, value] for text, value in zip(risky, plain, strict=True)],
        single_line=None,
    )
    book.sheet(
        "t", "", "", ["a", "b"], [["x", "=" * 50], [Input("=1", "text"), "良好"]], bands={"良好": 1}, single_line=1
    )
    book.book.close()
    read = openpyxl.load_workbook(tmp_path / "book.xlsx")
    sheet = read["s"]
    for place in ("A1", "A2", "A3", "B3", *(f"A{row}" for row in range(4, 11))):
        assert sheet[place].quotePrefix, place
        assert sheet[place].data_type == "s"
    assert not any(sheet[f"B{row}"].quotePrefix for row in range(4, 11))
    assert [sheet[f"B{row}"].value for row in (7, 8)] == [-1.5, -3]
    assert read["t"]["B4"].quotePrefix
    assert read["t"]["A5"].quotePrefix


def test_formulas_and_inputs_are_values_where_a_book_is_not_live(tmp_path: Path) -> None:
    cells = [
        [
            Formula("=1+1", Decimal("2.50")),
            Formula("=A1", "", "text"),
            Input(Decimal("0.3"), "percent"),
            Formula("=A1", True, "text"),
        ]
    ]
    for live, first in ((True, "=1+1"), (False, 2.5)):
        book = Book(tmp_path / "book.xlsx", "title", live)
        book.sheet("s", "", "", list("abcd"), cells)
        book.book.close()
        sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["s"]
        assert sheet["A4"].value == first
        assert sheet["C4"].value == 0.3
        assert sheet["C4"].number_format == "0.0%"
        assert (sheet["C4"].fill.fgColor.rgb == "FFFFF9DB") is live
        shown = openpyxl.load_workbook(tmp_path / "book.xlsx", data_only=True)["s"]
        assert [cell.value for cell in shown[4]] == [2.5, None, 0.3, "是"]


def test_a_csv_holds_no_formula_and_its_numbers_are_numbers(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "text": ["=1+1", "+1", "@A1", "\t=1", "\r=1", "-1+2", "-", "＝1", None, ""],
            "number": ["-1", "-1.50", "12", "0.5", "-1.", "--1", "1-1", "a=b", "'=1", " =1"],
            "points": [Decimal(n) / 2 for n in range(-5, 5)],
        }
    )
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    read = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    assert read["text"].to_list()[:8] == ["'=1+1", "'+1", "'@A1", "'\t=1", "'\r=1", "'-1+2", "'-", "'＝1"]
    assert read["number"].to_list() == ["-1", "-1.50", "12", "0.5", "'-1.", "'--1", "1-1", "a=b", "'=1", " =1"]
    assert [Decimal(text) for text in read["points"]] == frame["points"].to_list()
