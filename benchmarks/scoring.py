"""How long the scoring SQL takes when there are many units.

``python benchmarks/scoring.py HOME [UNITS]``: the year that was run in the folder HOME is blown up to so many units
(250,000 if not said), with some values changed and some evidence gone, and scored model by model, beside the fastest
query that we could write by hand for the same totals, ranks and grades (floor/scores.sql). Prints seconds and memory.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from kaohe.models import Models
from kaohe.planning import GIVEN
from kaohe.project import Project
from kaohe.scoring import make
from kaohe.warehouse import Engine

MEMORY = "4GiB"
#: Laid out by a run, and the same for any number of units.
SAME = (
    "assessment",
    "given_value",
    "measure_table",
    "scheme",
    "scheme_grade",
    "scheme_indicator",
    "scheme_node",
    "scheme_path",
    "scheme_step",
    "scheme_tie_break",
    "scheme_veto",
)
#: How each table with a row or more per unit grows: its columns after unit_id, and which of its rows stay.
#: ``nth`` is the number of the copy; one row in fifty of a unit's evidence is gone, another is half done.
GROWN = {
    "assessed_unit": ("unit_name, category, valid_from, valid_to", "true"),
    "unit_attribute": ("name, text, number", "true"),
    "report": ("table_name", "hash(unit_id, table_name, nth) % 50 > 0 or nth = 0"),
    "evidence_sum": (
        "evidence, items, cast(due as bigint) as due, cast(records as bigint) as records, "
        "cast(if(hash(unit_id, evidence, nth) % 50 = 1 and nth > 0, done // 2, done) as bigint) as done",
        "hash(unit_id, evidence, nth) % 50 > 0 or nth = 0",
    ),
    "measured": (
        "indicator, item, due, done, records",
        "indicator in (select indicator from small.scheme_indicator where section <> 'base')",
    ),
}


def blow_up(con: duckdb.DuckDBPyConnection, warehouse: Path, units: int) -> None:
    """The tables that sql/scores starts from, for so many units."""
    con.execute(f"attach '{warehouse}' as small (read_only)")
    for table in SAME:
        con.execute(f"create table main.{table} as from small.{table}")
    own = con.sql("select count(*) from small.assessed_unit").fetchall()[0][0]
    for table, (columns, stays) in GROWN.items():
        con.execute(
            f"create table main.{table} as select format('{{}}{{:06d}}', unit_id, nth) as unit_id, {columns} "
            f"from small.{table}, range(0, {-(-units // own)}) as copy (nth) where {stays}"
        )
    con.execute("detach small; checkpoint")


def timed(name: str, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processors; prints both, which differ where others share the machine."""
    begin, used = time.perf_counter(), time.process_time()
    work()
    took, used = time.perf_counter() - begin, time.process_time() - used
    print(f"  {name:<18} {took:7.2f} s {used:7.2f} s of CPU", flush=True)
    return took, used


def scored(con: duckdb.DuckDBPyConnection, project: Project) -> tuple[float, float]:
    """Every model from the sums of evidence to the scores of units, made in order."""
    models = Models.of(project.sql / "scores")
    in_order = models.in_order(GIVEN | {"measured", "assessed_unit", "unit_attribute"})
    con.execute((project.sql / "macros.sql").read_text(encoding="utf-8"))
    took = [timed(each.name, partial(make, Engine(con), each)) for each in in_order if each.name != "evidence_sum"]
    return sum(clock for clock, _ in took), sum(used for _, used in took)


def check(con: duckdb.DuckDBPyConnection) -> None:
    """Both ways gave every unit the same total, rank and grade."""
    differing = con.sql(
        "select unit_id from main.unit_score as own full join main.floor as floor using (unit_id) "
        "where points(own.total) is distinct from floor.total or own.rank is distinct from floor.rank "
        "or own.grade is distinct from floor.grade"
    ).fetchall()
    if differing:
        raise SystemExit(f"{len(differing)} units have other scores by hand, such as {differing[0][0]}")


def main() -> None:
    home, units = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 250_000
    project = Project.find()
    by_hand = (Path(__file__).parent / "floor" / "scores.sql").read_text(encoding="utf-8")
    folder = Path(tempfile.mkdtemp(prefix="kaohe-scoring-"))
    try:
        con = duckdb.connect(str(folder / "scores.duckdb"))
        con.execute(f"set memory_limit = '{MEMORY}'; set threads = 2")
        blow_up(con, home / "warehouse" / "kaohe.duckdb", units)
        con.close()
        con = duckdb.connect(str(folder / "scores.duckdb"))
        con.execute(f"set memory_limit = '{MEMORY}'; set threads = 2")
        found = con.sql("select (select count(*) from main.assessed_unit), (select count(*) from main.evidence_sum)")
        print("{:,} units, {:,} rows of evidence".format(*found.fetchall()[0]))
        whole = scored(con, project)
        floor = timed("by hand", lambda: con.execute(f"create table main.floor as {by_hand}"))
        check(con)
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"  all models {whole[0]:.2f} s, {whole[1]:.2f} s of CPU: {whole[1] / floor[1]:.1f} × by hand")
        print(f"  {held:.1f} GiB held at most")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
