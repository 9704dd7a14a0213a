"""Raw learning events → study statistics: rows a second and core, on DuckDB and on Spark, to size a cluster by.

    python benchmarks/events.py --rows 50000000 [--spark]

Each event is one session of one member on one platform: who, which unit, when, how many minutes. The query counts, for
each unit, platform and month, the members who studied and their minutes: the grain of ``study_stat``.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import duckdb

QUERY = """
select unit_id, platform, date_trunc('month', learnt_at) as period, count(distinct member_id) as studied,
  sum(minutes) as minutes
from event
group by unit_id, platform, date_trunc('month', learnt_at)
"""


def make(folder: Path, rows: int) -> None:
    """Write ``rows`` events of ``rows`` / 360 members (a year's each), in 20 files, in the order of time."""
    members = max(1, rows // 360)
    with duckdb.connect() as con:
        for part in range(20):
            con.execute(
                f"copy (select cast(hash(i, 1) % {members} as bigint) as member_id, "
                f"printf('R%04d-%05d', cast((hash(i, 1) % {members}) // 50000 as int), "
                f"cast((hash(i, 1) % {members}) // 20 % 100000 as int)) as unit_id, "
                "['学习强国', '上海干部在线学习城', '青年大学习'][cast(hash(i, 2) % 3 as int) + 1] as platform, "
                f"timestamp '2023-01-01' + to_seconds(cast(i * {365 * 86400} // {rows} as bigint)) as learnt_at, "
                f"cast(1 + hash(i, 3) % 60 as smallint) as minutes from range({part * rows // 20}, "
                f"{(part + 1) * rows // 20}) as made (i)) to '{folder}/part-{part:02d}.parquet' (compression zstd)"
            )


def on_duckdb(folder: Path) -> tuple[float, int]:
    """Seconds, and groups."""
    with duckdb.connect() as con:
        con.execute("set memory_limit = '8GB'")
        con.execute(f"create view event as from read_parquet('{folder}/*.parquet')")
        begin = time.perf_counter()
        groups = con.execute(f"create table study_stat as {QUERY}").fetchall()[0][0]
        return time.perf_counter() - begin, groups


def on_spark(folder: Path) -> tuple[float, int]:
    """Seconds without starting the session, and groups."""
    from kaohe.engines.spark import SparkEngine

    with tempfile.TemporaryDirectory() as scratch, SparkEngine(None, Path(scratch) / "spark") as engine:
        engine.read("main.event", folder)
        begin = time.perf_counter()
        engine.make("main.study_stat", QUERY)
        groups = engine.rows("select count(*) from main.study_stat")[0][0]
        return time.perf_counter() - begin, groups


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--spark", action="store_true")
    asked = parser.parse_args()
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make(folder, asked.rows)
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{asked.rows:,} events, {size / asked.rows:.1f} bytes each, {cores} cores")
        runs = {"duckdb": on_duckdb} | ({"spark": on_spark} if asked.spark else {})
        for name, run in runs.items():
            seconds, groups = run(folder)
            rate = asked.rows / seconds / cores
            print(f"{name}: {seconds:.1f} s, {rate / 1e6:.2f} million rows a second and core, {groups:,} groups")


if __name__ == "__main__":
    main()
