"""kaohe beside its peers: ``python benchmarks/peers --units 5000 --python ENV/bin/python [--only polars]``.

The same six indicators of the same made-up records, by each in a process of its own; prints the time (the best of
``--times``) and the largest memory of each beside kaohe's. Fails if any unit's total, rank or grade differs.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import xlsxwriter

HERE = Path(__file__).resolve().parent
PEERS = ("kaohe", "polars", "pandas", "dbt", "spark", "openpyxl")
PACKAGES = ("duckdb", "polars", "pandas", "dbt-core", "dbt-duckdb", "pyspark", "openpyxl")
READ = ("org_unit", "org_life_record", "study_stat", "party_member", "talk_record", "inspection", "inspection_finding")
READ += ("pairing_agreement", "pairing_item")
#: What counting in workbooks is for.
WORKBOOKS_UP_TO = 200


def run(command: list[str]) -> tuple[float, int]:
    """Seconds, and the largest memory of the process and those it starts, in bytes."""
    begin, peaks = time.perf_counter(), {}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(command, start_new_session=True, stdout=said, stderr=said) as started,
    ):
        while started.poll() is None:
            peaks |= _peaks(started.pid)
            time.sleep(0.02)
        took = time.perf_counter() - begin
        if started.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(command)}\n{said.read()}")
    return took, sum(peaks.values())


def _peaks(session: int) -> dict[int, int]:
    """The largest memory so far of each process of a session, in bytes."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                lines = (process / "status").read_text().splitlines()
                peak = next(line for line in lines if line.startswith("VmHWM"))
                found[int(process.name)] = int(peak.split()[1]) * 1024
        except (OSError, StopIteration):
            continue
    return found


def write_workbooks(inbox: Path, folder: Path) -> None:
    """The tables as an office keeps them: lists joined by 、, flags as 1 and 0."""
    folder.mkdir()
    for name in READ:
        found = duckdb.sql(f"select * from '{inbox}/{name}/*.parquet'")
        with xlsxwriter.Workbook(str(folder / f"{name}.xlsx"), {"default_date_format": "yyyy-mm-dd"}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate([tuple(found.columns), *found.fetchall()]):
                cells = ["、".join(cell) if isinstance(cell, list) else cell for cell in row]
                sheet.write_row(number, 0, [int(cell) if isinstance(cell, bool) else cell for cell in cells])


def scores(out: Path) -> str:
    """The query for what a peer wrote."""
    if out.suffix == ".xlsx":
        import openpyxl

        rows = openpyxl.load_workbook(out, read_only=True).worksheets[0].iter_rows(min_row=2, values_only=True)
        out = out.with_suffix(".json")
        names = ("unit_id", "cents", "rank", "grade")
        out.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    found = f"{out}/*.parquet" if out.is_dir() else str(out)
    return f"select unit_id, cents::bigint as cents, rank::bigint as rank, grade from '{found}'"


def differing(one: Path, other: Path) -> int:
    """Units whose total, rank or grade is not the same in both."""
    mine, theirs = scores(one), scores(other)
    query = f"""select count(distinct unit_id) from (
        (({mine}) except all ({theirs})) union all (({theirs}) except all ({mine})))"""
    return int(duckdb.sql(query).fetchall()[0][0])


def versions(python: str) -> str:
    code = f"""
import importlib.metadata as m
for name in {PACKAGES}:
    try: print(name, m.version(name), end=', ')
    except m.PackageNotFoundError: pass"""
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    return f"{found}Python {platform.python_version()}, {os.cpu_count()} cores"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--units", type=int, default=5000)
    asked.add_argument("--only", choices=PEERS, action="append", help="beside kaohe; may be given again")
    asked.add_argument("--python", default=sys.executable, help="where the peers' requirements.txt is installed")
    asked.add_argument("--inbox", type=Path, help="records made before, instead of --units")
    asked.add_argument("--times", type=int, default=3)
    given = asked.parse_args()
    wanted = ["kaohe", *(name for name in given.only or PEERS if name != "kaohe")]
    with tempfile.TemporaryDirectory() as folder:
        inbox = given.inbox or Path(folder) / "inbox"
        if not given.inbox:
            generate = [sys.executable, str(HERE.parent / "generate.py"), "--out", str(inbox)]
            subprocess.run([*generate, "--units", str(given.units)], check=True)
        units = json.loads((inbox / "made.json").read_text())["units"]
        if units > WORKBOOKS_UP_TO:
            wanted = [name for name in wanted if name != "openpyxl"]
        if "openpyxl" in wanted:
            write_workbooks(inbox, Path(folder) / "workbooks")
        print(f"\n{versions(given.python)}; {units:,} units\n")
        print("| | seconds | of kaohe's | MiB | of kaohe's |\n|---|---|---|---|---|")
        best: dict[str, tuple[float, int]] = {}
        wrong = []
        for name in wanted:
            out = Path(folder) / f"{name}.{'xlsx' if name == 'openpyxl' else 'parquet'}"
            python = sys.executable if name == "kaohe" else given.python
            source = Path(folder) / "workbooks" if name == "openpyxl" else inbox
            command = [python, str(HERE / f"by_{name}.py"), str(source), str(out)]
            runs = [run(command) for _ in range(given.times)]
            seconds, peak = best[name] = min(took for took, _ in runs), max(peak for _, peak in runs)
            kaohe = best["kaohe"]
            ratios = f"{seconds / kaohe[0]:.2f}", f"{peak / kaohe[1]:.2f}"
            print(f"| {name} | {seconds:.1f} | {ratios[0]} | {peak / 2**20:,.0f} | {ratios[1]} |", flush=True)
            if count := differing(Path(folder) / "kaohe.parquet", out):
                wrong.append(f"{name}: {count} units differ from kaohe's scores")
    if wrong:
        sys.exit("\n".join(wrong))
    print("\nThe same totals, ranks and grades by all.")


if __name__ == "__main__":
    main()
