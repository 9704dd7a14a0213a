"""The first sheet of a marked workbook, which lists all problems, as XML."""

from collections.abc import Iterator, Sequence

from xlsxwriter.utility import xl_col_to_name

from kaohe.marking.listing import WIDTHS, address, headings, legal, lines, lines_high, location, title
from kaohe.marking.mark import Mark
from kaohe.marking.styles import Styles

#: Excel takes no more links on a sheet.
_MOST_LINKS = 60_000


def list_sheet(main: str, marks: Sequence[Mark], styles: Styles) -> bytes:
    """The sheet that lists all problems."""
    large = styles.add("fonts", '<font><b/><sz val="14"/><name val="宋体"/></font>')
    bold = styles.add("fonts", '<font><b/><sz val="11"/><name val="宋体"/></font>')
    usual = styles.add("fonts", '<font><sz val="11"/><name val="宋体"/></font>')
    linked = styles.add("fonts", '<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="宋体"/></font>')
    grey = styles.add("fills", '<fill><patternFill patternType="solid"><fgColor rgb="FFE7E6E6"/></patternFill></fill>')
    thin = "".join(
        f'<{side} style="thin"><color rgb="FFBFBFBF"/></{side}>' for side in ("left", "right", "top", "bottom")
    )
    frame = styles.add("borders", f"<border>{thin}<diagonal/></border>")
    top = '<alignment vertical="top" wrapText="1"/>'
    first = styles.xf(large, "0", "0", '<alignment vertical="center"/>')
    head = styles.xf(bold, grey, frame, '<alignment vertical="center" wrapText="1"/>')
    body, link = styles.xf(usual, "0", frame, top), styles.xf(linked, "0", frame, top)
    columns = "".join(f'<col min="{n}" max="{n}" width="{w}" customWidth="1"/>' for n, w in enumerate(WIDTHS, start=1))
    rows = [_row(1, [title(marks)], [first]), _row(3, headings(), [head] * 6)]
    links: list[str] = []
    for number, (mark, cells) in enumerate(zip(marks, lines(marks), strict=False), start=4):
        leads = mark.row is not None and bool(mark.sheet) and len(links) < _MOST_LINKS
        rows.append(_row(number, cells, [body, body, link if leads else body, body, body, body]))
        if leads:
            where = _xml(location(mark, mark.sheet))
            links.append(f'<hyperlink ref="C{number}" location="{where}" display="{_xml(address(mark))}"/>')
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{main}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews>'
        '<sheetView tabSelected="1" workbookViewId="0"><pane ySplit="3" topLeftCell="A4" activePane="bottomLeft" '
        f'state="frozen"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>{"".join(rows)}</sheetData>'
        f"{'<hyperlinks>' + ''.join(links) + '</hyperlinks>' if links else ''}"
        '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
    ).encode()


def _row(number: int, cells: Sequence[str], styles: Sequence[int]) -> str:
    high = f' ht="{15 * lines_high(cells)}" customHeight="1"' if len(cells) == len(WIDTHS) else ""
    return f'<row r="{number}"{high}>{"".join(_texts(number, cells, styles))}</row>'


def _texts(number: int, cells: Sequence[str], styles: Sequence[int]) -> Iterator[str]:
    for column, (text, style) in enumerate(zip(cells, styles, strict=True)):
        place = f'r="{xl_col_to_name(column)}{number}" s="{style}"'
        yield f'<c {place} t="inlineStr"><is><t xml:space="preserve">{_xml(legal(text))}</t></is></c>'


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
