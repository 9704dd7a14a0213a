"""Apache Spark in DuckDB's place: the same SQL, the same tables to the last digit. Skipped where Java or pyspark is missing."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from kaohe import planning, scoring
from kaohe.contracts import load_contracts
from kaohe.engines.java import NEWEST, OLDEST, java_version
from kaohe.large import EngineName
from kaohe.large.run import LargeRun
from kaohe.project import Project
from kaohe.scheme import load_scheme
from kaohe.scheme.tables import IN_FORCE
from kaohe.validation.rules import rules_of
from kaohe.warehouse import Engine
from tests.helpers import AS_OF, ROOT, YEAR, Result
from tests.helpers import SMALL as SMALL_SCHEME
from tests.large import Large, make_inbox
from tests.largeoffice import write_office

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

#: The scheme of the made-up bureau.
OURS = ROOT / "data" / "schemes" / f"{YEAR}.yml"
#: The scheme of the messy office.
OFFICE = ROOT / "tests" / "data" / "large" / "2023.yml"


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
        if self.appended == 5 and self.midway:
            self.midway.start()
        super().append(table, query, values)


def lose(cluster: Cluster, engine: SparkEngine) -> None:
    """Kill a worker once a job runs."""
    tracker = engine.session.sparkContext.statusTracker()
    while not tracker.getActiveJobsIds():
        time.sleep(0.005)
    cluster.kill_worker(0)


@pytest.mark.parametrize("scheme", [SMALL_SCHEME, pytest.param(OURS, marks=pytest.mark.long)], ids=["small", "ours"])
def test_a_cluster_that_loses_a_worker_scores_the_same(
    truth: duckdb.DuckDBPyConnection, tmp_path: Path, scheme: Path
) -> None:
    """One master and two workers read partitioned Parquet, lose a worker in the middle, and write partitioned Parquet."""
    with (
        duckdb.connect() as con,
        Cluster(tmp_path / "cluster", workers=2) as cluster,
        Watched(cluster.master, tmp_path / "scratch", SMALL) as engine,
    ):
        engine.midway = threading.Thread(target=lose, args=(cluster, engine))
        duck = Engine(con)
        for table in load_contracts(Project.find().expectations):
            folder = tmp_path / "in" / table
            folder.mkdir(parents=True)
            truth.execute(
                f"copy main.{table} to '{folder}' (format parquet, partition_by (_year), overwrite_or_ignore)"
            )
            engine.read(f"main.{table}", folder, columns=definition(truth, table))
            file = tmp_path / f"{table}.parquet"
            truth.execute(f"copy main.{table} to '{file}'")
            duck.view(f"main.{table}", f"select * from '{file}'")
        for each in (duck, engine):
            score(each, scheme)
        engine.midway.join()
        executors = engine.session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
        assert len(executors) == 2, "the driver and the worker that is left"
        for table, by in TABLES.items():
            engine.export(f"select * from main.{table}", tmp_path / "out" / table, by)
        for table in TABLES:
            assert differences(con, table, tmp_path / "out" / table) == [], table


@pytest.mark.long
def test_five_thousand_units_score_the_same(truth: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """On this machine's cores, with Spark's own settings: the made-up bureau 84 times, 5,040 units."""
    contracts = load_contracts(Project.find().expectations)
    with duckdb.connect() as con, SparkEngine(None, tmp_path / "scratch") as spark:
        duck = Engine(con)
        for table, contract in contracts.items():
            own = {contract.key[0], "_rec"} | {
                name
                for name, column in contract.columns.items()
                if column.type in ("unit", "code", "person") or column.references
            }
            columns = [
                f'"{name}" || \'/\' || k as "{name}"' if name in own else f'"{name}"'
                for name in truth.sql(f"from main.{table}").columns
            ]
            once = "where k = 0" if table == "work_calendar" else ""
            file = tmp_path / f"{table}.parquet"
            truth.execute(
                f"copy (select {', '.join(columns)} from main.{table} cross join range(84) as t(k) {once}) to '{file}'"
            )
            duck.view(f"main.{table}", f"select * from '{file}'")
            spark.read(f"main.{table}", file, columns=definition(con, table))
        for engine in (duck, spark):
            score(engine, OURS)
        assert duck.rows("select count(*) from main.scores") == [(5040,)]
        for table in TABLES:
            spark.export(f"select * from main.{table}", tmp_path / "out" / table)
            assert differences(con, table, tmp_path / "out" / table) == [], table


@pytest.mark.long
def test_a_large_run_on_spark_publishes_the_same(tmp_path: Path) -> None:
    """A messy office, read, checked, measured, scored and published by Spark."""
    inbox = write_office(tmp_path / "inbox")
    spark, duck = (large_run(inbox, tmp_path / name, name, OFFICE) for name in ("spark", "duckdb"))
    same_publication(spark, duck)


@pytest.mark.long
def test_a_large_run_of_five_thousand_units_on_spark_publishes_the_same(sample: Result, tmp_path: Path) -> None:
    """By our whole scheme, with Spark's own settings. Some four minutes on two cores."""
    inbox = make_inbox(sample.home, tmp_path / "inbox", 5000, "--dirty", "0.001")
    spark, duck = (large_run(inbox, tmp_path / name, name) for name in ("spark", "duckdb"))
    assert duck.manifest["units"] > 4900
    assert duck.manifest["refused"] and duck.manifest["flagged"]
    same_publication(spark, duck)


