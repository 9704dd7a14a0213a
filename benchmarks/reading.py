"""How long files take to be read, typed and loaded: ``python benchmarks/reading.py [--large]`` prints times, memory,
and what the csv module alone takes for the same bytes. Each is measured in a process of its own."""

import csv
import gc
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import xlsxwriter

from kaohe.contracts import load_contracts
from kaohe.loading import pull
from kaohe.project import Project
from kaohe.sources.inbox import INBOX, inbox_files
from kaohe.warehouse import Warehouse

HEADINGS = [
    *("记录编号", "单位名称", "会议类型", "召开日期", "会议议题", "主持人"),
    *("记录人", "应到人数", "实到人数", "请假人数", "决议事项", "录入日期"),
]


def records(count: int) -> Iterator[list[str]]:
    """Meetings as sixty units write them down."""
    chance = random.Random(5)
    for number in range(count):
        month, day = number % 12 + 1, number % 28 + 1
        kind, host = chance.choice(["党课", "主题党日", "支委会"]), chance.choice(["王某", "李某", "张某"])
        topic = f"学习第{number % 300}次会议精神"
        what = [f"R{number:07}", f"第{number % 60}支部", kind, f"2023-{month:02}-{day:02}", topic, host, "赵某"]
        yield [*what, "12", "11", "1", "议定事项若干，责任到人，限期落实。", f"2023-{month:02}-28"]


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(chain([HEADINGS], records(count)))


def write_xlsx(path: Path, count: int) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("台账")
        for row, cells in enumerate(chain([HEADINGS], records(count))):
            sheet.write_row(row, 0, cells)


def load(inbox: Path, home: Path) -> None:
    """Read, type and load; print what it took."""
    gc.set_threshold(200_000, 20, 50)  # as the command does
    contracts = load_contracts(Project.find().expectations)
    files = inbox_files(inbox)
    begin = time.perf_counter()
    with Warehouse(home) as warehouse:
        pull(warehouse, {INBOX: files}, contracts)
        took = time.perf_counter() - begin
        ((rows,),) = warehouse.rows("select count(*) from typed.org_life_record")
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows} rows, {took:.1f} s, at most {held:.0f} MB")


def main() -> None:
    if sys.argv[1:2] == ["load"]:
        load(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inboxes = {"60 workbooks × 500 rows": folder / "books", "a CSV of 1,000,000 rows": folder / "csv"}
        for inbox in inboxes.values():
            inbox.mkdir()
        for unit in range(60):
            write_xlsx(folder / "books" / f"{unit}.xlsx", 500)
        write_csv(folder / "csv" / "big.csv", 1_000_000)
        if "--large" in sys.argv:
            inboxes["a workbook of 1,000,000 rows"] = folder / "book"
            (folder / "book").mkdir()
            write_xlsx(folder / "book" / "big.xlsx", 1_000_000)
        for title, inbox in inboxes.items():
            home = folder / f"home-{inbox.name}"
            command = [sys.executable, __file__, "load", str(inbox), str(home)]
            print(f"{title}: {subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()}")
        begin = time.perf_counter()
        with (folder / "csv" / "big.csv").open(encoding="utf-8-sig", newline="") as file:
            cells = sum(map(len, csv.reader(file)))
        took = time.perf_counter() - begin
        print(f"the csv module alone over the same CSV, {cells} cells: {took:.1f} s")


if __name__ == "__main__":
    main()
