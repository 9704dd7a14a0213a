"""The workbook is live: LibreOffice, working every formula out anew, finds what was published; and what `kaohe what-if`
finds where the scheme's cells are changed."""

import datetime as dt
import re
import shutil
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from kaohe.publication import WORKBOOK
from kaohe.publication.manifest import read_manifest
from kaohe.publication.method import method_of, scheme_file
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing.workbook import figures, write_workbook
from kaohe.scheme import Scheme
from kaohe.what_if import varied, what_if
from kaohe.words import use_language
from tests.helpers import CHECK, FINDING, ROOT, STUDY, Result, assess, check, registry, write_csv
from tests.spreadsheet import formulas, load, needs_soffice, recalculated, values

CATEGORIES = ("机关处室", "基层单位")
SCHEME = ROOT / "data" / "schemes" / "2023.yml"


def write(result: Result, path: Path) -> Path:
    """The workbook of a publication, written anew."""
    manifest = read_manifest(result.folder)
    contracts, scheme = method_of(result.home, manifest)
    with Snapshot(result.folder) as snapshot:
        write_workbook(snapshot, contracts, scheme, manifest, path)
    return path


def league(book: openpyxl.Workbook) -> dict[str, dict[str, Any]]:
    """Unit → its row in the league tables of a workbook's values; blank text is nothing."""
    rows = {}
    for category in (name for name in CATEGORIES if name in book.sheetnames):
        heading, *table = book[category].iter_rows(min_row=3, values_only=True)
        for row in table:
            shown = dict(zip(heading, (None if value == "" else value for value in row), strict=True))
            rows[str(shown["单位"])] = shown
    return rows


def same_when_recalculated(path: Path, recalculated: openpyxl.Workbook) -> None:
    """Every formula comes to the value that was written with it."""
    written, anew = values(load(path, data_only=True)), values(recalculated)
    differing = {
        place: (formula, written.get(place), anew.get(place))
        for place, formula in formulas(path).items()
        if written.get(place) != anew.get(place)
    }
    assert not differing


# ---- what was published


