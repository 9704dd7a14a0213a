"""Templates: a blank workbook for each table, made from its contract, that reads back as it was filled in.

The first sheet has the contract's headings with notes, drop-downs and an example; 填表说明 says what goes where. The
reader passes over the example (its first cell says 示例) and every sheet whose name begins with 填表说明.
"""

import datetime as dt
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from kaohe.book import sheet_name
from kaohe.contracts import Column, Contract, Contracts
from kaohe.errors import KaoheError, nearest
from kaohe.publication import in_force
from kaohe.publication.snapshot import Snapshot
from kaohe.sources.files import read_sheets
from kaohe.sources.headings import Headings
from kaohe.sources.recognise import EXPLANATION, recognise
from kaohe.words import clauses, listed, say

#: Rows that are formatted and checked as they are filled in.
ROWS = 1000
_FONT = "宋体"
_HEADING_ROW, _EXAMPLE_ROW = 1, 2
_INLINE = 255
_LISTS = f"{EXPLANATION}·选项"
_WIDTHS = (22, 8, 30, 44, 34, 30)
#: The year of the examples, here and in the contracts; a template has them in its own.
_YEAR = 2023
_EXAMPLES: dict[str, Any] = {
    "code": "A001", "text": "……", "person": "张三", "integer": 10, "number": 1.5, "percent": 0.95,
    "date": dt.date(_YEAR, 3, 5), "month": f"{_YEAR}-03", "flag": "是", "unit": "示例单位",
}  # fmt: skip
_FORMATS = {"date": "yyyy-mm-dd", "percent": "0.00%", "integer": "0", "number": "General"}


