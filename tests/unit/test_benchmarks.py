"""benchmarks/: the page of large runs, and queries written by hand that come to the same."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.helpers import ROOT, Result
from tests.large import make_inbox

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def data(sample: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the records of 60 units."""
    folder = tmp_path_factory.mktemp("data")
    make_inbox(sample.home, folder / "60", 60)
    return folder


@pytest.fixture
def against_floor(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("against_floor")


@pytest.mark.long
def test_the_page_has_every_step(data: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--units", "60", "--no-prefect", "--data", str(data)]
    done = subprocess.run([*command, "--write", str(data / "page.md")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (data / "page.md").read_text(encoding="utf-8")
    assert page.split() == done.stdout.split()
    for step in ("load", "validate", "measure", "score", "publish", "whole run"):
        assert f"| {step} | " in page
    assert "| own checks | Great Expectations |" in page and "duckdb 2." in page


#: What a step comes to, changed a little after the run, and the check that must notice.
CHANGED = {
    "evidence_sum": "update main.evidence_sum set done = done + 1 where evidence = 'role_models'",
    "report": "delete from main.report where table_name = 'honor'",
    "measured": "update main.measured set item = 'another' where indicator = 'late_reports'",
    "scores": "update main.scores set rank = rank + 1",
}


@pytest.mark.long
def test_by_hand_every_row_is_the_same(data: Path, tmp_path: Path, against_floor: ModuleType) -> None:
    """And one that is not is noticed."""
    own, by_hand = against_floor.one_round(data / "60", tmp_path / "home", None)
    assert by_hand.keys() == own.keys() - {"load"} | {"unit sums"}
    run = against_floor.Watched(data / "60", tmp_path / "another home")
    scores = run.go().publication / "scores"
    floor = against_floor.Floor(run)
    floor.con.execute(
        "drop view main.scores; create table main.scores as "
        f"from read_parquet('{scores}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    )
    floor.score()
    floor.measure()
    with pytest.raises(SystemExit, match="validate"):
        floor.validate({("honor", "rule_9"): 1})
    for what, change in CHANGED.items():
        floor.con.execute(f"begin; {change}")
        with pytest.raises(SystemExit, match=what):
            (floor.score if what == "scores" else floor.measure)()
        floor.con.execute("rollback")
    floor.con.close()


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_how_cost_grows(power: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    run = importlib.import_module("run")
    sizes = [5_000, 250_000, 5_250_000]
    assert run.growth(sizes, [size**power for size in sizes]) == pytest.approx(power)
    assert run.growth([5_000], [1.0]) is None
