"""Check before hand-in: the clerk learns what the night would say, with nothing but the file."""

import csv
import datetime as dt
import json
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from kaohe.checking import Checked, CheckedFile, check
from kaohe.errors import KaoheError
from tests.helpers import CHECK, FINDING, SAMPLE, assess, in_process, registry, write_csv, write_xlsx
from tests.helpers import check as inspected

UNITS = registry(("J01", "办公室", "机关处室"), ("D01", "水务中心", "基层单位"))


@pytest.fixture
def names(tmp_path: Path, libraries: None) -> Path:
    path = tmp_path / "名册.csv"
    write_csv(path, UNITS)
    return path


def only(checked: Checked) -> CheckedFile:
    (file,) = checked.files
    return file


def said(file: CheckedFile, severity: str = "critical") -> list[tuple[str, str]]:
    return [(f"{p.sheet}!{p.cell}", p.value or "") for p in file.problems if p.severity == severity]


def test_each_bad_cell_with_its_address_and_what_to_do(tmp_path: Path, names: Path) -> None:
    rows = [
        ["抽查记录"],
        CHECK,
        inspected("C1", "办公室"),
        inspected("C2", "办公厅", round_=3, on="2023-02-30"),
        inspected("C3", "水务中心", flags="1x11"),
        inspected("C4", "水务中心", opinion=""),
    ]
    write_xlsx(tmp_path / "抽查.xlsx", {"一": rows})
    file = only(check([tmp_path / "抽查.xlsx"], names))
    assert file.wrong
    assert [(table.title, table.good, table.bad) for table in file.tables] == [("组织生活记录抽查", 1, 3)]
    assert file.left_out == 2
    # All that is wrong with a row at once: also the unit and the round of a row whose date is none.
    assert [(p.cell, p.value, p.problem, p.remedy) for p in file.problems if p.severity == "critical"] == [
        ("B4", "办公厅", "单位名册和别名表里没有", "改成名册上的名称，最接近的是：办公室、水务中心"),
        ("C4", "3", "轮次只能是 1 或 2", "从这些里选：1、2"),
        ("D4", "2023-02-30", "不是完整有效的日期", "写成 2023-03-05 这样"),
        ("G5", "x", "看不出是“是”还是“否”", "填“是”或“否”（四必有之一）"),
        ("J6", None, "必填，却是空的", "填写文字（有检查必有意见）"),
    ]


def test_a_number_twice_or_a_day_to_come_hides_nothing_else(tmp_path: Path, libraries: None) -> None:
    rows = [inspected("C1", "办公室", opinion=""), inspected("C1", "水务中心", round_=3)]
    rows += [
        inspected("C2", "办公室", on="2099-03-05", opinion=""),
        inspected("C3", "办公室", flags="1x11", opinion=""),
    ]
    write_csv(tmp_path / "抽查.csv", [CHECK, *rows])
    file = only(check([tmp_path / "抽查.csv"]))
    assert [p.cell for p in file.problems] == ["A2", "J2", "A3", "C3", "D4", "J4", "G5", "J5"]
    assert [(table.good, table.bad) for table in file.tables] == [(0, 4)]


def test_rules_and_names_of_units_are_those_of_the_night(tmp_path: Path, names: Path, home: Path) -> None:
    """The same rows are refused for the same reasons by a run over the same file."""
    inbox = tmp_path / "in"
    rows = [CHECK, inspected("C1", "水物中心"), inspected("C2", "办公室", round_=3), inspected("C3", "办公室")]
    rows += [inspected("C4", "办公室"), inspected("C4", "水务中心")]
    write_csv(inbox / "抽查.csv", rows)
    file = only(check([inbox / "抽查.csv"], names))
    assert [(p.cell, p.value) for p in file.problems] == [("B2", "水物中心"), ("C3", "3"), ("A5", "C4"), ("A6", "C4")]
    assert file.problems[0].remedy == "改成名册上的名称，最接近的是：水务中心、办公室"
    assert file.problems[1].remedy == "从这些里选：1、2"
    write_csv(inbox / "名册.csv", UNITS)
    quarantine = assess(inbox, home).quarantine
    assert quarantine["cells"].to_list() == [p.cell for p in file.problems]


def test_without_a_registry_names_are_not_checked_and_that_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "抽查.csv", [CHECK, inspected("C1", "谁也不认识")])
    done = in_process("check", tmp_path / "抽查.csv")
    assert done.returncode == 0, done.stderr
    assert "单位名称没有核对" in done.stdout
    assert "可收 1 行，要改 0 行" in done.stdout


def test_references_are_checked_among_the_files_given(tmp_path: Path, names: Path) -> None:
    row = ["Q1", "C9", "办公室", "一般", "记录", "2023-03-05", "2023-04-05", "", "整改中"]
    write_csv(tmp_path / "整改.csv", [FINDING, row])
    write_csv(tmp_path / "抽查.csv", [CHECK, inspected("C1", "办公室")])
    alone = only(check([tmp_path / "整改.csv"], names))
    assert not [p for p in alone.problems if p.letters == "B"]
    both = check([tmp_path / "整改.csv", tmp_path / "抽查.csv"], names).files[0]
    assert [(p.cell, p.severity) for p in both.problems if p.letters == "B"] == [("B2", "warning")]


