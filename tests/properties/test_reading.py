"""Properties of reading: whatever a table was written as, the same values come back, with the numbers of their rows."""

import csv
import datetime as dt
import io
import json
import re
import string
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kaohe.cleaning import told, typed, untyped
from kaohe.contracts import Contract, Contracts
from kaohe.errors import Unreadable
from kaohe.marking import marked
from kaohe.marking.mark import Mark
from kaohe.sources.files import TEXT_FILES, WORKBOOKS, Sheet, read_sheets
from kaohe.sources.found import FoundTable
from kaohe.sources.headings import Headings
from kaohe.sources.recognise import recognise
from tests.helpers import MESSY, OFFICE
from tests.unit.test_files import xlsb


def contract(table: str, **columns: dict[str, Any]) -> Contract:
    """A contract whose key is its first column; the columns without ``required`` may be empty."""
    return Contract.model_validate({"table": table, "title": table, "key": [next(iter(columns))], "columns": columns})


#: A column of every type.
CHECKS = contract(
    "checks",
    number={"type": "code", "headings": ["检查编号", "编号"], "required": True},
    unit_id={"type": "unit", "headings": ["单位名称", "被检查单位"], "required": True},
    severity={
        "type": "choice", "headings": ["严重程度"], "values": ["严重", "一般", "轻微"], "synonyms": {"重": "严重"},
    },
    inspector={"type": "person", "headings": ["检查人"]},
    opinion={"type": "text", "headings": ["检查意见", "意见"]},
    people={"type": "integer", "headings": ["参加人数", "人数"]},
    cost={"type": "number", "headings": ["经费"]},
    rate={"type": "percent", "headings": ["参学率"]},
    inspected_on={"type": "date", "headings": ["检查日期"]},
    period={"type": "month", "headings": ["统计月份"]},
    fixed_time={"type": "flag", "headings": ["固定时间"]},
)  # fmt: skip
#: For examples that take no time, more of them.
cheap = settings(max_examples=settings.default.max_examples * 5)
KNOWN = Contracts({"checks": CHECKS})
EXTRA_HEADING = "经办科室"

Value = str | int | Decimal | dt.date | bool | None
#: What is written into a cell; a workbook takes numbers, dates and truth values as well as text.
Cell = str | int | float | dt.date | bool


# --- Values, and how people spell them -------------------------------------------------------------------------------

BLANK = ["", " ", "　"]
NOTHING = ["-", "--", "—", "/"]

#: Letters, digits, marks and symbols, with blanks and line breaks inside; or what looks like something else.
TEXT = st.text(
    st.sampled_from("党建会议，。；,;|\t\"' 　\n（）%—－／09aZ") | st.characters(categories=["L", "N", "P", "S"]),
    max_size=8,
) | st.sampled_from(["合计", "注：以上为上半年", "检查日期", "=1+1", "2023-03-05", "无", "是", "1,234", "甲;乙;丙;丁"])
DATES = st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31))

VALUES: dict[str, st.SearchStrategy[Value]] = {
    "code": st.text("JC019ab-", min_size=1, max_size=8).filter(lambda text: text.strip("-") != ""),
    "unit": st.sampled_from(["水务中心", "监测站", "局属单位（东片）", "abc公司", "第12支部"]),
    "choice": st.sampled_from(["严重", "一般", "轻微"]),
    "person": st.sampled_from(["王某", "李某某", "A君"]),
    "text": TEXT.map(str.strip).filter(lambda text: shown(text) not in ["", *NOTHING, "–", "——", "\\"]),
    "integer": st.integers(-2_000, 2_000_000) | st.integers(1 - 10**11, 10**11 - 1),
    "number": st.integers(-(10**12), 10**12).map(lambda micro: Decimal(micro).scaleb(-6)),
    # A bare percentage of up to 2 % is refused as unclear, so there is none here.
    "percent": st.just(Decimal(0)) | st.integers(20_001, 1_500_000).map(lambda micro: Decimal(micro).scaleb(-6)),
    "date": DATES,
    "month": DATES.map(lambda day: day.replace(day=1)),
    "flag": st.booleans(),
}


