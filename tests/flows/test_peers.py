"""benchmarks/peers: the peers that need nothing beside kaohe's own libraries come to the same scores."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from tests.helpers import ROOT, Result
from tests.large import make_inbox

PEERS = ROOT / "benchmarks" / "peers" / "__main__.py"


@pytest.fixture(scope="module")
def peers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("peers", PEERS)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
def test_the_same_scores_by_all(sample: Result, tmp_path: Path) -> None:
    asked = [
        "--inbox",
        str(make_inbox(sample.home, tmp_path, 60)),
        "--times",
        "1",
        "--only",
        "polars",
        "--only",
        "openpyxl",
    ]
    done = subprocess.run([sys.executable, str(PEERS.parent), *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| openpyxl |" in done.stdout and "The same totals, ranks and grades by all." in done.stdout


def test_a_cent_is_noticed(peers: ModuleType, tmp_path: Path) -> None:
    for name, cents in ("one", 6000), ("same", 6000), ("other", 6001):
        duckdb.sql(
            f"select 'J01' as unit_id, {cents} as cents, 1 as rank, '良好' as grade union all select 'J02', 1, 2, '不合格'"
        ).write_parquet(str(tmp_path / f"{name}.parquet"))
    one, same, other = (tmp_path / f"{name}.parquet" for name in ("one", "same", "other"))
    assert peers.differing(one, same) == 0
    assert peers.differing(one, other) == 1