@pytest.fixture(scope="module")
def anew(sample: Result, tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    """The sample's workbook (units without data and pending, vetoes, ties, and all patterns of what is not applicable)
    as LibreOffice works it out."""
    return load(recalculated(tmp_path_factory.mktemp("office"), sample.folder / WORKBOOK)[0], data_only=True)


@needs_soffice
def test_every_formula_of_the_sample_comes_to_what_was_published(sample: Result, anew: openpyxl.Workbook) -> None:
    same_when_recalculated(sample.folder / WORKBOOK, anew)
    found = league(anew)
    for score in sample.table("scores").iter_rows(named=True):
        row, has_data = found[score["unit_name"]], score["status"] != "no_data"
        assert row["总分"] == (float(score["total"]) if has_data else None)
        assert (row["名次"], row["等次"], row["一票否决"]) == (score["rank"], score["grade"], score["veto"])
        assert (row["并列"], row["优秀线并列"]) == tuple(
            "是" if score[name] else None for name in ("tied", "quota_tie")
        )
        assert (row["加分"], row["扣分"]) == (
            (float(score["bonus"]), float(score["deduction"])) if has_data else (None, None)
        )
    statuses = sample.table("scores")["status"].to_list()
    assert {"pending", "no_data"} < set(statuses)
    assert sample.table("scores")["veto"].n_unique() == 3
    assert sample.table("scores")["quota_tie"].any()


@needs_soffice
def test_the_points_of_every_leaf_are_live_to_the_cent(sample: Result, anew: openpyxl.Workbook) -> None:
    live = formulas(sample.folder / WORKBOOK)
    _, scheme = method_of(sample.home, sample.manifest)
    names = dict(sample.table("scores").select("unit_id", "unit_name").rows())
    wanted = {
        (names[unit], leaf): points
        for unit, leaf, points in sample.table("indicator_scores").select("unit_id", "indicator", "points").rows()
    }
    counted = 0
    for name, dimension in scheme.dimensions.items():
        leaves = [entry.name for entry, _ in scheme.leaves if entry.dimension == name]
        for row in anew[dimension.title].iter_rows(min_row=4):
            assert row[3].value == pytest.approx(sum(c.value for c in row[4:] if isinstance(c.value, float | int)))
            for leaf, cell in zip(leaves, row[4:], strict=True):
                points = wanted[str(row[2].value), leaf]
                assert (dimension.title, cell.coordinate) in live
                assert cell.value == float(points) if points is not None else isinstance(cell.value, str)
                counted += 1
    assert counted == 60 * sum(entry.section == "base" for entry, _ in scheme.leaves)


def test_the_snapshot_has_what_points_are_made_of(sample: Result) -> None:
    """Points are effective weight × numerator / denominator, rounded half up; bonus and deductions before their caps are
    never less than after them."""
    with Snapshot(sample.folder) as snapshot:
        leaves = snapshot.rows("select unit_id, indicator, numerator, denominator from main.leaf_score")
        extras = {(unit, leaf): points for unit, leaf, points in snapshot.rows("select * from main.extra_score")}
    scores = {(row["unit_id"], row["indicator"]): row for row in sample.table("indicator_scores").iter_rows(named=True)}
    for unit, leaf, numerator, denominator in leaves:
        row = scores[unit, leaf]
        if numerator is None:
            assert (row["points"], row["effective_weight"]) == (None, 0)
        else:
            cents = int(row["effective_weight"] * 100)
            assert int(row["points"] * 100) == (2 * cents * numerator + denominator) // (2 * denominator)
    _, scheme = method_of(sample.home, sample.manifest)
    capped = 0
    for entry, _ in scheme.leaves:
        for unit in sample.table("scores")["unit_id"] if entry.section in ("bonus", "deduction") else ():
            before, after = extras.get((unit, entry.name), Decimal(0)), abs(scores[unit, entry.name]["points"])
            assert before >= after
            capped += before > after
    assert capped
    assert len(leaves) == 60 * sum(entry.section == "base" and bool(entry.weight) for entry, _ in scheme.leaves)


# ---- a changed scheme


def settings_of(scheme: Scheme) -> dict[str, Any]:
    """Code on the sheet 考核办法 → the value of its cell."""
    cells: dict[str, Any] = {e.name: float(e.weight) for e in scheme.entries if e.section == "base"}
    for name, grade in scheme.grades.items():
        cells[f"grades.{name}.at_least"] = float(grade.at_least)
        cells[f"grades.{name}.quota"] = None if grade.quota is None else float(grade.quota)
        cells[f"grades.{name}.quota_at_least"] = grade.quota_at_least
    cells["bonus.cap"], cells["deductions.cap"] = float(scheme.bonus.cap), float(scheme.deductions.cap)
    cells |= {f"tie_break.{number}": name for number, name in enumerate(scheme.tie_break)}
    cells |= {f"vetoes.{n}.grade_at_most": scheme.grades[v.grade_at_most].title for n, v in scheme.vetoes.items()}
    return cells


def changed(source: Path, target: Path, cells: dict[str, Any]) -> int:
    """The workbook with these cells of 考核办法 filled in by hand; gives how many differ."""
    book = load(source)
    count = 0
    for row in book["考核办法"].iter_rows(min_row=4):
        code, cell = row[0].value, row[2]
        if code in cells and cell.value != cells[code]:
            cell.value = cells[code]
            count += 1
    book.save(target)
    return count


TRIALS = {
    "shared-out weights move by cents": ["spot_check_round_1.weight=5.37", "training_probationary.weight=0", "theory.study.weight=6", "synergy.weight=17.99"],
    "what is pending, and a dimension, have no weight": ["review.weight=0", "org_life_meeting.weight=0", "integrity.weight=0"],
    "grades, caps, vetoes": [
        "grades.excellent.quota=0.1", "grades.good.at_least=85.5", "grades.good.quota=0.5", "grades.good.quota_at_least=2",
        "bonus.cap=1.25", "deductions.cap=0.5", "vetoes.V1.grade_at_most=qualified", "vetoes.V2.grade_at_most=good",
    ],
    "tie-breaks": ["tie_break=[fewer_deductions, theory, org_life]", "bonus.cap=0", "theory.weight=0"],
}  # fmt: skip


@needs_soffice
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["grades, caps, vetoes"], id="one"),
        pytest.param([*TRIALS], id="all", marks=pytest.mark.long),
    ],
)
def test_a_changed_scheme_gives_what_what_if_gives(sample: Result, tmp_path: Path, names: list[str]) -> None:
    """Totals, ranks, grades and statuses of all units, for each of several changes."""
    kept = scheme_file(sample.home, sample.manifest)
    trials, paths = {name: TRIALS[name] for name in names}, {}
    for number, (name, settings) in enumerate(trials.items()):
        scheme, _ = varied(kept, settings, "2023.yml")
        paths[name] = tmp_path / f"{number}.xlsx"
        assert changed(sample.folder / WORKBOOK, paths[name], settings_of(scheme)) >= len(settings)
    published = load(sample.folder / WORKBOOK, data_only=True)
    before = league(published)
    for (name, settings), path in zip(trials.items(), recalculated(tmp_path, *paths.values()), strict=True):
        scores = what_if(sample.home, 2023, settings, []).scores.filter(pl.col("variant") == "set")
        book = load(path, data_only=True)
        after = league(book)
        words = {"scored": "已计分", "pending": "待报", "no_data": "无数据"}
        for row in scores.iter_rows(named=True):
            shown = after[row["unit_name"]]
            total = None if row["status"] == "no_data" else float(row["total"])
            found = (shown["总分"], shown["名次"], shown["等次"], shown["状态"])
            assert found == (total, row["rank"], row["grade"], words[row["status"]]), (name, row["unit_name"])
        assert len(after) == scores.height == 60
        assert after != before, name
        order = [unit for unit, row in after.items() if row["名次"] is not None]
        ranks = [after[unit]["名次"] for unit in order]
        assert ranks[: ranks.index(1, 2)] == sorted(ranks[: ranks.index(1, 2)]), (
            "the table is in the order of the ranks"
        )
        said = str(book["机关处室"]["G1"].value)
        assert said.startswith("试算：考核办法已改动"), name
    assert published["机关处室"]["G1"].value is None


