"""Documents: the same words as .docx and as PDF, laid out alike, and text that is only ever text."""

import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pypdf
import pytest
import typst
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from kaohe.errors import KaoheError
from kaohe.publishing.document import Annex, Document, Heading, Paragraph, Table, numbered, ordinal
from kaohe.publishing.document_docx import write_docx
from kaohe.publishing.document_pdf import faces, write_pdf
from kaohe.words import use_language


def document(*body: Heading | Paragraph | Table, title: str = "关于试验的通报") -> Document:
    return Document(title, "各单位：", body, "附件：清单", "局机关党委", "2023年7月5日", "发布编号 20230705-abc")


def words_of_docx(path: Path) -> list[str]:
    """Every paragraph, then every cell."""
    opened = docx.Document(str(path))
    cells = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in opened.paragraphs] + cells


def words_of_pdf(path: Path) -> str:
    """The text of all pages without white space."""
    return "".join("".join(page.extract_text().split()) for page in pypdf.PdfReader(path).pages)


@pytest.mark.parametrize(
    ("number", "level", "zh", "en"),
    [
        (1, 1, "一、", "1. "),
        (9, 2, "（九）", "(9) "),
        (10, 1, "十、", "10. "),
        (11, 2, "（十一）", "(11) "),
        (20, 1, "二十、", "20. "),
        (34, 1, "三十四、", "34. "),
    ],
)
def test_numbers_of_headings(number: int, level: int, zh: str, en: str) -> None:
    assert ordinal(number, level) == zh
    use_language("en")
    assert ordinal(number, level) == en


def test_headings_and_leads_are_numbered_and_other_parts_are_not() -> None:
    table = Table("表", ("甲",), (("1",),))
    parts = (
        Paragraph("开头"),
        Heading("总"),
        Heading("分", 2),
        Paragraph("文"),
        Heading("又"),
        Paragraph("文", "引。"),
        table,
    )
    assert [number for number, _ in numbered(parts)] == ["", "一、", "（一）", "", "二、", "（一）", ""]


@pytest.mark.parametrize(
    ("issuer", "date", "issuer_ends", "date_ends"),
    [
        ("局党委", "2023年7月5日", 2 + 6 + 2 - 3, 2),  # 6 = 3 characters and 6 digits of half a one
        ("中共浦东新区生态环境局机关委员会", "2023年7月5日", 2, 2 + 16 - 2 - 6),
    ],
)
def test_the_date_begins_two_characters_right_of_the_issuer_and_both_stay_two_from_the_edge(
    issuer: str, date: str, issuer_ends: float, date_ends: float
) -> None:
    signed = Document("", "", (), "", issuer, date, "")
    assert signed.signature == ((issuer, issuer_ends), (date, date_ends))


NASTY = '=HYPERLINK("x") #read("/etc/passwd") $x^2$ *粗* _斜_ @ref <b>&amp;</b> {names} \\u{41} // 注 `码` [甲]'


def test_text_is_only_ever_text(tmp_path: Path) -> None:
    said = document(
        Heading(f"一 {NASTY}"),
        Paragraph(NASTY, f"引 {NASTY}"),
        Table(NASTY, (NASTY, "乙"), ((NASTY, "-1"),)),
        title=NASTY,
    )
    write_docx(said, tmp_path / "d.docx")
    found = words_of_docx(tmp_path / "d.docx")
    assert f"一、一 {NASTY}" in found
    assert f"（一）引 {NASTY}{NASTY}" in found
    assert found.count(NASTY) == 4  # title, caption, heading and cell of the table
    write_pdf(said, tmp_path / "d.pdf")
    assert words_of_pdf(tmp_path / "d.pdf").count("".join(NASTY.split())) >= 5


def test_control_characters_become_blanks(tmp_path: Path) -> None:
    said = document(Paragraph("甲\x00乙\x0b丙\n丁\ufffe戊"), Table("表", ("\x01",), (("\x02己",),)))
    write_docx(said, tmp_path / "d.docx")
    found = words_of_docx(tmp_path / "d.docx")
    assert "甲 乙 丙 丁 戊" in found
    assert " 己" in found
    write_pdf(said, tmp_path / "d.pdf")
    assert "甲乙丙丁戊" in words_of_pdf(tmp_path / "d.pdf")