def shown(text: str) -> str:
    """Full-width forms made plain, and no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def wide(text: str) -> str:
    """The text in full-width forms."""
    return text.translate({ord(mark): ord(mark) + 0xFEE0 for mark in string.printable if 0x21 <= ord(mark) <= 0x7E})


def plainly(number: Decimal) -> str:
    return f"{number:f}"


@st.composite
def loosely(draw: st.DrawFn, text: str) -> str:
    """The text as it is, in full-width forms, or with a blank inside (but none within a time of day)."""
    text = draw(st.sampled_from([text, text, wide(text)]))
    if ":" in shown(text):
        return text
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.sampled_from(["", "", " ", "　"])) + text[at:]


def spelled_date(day: dt.date, workbook: bool) -> list[Cell]:
    y, m, d = day.year, day.month, day.day
    spellings: list[Cell] = [
        f"{day}", f"{y}.{m}.{d}", f"{y}年{m}月{d}日", f"{y}/{m}/{d}", f"{y}/{m:02}/{d:02}", f"{day:%Y%m%d}",
        f"{day} 00:00:00", f"{day}T18:30:00", f"{y}年{m}月{d}日 18:30", str((day - dt.date(1899, 12, 30)).days),
    ]  # fmt: skip
    return [*spellings, day, (day - dt.date(1899, 12, 30)).days] if workbook else spellings


def spelled_month(first: dt.date, workbook: bool) -> list[Cell]:
    y, m = first.year, first.month
    spellings: list[Cell] = [
        f"{first:%Y-%m}", f"{y}年{m}月", f"{y}年{m:02}月份", f"{y}/{m}", f"{first:%Y%m}", f"{first.replace(day=15)}",
        f"{y}年{m}月28日", f"{y}.{m:02}",
    ]  # fmt: skip
    if m not in (1, 10):  # 2023.1 may be either
        spellings.append(f"{y}.{m}")
    return [*spellings, first] if workbook else spellings


def spelled_number(number: int | Decimal, workbook: bool) -> list[Cell]:
    whole = number == int(number)
    spellings: list[Cell] = [f"{number:f}" if isinstance(number, Decimal) else str(number), f"{number:,}"]
    spellings += [f"{int(number)}.0"] if whole else []
    spellings += [f"+{number:f}"] if isinstance(number, Decimal) and number > 0 else []
    return [*spellings, int(number) if whole else float(number)] if workbook else spellings


def spelled_flag(flag: bool, workbook: bool) -> list[Cell]:
    words: list[Cell] = ["是", "√", "有", "1", "TRUE", "Y"] if flag else ["否", "×", "无", "0", "False", "n"]
    return [*words, flag, int(flag)] if workbook else words


#: How shares are written in one table: with %, as bare percentages, as shares.
SHARES: list[Callable[[Decimal], str]] = [
    lambda share: plainly(share * 100) + "%",
    lambda share: plainly(share * 100),
    plainly,
]


@st.composite
def spelled(draw: st.DrawFn, type_: str, value: Value, share: Callable[[Decimal], str], workbook: bool) -> Cell:
    """One of the ways to write a value."""
    spellings: list[Cell]
    match type_, value:
        case _, None:
            spellings = [*BLANK, *(NOTHING if type_ != "flag" else []), *(["无"] if type_ in ("date", "month") else [])]
            return draw(st.sampled_from(spellings))
        case "text", str():
            return draw(st.sampled_from(BLANK)) + value + draw(st.sampled_from(BLANK))
        case "choice", "严重":
            spellings = ["严重", "重"]
        case "code", str() if workbook and value.isdigit() and value[0] != "0":
            spellings = [value, int(value)]
        case "percent", Decimal():
            number = share(value)
            spellings = [number, float(number)] if workbook and "%" not in number else [number]
        case "integer" | "number", int() | Decimal():
            spellings = spelled_number(value, workbook)
        case "date", dt.date():
            spellings = spelled_date(value, workbook)
        case "month", dt.date():
            spellings = spelled_month(value, workbook)
        case "flag", bool():
            spellings = spelled_flag(value, workbook)
        case _:
            spellings = [str(value)]
    chosen = draw(st.sampled_from(spellings))
    return draw(loosely(chosen)) if isinstance(chosen, str) else chosen


# --- Tables, and what stands around them -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """A table as it was written, and what must come back.

    ``records``: row number → values by column, and the cell of the extra column. ``left_out``: (row number, reason).
    """

    rows: list[list[Cell]]
    records: dict[int, tuple[dict[str, Value], str]]
    left_out: list[tuple[int, str]]


TITLES = st.sampled_from(["2023 年抽查记录", "填报单位：机关党委", "（检查编号由党建科填写）"])
NOTES = st.sampled_from(["注：以上为上半年", "填表人：王某", "※ 有误请回报", "备注：1. 是；2. 否"])


def heading_spellings(heading: str) -> list[str]:
    return [
        heading,
        f"*{heading}",
        f"{heading}（必填）",
        f"{heading[:2]}\n{heading[2:]}",
        f" {heading[0]} {heading[1:]}",
    ]


@st.composite
def tables(draw: st.DrawFn, workbook: bool) -> Written:
    """Records under headings in any order, with an unknown column, blank rows, titles above, totals and notes below."""
    columns = draw(st.permutations([*CHECKS.columns, EXTRA_HEADING]))
    width = len(columns)
    share = draw(st.sampled_from(SHARES))
    rows: list[list[Cell]] = []
    records: dict[int, tuple[dict[str, Value], str]] = {}
    left_out: list[tuple[int, str]] = []

    def add(cells: list[Cell], reason: str = "") -> None:
        rows.append(cells)
        if reason:
            left_out.append((len(rows), reason))

    def blanks() -> None:
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            add(draw(st.sampled_from([[], [""] * width, ["", " ", "　"]])))

    for title in draw(st.lists(TITLES, max_size=3)):
        blanks()
        add([title], "title")
    blanks()
    headings: list[Cell] = []
    for name in columns:
        known = [] if name == EXTRA_HEADING else CHECKS.columns[name].headings
        headings.append(draw(st.sampled_from(heading_spellings(draw(st.sampled_from(known))))) if known else name)
    add(headings, "heading")
    for _ in range(draw(st.integers(0, 5))):
        blanks()
        values: dict[str, Value] = {}
        for name, column in CHECKS.columns.items():
            filled = VALUES[column.type]
            values[name] = draw(filled if column.required else filled | st.none())
        cells = {
            name: draw(spelled(CHECKS.columns[name].type, value, share, workbook)) for name, value in values.items()
        }
        extra = draw(st.sampled_from(["", "党建科", "检查日期"]))
        add([*((cells | {EXTRA_HEADING: extra})[name] for name in columns)])
        records[len(rows)] = values, extra
    required = {columns.index(name) for name in CHECKS.required}
    for _ in range(draw(st.integers(0, 2))):
        blanks()
        total: list[Cell] = ["" if at in required else "12" for at in range(width)]
        total[0] = draw(st.sampled_from(["合计", "总 计", "小计：", "本月合计"]))
        add(total, "total")
    for note in draw(st.lists(NOTES, max_size=2)):
        blanks()
        add([note], "note")
    blanks()
    return Written(rows, records, left_out)


def as_csv(rows: list[list[Cell]], encoding: str, delimiter: str, line_end: str) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return file.getvalue().encode(encoding)


def as_workbook(rows: list[list[Cell]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("抽查")
        dated = book.add_format({"num_format": "yyyy/m/d"})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                match cell:
                    case bool():
                        sheet.write_boolean(r, c, cell)
                    case str():
                        sheet.write_string(r, c, cell)
                    case dt.date():
                        sheet.write_datetime(r, c, dt.datetime.combine(cell, dt.time()), dated)
                    case _:
                        sheet.write_number(r, c, cell)
    return file.getvalue()


# --- What comes back -------------------------------------------------------------------------------------------------

READ: dict[str, Callable[[str], Value]] = {
    "integer": int,
    "number": Decimal,
    "percent": Decimal,
    "date": dt.date.fromisoformat,
    "month": dt.date.fromisoformat,
    "flag": {"true": True, "false": False}.__getitem__,
    "unit": str,
    "text": str,
}


def clean(table: FoundTable) -> pl.DataFrame:
    """The records typed, as loading does it; every filled cell could be."""
    place = {column: pl.lit("") for column in ("_source", "_file", "_sheet", "_table")}
    raw = told(CHECKS, table.frame.with_columns(**place))
    cleaned = typed(CHECKS, raw)
    assert untyped(CHECKS, raw, cleaned).rows() == []
    return cleaned


def check(written: Written, name: str, data: bytes) -> None:
    """The file gives exactly what was written."""
    (sheet,) = read_sheets(name, data)
    reading = recognise(sheet, Headings(KNOWN))
    (table,) = reading.tables
    assert [(row.row, row.reason) for row in reading.left_out] == written.left_out
    assert table.unknown_headings == [EXTRA_HEADING]
    assert table.frame["_row"].to_list() == list(written.records)
    assert [json.loads(extra) for extra in table.frame["_extra"]] == [
        {EXTRA_HEADING: extra} if extra else {} for _, extra in written.records.values()
    ]
    cleaned = clean(table)
    for row, (values, _) in zip(cleaned.iter_rows(named=True), written.records.values(), strict=True):
        for column, value in values.items():
            read = READ.get(CHECKS.columns[column].type, str)
            found = None if row[column] is None else read(row[column])
            expected = shown(str(value)).lower() if column == "unit_id" else value
            assert found == expected, column


@given(
    written=tables(workbook=False),
    encoding=st.sampled_from(["utf-8-sig", "utf-8", "gb18030", "utf-16"]),
    delimiter=st.sampled_from(",\t;|"),
    line_end=st.sampled_from(["\r\n", "\n"]),
)
def test_a_table_written_as_csv_is_read_as_it_was(
    written: Written, encoding: str, delimiter: str, line_end: str
) -> None:
    check(written, "抽查.csv", as_csv(written.rows, encoding, delimiter, line_end))


@given(written=tables(workbook=True))
def test_a_table_written_as_a_workbook_is_read_as_it_was(written: Written) -> None:
    check(written, "抽查.xlsx", as_workbook(written.rows))


@pytest.mark.parametrize("mark", ["/", ".", "-"])
def test_a_date_with_a_time_of_day_is_its_day(mark: str) -> None:
    """Every day of a month at every hour."""
    rows = [["检查编号", "单位名称", "检查日期"]]
    days = [(day, hour) for day in range(1, 32) for hour in range(24)]
    for day, hour in days:
        rows += [["C1", "监测站", f"2023{mark}3{mark}{day} {time}"] for time in (f"{hour}:30", f"{hour:02}:05:59")]
    (table,) = recognise(Sheet.of("表", rows), Headings(KNOWN)).tables
    expected = [f"2023-03-{day:02}" for day, _ in days for _ in range(2)]
    assert clean(table)["inspected_on"].to_list() == expected


# --- Nothing is lost, nothing surprises ------------------------------------------------------------------------------

TALKS = contract(
    "talks",
    number={"type": "code", "headings": ["谈话编号", "编号"], "required": True},
    unit_id={"type": "unit", "headings": ["单位名称"], "required": True},
    kind={"type": "text", "headings": ["类别"]},
)
BOTH = Contracts({"checks": CHECKS, "talks": TALKS})

GRID_CELLS = ["", "", "", "编号", "单位名称", "检查编号", "谈话编号", "固定时间", "检查意见", "检查", "类别", "C1", "合计",
              "注：以上", "1", "2", "甲"]  # fmt: skip
HEADING = ["检查编号", "单位名称", "固定时间", "检查意见"]
GRID_ROWS = st.lists(st.sampled_from(GRID_CELLS), max_size=5) | st.permutations(HEADING)
GRIDS = st.lists(GRID_ROWS, max_size=8)


@st.composite
def merged_cells(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int]]:
    top, left = draw(st.integers(0, 8)), draw(st.integers(0, 5))
    return (top, left), (top + draw(st.integers(0, 2)), left + draw(st.integers(0, 3)))


@cheap
@given(rows=GRIDS, merged=st.lists(merged_cells(), max_size=3))
def test_every_filled_row_is_a_record_or_left_out_or_on_a_refused_sheet(
    rows: list[list[str]], merged: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    account(Sheet.of("表", rows, merged))


def test_a_heading_does_not_reach_up_into_the_one_above_it() -> None:
    account(Sheet.of("表", [HEADING, ["", "", *HEADING[2:]]]))


def account(sheet: Sheet) -> None:
    """Every filled row stands somewhere: in one place only, but where tables stand side by side."""
    rows = sheet.rows
    reading = recognise(sheet, Headings(BOTH))
    filled = [number for number, row in enumerate(rows, start=1) if any(row)]
    records = [row for table in reading.tables for row in table.frame["_row"]]
    left_out = [row.row for row in reading.left_out]
    if reading.refusal is None:
        assert sorted({*records, *left_out}) == filled
        if all(table.frame["_at"].null_count() == table.frame.height for table in reading.tables):
            assert len(records) == len(set(records))
    else:
        assert (records, left_out, reading.refusal.rows) == ([], [], len(filled))


def damaged(data: bytes, cuts: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The bytes with some of them replaced: (where, how many, by what)."""
    for at, length, new in cuts:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    return data


