"""A clerk's own workbook back: red cells, notes and a list, and everything else as it was."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import openpyxl.comments
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl.worksheet.worksheet import Worksheet

from kaohe.errors import Unreadable
from kaohe.marking import marked
from kaohe.marking.mark import AUTHOR, MOST_NOTES, RED, Mark
from kaohe.sources.files import WORKBOOKS, read_sheets
from tests.helpers import MESSY, OFFICE
from tests.unit.test_files import text, xlsx

LIST = "检查结果"


def mark(sheet: str, row: int | None, column: int | None, problem: str = "不对", remedy: str = "改正") -> Mark:
    return Mark(sheet, row, column, "原值", problem, remedy)


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def is_red(sheet: Worksheet, cell: str) -> bool:
    return bool(sheet[cell].fill.fgColor.rgb == RED and sheet[cell].fill.fill_type == "solid")


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A workbook with all that people put into one."""
    path = tmp_path_factory.mktemp("rich") / "台账.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        date = book.add_format({"num_format": "yyyy-mm-dd", "bold": True, "border": 2})
        sheet = book.add_worksheet("一 & 二")
        sheet.write_row("A1", ["编号", "日期", "是否"])
        for row in range(1, 6):
            sheet.write_row(row, 0, [f"C{row}", 45000 + row, "是"], date)
        sheet.write_formula("D2", "=B2+1", date, 45002)
        sheet.write_comment("A2", "原有批注", {"author": "张某"})
        sheet.data_validation("C2:C9", {"validate": "list", "source": ["是", "否"]})
        sheet.conditional_format("B2:B6", {"type": "cell", "criteria": ">", "value": 1, "format": date})
        sheet.merge_range("F2:G3", "合并", date)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "='一 & 二'!$B$2:$B$6"})
        sheet.insert_chart("I2", chart)
        sheet.insert_textbox("I20", "一段说明")
        sheet.set_row(4, None, None, {"hidden": True})
        sheet.protect("secret")
        other = book.add_worksheet("O'ther")
        other.add_table("A1:B3", {"columns": [{"header": "甲"}, {"header": "乙"}]})
        other.set_first_sheet()
        other.activate()
        other.set_print_scale(70)
        other.print_area("A1:B3")
        book.add_worksheet("空").hide()
        book.define_name("范围", "='一 & 二'!$A$1:$A$6")
    return path.read_bytes()


MARKS = [
    mark("一 & 二", 2, 0, "编号重复"), mark("一 & 二", 2, 1), mark("一 & 二", 3, 6, "合并格"), mark("一 & 二", 4, 9),
    mark("一 & 二", 90, 1, "缺行"), mark("O'ther", 1, 0), mark("空", 7, 2), mark("一 & 二", None, None, "缺一列"),
]  # fmt: skip


def test_the_marked_cells_are_red_and_have_a_note_and_the_first_sheet_lists_all(rich: bytes) -> None:
    book = opened(marked("台账.xlsx", rich, MARKS))
    assert book.sheetnames == [LIST, "一 & 二", "O'ther", "空"]
    assert book.active is book[LIST]
    sheet = book["一 & 二"]
    for cell in ("A2", "B2", "F2", "J4", "B90"):  # F2: the cell that shows of the merged ones
        assert is_red(sheet, cell), cell
    assert sheet["A2"].comment.text == f"原有批注\n{AUTHOR}：\n编号重复。改正"
    assert sheet["A2"].comment.author == "张某"
    assert (sheet["B90"].comment.text, sheet["B90"].comment.author) == (f"{AUTHOR}：\n缺行。改正", AUTHOR)
    assert is_red(book["O'ther"], "A1")
    assert is_red(book["空"], "C7")
    listed = list(book[LIST].iter_rows(min_row=4, values_only=True))
    assert listed[0] == ("1", "一 & 二", "A2", "原值", "编号重复", "改正")
    assert [row[2] for row in listed] == ["A2", "B2", "G3", "J4", "B90", "A1", "C7", ""]
    links = {
        cell.coordinate: cell.hyperlink.location for row in book[LIST].iter_rows() for cell in row if cell.hyperlink
    }
    assert (links["C4"], links["C9"]) == ("'一 & 二'!A2", "'O''ther'!A1")


