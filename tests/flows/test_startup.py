"""A command imports what it needs, and not what is slow to import and of no use to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, SAMPLE, Result

#: Run the command, and say what was imported. A command may well say that something is wrong.
_RUN = """
import sys
from contextlib import suppress
from kaohe.cli import build
from kaohe.errors import KaoheError
with suppress(KaoheError, SystemExit):
    build()(args=sys.argv[1:], prog_name="kaohe", standalone_mode=False)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
#: Whatever only the help, files and settings are looked at for.
DATA = {"duckdb", "polars", "numpy", "pyarrow", "sqlglot", "rapidfuzz", "pandas", "sqlalchemy"}
#: What runs are made by, and documents.
RUNS = {"prefect", "fastapi", "great_expectations", "duckdb_engine", "pyspark", "flows", "httpx"}
DOCUMENTS = {"docx", "typst", "jinja2", "vl_convert", "openpyxl"}
BOOKS = {"xlsxwriter", "python_calamine", "xlrd", "lxml"}
REGISTRY = SAMPLE / "名册" / "单位名册2023.xlsx"


@pytest.mark.parametrize(
    ("command", "without"),
    [
        (["--help"], DATA | RUNS | DOCUMENTS | BOOKS),
        (["explain", "--help"], DATA | RUNS | DOCUMENTS | BOOKS),
        (["status"], DATA | RUNS | DOCUMENTS | BOOKS),
        (["systems"], (DATA - {"duckdb"}) | RUNS | DOCUMENTS | BOOKS),
        (["explain", "水务中心"], {"pandas", "sqlalchemy"} | RUNS | DOCUMENTS),
        (["explain", "水务中心", "--to", "优秀"], {"pandas", "sqlalchemy"} | RUNS | DOCUMENTS),
        (["alerts"], {"pandas", "sqlalchemy"} | RUNS | DOCUMENTS),
        (["history", "--year", "2023"], {"pandas", "sqlalchemy"} | RUNS | DOCUMENTS),
        (["audit", "verify"], {"pandas", "sqlalchemy"} | RUNS | DOCUMENTS),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_imported(sample: Result, command: list[str], without: set[str]) -> None:
    where = [] if "--help" in command else ["--home", str(sample.home)]
    assert not imported(*command, *where) & without


def test_a_file_is_checked_without_great_expectations(tmp_path: Path) -> None:
    files = [str(path) for path in sorted((SAMPLE / "考核").iterdir())]
    assert not imported("check", *files, "--registry", str(REGISTRY)) & ({"pandas", "sqlalchemy"} | RUNS | DOCUMENTS)


def imported(*command: str) -> set[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *command], capture_output=True, text=True, encoding="utf-8", check=True, env=environment,
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split())
