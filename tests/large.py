"""Large assessments in tests: a made-up inbox of Parquet files, and all that a publication says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from tests.helpers import ROOT


def make_inbox(home: Path, out: Path, units: int, *more: str) -> Path:
    """Make the records of so many units; ``home``: where the sample was judged."""
    command = [sys.executable, str(ROOT / "benchmarks" / "generate.py"), "--units", str(units), "--out", str(out),
               "--home", str(home), *more]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return out


def said(publication: Path) -> dict[str, Any]:
    """All that a publication says, but for when it was made: rows of Parquet files in one order, the rest as it is."""
    found: dict[str, Any] = {}
    with duckdb.connect() as con:
        for name in ("scores", "indicator_scores"):
            files = f"read_parquet('{publication}/{name}/*/*.parquet', hive_partitioning = true)"
            columns = sorted(row[0] for row in con.sql(f"describe select * from {files}").fetchall())
            found[name] = con.sql(f"select {', '.join(columns)} from {files} order by all").fetchall()
        for path in sorted(publication.glob("*.parquet")):
            found[path.name] = con.sql(f"select * from '{path}' order by all").fetchall()
    found |= {path.name: path.read_text(encoding="utf-8") for path in sorted(publication.glob("*.csv"))}
    manifest = json.loads((publication / "manifest.json").read_text(encoding="utf-8"))
    return found | {"manifest": {key: value for key, value in manifest.items() if key != "created_at"}}