def large_run(inbox: Path, home: Path, engine: EngineName, scheme: Path | None = None) -> Large:
    master = "local[2]" if engine == "spark" else None
    return Large(LargeRun(inbox, YEAR, AS_OF, scheme, home, engine=engine, master=master).go())


def same_publication(spark: Large, duck: Large) -> None:
    """The same units, points, ranks, records set aside and flagged, and counts."""
    for name in ("scores", "indicator_scores", "league", "quarantine", "flagged"):
        theirs = duck.table(name)
        columns = sorted(theirs.columns)
        ours = spark.table(name).select(pl.col(column).cast(theirs[column].dtype) for column in columns)
        assert Counter(map(repr, ours.rows())) == Counter(map(repr, theirs.select(columns).rows())), name
    for key in ("units", "records_in", "refused", "flagged"):
        assert spark.manifest[key] == duck.manifest[key]


#: Contracts with rules of every kind: over rows, pairs of columns, sets, patterns, and SQL that tries what may fail.
SOME = ("election", "study_stat")


def test_great_expectations_finds_the_same(truth: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    same_findings(truth, tmp_path, SOME)


@pytest.mark.long
def test_great_expectations_finds_the_same_in_every_table(truth: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    same_findings(truth, tmp_path, load_contracts(Project.find().expectations))


def same_findings(truth: duckdb.DuckDBPyConnection, folder: Path, tables: Iterable[str]) -> None:
    """Which records fail which rule, in the typed tables, where nothing that is wrong was taken out yet."""
    from kaohe.engines.gx_spark import SparkValidator
    from kaohe.validation import gx  # slow to import

    contracts = load_contracts(Project.find().expectations)
    found = 0
    with duckdb.connect() as con, SparkEngine("local[1]", folder / "scratch", SMALL) as engine:
        for table in contracts:
            file = folder / f"{table}.parquet"
            truth.execute(f"copy typed.{table} to '{file}'")
            con.execute(f"create table {table} as select * from '{file}'")
            engine.read(table, file, columns=definition(con, table))
        with gx.Validator(con) as duck, SparkValidator(engine) as spark:
            for table in tables:
                rules = rules_of(contracts[table], contracts)
                ours, theirs = (
                    validator.failing(table, [gx.expectation(rule.type, rule.arguments) for rule in rules])
                    for validator in (duck, spark)
                )
                assert ours == theirs, table
                found += sum(len(recs or [""]) for recs in ours.values())
    assert found > 20


def score(engine: Any, path: Path) -> None:
    """From the trusted tables to the results by the scheme in ``path``."""
    project = Project.find()
    contracts = load_contracts(project.expectations)
    scheme = load_scheme(path)
    planned = planning.plan(project, contracts, scheme)
    scoring.measure_and_add_up(engine, project, contracts, {IN_FORCE: (scheme, planned)}, AS_OF)
    for model in planned.results:
        scoring.make(engine, model)


def definition(con: duckdb.DuckDBPyConnection, table: str) -> str:
    known = con.sql(f"from main.{table}")
    return ", ".join(f'"{name}" {kind}' for name, kind in zip(known.columns, known.types, strict=True))


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
