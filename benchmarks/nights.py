"""What a night costs beside a whole run: ``python benchmarks/nights.py --units 250000 --folder DIR``.

Makes records (``generate.py``), runs them whole, and then lets nights come, each from the state of a whole run:

- ``late``: one record in 250 of the year's, of any day and unit, in a file more for each table;
- ``day``: the records of one working day and what falls due on it, after a run of all that was there the day before;
- ``units``: the files of one unit in a hundred are replaced by others, with some records gone;
- ``month``: a day on which a month ends, without a new record.

Prints processor seconds and seconds by the clock, and each night as a share of the whole run of the same records.
"""

import argparse
import datetime as dt
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
from generate import Order, make

from kaohe.contracts import load_contracts
from kaohe.large.renewing import REGISTRIES
from kaohe.large.run import LargeOutcome, LargeRun
from kaohe.project import Project
from kaohe.sqltext import quoted

YEAR, LAST = 2023, dt.date(2024, 3, 31)
DAY = dt.date(2023, 11, 15)
MONTH_END = dt.date(2023, 11, 30)
FILES = 100


@dataclass(frozen=True)
class Cost:
    """Of a run: processor seconds, seconds by the clock, and whether it went on from the last run."""

    processor: float
    clock: float
    outcome: LargeOutcome


def run(inbox: Path, home: Path, as_of: dt.date) -> Cost:
    """Run and measure."""
    begin, processor = time.perf_counter(), time.process_time()
    outcome = LargeRun(inbox, YEAR, as_of, home=home).go()
    return Cost(time.process_time() - processor, time.perf_counter() - begin, outcome)


def tell(name: str, cost: Cost, whole: Cost | None = None) -> None:
    """Print what a run cost."""
    steps = "  ".join(f"{step} {took:.1f}" for step, took in cost.outcome.seconds.items())
    share = f"{cost.processor / whole.processor:6.1%} {cost.clock / whole.clock:6.1%}" if whole else " " * 13
    way = "in steps" if cost.outcome.in_steps else "whole"
    print(f"{name:<8}{cost.processor:8.1f} s {cost.clock:8.1f} s  {share}  {way:<9} {steps}", flush=True)


def set_apart(later: Path, inbox: Path) -> None:
    """Lay what was held back into the inbox, one file for each table."""
    with duckdb.connect() as con:
        for folder in sorted(path for path in later.iterdir() if path.is_dir()):
            con.execute(f"copy (from '{folder}/*.parquet') to '{inbox / folder.name}/late.parquet' (format parquet)")


def cut(inbox: Path, out: Path, days: str) -> None:
    """Copy the records of an inbox whose event's date meets a condition; those without one where it says so."""
    with duckdb.connect() as con:
        for name, contract in load_contracts(Project.find().expectations).items():
            day = quoted(contract.event_date) if contract.event_date else "null"
            always = "true" if "is null" in days else "false"
            days_of = always if name in REGISTRIES else days.format(day=day)
            (out / name).mkdir(parents=True, exist_ok=True)
            for path in sorted((inbox / name).glob("*.parquet")):
                rows = f"from '{path}' where {days_of}"
                if con.sql(f"select 1 {rows} limit 1").fetchall():
                    con.execute(f"copy (select * {rows}) to '{out / name / path.name}' (format parquet)")


def replace_units(inbox: Path, number: int) -> None:
    """Replace the files of some units by others, in which every tenth record is missing."""
    with duckdb.connect() as con:
        for folder in sorted(path for path in inbox.iterdir() if path.is_dir() and path.name not in REGISTRIES):
            path, aside = folder / f"part-{number:04d}.parquet", folder / ".new"
            if path.exists():
                con.execute(f"copy (select * exclude (_n) from (select *, row_number() over () as _n from '{path}') "
                            f"where _n % 10 > 0) to '{aside}' (format parquet)")  # fmt: skip
                aside.replace(path)


def main() -> None:
    """Make, run, print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--units", type=int, default=5000)
    asked.add_argument("--folder", type=Path, required=True, help="where everything is laid; what was there goes")
    asked.add_argument("nights", nargs="*", default=["late", "units", "day", "month"])
    given = asked.parse_args()
    folder: Path = given.folder
    shutil.rmtree(folder, ignore_errors=True)
    inbox, later, home = folder / "inbox", folder / "later", folder / "home"
    make(Order(given.units, inbox, bucket=-(-given.units // FILES), hold_back=1 / 250, held_back=later))
    print(f"{given.units:,} units            processor    clock    of a whole run", flush=True)
    if {"late", "units"} & {*given.nights}:
        run(inbox, home, LAST)
        set_apart(later, inbox)
        whole = run(inbox, folder / "other", LAST)
        tell("whole", whole)
        tell("late", run(inbox, home, LAST), whole)
        if "units" in given.nights:
            replace_units(inbox, FILES // 2)
            tell("units", run(inbox, home, LAST), whole)
    for name in ("day", "month"):
        if name not in given.nights:
            continue
        last = DAY if name == "day" else MONTH_END
        short, home = folder / name, folder / f"home_{name}"
        cut(inbox, short, f"{{day}} is null or {{day}} < date '{last}'")
        run(short, home, last - dt.timedelta(1))
        if name == "day":
            cut(inbox, folder / "came", f"{{day}} = date '{last}'")
            for path in sorted((folder / "came").glob("*/*.parquet")):
                shutil.copyfile(path, short / path.parent.name / f"day-{path.name}")
        whole = run(short, folder / f"other_{name}", last)
        tell(f"whole {name}"[:11], whole)
        tell(name, run(short, home, last), whole)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
