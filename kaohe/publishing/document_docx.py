"""A document as .docx, to be edited in Word or WPS."""

import datetime as dt
import io
import math
import zipfile
from pathlib import Path
from typing import Any

from docx import Document as new_docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

from kaohe.publishing.document import Block, Document, Heading, Paragraph, Table, numbered, plain

_LATIN = "Times New Roman"
#: What each part is set in, and what takes its place on a machine without it.
_TITLE, _BODY, _HEADING, _LEAD, _PAGE = "方正小标宋简体", "仿宋", "黑体", "楷体", "宋体"
_INSTEAD = {_TITLE: "华文中宋", _BODY: "仿宋_GB2312", _HEADING: "SimHei", _LEAD: "楷体_GB2312", _PAGE: "SimSun"}
_LINES, _CHARACTERS = 22, 28
_PITCH = math.floor(Mm(297 - 37 - 35).pt / _LINES * 20) / 20  # Word knows twentieths of a point
_CHARACTER = Mm(210 - 28 - 26).pt / _CHARACTERS
#: A grid of characters would say it, but LibreOffice spaces that out; so each stands a little closer to the next.
_CLOSER = math.floor((_CHARACTER - 16) * 20)
_SIZE, _TITLE_SIZE, _PAGE_SIZE = 16, 22, 14  # 3号, 2号, 4号
_TABLE_SIZE, _COMPACT_SIZE = 10.5, 9  # 5号, 小5号
_EPOCH = dt.datetime(2000, 1, 1)


def write_docx(document: Document, path: Path) -> None:
    """Write the document to ``path``; the same document gives the same bytes."""
    document = plain(document)
    docx = new_docx()
    _set_up(docx, document)
    _title(docx, document.title)
    _text(docx, document.addressee, _BODY, indent=0)
    for number, part in numbered(document.body):
        _part(docx, number, part)
    before = len(docx.paragraphs)
    if document.attachment or document.annexes:
        _text(docx, "", _BODY)
    if document.attachment:
        _text(docx, document.attachment, _BODY)
    for label, begins, title in document.named_annexes if document.annexes else ():
        gap = "\t" if len(document.annexes) > 1 else ""  # one title begins where its label ends
        paragraph = _text(docx, f"{label}{gap}{title}", _BODY, indent=0)
        paragraph.paragraph_format.left_indent = Pt(document.hanging * _CHARACTER)
        paragraph.paragraph_format.first_line_indent = Pt((begins - document.hanging) * _CHARACTER)
    _text(docx, "", _BODY)
    for text, right in document.signature:
        paragraph = _text(docx, text, _BODY, indent=0)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Pt(right * _CHARACTER)
    for paragraph in docx.paragraphs[before - 1 : -1]:  # no page has nothing but a signature
        paragraph.paragraph_format.keep_with_next = True
    for head, annex in document.headed_annexes:
        _text(docx, head, _HEADING, indent=0).paragraph_format.page_break_before = True
        _title(docx, annex.title)
        for number, part in numbered(annex.body):
            _part(docx, number, part)
    path.write_bytes(_normalised(docx))


def _part(docx: Any, number: str, part: Block) -> None:
    match part:
        case Heading():
            paragraph = _text(docx, number + part.text, _HEADING if part.level == 1 else _LEAD)
            paragraph.paragraph_format.keep_with_next = True
        case Paragraph():
            paragraph = _text(docx, number + part.lead, _LEAD)
            _run(paragraph, part.text, _BODY, _SIZE)
        case Table():
            _table(docx, part)


def _spacing(twentieths: int) -> Any:
    """Space between characters, in twentieths of a point."""
    element = OxmlElement("w:spacing")
    element.set(qn("w:val"), str(twentieths))
    return element


def _title(docx: Any, title: str) -> None:
    _text(docx, "", _BODY)
    paragraph = docx.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(_PITCH * 1.2)
    _run(paragraph, title, _TITLE, _TITLE_SIZE)
    _text(docx, "", _BODY)


def _text(docx: Any, text: str, font: str, indent: int = 2) -> Any:
    paragraph = docx.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.first_line_indent = Pt(indent * _CHARACTER)
    if indent:
        paragraph._p.pPr.find(qn("w:ind")).set(qn("w:firstLineChars"), str(indent * 100))
    if text:
        _run(paragraph, text, font, _SIZE)
    return paragraph


def _run(paragraph: Any, text: str, font: str, size: float) -> None:
    run = paragraph.add_run(text)
    run.font.name = _LATIN
    if size != _SIZE:
        run._r.rPr.append(_spacing(0))
    run.font.size = Pt(size)
    fonts = run._r.rPr.rFonts
    fonts.set(qn("w:eastAsia"), font)
    fonts.set(qn("w:hint"), "eastAsia")  # quotation marks and dashes are Chinese ones