def test_a_sheet_that_lacks_a_column_and_a_file_that_cannot_be_read_are_wrong(tmp_path: Path, names: Path) -> None:
    write_xlsx(tmp_path / "缺列.xlsx", {"数据": [CHECK[:4], ["C1", "办公室", 1, "2023-03-05"]]})
    (tmp_path / "坏.xlsx").write_bytes(b"not a workbook")
    write_csv(tmp_path / "别的.csv", [["甲", "乙"], ["1", "2"]])
    lacking, broken, other = check([tmp_path / "缺列.xlsx", tmp_path / "坏.xlsx", tmp_path / "别的.csv"], names).files
    assert (lacking.wrong, broken.wrong, other.wrong) == (True, True, True)
    assert "检查意见" in lacking.problems[0].problem
    assert broken.problems[0].problem.startswith("坏.xlsx：")


def test_failed_formulas_and_hidden_rows_are_told(tmp_path: Path, names: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "抽查.xlsx")) as book:
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, CHECK)
        sheet.write_row(1, 0, inspected("C1", "办公室"))
        sheet.write_row(2, 0, inspected("C2", "办公室"))
        sheet.write_formula("E2", "=1/0", None, "#DIV/0!")
        sheet.write_formula("C3", "=1+1", None, "")
        sheet.set_row(2, None, None, {"hidden": True})
    file = only(check([tmp_path / "抽查.xlsx"], names))
    assert said(file) == [("表!E2", "#DIV/0!"), ("表!C3", "=1+1")]
    assert [p.problem for p in file.problems if p.severity == "critical"] == [
        "是公式算出的错误",
        "是没有算出结果的公式",
    ]
    assert said(file, "warning") == [("表!", "")]
    assert "隐藏" in next(p for p in file.problems if p.severity == "warning").problem


def test_a_percentage_among_shares_is_told_and_the_shares_are_taken(tmp_path: Path, libraries: None) -> None:
    head = ["平台", "统计月份", "单位名称", "应参加人数", "参加人数", "参学率"]
    rows = [["青年大学习", f"2023-0{month}", "办公室", 8, 7, 0.875] for month in range(1, 8)]
    write_xlsx(tmp_path / "学情.xlsx", {"表": [head, *rows, ["青年大学习", "2023-08", "办公室", 8, 7, 87.5]]})
    file = only(check([tmp_path / "学情.xlsx"]))
    assert [(p.cell, p.value, p.problem, p.remedy) for p in file.problems if p.severity == "critical"] == [
        ("F9", "87.5", "本列其他格大多写成比例（如 0.875），这一格却大于 2", "按比例填写，或写成 87.5% 这样")
    ]


def test_a_unit_whose_row_in_the_registry_is_bad_is_said_first_and_once(tmp_path: Path) -> None:
    head, good, bad = registry(("J01", "办公室", "机关处室"), ("D01", "水务中心", "别的"))
    write_csv(tmp_path / "名册.csv", [head, good, bad])
    rows = [inspected(f"C{n}", "水务中心") for n in range(40)] + [inspected("C99", "水物中心")]
    write_xlsx(tmp_path / "抽查.xlsx", {"表": [CHECK, *rows]})
    done = in_process("check", tmp_path / "抽查.xlsx", "--registry", tmp_path / "名册.csv", "--year", 2023)
    assert done.returncode == 1
    first, *told = done.stdout.splitlines()
    assert first.startswith("单位名册里有一行被隔离")
    assert "名册.csv · 第 3 行，" in first and "「别的」" in first
    assert told[3:] == [
        "  表 · B2–B41，40 处：「水务中心」这个单位在单位名册上，但名册的那一行被隔离；"
        "先改正单位名册（名册.csv · 第 3 行），这里不用改",
        "  表 · B42 「水物中心」单位名册和别名表里没有；改成名册上的名称，最接近的是：办公室",
    ]


def test_the_same_problem_in_one_column_is_one_line_with_its_cells(tmp_path: Path, names: Path) -> None:
    opinions = ["", "", "好", "", "好", ""]
    rows = [inspected(f"C{n}", "办公室", opinion=opinion) for n, opinion in enumerate(opinions)]
    write_csv(tmp_path / "抽查.csv", [CHECK, *rows])
    done = in_process("check", tmp_path / "抽查.csv", "--registry", names, "--year", 2023)
    assert "  J2–J3、J5、J7，4 处：必填，却是空的；" in done.stdout
    assert len(done.stdout.splitlines()) == 4


def test_both_cells_of_a_comparison_are_pointed_at(tmp_path: Path, libraries: None) -> None:
    head = ["政治教育编号", "单位名称", "教育日期", "教育主题", "应参加人数", "实到人数"]
    write_csv(tmp_path / "教育.csv", [head, ["E1", "办公室", "2023-05-10", "忠诚", 4, 5]])
    file = only(check([tmp_path / "教育.csv"]))
    more = "实到人数多于应到人数"
    assert [(p.cell, p.value, p.problem) for p in file.problems] == [("E2", "4", more), ("F2", "5", more)]