def test_the_page_is_laid_out_as_offices_do(tmp_path: Path) -> None:
    write_docx(document(Heading("总体情况"), Paragraph("正文", "引语。")), tmp_path / "d.docx")
    opened = docx.Document(str(tmp_path / "d.docx"))
    section = opened.sections[0]
    sizes = (section.page_width, section.page_height, section.top_margin, section.bottom_margin)
    for found, wanted in zip(
        (*sizes, section.left_margin, section.right_margin), (210, 297, 37, 35, 28, 26), strict=True
    ):
        assert abs(found - Mm(wanted)) < Mm(0.1)
    line = opened.styles["Normal"].paragraph_format.line_spacing
    assert 22 * line <= Mm(297 - 37 - 35) < 22.1 * line
    closer = opened.styles["Normal"].element.rPr.find(qn("w:spacing")).get(qn("w:val"))
    assert 28 * (16 + int(closer) / 20) <= Mm(210 - 28 - 26).pt < 28.1 * (16 + int(closer) / 20)
    fonts = {
        run.text: (run._r.rPr.rFonts.get(qn("w:eastAsia")), run.font.size)
        for paragraph in opened.paragraphs
        for run in paragraph.runs
    }
    assert fonts["关于试验的通报"] == ("方正小标宋简体", Pt(22))
    assert fonts["一、总体情况"] == ("黑体", Pt(16))
    assert fonts["（一）引语。"] == ("楷体", Pt(16))
    assert fonts["正文"] == ("仿宋", Pt(16))
    assert section.footer.paragraphs[0].text == "— 1 —"
    assert opened.core_properties.comments == "发布编号 20230705-abc"


def test_the_pdf_has_the_same_page(tmp_path: Path) -> None:
    lines = 22 - 4  # the title, a blank line above and below it, the addressee
    write_pdf(document(*(Paragraph("字" * 20) for _ in range(50))), tmp_path / "d.pdf")
    read = pypdf.PdfReader(tmp_path / "d.pdf")
    assert [round(float(edge) / 72 * 25.4) for edge in read.pages[0].mediabox[2:]] == [210, 297]
    assert [page.extract_text().count("字" * 20) for page in read.pages[:3]] == [lines, 22, 50 - 22 - lines]
    assert [f"—{number}—" in "".join(page.extract_text().split()) for number, page in enumerate(read.pages, 1)] == [
        True
    ] * 3
    write_pdf(document(Paragraph("字" * 100)), tmp_path / "e.pdf")
    longest = max(pypdf.PdfReader(tmp_path / "e.pdf").pages[0].extract_text().split(), key=len)
    assert longest == "字" * 28
    assert read.metadata is not None
    assert read.metadata.title == "关于试验的通报"


def annexed(*titles: str, **parts: str) -> Document:
    table = Table("表", ("甲", "乙"), (("1", "2"),), compact=True, **parts)
    annexes = tuple(Annex(title, (table,)) for title in titles)
    return replace(document(Paragraph("正文")), attachment="", annexes=annexes)


def pages_of_pdf(path: Path) -> list[str]:
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(path).pages]


