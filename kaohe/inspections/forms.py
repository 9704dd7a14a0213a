"""The workbooks of a month's spot checks: 检查记录表 to fill in, 抽查计划 to hand in at once, 抽取说明 to file.

Headings are the contracts' own, so the first two read back as they are. Each has a workbook of its own: the form is
only whole once it is filled in, and the explanation is no ledger, so the inbox would report it as not read each night.
"""

import datetime as dt
import io
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from kaohe.contracts import Column, Contract, Contracts
from kaohe.inspections.draw import Draw
from kaohe.words import say

_FONT = "Microsoft YaHei"
_EPOCH = dt.datetime(2000, 1, 1)
_FIRST_ROW = 3  # below title, note and headings
_FINDINGS = 20  # blank rows
#: Widths of the columns of the forms by type, in characters.
_WIDTHS = {"code": 15, "unit": 18, "date": 11, "flag": 6, "integer": 6, "choice": 8, "person": 8, "text": 17}
_WIDE = {"unit", "text"}


@dataclass(frozen=True)
class Facts:
    """What a draw rests on: a publication, its as-of date, and the day from which on inspections do not count."""

    publication: str
    as_of: dt.date
    until: dt.date | None


def workbooks(drawn: Draw, contracts: Contracts, facts: Facts) -> dict[str, bytes]:
    """File name → bytes; the same draw gives the same bytes."""
    month = f"{drawn.year}年{drawn.month}月"
    return {
        f"检查记录表（{month}）.xlsx": _form(drawn, contracts),
        f"抽查计划（{month}）.xlsx": _record(drawn, contracts["inspection_plan"]),
        f"抽取说明（{month}）.xlsx": _explanation(drawn, facts),
    }


class _Forms:
    """A workbook of forms for A4: title, note and headings on three rows, then rows to write in."""

    def __init__(self, title: str) -> None:
        self.bytes = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.bytes, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.book.set_properties({"title": title, "author": "kaohe", "created": _EPOCH})
        base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter"}
        cell = base | {"border": 1, "border_color": "#BFBFBF", "text_wrap": True}
        heading = cell | {"bold": True, "align": "center"}
        self.title = self.book.add_format(base | {"bold": True, "font_size": 14})
        self.note = self.book.add_format(base | {"font_color": "#595959"})
        self.warning = self.book.add_format(base | {"bold": True, "font_color": "#C00000", "text_wrap": True})
        self.section = self.book.add_format(base | {"bold": True, "font_size": 11})
        self.required = self.book.add_format(heading | {"bg_color": "#1F3864", "font_color": "#FFFFFF"})
        self.optional = self.book.add_format(heading | {"bg_color": "#D9E1F2", "font_color": "#1F3864"})
        self.given = self.book.add_format(cell | {"bg_color": "#F2F2F2"})
        self.given_number = self.book.add_format(cell | {"bg_color": "#F2F2F2", "align": "center"})
        self.given_day = self.book.add_format(
            cell | {"bg_color": "#F2F2F2", "align": "center", "num_format": "yyyy-mm-dd"}
        )
        self.text = self.book.add_format(cell)
        self.share = self.book.add_format(cell | {"align": "center", "num_format": "0.00"})
        self.centred = self.book.add_format(cell | {"align": "center"})
        self.day = self.book.add_format(cell | {"num_format": "yyyy-mm-dd", "align": "center"})

    def sheet(self, name: str, title: str, note: str = "") -> Any:
        """A sheet that prints on A4 across, as wide as the paper."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, title, self.title)
        sheet.write_string(1, 0, note, self.note)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&P / &N")
        return sheet

    def table(
        self,
        contract: Contract,
        title: str,
        note: str,
        rows: Sequence[dict[str, object]],
        height: int,
        blank: int = 0,
        on_one_line: str = "",
    ) -> Any:
        """A sheet under the headings of ``contract``: ``rows`` with what is known already, then ``blank`` ones.
        ``on_one_line``: the column that is as wide as its longest text."""
        sheet = self.sheet(contract.title, title, note)
        sheet.set_row(_FIRST_ROW - 1, 32)
        last = _FIRST_ROW + max(len(rows) + blank, 1) - 1
        for at, (name, column) in enumerate(contract.columns.items()):
            heading = column.headings[0]
            sheet.write_string(_FIRST_ROW - 1, at, heading, self.required if column.required else self.optional)
            longest = max((len(str(row[name])) for row in rows), default=0) if name == on_one_line else 0
            sheet.set_column(at, at, max(_WIDTHS[column.type], 2 * longest + 2))
            if rule := _rule(column):
                sheet.data_validation(_FIRST_ROW, at, last, at, rule)
            for number in range(len(rows) + blank):
                value = rows[number].get(name) if number < len(rows) else None
                self.cell(sheet, _FIRST_ROW + number, at, value, column)
        for number in range(len(rows) + blank):
            sheet.set_row(_FIRST_ROW + number, height)
        sheet.freeze_panes(_FIRST_ROW, 2)
        sheet.repeat_rows(_FIRST_ROW - 1)
        sheet.print_area(0, 0, last, len(contract.columns) - 1)
        return sheet

    def cell(self, sheet: Any, row: int, at: int, value: object, column: Column) -> None:
        """Write what is given, on grey; what is to be filled in stays white."""
        match value:
            case None:
                blank = self.day if column.type == "date" else self.text if column.type in _WIDE else self.centred
                sheet.write_blank(row, at, None, blank)
            case int():
                sheet.write_number(row, at, value, self.given_number)
            case dt.date():
                sheet.write_datetime(row, at, dt.datetime.combine(value, dt.time()), self.given_day)
            case _:
                sheet.write_string(row, at, str(value), self.given)

    def close(self) -> bytes:
        self.book.close()
        return self.bytes.getvalue()


def _rule(column: Column) -> dict[str, object] | None:
    """Drop-down or check of a column's cells."""
    match column.type:
        case "flag":
            return {"validate": "list", "source": ["是", "否"], "input_message": column.help or ""}
        case "choice":
            return {"validate": "list", "source": column.values}
        case "date":
            return {"validate": "date", "criteria": ">=", "value": _EPOCH.date(), "input_message": column.help or ""}
        case _:
            return None