def test_records_of_another_year_and_days_to_come(tmp_path: Path, names: Path) -> None:
    days = ["2022-03-05", "2023-03-05", "2023-06-05"]
    write_csv(tmp_path / "抽查.csv", [CHECK, *(inspected(f"C{n}", "办公室", on=day) for n, day in enumerate(days))])
    file = only(check([tmp_path / "抽查.csv"], names, dt.date(2023, 6, 4), 2023))
    assert [(p.cell, p.severity) for p in file.problems] == [("", "warning"), ("D4", "critical")]
    assert file.problems[0].problem == "有 1 行是 2022 年的，不是所查的 2023 年度"
    done = in_process("check", tmp_path / "抽查.csv", "--registry", names, "--as-of", "2024-03-31")
    assert (done.returncode, done.stdout.count("不是所查的 2023 年度")) == (0, 1)
    done = in_process("check", tmp_path / "抽查.csv", "--registry", names, "--as-of", "2024-04-01")
    assert "有 3 行是 2022–2023 年的，不是所查的 2024 年度" in done.stdout


def test_the_command_as_json_in_english_and_what_it_refuses(tmp_path: Path, names: Path) -> None:
    write_csv(tmp_path / "抽查.csv", [CHECK, inspected("C1", "办公室", on="3月5日")])
    done = in_process("check", tmp_path / "抽查.csv", "--registry", names, "--format", "json", "--lang", "en")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["wrong"], found["units_known"]) == (True, True)
    (problem,) = found["files"][0]["problems"]
    assert (problem["row"], problem["letters"], problem["remedy"]) == (2, "D", "write it like 2023-03-05")
    for arguments, told in (
        ((tmp_path / "没有.xlsx",), "没有.xlsx"),
        ((names, names, "--marked", tmp_path / "o.xlsx"), "--marked"),
        ((names, "--marked", tmp_path / "o.csv"), "o.csv"),
        ((tmp_path / "台账.xlsx", "--marked", tmp_path / "台账.xlsx"), "原文件"),
        ((tmp_path, "--marked", tmp_path / "o.xlsx"), "--marked"),
        ((tmp_path / "抽查.csv", "--registry", tmp_path / "r.xlsx", "--marked", tmp_path / "r.xlsx"), "原文件"),
    ):
        refused = in_process("check", *arguments)
        assert (refused.returncode, told in refused.stderr, len(refused.stderr.splitlines())) == (2, True, 1)
    with pytest.raises(KaoheError, match="名册"):
        check([tmp_path / "抽查.csv"], tmp_path / "抽查.csv")


def test_a_file_that_cannot_be_read_is_a_problem_with_and_without_a_marked_copy(tmp_path: Path) -> None:
    (tmp_path / "坏.xlsx").write_bytes(b"broken")
    for more in ((), ("--marked", tmp_path / "红.xlsx")):
        done = in_process("check", tmp_path / "坏.xlsx", *more)
        assert (done.returncode, done.stderr) == (1, "")
        assert "工作簿已损坏" in done.stdout
        assert not (tmp_path / "红.xlsx").exists()


def test_a_file_by_two_spellings_is_one_file(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(names.parent)
    assert not check([names], Path(names.name)).wrong


def test_rows_good_and_bad_and_left_out_are_the_rows_that_are_there(libraries: None) -> None:
    """Of files of the sample, counted by other readers."""
    files = [SAMPLE / "名册/单位名册2023.xlsx", SAMPLE / "抽查/抽查计划2023.xlsx", SAMPLE / "考核/考核申诉.csv"]
    files.append(SAMPLE / "学情/2023年12月/学情通报2023年12月.xlsx")
    for path, file in zip(files, check(files).files, strict=True):
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as lines:
                there = sum(any(row) for row in csv.reader(lines))
        else:
            book = openpyxl.load_workbook(path, data_only=True)
            there = sum(any(row) for sheet in book for row in sheet.iter_rows(values_only=True))
        assert sum(table.good + table.bad for table in file.tables) + file.left_out == there, path


def test_the_marked_copy_and_a_folder(tmp_path: Path, names: Path) -> None:
    write_xlsx(tmp_path / "in" / "抽查.xlsx", {"一": [CHECK, inspected("C1", "办公室", on="2023-02-30")]})
    write_csv(tmp_path / "in" / "下" / "好.csv", [CHECK, inspected("C2", "办公室")])
    done = in_process(
        "check", tmp_path / "in" / "抽查.xlsx", "--registry", names, "--marked", tmp_path / "out" / "红.xlsx"
    )
    assert done.returncode == 1, done.stderr
    book = openpyxl.load_workbook(tmp_path / "out" / "红.xlsx")
    assert book.sheetnames == ["检查结果", "一"]
    assert book["一"]["D2"].comment.text == "kaohe：\n不是完整有效的日期。写成 2023-03-05 这样"
    done = in_process("check", tmp_path / "in", "--registry", names)
    assert done.returncode == 1
    assert "好.csv：可以报送" in done.stdout
    assert "抽查.xlsx：有问题" in done.stdout
