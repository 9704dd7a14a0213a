"""Apache Spark in DuckDB's place: the same SQL, the same tables to the last digit. Skipped where Java or pyspark is missing."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kaohe import scoring
from kaohe.contracts import load_contracts
from kaohe.engines.java import NEWEST, OLDEST, java_version
from kaohe.project import Project
from kaohe.scheme import load_scheme
from kaohe.scheme.tables import IN_FORCE
from tests.helpers import AS_OF, ROOT, YEAR, Result

pytest.importorskip("pyspark", reason="pyspark is not installed: make .venv/spark")
if not OLDEST <= (java_version() or 0) <= NEWEST:
    pytest.skip("Java 17 is missing", allow_module_level=True)

from kaohe.engines.spark import SparkEngine
from tests.spark_cluster import SMALL, Cluster

#: What a run publishes, each with the columns by which Spark is to part its files.
TABLES: dict[str, list[str]] = {
    "measured": ["indicator"],
    "evidence": ["indicator"],
    "indicator_scores": ["dimension", "status"],
    "scores": ["category"],
    "node_scores": [],
    "leaf_score": [],
    "extra_score": [],
    "unit_score": ["variant"],
}


@pytest.fixture
def truth(sample: Result) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the made-up bureau, as DuckDB has left it."""
    with duckdb.connect(str(sample.home / "warehouse" / "kaohe.duckdb"), read_only=True) as con:
        yield con


class Watched(SparkEngine):
    """Does something while a measure runs."""

    appended = 0
    midway: threading.Thread | None = None

    def append(self, table: str, query: str, values: list[Any] | None = None) -> None:
        self.appended += 1
        if self.appended == 20 and self.midway:
            self.midway.start()
        super().append(table, query, values)


def lose(cluster: Cluster, engine: SparkEngine) -> None:
    """Kill a worker once a job runs."""
    tracker = engine.session.sparkContext.statusTracker()
    while not tracker.getActiveJobsIds():
        time.sleep(0.005)
    cluster.kill_worker(0)


def test_a_cluster_that_loses_a_worker_scores_the_same(truth: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """One master and two workers read partitioned Parquet, lose a worker in the middle, and write partitioned Parquet."""
    with (
        Cluster(tmp_path / "cluster", workers=2) as cluster,
        Watched(cluster.master, tmp_path / "scratch", SMALL) as engine,
    ):
        engine.midway = threading.Thread(target=lose, args=(cluster, engine))
        score(engine, truth, tmp_path / "in")
        engine.midway.join()
        executors = engine.session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
        assert len(executors) == 2, "the driver and the worker that is left"
        for table, by in TABLES.items():
            engine.export(f"select * from main.{table}", tmp_path / "out" / table, by)
    for table in TABLES:
        assert differences(truth, table, tmp_path / "out" / table) == [], table


def score(engine: SparkEngine, truth: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """From the trusted tables, as Parquet parted by year, to the results."""
    project = Project.find()
    contracts = load_contracts(project.expectations)
    scheme = load_scheme(ROOT / "data" / "schemes" / f"{YEAR}.yml")
    folder.mkdir()
    for table in contracts:
        truth.execute(f"copy main.{table} to '{folder / table}' (format parquet, partition_by (_year))")
        known = truth.sql(f"from main.{table}")
        columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(known.columns, known.types, strict=True))
        engine.read(f"main.{table}", folder / table, columns=columns)
    planned = scoring.plan(project, contracts, scheme)
    scoring.measure_and_add_up(engine, project, contracts, {IN_FORCE: (scheme, planned)}, AS_OF)
    for model in planned.results:
        scoring.make(engine, model)


def differences(truth: duckdb.DuckDBPyConnection, table: str, folder: Path) -> list[Any]:
    """Rows of one side that the other has not, or not as often."""
    known = truth.sql(f"from main.{table}")
    ours = ", ".join(f'"{name}"' for name in known.columns)
    theirs = ", ".join(
        f'cast("{name}" as {kind}) as "{name}"' for name, kind in zip(known.columns, known.types, strict=True)
    )
    spark = f"(select {theirs} from read_parquet('{folder}/**/*.parquet', hive_partitioning = true))"
    mine = f"(select {ours} from main.{table})"
    return truth.sql(f"from ({mine} except all {spark}) union all from ({spark} except all {mine}) limit 5").fetchall()
