"""The made-up bureau, scored by kaohe and by the oracle: equal to the cent, unit by unit, item by item.

The oracle (plain Python, fractions) starts from the generator's truth, never from the files or from kaohe's output.
"""

import datetime as dt
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.golden import oracle
from tests.helpers import AS_OF, ROOT, SAMPLE, YEAR, Result, assess

sys.path.insert(0, str(ROOT / "data"))
import make_sample

DATES = [AS_OF, dt.date(2023, 7, 31), dt.date(2024, 1, 31)]


@pytest.fixture(scope="module")
def truth() -> make_sample.Truth:
    return make_sample.build()


@pytest.fixture(scope="module", params=DATES, ids=str)
def assessed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, libraries: None
) -> tuple[dt.date, Result]:
    home = tmp_path_factory.mktemp("home")
    return request.param, assess(SAMPLE, home, as_of=request.param)


@pytest.fixture(scope="module")
def expected(truth: make_sample.Truth, assessed: tuple[dt.date, Result]) -> oracle.Scores:
    scheme = oracle.load_scheme(ROOT / "data" / "schemes" / "2023.yml")
    return oracle.score(truth.trusted(assessed[0]), scheme, YEAR, assessed[0])


def fraction(number: Any) -> Fraction | None:
    return None if number is None else Fraction(number)


def test_every_unit_has_the_oracles_score(assessed: tuple[dt.date, Result], expected: oracle.Scores) -> None:
    found = {
        row["unit_id"]: (fraction(row["total"]), row["rank"], row["tied"], row["grade"], row["status"])
        for row in assessed[1].table("scores").iter_rows(named=True)
    }
    assert found == {
        unit: (score.total, score.rank, score.tied, score.grade, score.status) for unit, score in expected.units.items()
    }
    assert len(found) == 60


def test_every_leaf_has_the_oracles_points(assessed: tuple[dt.date, Result], expected: oracle.Scores) -> None:
    rows = assessed[1].table("indicator_scores").iter_rows(named=True)
    columns = ("status", "weight", "effective_weight", "due", "done", "points")
    found = {
        (row["unit_id"], row["indicator"]): (row["status"], *(fraction(row[name]) for name in columns[1:]))
        for row in rows
    }
    assert found == {key: tuple(getattr(leaf, name) for name in columns) for key, leaf in expected.leaves.items()}


def test_every_item_costs_what_the_oracle_says(assessed: tuple[dt.date, Result], expected: oracle.Scores) -> None:
    found = {
        (row["unit_id"], row["indicator"], row["item"]): (
            Fraction(row["due"]),
            Fraction(row["done"]),
            Fraction(row["lost"]),
        )
        for row in assessed[1].table("evidence").iter_rows(named=True)
    }
    assert found == {
        (*key, item.item): (item.due, item.done, item.lost or 0)
        for key, leaf in expected.leaves.items()
        for item in leaf.items
    }


def test_every_record_is_accounted_for(truth: make_sample.Truth, assessed: tuple[dt.date, Result]) -> None:
    as_of, result = assessed
    counted = make_sample.expected(truth, as_of, YEAR)
    tables = result.manifest["tables"]
    assert {name: count["records_in"] for name, count in tables.items()} == dict(counted.records_in)
    assert {name: count["records_used"] for name, count in tables.items()} == dict(counted.used)
    assert {name: count["other_year"] for name, count in tables.items()} == {
        n: counted.other_year.get(n, 0) for n in tables
    }
    reasons = Counter(zip(result.quarantine["table_name"], result.quarantine["reason"], strict=True))
    assert dict(reasons) == {
        (table, reason): count
        for table, by_reason in counted.quarantined.items()
        for reason, count in by_reason.items()
        if count
    }


def test_the_committed_sample_is_what_the_generator_writes(truth: make_sample.Truth, tmp_path: Path) -> None:
    make_sample.write(truth, tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(SAMPLE): path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    assert written == kept


def test_the_sample_is_small_enough_and_messy_enough() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert len(files) >= 30