def test_everything_else_is_as_it_was(rich: bytes) -> None:
    before, after = parts(rich), parts(marked("台账.xlsx", rich, MARKS))
    expected = {
        "[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml", *(f"xl/worksheets/sheet{n}.xml" for n in (1, 2, 3)),
        "xl/worksheets/_rels/sheet2.xml.rels",
    }  # fmt: skip
    assert {name for name in before if before[name] != after[name]} == expected
    assert len([name for name in before if name.startswith(("xl/charts", "xl/tables"))]) == 2
    old, new = opened(rich), opened(marked("台账.xlsx", rich, MARKS))
    for name in old.sheetnames:
        assert_same(
            old[name],
            new[name],
            {(m.row, m.column + 1) for m in MARKS if m.sheet == name and m.row and m.column is not None} | {(2, 6)},
        )
    sheet = new["一 & 二"]
    assert str(sheet.data_validations.dataValidation[0].sqref) == "C2:C9"
    assert len(sheet.conditional_formatting) == 1
    assert sheet.protection.sheet
    assert sheet.row_dimensions[5].hidden
    assert (sheet["A2"].font.b, sheet["B2"].number_format, sheet["B2"].border.left.style) == (
        True,
        "yyyy-mm-dd",
        "medium",
    )
    assert new["O'ther"].print_area == "'O''ther'!$A$1:$B$3"  # goes by the place of the sheet, which moved on
    assert [s.sheet_view.tabSelected for s in new.worksheets] == [True, None, None, None]
    assert new["空"].sheet_state == "hidden"


def assert_same(old: Worksheet, new: Worksheet, but: set[tuple[int, int]]) -> None:
    """Every cell of the one has the value and format that it has in the other, but for these."""
    places = {(cell.row, cell.column) for sheet in (old, new) for row in sheet.iter_rows() for cell in row}
    for row, column in places:
        one, other = old.cell(row, column), new.cell(row, column)
        assert (one.value, one.data_type) == (other.value, other.data_type)
        if (row, column) not in but:
            assert repr(one.fill) == repr(other.fill), other.coordinate
        for name in ("font", "border", "number_format", "alignment", "protection"):
            assert repr(getattr(one, name)) == repr(getattr(other, name)), other.coordinate
    assert sorted(map(str, old.merged_cells.ranges)) == sorted(map(str, new.merged_cells.ranges))


def test_the_same_marks_give_the_same_bytes(rich: bytes) -> None:
    assert marked("台账.xlsx", rich, MARKS) == marked("台账.xlsx", rich, MARKS)


def test_marks_of_an_earlier_check_go_where_the_cell_is_right_now(rich: bytes) -> None:
    once = marked("台账.xlsx", rich, MARKS)
    book = opened(marked("台账.xlsx", once, MARKS[1:2]))
    sheet = book["一 & 二"]
    assert book.sheetnames == [LIST, "一 & 二", "O'ther", "空"]
    assert [cell for cell in ("A2", "B2", "F2", "J4", "B90") if is_red(sheet, cell)] == ["B2"]
    assert sheet["A2"].comment.text.strip() == "原有批注"
    assert (sheet["B90"].comment, sheet["B2"].comment.text) == (None, f"{AUTHOR}：\n不对。改正")
    assert not is_red(book["O'ther"], "A1")
    assert [row[2] for row in book[LIST].iter_rows(min_row=4, values_only=True)] == ["B2"]
    clean = opened(marked("台账.xlsx", once, []))
    assert clean[LIST]["A1"].value == "检查结果：没有要改的地方"


def drawn(data: bytes) -> list[tuple[str, str]]:
    """Row and column of every drawn note of the only drawing."""
    (part,) = (part for name, part in parts(data).items() if name.endswith(".vml"))
    excel = "{urn:schemas-microsoft-com:office:excel}"
    notes = etree.fromstring(part).iter(f"{excel}ClientData")
    return [(note.findtext(f"{excel}Row"), note.findtext(f"{excel}Column")) for note in notes]


