"""Blank workbooks to fill in: what a clerk writes into one is what is read back."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kaohe import checking
from kaohe.checking import check
from kaohe.cleaning import told, typed, untyped
from kaohe.contracts import Column, Contract, load_contracts
from kaohe.sources.files import read_sheets
from kaohe.sources.headings import Headings
from kaohe.sources.recognise import recognise
from kaohe.templates import file_name, template
from tests.helpers import ROOT, SAMPLE, in_process, registry, write_csv

OURS = load_contracts(ROOT / "expectations")
HEADINGS = Headings(OURS)
UNITS = [f"第{number}党支部（水务片区）" for number in range(60)]


def opened(contract: Contract) -> tuple[openpyxl.Workbook, Any]:
    book = openpyxl.load_workbook(io.BytesIO(template(contract, UNITS)))
    return book, book.worksheets[0]


def saved(book: openpyxl.Workbook) -> bytes:
    book.save(buffer := io.BytesIO())
    return buffer.getvalue()


#: What a clerk writes into a cell of each type, and what it must be read as.
Cell = tuple[Any, str | None]


def cells(column: Column) -> st.SearchStrategy[Cell]:
    plain = st.text(st.sampled_from("党建会议（）A19 -"), min_size=1, max_size=12).map(str.strip)
    texts = plain.filter(lambda text: text.strip("-—–/\\ ") != "" and text != "示例")
    days = st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31))
    kinds: dict[str, st.SearchStrategy[Cell]] = {
        "code": st.from_regex(r"[0-9A-Z]{1,18}", fullmatch=True).map(lambda code: (code, code)),
        "text": texts.map(lambda text: (text, text)),
        "person": st.sampled_from(["张三", "0012"]).map(lambda name: (name, name)),
        "unit": st.sampled_from(UNITS).map(lambda name: (name, name.replace("（", "(").replace("）", ")"))),
        "integer": st.integers(0, 10**9).map(lambda number: (number, str(number))),
        "number": st.integers(0, 10**7).map(
            lambda milli: (milli / 1000, f"{milli / 1000:.3f}".rstrip("0").rstrip("."))
        ),
        "percent": st.integers(0, 2000).map(
            lambda mille: (mille / 1000, f"{mille / 1000:.3f}".rstrip("0").rstrip("."))
        ),
        "date": days.map(lambda day: (day, day.isoformat())),
        "month": days.map(lambda day: (f"{day:%Y-%m}", f"{day:%Y-%m}-01")),
        "flag": st.sampled_from([("是", "true"), ("否", "false")]),
    }
    if column.type == "choice":
        return st.sampled_from(column.values or []).map(lambda value: (value, value))
    if column.type == "list":
        several = st.lists(st.sampled_from(column.values or []), min_size=1, unique=True)
        return several.map(lambda values: ("、".join(values), f"[{', '.join(values)}]"))
    return kinds[column.type]


@st.composite
def filled(draw: st.DrawFn) -> list[list[dict[str, Cell]]]:
    """For each table some rows, with a cell for each column."""
    blank = st.just((None, None))
    return [
        [
            {
                name: draw(cells(column) if column.required else cells(column) | blank)
                for name, column in c.columns.items()
            }
            for _ in range(2)
        ]
        for c in OURS.values()
    ]


@settings(max_examples=2, phases=[Phase.generate])  # whether it fails is all that is asked
@given(tables=filled())
def test_a_filled_template_reads_back_without_loss(tables: list[list[dict[str, Cell]]]) -> None:
    for contract, rows in zip(OURS.values(), tables, strict=True):
        book, sheet = opened(contract)
        for number, row in enumerate(rows, start=4):
            for index, (written, _) in enumerate(row.values(), start=2):
                sheet.cell(number, index).value = written
        found = [recognise(each, HEADINGS) for each in read_sheets("a.xlsx", saved(book))]
        (table,) = [table for reading in found for table in reading.tables]
        assert [reading.refusal for reading in found] == [None] * len(found)
        assert (table.contract.table, table.unknown_headings) == (contract.table, [])
        place = {"_source": pl.lit(""), "_file": pl.lit(""), "_sheet": pl.lit(""), "_table": pl.lit(0)}
        raw = told(contract, table.frame.with_columns(**place))
        cleaned = typed(contract, raw)
        assert untyped(contract, raw, cleaned).rows() == []
        assert cleaned["_row"].to_list() == [4, 5]
        for got, row in zip(cleaned.iter_rows(named=True), rows, strict=True):
            for name, (_, meant) in row.items():
                value = got[name]
                if contract.columns[name].type in ("number", "percent") and value is not None:
                    assert float(value) == float(meant or 0), name
                else:
                    assert value == meant, name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    """A template of every table, and a registry."""
    folder = tmp_path_factory.mktemp("templates")
    write_csv(folder / "名册.csv", registry(*((f"D{n:02}", unit, "基层单位") for n, unit in enumerate(UNITS))))
    done = in_process("template", "all", "--out", folder, "--registry", folder / "名册.csv")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_template_for_every_table_that_holds_no_record(folder: Path) -> None:
    paths = [folder / file_name(contract) for contract in OURS.values()]
    assert all(path.exists() for path in paths)
    checked = check(paths, folder / "名册.csv")
    assert not checked.wrong
    assert sum(table.good + table.bad for file in checked.files for table in file.tables) == 0


def test_the_examples_are_records_that_would_be_taken(folder: Path, tmp_path: Path) -> None:
    """With 示例 taken away the examples are records that no rule refuses."""
    paths = []
    for contract in OURS.values():
        if contract.table == "org_unit":
            continue  # the registry would be the one of the example
        book, sheet = opened(contract)
        sheet["A3"].value = None
        paths.append(tmp_path / file_name(contract))
        book.save(paths[-1])
    wrong = {
        f"{file.path.stem} {problem.cell}": f"{problem.value} {problem.problem}"
        for file in check(paths).files
        for problem in file.problems
        if problem.severity == "critical"
    }
    assert wrong == {}


def test_what_the_workbook_offers() -> None:
    book, sheet = opened(OURS["inspection"])
    validations = {str(v.sqref).split(":")[0]: v for v in sheet.data_validations.dataValidation}
    assert [sheet.cell(2, n).value for n in (1, 2, 3, 4)] == ["序号", "*检查编号", "*被检查单位", "*检查轮次"]
    assert "填表说明·选项" in validations["C3"].formula1  # sixty names are too long for a list in the cell
    assert book["填表说明·选项"].sheet_state == "hidden"
    assert [cell.value for (cell,) in book["填表说明·选项"]["A1:A60"]] == UNITS
    assert (validations["D3"].type, validations["D3"].formula1) == ("list", '"1,2"')
    assert sheet["D2"].comment.text.startswith("必填；整数")
    assert [sheet.column_dimensions[name].number_format for name in "BE"] == ["@", "yyyy-mm-dd"]
    assert "填表说明" in book.sheetnames
    study, _ = opened(OURS["study_stat"])
    kinds = {
        str(v.sqref).split(":")[0]: (v.type, v.formula1) for v in study.worksheets[0].data_validations.dataValidation
    }
    assert kinds["E3"] == ("whole", "0")  # 应参加人数不能为负
    assert template(OURS["inspection"], UNITS) == template(OURS["inspection"], UNITS)


def test_what_the_command_refuses(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = in_process("template", "组织生活记录抽查", "--out", out, "--home", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--registry" in done.stdout
    assert [path.name for path in out.iterdir()] == ["组织生活记录抽查.xlsx"]
    for arguments, told_ in (
        (("inspection", "--out", out), "--force"),
        (("inspections", "--out", out), "inspection"),
        (("inspection", "--out", out, "--force", "--registry", SAMPLE / "名册" / "工作日历.csv"), "工作日历.csv"),
    ):
        refused = in_process("template", *arguments)
        assert (refused.returncode, told_ in refused.stderr, len(refused.stderr.splitlines())) == (2, True, 1)
    assert (
        in_process("template", "inspection", "--out", out, "--force", "--home", tmp_path, "--lang", "en").returncode
        == 0
    )


def test_every_example_obeys_the_rules_of_its_table_in_the_year_at_hand(tmp_path: Path) -> None:
    """The examples of all tables, handed in together as if they were records."""
    paths = []
    for contract in OURS.values():
        book = openpyxl.load_workbook(io.BytesIO(template(contract, UNITS, 2026)))
        sheet = book.worksheets[0]
        row = {sheet.cell(2, at).value: sheet.cell(3, at).value for at in range(2, sheet.max_column + 1)}
        assert UNITS[0] not in row.values()
        if contract.table == "org_life_record":
            assert (row["所属年度"], row["*召开日期"], row["录入日期"]) == (
                2026, dt.datetime(2026, 3, 5), dt.datetime(2026, 3, 8)
            )  # fmt: skip
            assert row["*请假人数"] == row["*应到人数"] - row["*实到人数"]
        sheet.cell(3, 1).value = 1  # no longer 示例
        paths.append(tmp_path / f"{contract.table}.xlsx")
        book.save(paths[-1])
    checked = checking.check(paths)
    assert sum(table.good for file in checked.files for table in file.tables) == len(OURS)
    # The roster of one example member is smaller than the meetings.
    wrong = [problem for file in checked.files for problem in file.problems if "名册上的人数" not in problem.problem]
    assert wrong == []
