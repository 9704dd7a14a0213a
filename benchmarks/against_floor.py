"""Each step of a large run beside the fastest queries that we could write by hand for the same output (floor/).

``python benchmarks/against_floor.py INBOX [TIMES] [MEMORY]``: in one process, in turns, the best of each (three times
if not said); the output of every step is compared, and a row that differs ends it. Prints JSON. One part only: at most
250,000 units, records that break no critical rule.
"""

import json
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from one_run import Watched

from kaohe.large.publish import NO_REGION
from kaohe.project import Project
from kaohe.sqltext import literal

FLOOR = Path(__file__).parent / "floor"
#: What is timed → (seconds by the clock, of the processors), the best of each.
Best = dict[str, tuple[float, float]]


class Floor:
    """The queries written by hand, over the records and the results of a run that has ended."""

    def __init__(self, run: Watched) -> None:
        self.run = run
        self.took: Best = {}
        self.con = run.left.con
        self.con.execute("create schema if not exists floor; set search_path = 'floor'")
        for table, files in run.files.items():
            listed = ", ".join(literal(path) for path in files)
            self.con.execute(
                f"create or replace view {table} as from {f'read_parquet([{listed}])' if files else f'main.{table}'}"
            )

    def time(self, name: str, sql: str) -> None:
        """Run a file of SQL."""
        begin, used = time.perf_counter(), time.process_time()
        self.con.execute(sql)
        self.took[name] = (time.perf_counter() - begin, time.process_time() - used)

    def count(self, query: str) -> int:
        """How many rows a query gives."""
        return int(self.con.sql(f"select count(*) from ({query})").fetchall()[0][0])

    def same(self, what: str, query: str) -> None:
        """Ends everything if a query for what differs gives rows."""
        if number := self.count(query):
            raise SystemExit(f"{what}: {number} rows differ, such as {self.con.sql(query).limit(1).fetchall()}")

    def measure(self) -> None:
        """Evidence, straight from the files, and the sums of units alone."""
        self.time("measure", _sql("measure"))
        self.same(
            "evidence_sum",
            "from floor.evidence_sum as floor full join main.evidence_sum as own "
            "on own.unit_id = floor.unit_id and own.evidence = floor.evidence "
            "where own.items is distinct from floor.items or own.due is distinct from floor.due "
            "or own.done is distinct from floor.done",
        )
        self.same("report", "(from report except from main.report) union all (from main.report except from report)")
        mine = "select unit_id, indicator, item, cast(done as decimal(18, 6)) from measured"
        theirs = "select unit_id, indicator, item, done from main.measured"
        self.same("measured", f"({mine} except {theirs}) union all ({theirs} except {mine})")
        self.time("unit sums", _sql("unit_sums"))
        self.same(
            "unit sums",
            "from (select unit_id, sum(weight * done / due) as points from main.evidence_sum "
            "join main.scheme_indicator using (evidence) where section = 'base' group by unit_id) as own "
            "join main.assessed_unit using (unit_id) left join unit_sum as floor using (unit_id) "
            "where abs(own.points - coalesce(floor.points, 0)) > 1e-6",
        )

    def validate(self, flagged: dict[tuple[str, str], int]) -> None:
        """How many records each rule finds."""
        self.time("validate", _sql("validate"))
        found = {(table, rule): count for table, rule, count in self.con.sql("from failing").fetchall()}
        if found != flagged:
            raise SystemExit(f"validate: {sorted(found.items() ^ flagged.items())} differ")

    def score(self) -> None:
        """Totals, ranks and grades from the run's own evidence."""
        self.con.execute("set search_path = 'main'")
        self.time("score", f"create or replace table floor.score as {_sql('scores')}")
        self.con.execute("set search_path = 'floor'")
        self.same(
            "scores",
            "from main.scores as own full join score as floor on own.unit_id = floor.unit_id "
            "where own.total is distinct from if(own.status = 'scored', floor.total, own.total) "
            "or own.rank is distinct from floor.rank or own.grade is distinct from floor.grade",
        )

    def publish(self, publication: Path) -> None:
        """Files of the rows that the run published."""
        self.con.execute("set search_path = 'main'")
        rows = (Project.find().sql / "results" / "indicator_scores.sql").read_text(encoding="utf-8")
        self.con.execute(
            "create or replace table floor.leaf_row as "
            f"select leaf.*, coalesce(region, {literal(NO_REGION)}) as region from ({rows}) as leaf "
            "join main.org_unit using (unit_id); "
            "create or replace table floor.league_row as from main.league; set search_path = 'floor'"
        )
        out = self.run.home / "by_hand"
        out.mkdir()
        self.time("publish", _sql("publish").replace("{out}", str(out)))
        for name in ("indicator_scores", "scores"):
            mine, theirs = (f"from read_parquet('{folder}/{name}/**/*.parquet')" for folder in (out, publication))
            if (by_hand := self.count(mine)) != (own := self.count(theirs)):
                raise SystemExit(f"publish: {name} has {own} rows, {by_hand} by hand")


def _sql(name: str) -> str:
    return (FLOOR / f"{name}.sql").read_text(encoding="utf-8")


def one_round(inbox: Path, home: Path, memory: str | None) -> tuple[Best, Best]:
    """A run, then the queries by hand; gives what each took."""
    run = Watched(inbox, home, memory)
    outcome = run.go()
    if outcome.parts != 1 or outcome.refused:
        raise SystemExit("only records of one part, of which none is refused, can be compared")
    run.left.read("main.scores", outcome.publication / "scores")  # the run looked at them where they were then
    floor = Floor(run)
    floor.validate(outcome.flagged)
    floor.measure()
    floor.score()
    floor.publish(outcome.publication)
    floor.con.close()
    return {step: (run.seconds[step], run.cpu[step]) for step in run.seconds}, floor.took


def best_of(times: int, work: Callable[[], tuple[Best, Best]]) -> tuple[Best, Best]:
    """Both sides' best by the clock and of the processors, of so many rounds."""
    rounds = [work() for _ in range(times)]
    both: list[Best] = []
    for side in zip(*rounds, strict=True):
        took: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for each in side:
            for name, pair in each.items():
                took[name].append(pair)
        both.append({name: (min(c for c, _ in pairs), min(u for _, u in pairs)) for name, pairs in took.items()})
    return both[0], both[1]


def main(inbox: Path, times: int = 3, memory: str | None = None) -> dict[str, Any]:
    def work() -> tuple[Best, Best]:
        folder = Path(tempfile.mkdtemp(prefix="kaohe-floor-"))
        try:
            return one_round(inbox, folder, memory)
        finally:
            shutil.rmtree(folder)

    own, floor = best_of(times, work)
    return {"own": own, "floor": floor}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int((sys.argv[2:3] or ["3"])[0]), *sys.argv[3:])))