def _form(drawn: Draw, contracts: Contracts) -> bytes:
    place = {"year": drawn.year, "month": drawn.month}
    inspection, finding = contracts["inspection"], contracts["inspection_finding"]
    title = say("plan_form_title", **place, round=drawn.round)
    forms = _Forms(title)
    rows: list[dict[str, object]] = [
        {
            "inspection_id": f"{drawn.year}-R{pick.duty.round}-{drawn.month:02}-{pick.duty.unit_id}",
            "unit_id": pick.duty.unit_name,
            "round": pick.duty.round,
        }
        for pick in drawn.picks
    ]
    forms.table(inspection, title, say("plan_form_note"), rows, height=44)
    sheet = forms.table(
        finding, say("plan_findings_title", **place), say("plan_findings_note"), [], blank=_FINDINGS, height=24
    )
    for name in ("inspection_id", "unit_id"):  # those of the checks
        at, there = (list(contract.columns).index(name) for contract in (finding, inspection))
        letter, last = xl_col_to_name(there), _FIRST_ROW + len(rows)
        source = f"='{inspection.title}'!${letter}${_FIRST_ROW + 1}:${letter}${last}"
        end = _FIRST_ROW + _FINDINGS - 1
        sheet.data_validation(_FIRST_ROW, at, end, at, {"validate": "list", "source": source})
    return forms.close()


def _record(drawn: Draw, contract: Contract) -> bytes:
    title = say("plan_record_title", year=drawn.year, month=drawn.month)
    forms = _Forms(title)
    rows: list[dict[str, object]] = [
        {
            "year": drawn.year,
            "month": drawn.month,
            "unit_id": pick.duty.unit_name,
            "round": pick.duty.round,
            "drawn_on": drawn.drawn_on,
            "seed": drawn.seed,
        }
        for pick in drawn.picks
    ]
    forms.table(contract, title, say("plan_record_note"), rows, height=20, on_one_line="unit_id")
    return forms.close()