def test_a_workbook_that_another_program_has_saved_is_marked_again() -> None:
    """openpyxl names the namespaces of the drawing in its own way."""
    book = openpyxl.Workbook()
    book.active["B2"] = "原值"
    book.active["A1"].comment = openpyxl.comments.Comment("填编号", "办公室")
    book.save(buffer := io.BytesIO())
    once = marked("a.xlsx", buffer.getvalue(), [mark("Sheet", 2, 1), mark("Sheet", 3, 2)])
    assert drawn(once) == [("0", "0"), ("1", "1"), ("2", "2")]
    opened(once).save(buffer := io.BytesIO())
    twice = marked("a.xlsx", buffer.getvalue(), [mark("Sheet", 2, 1)])
    assert drawn(twice) == [("0", "0"), ("1", "1")]
    assert [cell.coordinate for row in opened(twice)["Sheet"] for cell in row if cell.comment] == ["A1", "B2"]


def test_our_notes_are_known_again_where_another_program_has_cut_them_up() -> None:
    """LibreOffice begins a new run between Latin and Chinese letters."""
    with xlsxwriter.Workbook(buffer := io.BytesIO()) as book:
        book.add_worksheet("表").write_comment("A1", "原有")
    once = marked("a.xlsx", buffer.getvalue(), [mark("表", 1, 0), mark("表", 2, 1)])
    cut = io.BytesIO()
    with zipfile.ZipFile(cut, "w") as new:
        for name, part in parts(once).items():
            whole = f"{AUTHOR}：".encode()
            pieces = f'{AUTHOR}</t></r><r><t xml:space="preserve">：'.encode()
            new.writestr(name, part.replace(whole, pieces) if "omments" in name else part)
    assert opened(cut.getvalue())["表"]["A1"].comment.text == f"原有\n{AUTHOR}：\n不对。改正"
    clean = opened(marked("a.xlsx", cut.getvalue(), []))["表"]
    assert (clean["A1"].comment.text, clean["B2"].comment) == ("原有", None)


def test_a_cell_that_is_not_there_yet_looks_like_its_row_or_column() -> None:
    with xlsxwriter.Workbook(buffer := io.BytesIO()) as book:
        sheet = book.add_worksheet("表")
        sheet.set_column("B:B", 12, book.add_format({"num_format": "@", "italic": True}))
        sheet.set_row(4, None, book.add_format({"num_format": "0.00"}))
        sheet.write("A2", "x")
    found = opened(marked("a.xlsx", buffer.getvalue(), [mark("表", row, 1) for row in (2, 3, 5)]))["表"]
    assert [found[cell].number_format for cell in ("B2", "B3", "B5")] == ["@", "@", "0.00"]
    assert found["B2"].font.italic
    assert all(is_red(found, cell) for cell in ("B2", "B3", "B5"))


def test_one_wrong_cell_merged_over_many_rows_is_said_once() -> None:
    with xlsxwriter.Workbook(buffer := io.BytesIO()) as book:
        book.add_worksheet("表").merge_range("A2:A900", "无此单位")
    found = opened(marked("a.xlsx", buffer.getvalue(), [mark("表", row, 0) for row in range(2, 901)]))["表"]
    assert found["A2"].comment.text == f"{AUTHOR}：\n不对。改正"


def test_only_the_list_is_selected_also_before_a_sheet_with_a_chart() -> None:
    with xlsxwriter.Workbook(buffer := io.BytesIO()) as book:
        book.add_worksheet("表").write("A1", 1)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=表!$A$1"})
        sheet = book.add_chartsheet("图")
        sheet.set_chart(chart)
        sheet.activate()
    data = marked("a.xlsx", buffer.getvalue(), [mark("表", 1, 0)])
    assert [name for name, part in parts(data).items() if b"tabSelected=" in part] == ["xl/worksheets/kaohe1.xml"]