def test_an_annex_is_named_above_the_signature_and_stands_on_a_page_of_its_own(tmp_path: Path) -> None:
    said = annexed("成绩表", note="注：一")
    write_docx(said, tmp_path / "d.docx")
    opened = docx.Document(str(tmp_path / "d.docx"))
    found = [paragraph.text for paragraph in opened.paragraphs]
    assert found[4:] == [
        "正文",
        "",
        "附件：成绩表",
        "",
        "局机关党委",
        "2023年7月5日",
        "附件",
        "",
        "成绩表",
        "",
        "表",
        "注：一",
    ]
    head, title = opened.paragraphs[10], opened.paragraphs[12]
    assert head.paragraph_format.page_break_before
    assert (head.runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")), head.paragraph_format.first_line_indent) == ("黑体", 0)
    assert (title.runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")), title.runs[0].font.size) == ("方正小标宋简体", Pt(22))
    write_pdf(said, tmp_path / "d.pdf")
    assert pages_of_pdf(tmp_path / "d.pdf") == [
        "关于试验的通报各单位：正文附件：成绩表局机关党委2023年7月5日—1—",
        "附件成绩表表甲乙12注：一—2—",
    ]


def test_several_annexes_are_numbered_and_their_titles_begin_below_one_another(tmp_path: Path) -> None:
    said = annexed("成绩表", "指标" * 30)
    write_docx(said, tmp_path / "d.docx")
    opened = docx.Document(str(tmp_path / "d.docx"))
    named = [paragraph for paragraph in opened.paragraphs if "\t" in paragraph.text]
    assert [paragraph.text for paragraph in named] == ["附件：1.\t成绩表", "2.\t" + "指标" * 30]
    character = Mm(210 - 28 - 26) / 28
    for paragraph, begins in zip(named, (2, 5), strict=True):  # 附件： has three characters
        left, first = paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent
        assert left / character == pytest.approx(6.5, abs=0.01)
        assert (left + first) / character == pytest.approx(begins, abs=0.01)
    broken = [paragraph.text for paragraph in opened.paragraphs if paragraph.paragraph_format.page_break_before]
    assert broken == ["附件1", "附件2"]
    write_pdf(said, tmp_path / "d.pdf")
    first, second, third = pages_of_pdf(tmp_path / "d.pdf")
    assert f"附件：1.成绩表2.{'指标' * 30}局机关党委" in first
    assert (second[:6], third[:5]) == ("附件1成绩表", "附件2指标")


def test_annexes_in_english(tmp_path: Path) -> None:
    use_language("en")
    write_pdf(annexed("Results", "Losses"), tmp_path / "d.pdf")
    first, second, third = pages_of_pdf(tmp_path / "d.pdf")
    assert "Annexes:1.Results2.Losses" in first
    assert (second[:13], third[:12]) == ("Annex1Results", "Annex2Losses")
    write_pdf(annexed("Results"), tmp_path / "e.pdf")
    assert pages_of_pdf(tmp_path / "e.pdf")[1].startswith("AnnexResults")


def test_no_page_has_nothing_but_a_signature(tmp_path: Path) -> None:
    """18 lines of text fill the first page; the last of them goes over with what follows it."""
    said = document(*(Paragraph(f"第{number:02}段") for number in range(1, 19)))
    write_pdf(said, tmp_path / "d.pdf")
    first, second = pages_of_pdf(tmp_path / "d.pdf")
    assert first.endswith("第17段—1—")
    assert second == "第18段附件：清单局机关党委2023年7月5日—2—"
    write_docx(said, tmp_path / "d.docx")
    kept = {
        paragraph.text: paragraph.paragraph_format.keep_with_next
        for paragraph in docx.Document(str(tmp_path / "d.docx")).paragraphs
    }
    assert [kept[text] for text in ("第17段", "第18段", "附件：清单", "", "局机关党委", "2023年7月5日")] == [
        None, True, True, True, True, None,
    ]  # fmt: skip


def test_a_table_is_cut_only_if_no_page_can_hold_it(tmp_path: Path) -> None:
    """Ten lines of text and 15 rows are more than a page; 100 rows are more than any, and each page has the headings."""
    for rows, held in ((15, [0, 15]), (100, None)):
        table = Table("表", ("列名",), tuple((f"行{number:03}",) for number in range(rows)))
        write_pdf(document(*[Paragraph("字")] * 10, table, Paragraph("完")), tmp_path / "d.pdf")
        pages = pages_of_pdf(tmp_path / "d.pdf")
        found = [page.count("行") for page in pages]
        assert sum(found) == rows
        assert held is None or found[:2] == held
        assert all("列名" in page for page, count in zip(pages, found, strict=True) if count)
    assert min(found[1:-1]) > 25


def test_wide_columns_give_way_before_numbers_do() -> None:
    """Room for 49 characters: 3 and half a character beside each number, so the two texts share what is left evenly."""
    numbers = ("1234567", "1.00", "2.00")
    table = Table("", ("名", "甲乙", "丙丁", "总分数额", "说明"), (("字" * 30, *numbers, "字" * 30),), compact=True)
    widths = table.widths
    assert widths[1:4] == [3.5 + 0.55, 2 + 0.55, 2 + 0.55]  # 总分数额 stands in two lines
    assert widths[0] == widths[4]
    assert sum(widths) == pytest.approx(49)
    assert Table("", ("名", "甲"), (("字" * 30, "1"),), compact=True).widths == [30.55, 2.55]
    english = Table("", ("deduction", "mean loss", "no"), (("1", "2", "3"),), compact=True).widths
    assert english == [4.5 + 0.55, 2 + 0.55, 2 + 0.55]  # a word is not cut, two words stand below each other


def test_a_compact_table_is_set_smaller(tmp_path: Path) -> None:
    write_docx(annexed("成绩表", note="注：一"), tmp_path / "d.docx")
    opened = docx.Document(str(tmp_path / "d.docx"))
    (table,) = opened.tables
    assert {run.font.size for row in table.rows for cell in row.cells for run in cell.paragraphs[0].runs} == {Pt(9)}
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert opened.paragraphs[-1].text == "注：一"


def test_the_same_document_gives_the_same_bytes(tmp_path: Path) -> None:
    said = replace(annexed("成绩表", "指标"), body=(Heading("总"), Paragraph("文"), Table("表", ("甲",), (("1",),))))
    for write, name in ((write_docx, "d.docx"), (write_pdf, "d.pdf")):
        write(said, tmp_path / f"1{name}")
        write(said, tmp_path / f"2{name}")
        assert (tmp_path / f"1{name}").read_bytes() == (tmp_path / f"2{name}").read_bytes()
    with zipfile.ZipFile(tmp_path / "1d.docx") as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in packed.namelist() if "thumbnail" in name]


def test_without_a_chinese_font_it_is_a_sentence_that_says_what_to_install() -> None:
    with pytest.raises(KaoheError, match=r"没有找到中文字体.*pylopdf-fonts-zh-cn"):
        faces(typst.Fonts(include_system_fonts=False, font_paths=[]))


def test_the_font_package_alone_will_do() -> None:
    import pylopdf_fonts_zh_cn

    chosen = faces(typst.Fonts(include_system_fonts=False, font_paths=list(pylopdf_fonts_zh_cn.__path__)))
    assert chosen["body"] == chosen["title"] == "Noto Serif SC"
    assert chosen["heading"] == "Noto Sans SC"
