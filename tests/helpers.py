"""What many tests need: small inboxes, and a run without Prefect."""

import csv
import datetime as dt
import importlib
import io
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import xlsxwriter

from kaohe import cli, validation
from kaohe.project import Project
from kaohe.run import Outcome, Run
from kaohe.validation.findings import Findings, QuickFindings
from kaohe.words import language, use_language

ROOT = Path(__file__).resolve().parent.parent
MESSY = ROOT / "tests" / "data" / "messy"
OFFICE = ROOT / "tests" / "data" / "office"
SAMPLE = ROOT / "data" / "sample"
#: A scheme with few leaves, for tests of what does not depend on the scheme.
SMALL = ROOT / "tests" / "data" / "small" / "2023.yml"
YEAR = 2023
AS_OF = dt.date(2024, 3, 31)

REGISTRY = ["单位编号", "单位名称", "简称", "类别", "党组织类型", "设支委会", "党小组数", "党员数", "成立日期"]
CHECK = [
    "检查编号", "单位名称", "轮次", "检查日期", "检查人", "固定时间", "会议议题", "规范程序", "详实记录", "检查意见",
    "指导情况", "督促情况",
]  # fmt: skip
FINDING = ["问题编号", "检查编号", "责任单位", "严重程度", "问题类别", "发现日期", "整改期限", "复查日期", "整改状态"]
#: The units of the inbox that most tests begin with.
UNITS = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
STUDY = ["平台", "月份", "单位名称", "应参加人数", "参加人数", "参学率"]

Rows = Sequence[Sequence[object]]


def write_csv(path: Path, rows: Rows, encoding: str = "utf-8-sig") -> None:
    """Write a CSV as an office would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows(rows)


def write_xlsx(path: Path, sheets: dict[str, Rows], merged: Iterable[str] = ()) -> None:
    """Write a workbook; ``merged`` ranges (A1:C1) on the first sheet keep the text of their first cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        for number, (name, rows) in enumerate(sheets.items()):
            sheet = book.add_worksheet(name)
            date = book.add_format({"num_format": "yyyy-mm-dd"})
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(r, c, dt.datetime.combine(value, dt.time()), date)
                    elif value is not None:
                        sheet.write(r, c, value)
            for place in merged if number == 0 else ():
                sheet.merge_range(place, "")
                first = place.split(":")[0]
                r, c = xlsxwriter.utility.xl_cell_to_rowcol(first)
                sheet.write(r, c, rows[r][c])


def registry(*units: tuple[str, str, str]) -> list[list[object]]:
    """A registry of units (id, name, category)."""
    return [REGISTRY, *([u, name, "", category, "支部", "是", 1, 10, "2015-01-01"] for u, name, category in units)]


def check(
    number: str, unit: str, round_: object = 1, on: str = "2023-03-05", flags: str = "1111", **other: str
) -> list[object]:
    """A row under ``CHECK``; ``flags``: the four musts as 1 or 0."""
    cells: list[object] = [number, unit, round_, on, other.get("inspector", "王某"), *flags]
    return [*cells, other.get("opinion", "规范"), other.get("guidance", "已指导"), other.get("follow_up", "已督促")]


@dataclass
class Result:
    """What a run left behind."""

    outcome: Outcome
    home: Path

    @property
    def folder(self) -> Path:
        return self.outcome.publication

    def table(self, name: str) -> pl.DataFrame:
        """A table of the publication."""
        return pl.read_parquet(self.folder / f"{name}.parquet")

    @property
    def quarantine(self) -> pl.DataFrame:
        return pl.read_csv(self.folder / "quarantine.csv", infer_schema=False)

    @property
    def manifest(self) -> dict[str, Any]:
        import json

        loaded: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return loaded

    def score(self, unit: str) -> dict[str, Any]:
        """The row of a unit in the scores."""
        return self.table("scores").row(by_predicate=pl.col("unit_id") == unit, named=True)

    def leaf(self, unit: str, indicator: str) -> dict[str, Any]:
        """The row of a unit and indicator."""
        mine = (pl.col("unit_id") == unit) & (pl.col("indicator") == indicator)
        return self.table("indicator_scores").row(by_predicate=mine, named=True)

    def items(self, unit: str, indicator: str) -> pl.DataFrame:
        """The evidence of a unit and indicator."""
        mine = (pl.col("unit_id") == unit) & (pl.col("indicator") == indicator)
        return self.table("evidence").filter(mine)


def copied(result: Result, home: Path) -> Result:
    """The same run in a home of its own, which a test may change."""
    shutil.copytree(result.home, home)
    outcome = replace(deepcopy(result.outcome), publication=home / result.folder.relative_to(result.home))
    return Result(outcome, home)


def assess(
    inbox: Path | None, home: Path, as_of: dt.date = AS_OF, scheme: Path | None = None, strict: bool = False,
    year: int = YEAR, sources: Path | None = None, full_refresh: bool = False, by_gx: bool = False,
) -> Result:  # fmt: skip
    """The steps of the flow, without Prefect; rules are asked in SQL, as ``kaohe check`` does, unless ``by_gx``: what
    Great Expectations finds (test_rules) SQL finds in the same rows (test_large_checks), and it is a fifth of a run."""
    judge = patch.object(validation, "Findings", Findings if by_gx else QuickFindings)
    with judge, Run(inbox, year, as_of, scheme, home, strict, sources, full_refresh) as run:
        if run.frozen:
            return Result(run.outcome(new=False), home)
        run.pull()
        new = not run.up_to_date
        if new:
            run.validate()
            run.score()
            run.publish()
        return Result(run.outcome(new), home)


def assess_small(inbox: Path | None, home: Path, **more: Any) -> Result:
    """A run by the small scheme."""
    return assess(inbox, home, scheme=SMALL, **more)


def kaohe(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "kaohe", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", cwd=cwd or ROOT, check=False, timeout=600,
        env=os.environ | environment,
    )  # fmt: skip


def import_libraries() -> None:
    """Import what warns while it is imported, once: those warnings are its makers' to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("kaohe.validation.gx")
        importlib.import_module("flows.annual_assessment")


def in_process(*arguments: object, server: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command within this process, where all is imported already; ``server``: the Prefect server that its flow runs
    on. A process of its own (``kaohe``) takes one to seven seconds to import the same."""
    import_libraries()
    from prefect.settings import PREFECT_API_URL, temporary_settings

    words, spoken = [str(argument) for argument in arguments], language()
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
    with ExitStack() as stack:
        stack.callback(use_language, spoken)
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        if server:
            stack.enter_context(temporary_settings({PREFECT_API_URL: server}))
        use_language(cli._language_of(words))
        status = cli._status(words)
    said = []
    for stream in (out, err):
        stream.seek(0)
        said.append(stream.read())
    return subprocess.CompletedProcess(words, status, *said)


def without_schemes(target: Path) -> Project:
    """A project in which nobody has put a scheme for any year."""
    project = project_copy(target)
    for path in (target / "data" / "schemes").iterdir():
        path.unlink()
    return project


def project_copy(target: Path) -> Project:
    """A copy of contracts, SQL and schemes that a test may change; it is the project while KAOHE_PROJECT names it."""
    import shutil

    for part in ("expectations", "sql", "data/schemes", "data/templates"):
        shutil.copytree(ROOT / part, target / part)
    for name in ("work_plan.csv", "schedule.yml"):
        shutil.copy(ROOT / "data" / name, target / "data")
    return Project(target)
