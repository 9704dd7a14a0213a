"""Break the scoring SQL in every way of mutations.yml, in a copy of the project, and see that the tests catch each one.

``python -m tests.mutations [PART OF A FILE'S NAME OR OF A LINE]``: prints a line for each and leaves with 1 if one survives.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.helpers import ROOT
from tests.mutations import Mutation, mutations

#: The tests that look at scoring alone, the quickest first.
TESTS = (
    "tests/unit/test_scores.py",
    "tests/unit/test_composite.py",
    "tests/golden/test_asem.py",
    "tests/properties/test_composite_oracle.py",
    "tests/properties/test_scoring.py",
)
_QUICK = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "--numprocesses=0",
    "--hypothesis-profile=unshrunk",
    "--deselect",
    f"{TESTS[1]}::test_the_command_writes_three_tables",
)


def passes(copy: Path) -> tuple[bool, str]:
    """Whether the tests pass in this copy, and which failed first."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_QUICK, *TESTS], cwd=copy, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    failed = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode == 0, failed[0].partition("::")[2] if failed else ""


def tried(number: int, mutation: Mutation) -> tuple[int, Mutation, bool, str, float]:
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kaohe-mutation-") as folder:
        copy = Path(folder) / "kaohe"
        ignored = shutil.ignore_patterns(
            ".git", ".venv", ".*_cache", "__pycache__", "warehouse", "published", ".hypothesis"
        )
        shutil.copytree(ROOT, copy, ignore=ignored)
        mutation.apply(copy / "sql")
        survived, by = passes(copy)
    return number, mutation, survived, by, time.perf_counter() - begin


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [(n, m) for n, m in enumerate(mutations(), start=1) if wanted in m.file or wanted in m.wrong]
    fine, by = passes(ROOT)
    if not fine:
        print(f"the tests fail as it is: {by}")
        return 1
    survivors = 0
    print("| # | file | what is wrong | caught by | s |\n|---|---|---|---|---|")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, mutation, survived, by, seconds in pool.map(lambda each: tried(*each), chosen):
            survivors += survived
            caught = "**nobody**" if survived else f"`{by}`"
            print(f"| {number} | {mutation.file} | {mutation.wrong} | {caught} | {seconds:.0f} |", flush=True)
    print(f"\n{len(chosen) - survivors} of {len(chosen)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