@needs_soffice
def test_what_does_not_add_up_is_said_beside_it(sample: Result, tmp_path: Path) -> None:
    path = tmp_path / "wrong.xlsx"
    wrong = {
        "theory": 21.0,
        "study_xuexi": 2.0,
        "grades.good.at_least": 95.0,
        "tie_break.0": "nothing",
        "vetoes.V1.grade_at_most": "一般",
    }
    assert changed(sample.folder / WORKBOOK, path, wrong) == 5
    book = load(recalculated(tmp_path, path)[0], data_only=True)
    checks = {row[0].value or row[1].value: row[3].value for row in book["考核办法"].iter_rows(min_row=4)}
    assert {code: check for code, check in checks.items() if check not in (None, "", "✓")} == {
        "合计": "✗ 下级合计 99.00",
        "theory": "✗ 下级合计 22.00",
        "study": "✗ 下级合计 4.66",
        "grades.excellent.at_least": "✗",
        "tie_break.0": "✗ 没有这个代号",
        "vetoes.V1.grade_at_most": "✗ 没有这个等次",
    }
    assert book["考核办法"]["C4"].value == 5


# ---- other schemes, small publications

HOSTILE = ("=1+1", "@SUM(A1)", "-2+3", "+4", "'引号'的单位", '“"双引号"”&amp;')
RATES = (8, 5, 10, 7, 7, 1)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Units with hostile names; something of what their files can hold."""
    folder = tmp_path_factory.mktemp("inbox")
    units = [(f"J{n:02}", name, "机关处室") for n, name in enumerate(HOSTILE)] + [
        ("D01", "=2*3", "基层单位"),
        ("D02", "低分单位", "基层单位"),
    ]
    write_csv(folder / "名册.csv", registry(*units))
    checks = [check(f"C{n}", name, flags="1" * (1 + n % 4) + "0" * (3 - n % 4)) for n, name in enumerate(HOSTILE)]
    write_csv(folder / "=1+1.csv", [CHECK, *checks, check("C9", "@没有的单位")])
    finding = ["F1", "C1", HOSTILE[1], "一般", "=HYPERLINK(1)", "2023-03-05", "2023-04-05", "2023-05-01", "已销号"]
    write_csv(folder / "问题.csv", [FINDING, finding])
    # a unit that has less than is deducted from it: its total is 0
    write_csv(folder / "空白.csv", [CHECK, check("C8", "低分单位", flags="0000")])
    notices = [[f"T{n}", "低分单位", "区", "2023-06-01", "通报"] for n in range(4)]
    write_csv(folder / "通报.csv", [["通报编号", "被通报单位", "通报级别", "通报日期", "通报事项"], *notices])
    months = [f"2023-{month:02}" for month in range(1, 13)]
    rates = dict(zip(HOSTILE, RATES, strict=True))
    rows = [["学习强国", month, unit, 10, n, f"{n * 10}%"] for month in months for unit, n in rates.items()]
    write_csv(folder / "学习.csv", [STUDY, *rows])
    return folder


#: What is replaced in the scheme of 2023.
EDITS: dict[str, list[tuple[str, str]]] = {
    "hostile titles, twice and ours": [
        ("title: 立根铸魂", "title: 计算"), ("title: 强基固本", "title: 计算"), ("title: 聚力融合", "title: \"'=1+1'\""),
        ("title: 正风肃纪", "title: \"概览[1]:*?/\\\\\""), ("title: 学习强国参学率", "title: =HYPERLINK(\"x\")"),
        ("title: 三会一课", "title: \"@'\\\"！\""), ("title: 优秀", "title: '\"优\"秀'"), ("title: 良好", "title: =9"),
    ],
    "half even, dense ranks": [("mode: half_up}", "mode: half_even}"), ("tie_break: [spot_check, org_life, fewer_deductions]", "tie_break: []\nranking: dense")],
    "down, dense ranks after tie-breaks": [("mode: half_up}", "mode: down}"), ("tie_break:", "ranking: dense\ntie_break:")],
    "too little of a node": [("    title: 立根铸魂\n", "    title: 立根铸魂\n    availability: 0.9\n"), ("        title: 重点群体培训\n", "        title: 重点群体培训\n        availability: 0.5\n")],
    "other rules": [
        ("measure: study_participation\n            rule: share", "measure: study_participation\n            rule: raw\n            direction: lower"),
        ("measure: spot_check\n            rule: share\n            params: {round: 1", "measure: spot_check\n            rule: linear\n            floor: 0.123457\n            target: 0.987654\n            params: {round: 1"),
        ("measure: findings_closed\n        rule: share", "measure: findings_closed\n        rule: steps\n        steps: [{at_least: 1, give: 0.7}]"),
    ],
    "a statistical rule": [("measure: study_participation\n            rule: share", "measure: study_participation\n            rule: minmax")],
    "in English": [],
}  # fmt: skip
#: Those that `make test` works out; `make soak` works out all.
SHORT = ["hostile titles, twice and ours", "half even, dense ranks", "in English"]


@pytest.fixture(scope="module")
def published(inbox: Path, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Callable[[str], Result]:
    """A publication by the edited scheme, made once."""
    made: dict[str, Result] = {}

    def of(edit: str) -> Result:
        if edit not in made:
            text = SCHEME.read_text(encoding="utf-8")
            for old, new in EDITS[edit]:
                assert old in text, old
                text = text.replace(old, new, 1)
            folder = tmp_path_factory.mktemp("made")
            (folder / "2023.yml").write_text(text, encoding="utf-8")
            use_language("en" if edit == "in English" else "zh")
            made[edit] = assess(inbox, folder / "home", dt.date(2024, 4, 1), scheme=folder / "2023.yml")
            use_language("zh")
        return made[edit]

    return of


@pytest.fixture(scope="module")
def worked_out(
    published: Callable[[str], Result], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], openpyxl.Workbook]:
    """The workbook by an edited scheme as LibreOffice works it out; those of SHORT, or the others, all in one go."""
    books: dict[str, openpyxl.Workbook] = {}

    def of(edit: str) -> openpyxl.Workbook:
        if edit not in books:
            work, paths = tmp_path_factory.mktemp("office"), []
            edits = [other for other in EDITS if (other in SHORT) == (edit in SHORT)]
            for number, other in enumerate(edits):
                paths.append(work / f"{number}.xlsx")
                shutil.copyfile(published(other).folder / WORKBOOK, paths[-1])
            made = (load(path, data_only=True) for path in recalculated(work, *paths))
            books.update(zip(edits, made, strict=True))
        return books[edit]

    return of


@needs_soffice
@pytest.mark.parametrize(
    "edit",
    [pytest.param(edit, marks=[] if edit in SHORT else pytest.mark.long) for edit in EDITS if edit != "in English"],
)
def test_every_formula_comes_to_what_was_published_by_other_schemes(
    published: Callable[[str], Result], edit: str, worked_out: Callable[[str], openpyxl.Workbook]
) -> None:
    result = published(edit)
    same_when_recalculated(result.folder / WORKBOOK, worked_out(edit))
    found = league(worked_out(edit))
    assert found["低分单位"]["总分"] == 0 < found["低分单位"]["扣分"] < 8
    for score in result.table("scores").iter_rows(named=True):
        row = found[score["unit_name"]]
        assert (row["名次"], row["等次"]) == (score["rank"], score["grade"])
        assert row["总分"] == (None if score["status"] == "no_data" else float(score["total"]))


def test_no_formula_is_made_of_what_people_wrote(published: Callable[[str], Result]) -> None:
    result = published("hostile titles, twice and ours")
    path = result.folder / WORKBOOK
    for formula in formulas(path).values():
        assert not any(text in formula for text in (*HOSTILE, "HYPERLINK", "优", "没有的单位")), formula
    book = load(path)
    assert book.sheetnames[3:7] == ["计算 (2)", "计算 (3)", "_=1+1", "概览_1______"]
    assert book.sheetnames[-1] == "计算"
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "s"]
    risky = [cell for cell in cells if str(cell.value).startswith(("=", "+", "-", "@"))]
    wanted = {"=1+1", "@SUM(A1)", "-2+3", "+4", "=2*3", "=1+1.csv", "=9", '=HYPERLINK("x")'}
    assert wanted <= {cell.value for cell in risky}
    assert all(cell.quotePrefix for cell in risky)


def test_csv_files_hold_no_formula(published: Callable[[str], Result]) -> None:
    folder = published("hostile titles, twice and ours").folder
    scores = pl.read_csv(folder / "scores.csv", infer_schema=False)
    assert {"'=1+1", "'@SUM(A1)", "'-2+3", "'+4", "'引号'的单位"} < set(scores["unit_name"])
    assert set(scores["total"]) <= {f"{Decimal(total):.2f}" for total in scores["total"]}
    quarantine = pl.read_csv(folder / "quarantine.csv", infer_schema=False)
    assert quarantine["_file"].to_list() == ["'=1+1.csv"]
    alerts = pl.read_csv(folder / "alerts.csv", infer_schema=False)
    assert "'=1+1" in alerts["unit_name"].to_list()
    for frame in (scores, quarantine, alerts):
        cells = [cell for row in frame.iter_rows() for cell in row if cell]
        assert not [
            cell for cell in cells if re.match(r"[=+\-@\t\r]", cell) and not re.fullmatch(r"-?\d+(\.\d+)?", cell)
        ]


@needs_soffice
def test_it_is_live_in_english_too(
    published: Callable[[str], Result], worked_out: Callable[[str], openpyxl.Workbook]
) -> None:
    result = published("in English")
    same_when_recalculated(result.folder / WORKBOOK, worked_out("in English"))
    assert load(result.folder / WORKBOOK).sheetnames[-3:] == ["scheme", "effective weights", "calculation"]


# ---- the file


def test_the_same_publication_gives_the_same_bytes(sample: Result, tmp_path: Path) -> None:
    assert write(sample, tmp_path / "again.xlsx").read_bytes() == (sample.folder / WORKBOOK).read_bytes()


def test_sheets_print_on_a4_and_the_overview_has_its_charts(sample: Result) -> None:
    book = load(sample.folder / WORKBOOK, data_only=True)
    for sheet in book.worksheets:
        assert sheet.print_area, sheet.title
        assert sheet.page_setup.paperSize == 9
    overview = book["概览"]
    assert book.active is overview
    assert [type(chart).__name__ for chart in overview._charts] == ["BarChart", "BarChart"]
    cells = {row[0].value: [cell.value for cell in row[1:]] for row in overview.iter_rows(min_row=4)}
    scores = sample.table("scores")
    offices = scores.filter(pl.col("category") == "机关处室")
    assert cells["单位数"][0] == offices.height
    assert cells["无数据"][2] == scores.filter(pl.col("status") == "no_data").height
    assert cells["最高分"][0] == float(offices["total"].max())  # type: ignore[arg-type]
    assert cells["优秀"][:2] == [offices.filter(pl.col("grade") == "优秀").height, int(0.3 * offices.height)]
    assert cells["第 1 位"][0] == offices.sort("rank", "unit_id")["unit_name"][0]
    rules = book["机关处室"].conditional_formatting
    kinds = [(str(one.sqref), rule.type) for one in rules for rule in one.rules]
    assert kinds == [("D4:D27", "expression")] * 4 + [("C4:C27", "dataBar")]
    with zipfile.ZipFile(sample.folder / WORKBOOK) as parts:
        assert {"xl/charts/chart1.xml", "xl/charts/chart2.xml"} <= set(parts.namelist())


def test_a_large_publication_has_values_only(
    published: Callable[[str], Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = published("half even, dense ranks")
    units = result.table("scores").height
    live = league(load(result.folder / WORKBOOK, data_only=True))
    monkeypatch.setattr(figures, "MOST_LIVE_UNITS", units - 1)
    large = write(result, tmp_path / "large.xlsx")
    assert formulas(large) == {}
    book = load(large)
    assert book.sheetnames[-1] == "考核办法"
    assert "只有数值" in str(book["机关处室"]["A2"].value)
    assert league(book) == live
    colours = {cell.value: cell.fill.fgColor.rgb for (cell,) in book["概览"]["A1:A40"]}
    assert colours["优秀"] == "FFC6E0B4"
    grade = book["机关处室"]["D4"]
    assert grade.fill.fgColor.rgb == colours[grade.value] != "00000000"
    assert len(book["概览"]._charts) == 2
    monkeypatch.setattr(figures, "MOST_LIVE_UNITS", units)
    assert formulas(write(result, tmp_path / "small.xlsx"))