def _table(docx: Any, table: Table) -> None:
    size = _COMPACT_SIZE if table.compact else _TABLE_SIZE
    caption = docx.add_paragraph()
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.keep_with_next = True
    _run(caption, table.caption, _HEADING, _TABLE_SIZE)
    grid = docx.add_table(rows=len(table.rows) + 1, cols=len(table.headings))
    grid.style = "Table Grid"
    grid.autofit = False
    grid.alignment = 1  # centre
    if table.compact:
        _cell_margins(grid)
    whole = Mm(210 - 28 - 26)
    widths = [int(whole * width / sum(table.widths)) for width in table.widths]
    for number, (cells, row) in enumerate(zip((table.headings, *table.rows), grid.rows, strict=True)):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for column, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            cell.width = widths[column]
            cell.vertical_alignment = 1  # centre
            paragraph = cell.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.line_spacing = Pt(13.5 if table.compact else 18)
            snap = OxmlElement("w:snapToGrid")
            snap.set(qn("w:val"), "0")
            paragraph._p.pPr.insert_element_before(snap, "w:spacing", "w:ind", "w:jc", "w:rPr")
            paragraph.paragraph_format.keep_with_next = number < min(2, len(table.rows))
            _run(paragraph, text, _HEADING if number == 0 else _BODY, size)
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    if table.note:
        note = docx.add_paragraph()
        note.paragraph_format.line_spacing, note.paragraph_format.space_after = Pt(18), Pt(_PITCH / 2)
        _run(note, table.note, _BODY, _TABLE_SIZE)
    else:
        _text(docx, "", _BODY).paragraph_format.line_spacing = Pt(_PITCH / 2)


def _cell_margins(grid: Any) -> None:
    """Cells whose text comes nearer to the lines left and right."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), "40")  # 2 points
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    grid._tbl.tblPr.insert_element_before(margins, "w:tblLook", "w:tblCaption", "w:tblDescription")


def _set_up(docx: Any, document: Document) -> None:
    section = docx.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    section._sectPr.append(parse_xml(f'<w:docGrid {nsdecls("w")} w:type="lines" w:linePitch="{round(_PITCH * 20)}"/>'))
    docx.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)
    style = docx.styles["Normal"]
    style.font.name, style.font.size = _LATIN, Pt(_SIZE)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _BODY)
    style.element.rPr.insert_element_before(_spacing(_CLOSER), "w:sz", "w:szCs", "w:lang")
    form = style.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(_PITCH)
    for language in docx.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    _fonts(docx)
    properties = docx.core_properties
    properties.title, properties.author, properties.comments = document.title, "kaohe", document.source
    properties.last_modified_by, properties.keywords, properties.revision = "kaohe", "", 1
    properties.created = properties.modified = _EPOCH


def _page_number(footer: Any, side: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 —, at the outer edge, one character in."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = side
    outer = paragraph.paragraph_format
    outer.left_indent = outer.right_indent = Pt(_PAGE_SIZE)
    _run(paragraph, "— ", _PAGE, _PAGE_SIZE)
    _run(paragraph, "", _PAGE, _PAGE_SIZE)
    field = paragraph.runs[-1]._r
    for kind, text in (("begin", None), (None, "PAGE"), ("separate", None), ("text", "1"), ("end", None)):
        if kind == "text":
            element = OxmlElement("w:t")
            element.text = text
        elif text:
            element = OxmlElement("w:instrText")
            element.text = text
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        field.append(element)
    _run(paragraph, " —", _PAGE, _PAGE_SIZE)


def _fonts(docx: Any) -> None:
    """The table of fonts, with what to take where one is missing."""
    named = f'<w:font w:name="{_LATIN}"/>'
    for font, other in _INSTEAD.items():
        named += f'<w:font w:name="{font}"><w:altName w:val="{other}"/></w:font>'
    for relation in docx.part.rels.values():
        if relation.reltype == RELATIONSHIP_TYPE.FONT_TABLE:
            declared = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            text = f"{declared}<w:fonts {nsdecls('w')}>{named}</w:fonts>"
            relation.target_part._blob = text.encode()


def _normalised(docx: Any) -> bytes:
    """The bytes of the file without the time of day and without the thumbnail of python-docx's own template."""
    relations = docx.part.package.rels
    for name in [name for name, relation in relations.items() if relation.reltype.endswith("/thumbnail")]:
        del relations[name]
    written, result = io.BytesIO(), io.BytesIO()
    docx.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return result.getvalue()
