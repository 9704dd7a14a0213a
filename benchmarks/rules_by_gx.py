"""The contracts' rules over the records of a large run: by its own checks and by Great Expectations.

``python benchmarks/rules_by_gx.py INBOX [MEMORY]`` prints JSON: seconds of each, and until Great Expectations is
imported. Both must find the same rows.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from one_run import YEAR

from kaohe.clock import today
from kaohe.contracts import load_contracts
from kaohe.large.engine import LargeEngine
from kaohe.large.records import Records
from kaohe.project import Project
from kaohe.run import default_as_of
from kaohe.sources.parquet import parquet_files, source_of
from kaohe.validation.rules import rules_of


def main(inbox: Path, folder: Path, memory: str | None = None) -> dict[str, float]:
    project = Project.find()
    contracts = load_contracts(project.expectations)
    files = parquet_files(inbox, contracts)
    with LargeEngine(folder, memory) as engine:
        begin = time.perf_counter()
        records = Records(engine, project, contracts, default_as_of(YEAR, today()))
        for name, contract in contracts.items():
            types = engine.read_files(name, inbox, files[name]) if files[name] else {}
            records.trust(source_of(contract, files[name], types))
        records.count_problems()
        checked = time.perf_counter()
        from kaohe.validation import gx

        imported = time.perf_counter()
        found: dict[tuple[str, str], int] = {}
        with gx.Validator(engine.con) as validator:
            for name, contract in contracts.items():
                rules = rules_of(contract, contracts)
                failing = validator.failing(name, [gx.expectation(rule.type, rule.arguments) for rule in rules])
                found |= {(name, rules[place].name): len(rows or []) for place, rows in failing.items()}
        done = time.perf_counter()
    if found != records.trusted.flagged:
        raise SystemExit(f"found otherwise: {sorted(found.items() ^ records.trusted.flagged.items())}")
    return {"checks": checked - begin, "import": imported - checked, "gx": done - imported}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps(main(Path(sys.argv[1]), Path(made), *sys.argv[2:])))