#: What could stand in an attribute or as a text of a workbook's parts, and be taken for more than it is.
ODD_VALUES = [
    "", "0", "-1", "1", "1048577", "99999999999999999999", "A0", "XFD1048576", "ZZZZ1", "A1:XFD1048576", "s", "e", "b", "str",
    "inlineStr", "d", "n", "true", "rId99", "../../x", "1e400", "NaN", "#N/A", "_x000D_", "45000.5", "2023-02-30", "=1+1", "&#0;",
]  # fmt: skip
VALUE = re.compile(rb'"([^"<>]*)"|>([^<>]+)<')


def misstated(part: bytes, changes: Iterable[tuple[int, str]]) -> bytes:
    """The XML with some of its values replaced: (which, by what)."""
    for which, new in changes:
        if found := list(VALUE.finditer(part)):
            value = found[which % len(found)]
            begin, end = value.span(1 if value[1] is not None else 2)
            part = part[:begin] + new.encode() + part[end:]
    return part


CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(ODD_VALUES)), max_size=3)
CUTS = st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([0, 1, 3, 10**6]), st.binary(max_size=4)), max_size=3)
CORPUS = {path.name: path.read_bytes() for folder in (MESSY, OFFICE) for path in sorted(folder.iterdir())}
CORPUS |= {"made.xlsb": xlsb((0, False, {0: "编号", 1: 2.5}), (2, True, {0: "C1", 1: "#N/A"}))}
FILES = [name for name in CORPUS if PurePath(name).suffix in WORKBOOKS + TEXT_FILES]


