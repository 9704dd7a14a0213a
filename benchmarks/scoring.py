"""How long the scoring SQL takes when there are many units.

``python benchmarks/scoring.py HOME [UNITS]``: the year that was run in the folder HOME is blown up to so many units (250,000
if not said), with some values changed and some evidence gone, and scored model by model, beside the fastest query that
we could write by hand for the same totals, ranks and grades (floor/scores.sql). Prints seconds, rows and peak memory.
"""

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from kaohe.models import Model, Models
from kaohe.project import Project
from kaohe.scoring import GIVEN, make
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


def timed(con: duckdb.DuckDBPyConnection, models: list[Model], project: Project) -> float:
    """Make every model once; prints what each took."""
    con.execute((project.sql / "macros.sql").read_text(encoding="utf-8"))
    engine, whole = Engine(con), 0.0
    for model in models:
        begin = time.perf_counter()
        make(engine, model)
        took = time.perf_counter() - begin
        whole += took
        kind = con.execute("select table_type from information_schema.tables where table_name = ?", [model.name]).fetchall()
        rows = con.sql(f"select count(*) from main.{model.name}").fetchall()[0][0] if kind == [("BASE TABLE",)] else ""
        print(f"  {model.name:<18} {took:7.2f} s {rows:>12}", flush=True)
    return whole


def main() -> None:
    home, units = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 250_000
    project = Project.find()
    models = Models.of(project.sql / "scores")
    folder = Path(tempfile.mkdtemp(prefix="kaohe-scoring-"))
    try:
        con = duckdb.connect(str(folder / "scores.duckdb"))
        con.execute(f"set memory_limit = '{MEMORY}'; set threads = 2")
        blow_up(con, home / "warehouse" / "kaohe.duckdb", units)
        found = con.sql("select (select count(*) from main.assessed_unit), (select count(*) from main.evidence_sum)")
        print("{:,} units, {:,} rows of evidence".format(*found.fetchall()[0]))
        in_order = [each for each in models.in_order(GIVEN | {"measured", *GROWN}) if each.name != "evidence_sum"]
        print(f"  {'sum':<18} {timed(con, in_order, project):7.2f} s")
        print(f"  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB held at most")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
