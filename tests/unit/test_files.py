"""Bytes of a file → sheets of text cells, or one clear sentence."""

import datetime as dt
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter

from kaohe.errors import Unreadable
from kaohe.sources.files import read_sheets
from tests.helpers import MESSY, OFFICE, write_xlsx

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


# --- What a workbook says beside its values --------------------------------------------------------------------------


def xlsx(sheet: str, **parts: str) -> bytes:
    """The smallest workbook there is, with this sheet's XML; ``parts``: other parts that replace its own."""
    rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    written = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        + "".join(
            f'<Override PartName="/xl/{part}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
            for part, kind in (("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"))
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rels}"><sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>',
    } | parts
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in written.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def text(place: str, said: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{said}</t></is></c>'


def test_cells_whose_formula_failed_or_was_never_worked_out_are_told_apart_from_blanks() -> None:
    (sheet,) = read_sheets("台账.xlsx", xlsx(
        f'<row r="1">{text("A1", "x")}<c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="C1"><f>SUM(A1:A2)</f></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>IF(1,"","")</f><v></v></c><c r="C2"><f>1</f><v/></c></row>'
        '<row r="4"><c r="AB4" t="e"><v>#N/A</v></c></row>'
    ))  # fmt: skip
    assert [row[:3] for row in sheet.rows][:2] == [["x", "#DIV/0!", "=SUM(A1:A2)"], ["2", "", "=1"]]
    assert (sheet.rows[2], sheet.rows.cell(3, 27)) == ([], "#N/A")
    assert sheet.flaws == {
        (0, 1): "error_cell", (0, 2): "formula_cell", (1, 2): "formula_cell", (3, 27): "error_cell"
    }  # fmt: skip


def test_the_zero_of_a_program_that_leaves_the_working_out_to_excel_is_no_value(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_formula("A1", "=1+1")  # xlsxwriter writes 0 and asks Excel to work it out
        sheet.write_formula("A2", "=1+1", None, 2)
        sheet.write("A3", 0)
    (found,) = read_sheets("a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    assert list(found.rows) == [["=1+1"], ["2"], ["0"]]
    assert found.flaws == {(0, 0): "formula_cell"}


def test_errors_in_every_kind_of_file() -> None:
    """All seven errors of a real workbook; the same as text in a CSV."""
    sheet = read_sheets("e.xlsx", (MESSY / "tafia__errors.xlsx").read_bytes())[0]
    errors = sorted(row[0] for row in sheet.rows)
    assert errors == ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"]
    assert set(sheet.flaws.values()) == {"error_cell"}
    (sheet,) = read_sheets("e.csv", "编号,值\nC1,#REF!\n".encode())
    assert sheet.flaws == {(1, 1): "error_cell"}


@pytest.mark.parametrize("name", ["errors.xls", "errors.ods"])
def test_what_another_office_program_has_written_is_told_too(name: str) -> None:
    sheet, hidden = read_sheets(name, (OFFICE / name).read_bytes())
    assert sheet.rows[2] == ["C2", "水务中心", "2023-03-02", "0.9", "#DIV/0!", "合并"]
    assert sheet.flaws == {(2, 4): "error_cell", (4, 2): "error_cell", (5, 5): "error_cell"}
    assert (sheet.rows.cell(4, 2), sheet.rows.cell(5, 5)) == ("#N/A", "#REF!")
    assert (sheet.hidden_rows, sheet.merged) == (1, [((2, 5), (3, 5))])
    assert (sheet.hidden, hidden.hidden) == (False, True)


def record(kind: int, body: bytes) -> bytes:
    """A record of a binary part: kind and size, seven bits a byte."""
    numbers = b""
    for number in (kind, len(body)):
        while number > 0x7F:
            numbers += bytes([number & 0x7F | 0x80])
            number >>= 7
        numbers += bytes([number])
    return numbers + body


def xlsb(*rows: tuple[int, bool, dict[int, str | float]]) -> bytes:
    """A binary workbook: (row, whether it is hidden, column → text, number or error)."""
    errors = {"#DIV/0!": 7, "#N/A": 42}

    def cell(column: int, value: str | float) -> bytes:
        place = struct.pack("<II", column, 0)
        if isinstance(value, float):
            return record(5, place + struct.pack("<d", value))
        if value in errors:
            return record(3, place + bytes([errors[value]]))
        return record(6, place + wide(value))

    def wide(said: str) -> bytes:
        return struct.pack("<I", len(said)) + said.encode("utf-16-le")

    sheet = record(129, b"") + record(148, struct.pack("<IIII", 0, 9, 0, 9)) + record(145, b"")
    for row, hidden, cells in rows:
        sheet += record(0, struct.pack("<IIHBBBI", row, 0, 300, 0, 0x10 if hidden else 0, 0, 0))
        sheet += b"".join(cell(column, value) for column, value in cells.items())
    sheet += record(146, b"") + record(130, b"")
    book = record(131, b"") + record(143, b"") + record(156, struct.pack("<II", 0, 1) + wide("r1") + wide("表"))
    book += record(144, b"") + record(132, b"")
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def related(identity: str, kind: str, target: str) -> str:
        relation = f'<Relationship Id="{identity}" Type="{office}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relation}</Relationships>'

    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        types = "http://schemas.openxmlformats.org/package/2006/content-types"
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{types}"/>')
        archive.writestr("_rels/.rels", related("r", "officeDocument", "xl/workbook.bin"))
        archive.writestr("xl/_rels/workbook.bin.rels", related("r1", "worksheet", "worksheets/sheet1.bin"))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return buffer.getvalue()


def test_errors_and_hidden_rows_of_a_binary_workbook() -> None:
    long = "很长" * 100  # its record's size takes two bytes
    rows = (0, False, {0: "编号", 1: long}), (1, True, {0: "C1", 1: 2.5}), (3, False, {0: "#N/A", 2: "#DIV/0!"})
    (sheet,) = read_sheets("台账.xlsb", xlsb(*rows))
    assert list(sheet.rows) == [["编号", long], ["C1", "2.5"], [], ["#N/A", "", "#DIV/0!"]]
    assert (sheet.flaws, sheet.hidden_rows) == ({(3, 0): "error_cell", (3, 2): "error_cell"}, 1)


def test_cells_that_lie_far_apart_are_refused_where_they_cannot_be_read_one_by_one() -> None:
    """calamine would abort the whole process."""
    for name, data in (
        ("远.ods", (OFFICE / "far.ods").read_bytes()),
        ("远.xlsb", xlsb((0, False, {0: "x"}), (1_048_575, False, {16_383: "y"}))),
    ):
        with pytest.raises(Unreadable) as caught:
            read_sheets(name, data)
        assert caught.value.key == "file_far_apart"


def test_a_workbook_whose_reach_nobody_knows_is_read_by_another_process_first() -> None:
    def without_relations(data: bytes) -> bytes:
        buffer = BytesIO()
        with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
            for name in old.namelist():
                if name != "_rels/.rels":
                    new.writestr(name, old.read(name))
        return buffer.getvalue()

    (sheet,) = read_sheets("近.xlsb", without_relations(xlsb((0, False, {0: "x"}))))
    assert list(sheet.rows) == [["x"]]
    with pytest.raises(Unreadable) as caught:
        read_sheets("远.xlsb", without_relations(xlsb((0, False, {0: "x"}), (1_048_575, False, {16_383: "y"}))))
    assert caught.value.key == "file_broken"


@pytest.mark.parametrize(
    "sheet",
    [
        f'<row r="4">{text("A4", "x")}{text("XFD1048576", "y")}</row>',
        f'<row r="1048576">{text("A1048576", "x")}</row><row r="4">{text("XFD4", "y")}</row>',
        f"<row>{text('XFD1048576', 'y')}</row>",
    ],
)
def test_a_far_cell_is_found_wherever_it_is_said(sheet: str) -> None:
    """In a row of another number, in a row out of order, in one that says no number."""
    (found,) = read_sheets("台账.xlsx", xlsx(sheet))
    assert found.rows.frame.height <= 2


def test_hidden_and_filtered_rows_are_read_and_counted(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        for row in range(5):
            sheet.write(row, 0, row)
        for row in (1, 3, 9):  # the last holds nothing
            sheet.set_row(row, None, None, {"hidden": True})
    (found,) = read_sheets("a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    assert [row[0] for row in found.rows] == list("01234")
    assert found.hidden_rows == 2


def test_a_cell_in_a_far_corner_of_a_sheet_is_one_cell_more(tmp_path: Path) -> None:
    """calamine alone would fill in thousands of millions of cells and take the process with it."""
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 1, ["x", dt.date(2023, 3, 5), 1.5], book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write("XFD99999", "y")
    (found,) = read_sheets("a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    assert found.rows[1] == ["", "x", "2023-03-05", "1900-01-01 12:00:00"]  # as it is formatted
    assert (len(found.rows), len(found.rows[99998])) == (99999, 16384)
    assert found.rows.frame.height == 2


def test_an_archive_that_unpacks_to_very_much_is_refused_before_it_is_unpacked() -> None:
    buffer = BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(300):
            part.write(bytes(2**20))
    with pytest.raises(Unreadable) as caught:
        read_sheets("台账.xlsx", buffer.getvalue())
    assert caught.value.key == "file_bomb"


def test_an_archive_of_many_parts_that_together_unpack_to_very_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kaohe.sources.details.MOST_BYTES", 50_000)  # so that a small one is large
    data = xlsx("", **{f"xl/media/{number}.txt": "".join(map(str, range(2_000))) for number in range(8)})
    with pytest.raises(Unreadable) as caught:
        read_sheets("台账.xlsx", data)
    assert caught.value.key == "file_bomb"


def test_an_archive_that_lies_about_its_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = xlsx(f'<row r="1">{text("A1", "x" * 100_000)}</row>')
    monkeypatch.setattr("kaohe.sources.details.MOST_BYTES", 200_000)  # so that a small one is large
    assert read_sheets("台账.xlsx", data)[0].rows[0] == ["x" * 100_000]
    size = len(zipfile.ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml"))
    lying = data.replace(size.to_bytes(4, "little"), (50).to_bytes(4, "little"))
    assert lying != data
    with pytest.raises(Unreadable) as caught:
        read_sheets("台账.xlsx", lying)
    assert caught.value.key == "file_broken"


def test_entities_are_not_resolved_and_links_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret")
    sheet = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&e;a</t></is></c></row></sheetData></worksheet>'
    try:
        sheets = read_sheets("台账.xlsx", xlsx("", **{"xl/worksheets/sheet1.xml": sheet}))
    except Unreadable:
        return
    assert "s3cret" not in str([list(found.rows) for found in sheets])


def test_a_workbook_under_the_name_of_a_csv_is_read_as_what_it_is() -> None:
    (sheet,) = read_sheets("台账.csv", xlsx(f'<row r="1">{text("A1", "x")}</row>'))
    assert list(sheet.rows) == [["x"]]


def test_an_unclosed_quote_at_the_very_end_is_found() -> None:
    for data in ('a,b\n"', 'a,b\n1,"', 'a,b\n1,2\n"\n', '"'):
        with pytest.raises(Unreadable) as caught:
            read_sheets("台账.csv", data.encode())
        assert caught.value.key == "file_quote"


def test_rows_longer_and_shorter_than_most_keep_their_places() -> None:
    rows = [["标题"], ["a", "b", "c"], [], ["1", "2", "3", "4", "5"], ["x"], ["6", "", "7"]]
    lines = "\n".join(",".join(row) for row in rows)
    (sheet,) = read_sheets("a.csv", lines.encode())
    assert list(sheet.rows) == rows