@dataclass(frozen=True)
class DamagedFile:
    """A real file with bytes or values changed; in a workbook that is a zip archive, inside one of its parts, if
    ``part`` says which."""

    name: str
    part: int | None
    cuts: list[tuple[int, int, bytes]]
    changes: list[tuple[int, str]]

    @property
    def data(self) -> bytes:
        data = CORPUS[self.name]
        if self.part is None or not data.startswith(b"PK"):
            return damaged(data, self.cuts)
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
            names = old.namelist()
            for number, name in enumerate(names):
                part = old.read(name)
                if number == self.part % len(names):
                    part = misstated(part, self.changes) if self.changes else damaged(part, self.cuts)
                new.writestr(name, part)
        return packed.getvalue()


def read_or_refuse(name: str, data: bytes) -> None:
    """What is read is accounted for, and what can be marked can be read again."""
    try:
        sheets = read_sheets(name, data)
        for sheet in sheets:
            account(sheet)
        again = read_sheets("标红.xlsx", marked(name, data, [Mark(s.name, 1, 0, "", "不对", "改正") for s in sheets]))
    except Unreadable:
        return
    assert len(again) == len(sheets) + 1


def test_a_workbook_cut_short_is_read_or_refused() -> None:
    data = (MESSY / "tidyverse__dates-1904.xls").read_bytes()
    for length in range(0, len(data), 1024):
        read_or_refuse("台账.xls", data[:length])


@pytest.mark.parametrize("suffix", WORKBOOKS + TEXT_FILES)
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=100).map(str.encode)
    | CUTS.map(lambda cuts: damaged(b"PK\3\4", cuts))
)
def test_any_bytes_are_read_or_refused(suffix: str, data: bytes) -> None:
    read_or_refuse("台账" + suffix, data)


@cheap
@example(DamagedFile("SheetJS__number_format.xlsm", None, [(567, 3, b"\0\0\0")], []))  # fails to unpack
@given(file=st.builds(DamagedFile, st.sampled_from(FILES), st.none() | st.integers(0, 99), CUTS, CHANGES))
def test_any_damaged_file_is_read_or_refused(file: DamagedFile) -> None:
    read_or_refuse(file.name, file.data)