def _explanation(drawn: Draw, facts: Facts) -> bytes:
    """All that is needed to draw again, and how far the rounds are."""
    title = say("plan_sheet_title", year=drawn.year, month=drawn.month)
    forms = _Forms(title)
    sheet = forms.sheet(say("plan_sheet"), title)
    widths = (18, 26, 13, 16, 13, 13, 20, 22)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    last = len(widths) - 1
    row = 1
    for sentence in drawn.warnings:
        sheet.merge_range(row, 0, row, last, sentence, forms.warning)
        sheet.set_row(row, 16 * (1 + len(sentence) // 70))
        row += 1
    first_month, last_month = drawn.rules.rounds[drawn.round]
    said = {
        "round": say("plan_months", round=drawn.round, first=first_month, last=last_month),
        "seed": drawn.seed,
        "day": drawn.drawn_on.isoformat(),
        "publication": say("plan_publication", publication=facts.publication, as_of=facts.as_of),
        "size": say("plan_size", count=len(drawn.picks), size=drawn.size, needed=drawn.needed),
        "again": _command(drawn, facts),
        "method": say("plan_method", **{name: f"{points:f}" for name, points in drawn.rules.at_least.items()}),
    }
    names = {
        "round": say("plan_fact_round"),
        "seed": say("plan_fact_seed"),
        "day": say("plan_fact_day"),
        "publication": say("plan_fact_publication"),
        "size": say("plan_fact_size"),
        "again": say("plan_fact_again"),
        "method": say("plan_fact_method"),
    }
    for key, text in said.items():
        sheet.write_string(row, 0, names[key], forms.optional)
        sheet.merge_range(row, 1, row, last, text, forms.text)
        sheet.set_row(row, 106 if key == "method" else 18)
        row += 1
    strata = [
        [s.category, say(f"quality_{s.quality}"), s.units, s.first, s.pool, s.weight, s.share, s.lots]
        for s in drawn.strata
    ]
    headings = ["category", "quality", "waiting", "first", "pool", "counts", "share", "lots"]
    row = _section(forms, sheet, row + 1, say("plan_strata"), headings, strata)
    coverage = [[c.round, c.units, c.inspected, c.drawn, c.left, len(c.lost)] for c in drawn.coverage]
    headings = ["round", "owing", "inspected", "drawn", "left", "out_of_reach"]
    row = _section(forms, sheet, row + 1, say("plan_coverage"), headings, coverage)
    picks = [
        [
            pick.duty.unit_id,
            pick.duty.unit_name,
            pick.duty.round,
            pick.duty.category,
            say(f"quality_{pick.duty.quality}"),
            pick.duty.last_inspected_on,
            say(f"drawn_{pick.reason}"),
            pick.lot[:16],
        ]
        for pick in drawn.picks
    ]
    headings = ["unit_id", "unit_name", "round", "category", "quality", "last_inspected_on", "drawn_why", "lot"]
    row = _section(forms, sheet, row + 1, say("plan_picks"), headings, picks)
    sheet.print_area(0, 0, row - 1, last)
    return forms.close()


def _command(drawn: Draw, facts: Facts) -> str:
    options: dict[str, object] = {"year": drawn.year, "month": drawn.month, "seed": shlex.quote(drawn.seed)}
    if drawn.per_month:
        options["per-month"] = drawn.per_month
    if facts.until:
        options["as-of"] = facts.until
    options["publication"] = facts.publication
    return " ".join(["kaohe plan-inspections", *(f"--{name} {value}" for name, value in options.items())])


def _section(
    forms: _Forms, sheet: Any, row: int, title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]
) -> int:
    """A small table under a title; gives the row after it."""
    sheet.write_string(row, 0, title, forms.section)
    for at, name in enumerate(headings):
        sheet.write_string(row + 1, at, say(f"heading_{name}"), forms.optional)
    for number, values in enumerate(rows, start=row + 2):
        for at, value in enumerate(values):
            match value:
                case None:
                    sheet.write_blank(number, at, None, forms.centred)
                case int():
                    sheet.write_number(number, at, value, forms.centred)
                case Fraction():
                    sheet.write_number(number, at, math.floor(value * 100 + Fraction(1, 2)) / 100, forms.share)
                case _:
                    sheet.write_string(number, at, str(value), forms.text)
    return row + 2 + len(rows)
