"""Many processes read the publication in force while runs publish: each sees a whole one, and no run is held up.

Every reader follows CURRENT, checks every file against SHA256SUMS, opens the snapshot, and compares its scores with those
in scores.csv; then it begins again.
"""

import argparse
import csv
import os
import platform
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from kaohe.publication.snapshot import Snapshot
from tests.helpers import CHECK, SMALL, check, write_csv
from tests.office import AS_OF, Office
from tests.soak import children, offices


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--publications", type=int, default=50)
    parser.add_argument("--pause", type=float, default=3, help="seconds between two looks of a reader")


def read(home: Path, stop: Path, pause: float) -> dict[str, Any]:
    """Read until ``stop`` is there; gives how often, and which publications were seen."""
    reads, seen = 0, set()
    while not stop.exists():
        publication = offices.current(home)
        assert publication, "CURRENT is gone"
        offices.look_at(publication)
        with Snapshot(publication) as snapshot:
            scores = {unit: str(total) for unit, total in snapshot.rows("select unit_id, total from main.scores")}
        with (publication / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
            assert {row["unit_id"]: row["total"] for row in csv.DictReader(file)} == scores
        reads += 1
        time.sleep(pause)
        seen.add(publication.name)
    return {"reads": reads, "seen": sorted(seen)}


def publish(folder: Path, numbers: range) -> list[dict[str, Any]]:
    """Hand in one more check and run, once for each number."""
    return [_publish(Office(folder, SMALL), number) for number in numbers]


def _publish(office: Office, number: int) -> dict[str, Any]:
    write_csv(office.inbox / f"再查{number}.csv", [CHECK, check(f"N{number}", "办公室", flags=f"{number % 16:04b}")])
    begin = time.perf_counter()
    result = office.run(AS_OF)
    assert result.outcome.new, "nothing was published"
    return {"publication": result.folder.name, "seconds": time.perf_counter() - begin}


def main(asked: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="kaohe-readers-") as name:
        children.prepare()
        return _prove(Path(name), asked)


def _prove(folder: Path, asked: argparse.Namespace) -> int:
    readers, publications = asked.readers, asked.publications
    begin = time.perf_counter()
    home, stop = folder / "home", folder / "stop"
    offices.hand_in(folder / "inbox")
    published = children.start(lambda: publish(folder, range(1)), folder / "run").answer()
    reading = [children.start(lambda: read(home, stop, asked.pause), folder / f"reader {n}") for n in range(readers)]
    try:
        published += children.start(lambda: publish(folder, range(1, publications + 1)), folder / "run").answer()
        stop.touch()
        answers = [reader.answer() for reader in reading]
        reading = []
    finally:
        for reader in reading:
            os.kill(reader.process, signal.SIGKILL)
    names = [run["publication"] for run in published]
    assert len(set(names)) == publications + 1
    assert all(set(answer["seen"]) <= set(names) for answer in answers)
    reads, seen = [answer["reads"] for answer in answers], set().union(*(answer["seen"] for answer in answers))
    assert min(reads) > 0
    seconds = [run["seconds"] for run in published[1:]]
    import duckdb

    print(f"{readers} readers made {sum(reads)} reads ({min(reads)} to {max(reads)} each) of {len(seen)} publications")
    print(
        f"{publications} runs published, median {statistics.median(seconds):.1f} s, slowest {max(seconds):.1f} s; none was refused"
    )
    print(
        f"{time.perf_counter() - begin:.0f} s; Python {platform.python_version()}, DuckDB {duckdb.__version__}, {platform.system()}"
    )
    return 0