def test_names_of_sheets_that_excel_does_not_take_are_changed_in_a_rebuilt_workbook(tmp_path: Path) -> None:
    names = ["很长" * 20, "很长" * 20 + "一", "a:b", "'x'", "AA1", "aa1"]
    content = "".join(
        f'<table:table table:name="{name}"><table:table-row><table:table-cell office:value-type="string">'
        "<text:p>x</text:p></table:table-cell></table:table-row></table:table>"
        for name in names
    )
    office = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{office}:{name}:1.0"' for name in ("office", "table", "text"))
    whole = f"<office:document-content {spaces}><office:body><office:spreadsheet>{content}</office:spreadsheet>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"/>')
        archive.writestr("content.xml", f"{whole}</office:body></office:document-content>")
    book = opened(marked("a.ods", buffer.getvalue(), [mark(name, 1, 0) for name in names]))
    assert len(book.sheetnames) == 1 + len(names)
    assert all(is_red(book[name], "A1") for name in book.sheetnames[1:])


def test_a_sheet_of_the_clerks_own_by_that_name_stays() -> None:
    with xlsxwriter.Workbook(buffer := io.BytesIO()) as book:
        book.add_worksheet(LIST).write("A1", "去年的检查结果")
    assert opened(marked("a.xlsx", buffer.getvalue(), [mark(LIST, 1, 0)])).sheetnames == [f"{LIST} (2)", LIST]


def test_many_problems_get_red_all_and_notes_some() -> None:
    with xlsxwriter.Workbook(buffer := io.BytesIO()) as book:
        sheet = book.add_worksheet("表")
        for row in range(6_000):
            sheet.write(row, 0, row)
    out = marked("a.xlsx", buffer.getvalue(), [mark("表", row + 1, 0) for row in range(6_000)])
    found = opened(out)
    assert is_red(found["表"], "A6000")
    assert sum(cell.comment is not None for (cell,) in found["表"].iter_rows()) == MOST_NOTES
    assert str(MOST_NOTES) in found[LIST]["A1"].value
    assert found[LIST].max_row == 6_003


@pytest.mark.parametrize(
    "path",
    [
        path
        for folder in (MESSY, OFFICE)
        for path in sorted(folder.iterdir())
        if path.suffix in (*WORKBOOKS, ".csv") and path.name not in ("wireservice__null_byte.csv", "far.ods")
    ],
    ids=lambda p: p.name,
)
@pytest.mark.filterwarnings("ignore:Cell .* is part of a merged range", "ignore:.* extension is not supported")
def test_awkward_files_come_back_marked(path: Path) -> None:
    """Every value is read back as it was, in its place."""
    data = path.read_bytes()
    before = read_sheets(path.name, data)
    marks = [mark(sheet.name, row, column) for sheet in before for row, column in ((1, 0), (2, 41), (77, 2))]
    listed, *after = read_sheets("a.xlsx", marked(path.name, data, marks))
    assert listed.name == LIST
    assert [list(sheet.rows) for sheet in after] == [list(sheet.rows) for sheet in before]
    assert [sheet.hidden for sheet in after] == [sheet.hidden for sheet in before]
    book = opened(marked(path.name, data, marks))
    for sheet in book.worksheets[1:]:
        assert is_red(sheet, "C77"), sheet.title


def test_other_files_come_back_as_text_that_nothing_changes() -> None:
    rows = "编号,数,式\n0012,1e5,=1+1\nhttp://a,123456789012345678,'x\n".encode()
    book = opened(marked("台账.csv", rows, [mark("", 2, 1), mark("", None, None)]))
    assert book.sheetnames == [LIST, "数据"]
    sheet = book["数据"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["编号", "数", "式"], ["0012", "1e5", "=1+1"], ["http://a", "123456789012345678", "'x"],
    ]  # fmt: skip
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert is_red(sheet, "B2")