def template(contract: Contract, units: Sequence[str], year: int | None = None) -> bytes:
    """The blank workbook of a table; ``units``: the names to choose from, if they are known; ``year``: whose dates the
    example has."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        _Template(book, contract, units, year or _YEAR).write()
    return buffer.getvalue()


def named(contracts: Contracts, text: str) -> list[Contract]:
    """The contract of a table by its name or title, or all. Raises ``KaoheError`` with the nearest ones."""
    if text == "all":
        return list(contracts.values())
    found = [contract for contract in contracts.values() if text in (contract.table, contract.title)]
    if not found:
        known = [contract.label for contract in contracts.values()]
        raise KaoheError("template_unknown", table=text, near=nearest(text, known))
    return found


def file_name(contract: Contract) -> str:
    """What the workbook of a table is called."""
    return re.sub(r'[\\/:*?"<>|]', " ", contract.title).strip() + ".xlsx"


def units_of_registry(contracts: Contracts, path: Path) -> list[str]:
    """The names of units in a registry. Raises ``KaoheError`` for a file that has none or cannot be read."""
    if not path.is_file():
        raise KaoheError("check_no_file", file=path)
    headings = Headings(contracts)
    readings = (recognise(sheet, headings, path.name) for sheet in read_sheets(path.name, path.read_bytes()))
    tables = [table for reading in readings for table in reading.tables if table.contract.table == "org_unit"]
    if not tables:
        raise KaoheError("check_registry", file=path)
    return [name for table in tables for name in table.frame["name"].drop_nulls()]


def units_of_publication(home: Path) -> list[str]:
    """The names of units in the last publication; none if nothing is published."""
    try:
        folder = in_force(home)
    except KaoheError:
        return []
    with Snapshot(folder) as snapshot:
        return [name for (name,) in snapshot.rows("select name from main.org_unit order by unit_id")]


def type_in_words(column: Column) -> str:
    """What a column takes: 日期（如 2023-03-05）."""
    return say(f"type_{column.type}")


class _Template:
    """One workbook."""

    def __init__(self, book: xlsxwriter.Workbook, contract: Contract, units: Sequence[str], year: int) -> None:
        self.book, self.contract, self.units, self.later = book, contract, list(units), year - _YEAR
        base = {"font_name": _FONT, "font_size": 11, "valign": "vcenter"}
        self.base = base
        framed = base | {"border": 1, "border_color": "#BFBFBF", "text_wrap": True}
        self.title = book.add_format(base | {"bold": True, "font_size": 16})
        self.required = book.add_format(framed | {"bold": True, "bg_color": "#DDEBF7", "align": "center"})
        self.optional = book.add_format(framed | {"bg_color": "#F2F2F2", "align": "center"})
        self.text = book.add_format(framed)
        self.head = book.add_format(framed | {"bold": True, "bg_color": "#DDEBF7"})
        self.note = book.add_format(base | {"font_color": "#595959", "text_wrap": True})
        self.lists: list[tuple[str, list[str]]] = []

    def write(self) -> None:
        sheet = self.book.add_worksheet(sheet_name(self.contract.title))
        sheet.write_string(0, 0, self.contract.title, self.title)
        sheet.set_row(0, 30)
        sheet.set_row(_HEADING_ROW, 36)
        sheet.write_string(_HEADING_ROW, 0, "序号", self.optional)
        sheet.set_column(0, 0, 6)
        sheet.write_string(_EXAMPLE_ROW, 0, "示例", self._format("text", example=True))
        for index, (name, column) in enumerate(self.contract.columns.items(), start=1):
            self._column(sheet, index, name, column)
        sheet.freeze_panes(_HEADING_ROW + 1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_HEADING_ROW)
        self._explain()
        self._write_lists()

    def _column(self, sheet: Worksheet, index: int, name: str, column: Column) -> None:
        heading = column.headings[0]
        marked = f"*{heading}" if column.required else heading
        sheet.write_string(_HEADING_ROW, index, marked, self.required if column.required else self.optional)
        sheet.write_comment(
            _HEADING_ROW, index, self._said(name, column), {"author": "kaohe", "x_scale": 2, "y_scale": 1.5}
        )
        wide = {"text": 28, "unit": 24, "list": 24, "date": 13, "month": 11}.get(column.type, 12)
        sheet.set_column(index, index, max(wide, 2 * len(marked) + 2), self._format(column.type))
        value, shown = self._in_its_year(self._example(name, column)), self._format(column.type, example=True)
        if isinstance(value, dt.date):
            sheet.write_datetime(_EXAMPLE_ROW, index, dt.datetime.combine(value, dt.time()), shown)
        elif isinstance(value, str):
            sheet.write_string(_EXAMPLE_ROW, index, value, shown)
        else:
            sheet.write_number(_EXAMPLE_ROW, index, value, shown)
        if rule := self._validation(name, column):
            asked = {"input_title": heading[:32], "input_message": self._said(name, column)[:255]}
            told = {"error_title": heading[:32], "error_message": self._said(name, column)[:255]}
            sheet.data_validation(_EXAMPLE_ROW, index, _EXAMPLE_ROW + ROWS, index, rule | asked | told)

    def _format(self, kind: str, example: bool = False) -> Any:
        """The format of a column's cells: what looks like a number in a code stays as it is typed."""
        shown = self.base | {"num_format": _FORMATS.get(kind, "@")}
        return self.book.add_format(shown | {"italic": True, "font_color": "#7F7F7F"} if example else shown)

    def _example(self, name: str, column: Column) -> Any:
        if column.example is not None:
            given = column.example
            return float(given) if isinstance(given, Decimal | int) else given
        if column.type == "list":
            return listed((column.values or [])[:2])
        if allowed := self.contract.values(name):
            return allowed[0]
        return _EXAMPLES[column.type]

    def _in_its_year(self, value: Any) -> Any:
        """An example as of the template's year: a date, a year, or a text that begins with one."""
        if isinstance(value, dt.date):
            return value.replace(year=value.year + self.later)
        if isinstance(value, float | int) and value == _YEAR:
            return value + self.later
        if isinstance(value, str) and re.match(rf"{_YEAR}\D", value):
            return f"{_YEAR + self.later}{value[4:]}"
        return value

    def _said(self, name: str, column: Column) -> str:
        """All there is to say of a column."""
        lines = [say("template_required") if column.required else say("template_optional"), type_in_words(column)]
        if allowed := self.contract.values(name):
            lines.append(say("template_values", values=listed(map(str, allowed))))
        if column.help:
            lines.append(column.help)
        if column.type == "person":
            lines.append(say("template_person"))
        elif column.private:
            lines.append(say("template_private"))
        return clauses(lines)

    def _validation(self, name: str, column: Column) -> dict[str, Any] | None:
        """What a spreadsheet checks while a cell is filled in."""
        low, high = self._bounds(name)
        match column.type:
            case "choice" | "flag":
                return {"validate": "list", "source": self._source(name, column.values or ["是", "否"])}
            case "unit" if self.units:
                # Another name by which a unit is known is taken too.
                return {"validate": "list", "source": self._source("unit", self.units), "error_type": "warning"}
            case "integer" if values := self.contract.values(name):
                return {"validate": "list", "source": self._source(name, [str(value) for value in values])}
            case "integer" | "number" | "percent":
                number = int if column.type == "integer" else float
                between = {
                    "minimum": number(-99_999_999_999 if low is None else low),
                    "maximum": number(99_999_999_999 if high is None else high),
                }
                kind = "integer" if column.type == "integer" else "decimal"
                return {"validate": kind, "criteria": "between", **between}
            case "date":
                dates = {"minimum": dt.date(1990, 1, 1), "maximum": dt.date(2099, 12, 31)}
                return {"validate": "date", "criteria": "between", **dates}
            case _:
                return {"validate": "any"}

    def _bounds(self, name: str) -> tuple[float | None, float | None]:
        """What the contract's rules say a number lies between."""
        low = high = None
        for rule in self.contract.expectations:
            if (
                rule.type == "expect_column_values_to_be_between"
                and rule.column == name
                and rule.severity == "critical"
            ):
                low = rule.arguments.get("min_value", low)
                high = rule.arguments.get("max_value", high)
        return (None if low is None else float(low)), (None if high is None else float(high))

    def _source(self, name: str, values: Sequence[str]) -> list[str] | str:
        """The values of a drop-down, or where they stand if they are too many to stand in it."""
        if len(",".join(values)) <= _INLINE and not any("," in value for value in values):
            return list(values)
        names = [known for known, _ in self.lists]
        if name not in names:
            self.lists.append((name, list(values)))
            names.append(name)
        column = xlsxwriter.utility.xl_col_to_name(names.index(name))
        return f"='{_LISTS}'!${column}$1:${column}${len(values)}"

    def _write_lists(self) -> None:
        if self.lists:
            sheet = self.book.add_worksheet(_LISTS)
            sheet.hide()
            for column, (_, values) in enumerate(self.lists):
                for row, value in enumerate(values):
                    sheet.write_string(row, column, value)

    def _explain(self) -> None:
        """The sheet that says what goes where."""
        sheet = self.book.add_worksheet(EXPLANATION)
        for at, width in enumerate(_WIDTHS):
            sheet.set_column(at, at, width)
        sheet.write_string(0, 0, f"{self.contract.title} · {EXPLANATION}", self.title)
        sheet.set_row(0, 30)
        row = 1
        for line in (say("template_how_example"), say("template_how_rows"), say("template_how_check")):
            sheet.merge_range(row, 0, row, 5, line, self.note)
            row += 1
        row += 1
        for at, key in enumerate(("column", "required", "type", "values", "help", "aliases")):
            sheet.write_string(row, at, say(f"template_heading_{key}"), self.head)
        for name, column in self.contract.columns.items():
            row += 1
            allowed = listed(map(str, self.contract.values(name)))
            needed = say("flag_yes") if column.required else ""
            cells = (
                column.headings[0],
                needed,
                type_in_words(column),
                allowed,
                column.help or "",
                listed(column.headings[1:]),
            )
            for at, text in enumerate(cells):
                sheet.write_string(row, at, text, self.text)
            lines = (-(-2 * len(text) // (width - 4)) for text, width in zip(cells, _WIDTHS, strict=True))
            sheet.set_row(row, 18 * max(1, *lines))
        rules = list(dict.fromkeys(rule.sentence for rule in self.contract.expectations))
        if rules:
            row += 2
            sheet.write_string(row, 0, say("template_rules"), self.head)
            for rule in rules:
                row += 1
                sheet.merge_range(row, 0, row, 5, rule, self.note)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
