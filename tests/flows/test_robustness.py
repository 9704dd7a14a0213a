"""How far ranks hold, in every publication and on its faces, and asked for anew."""

import datetime as dt
import io
import json
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from rich.console import Console

from kaohe.errors import KaoheError
from kaohe.publication import WORKBOOK
from kaohe.publication.snapshot import Snapshot
from kaohe.robustness.tables import TABLES, robustness
from kaohe.scheme import load_scheme
from kaohe.summary import print_summary
from tests.helpers import CHECK, ROOT, STUDY, Result, assess, check, in_process, registry, write_csv

SCHEME = ROOT / "data" / "schemes" / "2023.yml"
AS_OF = dt.date(2024, 4, 1)  # nothing is pending any more
OFFICES = ("办公室", "法规处", "水务处", "财务处")


def write_inbox(folder: Path) -> None:
    units = [(f"J0{number}", name, "机关处室") for number, name in enumerate(OFFICES, start=1)]
    write_csv(folder / "名册.csv", registry(*units, ("D01", "水务中心", "基层单位"), ("D02", "环境站", "基层单位")))
    flags = ("1111", "1110", "1101", "0001")
    checks = [check(f"C{n}", name, flags=flag) for n, (name, flag) in enumerate(zip(OFFICES, flags, strict=True))]
    write_csv(folder / "抽查.csv", [CHECK, *checks, check("C9", "水务中心")])
    rates = dict(zip((*OFFICES, "水务中心"), (9, 10, 6, 1, 10), strict=True))
    months = [f"2023-{month:02}" for month in range(1, 13)]
    rows = [["学习强国", month, unit, 10, n, f"{n * 10}%"] for month in months for unit, n in rates.items()]
    write_csv(folder / "学习.csv", [STUDY, *rows])


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    write_inbox(folder)
    return folder