@pytest.mark.parametrize(
    "sheet",
    [
        '<row r="2"/>',
        '<row r="2"></row>',
        '<row><c><v>1</v></c></row><row/><row r="9"/>',
        "",
        '<row r="1"><c r="B1" s="0"/><c r="D1"><v>1</v></c></row>',
    ],
)
@pytest.mark.parametrize("prefix", ["", "x:"])
def test_cells_and_rows_that_are_not_there_are_put_in_order(sheet: str, prefix: str) -> None:
    whole = f'<worksheet xmlns="M"><sheetData>{sheet}</sheetData><extLst/></worksheet>'
    if prefix:
        whole = whole.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
    whole = whole.replace('"M"', '"http://schemas.openxmlformats.org/spreadsheetml/2006/main"')
    data = xlsx("", **{"xl/worksheets/sheet1.xml": whole})
    marks = [mark("表", row, column) for row in (1, 2, 5) for column in (0, 2, 30)]
    out = parts(marked("a.xlsx", data, marks))["xl/worksheets/sheet1.xml"]
    book = opened(marked("a.xlsx", data, marks))
    cells = [cell.coordinate for row in book["表"].iter_rows() for cell in row if is_red(book["表"], cell.coordinate)]
    assert cells == [f"{column}{row}" for row in (1, 2, 5) for column in ("A", "C", "AE")]
    places = [place for row in book["表"].iter_rows() for place in row]
    assert places
    drawing, after = out.index(b"legacyDrawing"), out.index(b"extLst")
    assert drawing < after


def test_a_workbook_that_cannot_be_read_is_refused_in_one_sentence(rich: bytes) -> None:
    for data in (xlsx("<row"), rich[: len(rich) // 2]):
        with pytest.raises(Unreadable):
            marked("a.xlsx", data, [mark("表", 1, 0)])


def test_a_workbook_whose_parts_are_not_as_they_should_be_is_rebuilt() -> None:
    data = xlsx(f'<row r="1">{text("A1", "x")}</row>', **{"xl/styles.xml": "<styleSheet/>"})
    book = opened(marked("a.xlsx", data, [mark("表", 1, 0)]))
    assert book["表"]["A1"].value == "x"
    assert is_red(book["表"], "A1")


@settings(max_examples=25)
@given(
    cells=st.dictionaries(
        st.tuples(st.integers(0, 12), st.integers(0, 30)), st.sampled_from(["x", 1, 2.5, True, "=1"])
    ),
    places=st.sets(st.tuples(st.integers(1, 14), st.integers(0, 30)), max_size=8),
)
def test_any_marks_leave_every_other_cell_as_it_was(
    cells: dict[tuple[int, int], object], places: set[tuple[int, int]]
) -> None:
    with xlsxwriter.Workbook(buffer := io.BytesIO()) as book:
        sheet = book.add_worksheet("表")
        formats = [book.add_format({"bold": True}), book.add_format({"bg_color": "#00FF00"}), None]
        for (row, column), value in cells.items():
            sheet.write(row, column, value, formats[(row + column) % 3])
    old, new = opened(buffer.getvalue()), opened(marked("a.xlsx", buffer.getvalue(), [mark("表", *p) for p in places]))
    assert_same(old["表"], new["表"], {(row, column + 1) for row, column in places})
    assert all(new["表"].cell(row, column + 1).fill.fgColor.rgb == RED for row, column in places)


def test_libreoffice_opens_it_and_keeps_values_and_notes(rich: bytes, tmp_path: Path) -> None:
    """Another program than the one that made it, and with it the notes and red cells come through."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("soffice is not installed: opening a marked workbook in another program is not tested")
    (tmp_path / "in.xlsx").write_bytes(marked("台账.xlsx", rich, MARKS))
    command = [
        office,
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run(
        [*command, "--outdir", tmp_path / "out", tmp_path / "in.xlsx"], check=True, capture_output=True, timeout=120
    )
    book = openpyxl.load_workbook(tmp_path / "out" / "in.xlsx")
    assert book.sheetnames == [LIST, "一 & 二", "O'ther", "空"]
    assert book["一 & 二"]["B90"].comment.text == f"{AUTHOR}：\n缺行。改正"
    assert is_red(book["一 & 二"], "B2")
    assert book["一 & 二"]["A3"].value == "C2"
