"""Bytes of a file → sheets of text cells, or one clear sentence."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from kaohe.errors import Unreadable
from kaohe.sources.files import read_sheets
from tests.helpers import MESSY, write_xlsx

TEXT = "检查编号,单位\r\nC1,水务中心\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_in_every_encoding_offices_use(encoding: str) -> None:
    (sheet,) = read_sheets("a.csv", TEXT.encode(encoding))
    assert list(sheet.rows) == [["检查编号", "单位"], ["C1", "水务中心"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_any_usual_delimiter(delimiter: str) -> None:
    (sheet,) = read_sheets("a.csv", f"标题，在上面\na{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n".encode())
    assert sheet.rows[1:] == [["a", "b", "c"], ["1", "2", "3"]]


def test_csv_whose_cells_hold_lists_is_cut_by_its_own_delimiter() -> None:
    lines = ["编号,类型,日期", *(f"{n},党课；主题党日;支委会;党小组会,2023-03-0{n}" for n in range(1, 6))]
    (sheet,) = read_sheets("a.csv", "\n".join(lines).encode())
    assert sheet.rows[0] == ["编号", "类型", "日期"]
    assert {len(row) for row in sheet.rows} == {3}


def test_csv_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    (sheet,) = read_sheets("a.csv", '\n"两\n行",b\n\nc,d\n'.encode())
    assert list(sheet.rows) == [[], ["两\n行", "b"], [], ["c", "d"]]


def test_workbook_cells_keep_their_place_and_show_plainly(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"甲": [[], ["", 12, 0.965, " x　"]], "乙": [["y"]]})
    first, second = read_sheets("a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    assert (first.name, list(first.rows)) == ("甲", [[], ["", "12", "0.965", "x"]])
    assert (second.name, list(second.rows)) == ("乙", [["y"]])


def zipped(name: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "text")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        pytest.param("台账.xlsx", zipped("readme.txt"), "file_not_workbook", id="zip that is no workbook"),
        pytest.param("台账.zip", zipped("a.csv"), "file_kind", id="archive"),
        pytest.param("通知.docx", b"PK", "file_kind", id="another kind of file"),
        pytest.param("台账.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_broken", id="broken xls"),
        pytest.param("台账.xlsx", b"not a workbook", "file_broken", id="broken xlsx"),
        pytest.param("台账.csv", b"", "file_empty", id="empty"),
        pytest.param("台账.csv", b"a,b\n1,\0\n", "file_nul", id="NUL"),
        pytest.param("台账.csv", b'a,b\n1,"2\n3,4\n', "file_quote", id="a quote never closed"),
        pytest.param(
            "台账.csv", b'a,b\n"1"x,2\n1,"2\n3,4\n', "file_quote", id="a quote never closed, after another oddity"
        ),
        pytest.param("台账.csv", b"\xff\xfe\x00", "file_encoding", id="half a UTF-16 character"),
        pytest.param("台账.csv", b"a,\xff\xff\xff", "file_encoding", id="no known encoding"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_that_names_the_file(name: str, data: bytes, key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_sheets(name, data)
    assert caught.value.key == key
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_locked_workbook() -> None:
    """An encrypted workbook is an OLE file with a stream named EncryptedPackage."""
    data = MESSY.joinpath("tidyverse__dates-1904.xls").read_bytes()[:512] + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(Unreadable) as caught:
        read_sheets("台账.xlsx", data)
    assert caught.value.key == "file_locked"


@pytest.mark.parametrize("path", sorted(p for p in MESSY.iterdir() if p.suffix != ".md"), ids=lambda p: p.name)
def test_awkward_files_are_read_or_refused_in_one_sentence(path: Path) -> None:
    try:
        sheets = read_sheets(path.name, path.read_bytes())
    except Unreadable as refused:
        assert path.name == "wireservice__null_byte.csv"
        assert "第 2 行" in str(refused)
        return
    assert any(any(row) for sheet in sheets for row in sheet.rows)


def rows(name: str, sheet: int = 0) -> list[list[str]]:
    return list(read_sheets(name, (MESSY / name).read_bytes())[sheet].rows)


def test_awkward_cells_come_out_right() -> None:
    assert rows("tidyverse__dates-1904.xls") == [["2000-01-01"] * 5]
    assert rows("wireservice__mac_newlines.csv") == [["a", "b", "c"], ["1", "2", "3"], ["Once upon\ra time", "5", "6"]]
    assert rows("wireservice__test_utf16_big.csv") == [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "ʤ"]]
    assert rows("frictionlessdata__preserve-formatting-percentage.xlsx")[1] == ["123", "0.52"]
    assert rows("tidyverse__big-texty-numbers-xlsx.xlsx")[2][:2] == ["2147483647", "2147483647"]
    assert rows("tafia__has_x000D_.xlsx") == [["ABC\r\nDEF"]]
    assert rows("tidyverse__style-only-cells.xlsx")[1][:3] == ["val1,1", "", "aa"]
    assert rows("okfn__utf-16le_encoded.csv")[0][:2] == ["Organisation_code", "Organisation_name"]
    hidden = [sheet.hidden for sheet in read_sheets("v.xlsx", (MESSY / "SheetJS__sheet_visibility.xlsx").read_bytes())]
    assert hidden == [False, True, True]