@pytest.fixture(scope="module")
def published(inbox: Path, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    return assess(inbox, tmp_path_factory.mktemp("home"), as_of=AS_OF)


def test_every_publication_has_the_tables(published: Result) -> None:
    with Snapshot(published.folder) as snapshot:
        tables = {name: snapshot.frame(f"select * from main.{name}") for name in TABLES}
    scores = published.table("scores")
    ranked = scores.filter(pl.col("rank").is_not_null())
    assert "D02" in scores["unit_id"]
    intervals = tables["rank_interval"].sort("unit_id")
    assert intervals.select("unit_id", "rank").rows() == ranked.sort("unit_id").select("unit_id", "rank").rows()
    assert (intervals["rank_low"] <= intervals["rank_high"]).all()
    assert dict(intervals.select("unit_id", "overlaps_above").rows())["D01"] is False
    shares = tables["grade_probability"].group_by("unit_id").agg(pl.col("probability").sum())
    assert shares["probability"].to_list() == pytest.approx([1] * 5)
    assert tables["sensitivity"]["factor"].to_list() == [
        "weights", "rounding", "missing", "normalisation", "aggregation", "all",
    ]  # fmt: skip
    leaves = [e.name for e, _ in load_scheme(SCHEME).leaves if e.section == "base" and e.weight]
    assert tables["leave_one_out"]["indicator"].to_list() == leaves
    assert tables["leave_one_out"]["max_shift"].max() >= 1


def test_overlaps_are_those_of_neighbours(published: Result) -> None:
    rows = robustness(published.home).tables["rank_interval"].filter(pl.col("unit_id").str.starts_with("J"))
    ordered = list(rows.sort("rank").iter_rows(named=True))
    assert len({row["rank"] for row in ordered}) == 4
    for above, row in zip([None, *ordered], ordered, strict=False):
        overlap = above is not None and above["rank_high"] >= row["rank_low"] and row["rank_high"] >= above["rank_low"]
        assert row["overlaps_above"] is overlap
    assert {row["overlaps_above"] for row in ordered} == {True, False}


def test_the_workbook_and_the_summary_show_the_intervals(published: Result) -> None:
    book = openpyxl.load_workbook(published.folder / WORKBOOK, data_only=True)
    league = [[cell.value for cell in row] for row in book["机关处室"].iter_rows(min_row=3)]
    heading, *rows = league
    at, mark = heading.index("90% 名次区间"), heading.index("与上一名难分先后")
    found = robustness(published.home).tables["rank_interval"]
    names = dict(published.table("scores").select("unit_id", "unit_name").rows())
    expected = {
        names[row["unit_id"]]: (
            str(row["rank_low"]) if row["rank_low"] == row["rank_high"] else f"{row['rank_low']}–{row['rank_high']}",
            "是" if row["overlaps_above"] else None,
        )
        for row in found.iter_rows(named=True)
    }
    assert {row[1]: (row[at], row[mark] or None) for row in rows} == {name: expected[name] for name in OFFICES}
    varied = [[cell.value for cell in row] for row in book["稳健性"].iter_rows(min_row=4)]
    assert [row[1] for row in varied[:6]] == ["权重", "取整", "缺项处理", "标准化", "汇总方式", "以上全部"]
    assert "学习强国参学率" in [row[1] for row in varied[6:]]
    intervals = [[cell.value for cell in row] for row in book["名次区间"].iter_rows(min_row=3)]
    assert intervals[0][-4:] == ["得优秀的比例", "得良好的比例", "得合格的比例", "得不合格的比例"]
    assert all(sum(row[-4:]) == pytest.approx(1) for row in intervals[1:])
    console = Console(width=140, file=io.StringIO(), record=True)
    print_summary(console, published.outcome)
    said = console.export_text()
    assert "90% 名次区间" in said
    marked = [line for line in said.splitlines() if "│" in line and "≈" in line]
    assert len(marked) == sum(mark is not None for _, mark in expected.values()) > 0


def test_asked_anew_it_is_what_was_published_unless_asked_otherwise(published: Result, tmp_path: Path) -> None:
    with Snapshot(published.folder) as snapshot:
        tables = {name: snapshot.frame(f"select * from main.{name}") for name in TABLES}
    again = robustness(published.home, 2023)
    assert again.draws == 1000
    for name in TABLES:
        assert again.tables[name].rows() == tables[name].rows(), name
    other = robustness(published.home, None, draws=2000, seed=5)
    assert other.draws == 2000
    assert other.tables["sensitivity"].rows() != again.tables["sensitivity"].rows()
    assert other.tables["leave_one_out"].rows() == again.tables["leave_one_out"].rows()
    other.write(tmp_path / "out")
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(TABLES)
    assert pl.read_csv(tmp_path / "out" / "leave_one_out.csv").rows() == again.tables["leave_one_out"].rows()


def test_a_scheme_says_what_is_varied(inbox: Path, tmp_path: Path, home: Path) -> None:
    scheme = tmp_path / "fixed.yml"
    fixed = (
        "\nrobustness: {draws: 200, weights: null, rounding: [], missing: [zero], normalisation: [], aggregation: []}\n"
    )
    scheme.write_text(SCHEME.read_text(encoding="utf-8") + fixed, encoding="utf-8")
    result = assess(inbox, home, AS_OF, scheme=scheme)
    with Snapshot(result.folder) as snapshot:
        assert [row[0] for row in snapshot.rows("select factor from main.sensitivity")] == ["missing", "all"]
    scheme.write_text(scheme.read_text().replace("weights: null", "weights: {spread: 0.1, concentration: 9}"))
    with pytest.raises(KaoheError, match="spread 和 concentration"):
        load_scheme(scheme)


def test_the_command(published: Result, tmp_path: Path) -> None:
    asked = ("robustness", "--home", published.home, "--draws", "100", "--seed", "3")
    said = in_process(*asked, "--out", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    assert "100 次抽样" in said.stdout
    assert "与上一名难分先后" in said.stdout
    plain = json.loads(in_process(*asked, "--format", "json").stdout)
    assert {"publication", "draws", *TABLES} == set(plain)
    assert len(plain["rank_interval"]) == 5
    english = in_process(*asked, "--lang", "en").stdout
    assert "90 % rank interval" in english
    nothing = in_process("robustness", "--home", tmp_path / "none")
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (2, 1)


def test_nobody_ranked(tmp_path: Path, home: Path) -> None:
    """Units without any data: the tables are there, and empty."""
    write_csv(tmp_path / "inbox" / "名册.csv", registry(("J01", "办公室", "机关处室")))
    result = assess(tmp_path / "inbox", home, AS_OF)
    found = robustness(home)
    assert all(table.is_empty() for table in found.tables.values())
    assert {row["status"] for row in result.table("scores").iter_rows(named=True)} == {"no_data"}
    said = in_process("robustness", "--home", home)
    assert (said.returncode, said.stderr) == (0, "")
