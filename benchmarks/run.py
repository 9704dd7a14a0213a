"""How long large runs take, step by step, and how that grows: a page of Markdown for docs/benchmarks.md.

``python benchmarks/run.py [--units 60 5000 250000] [--country] [--memory 6GB] [--data DIR]``: the records of so many
units are made where they are not there yet (generate.py); each size runs in a process of its own, in a new home. Great
Expectations asks the same rules of 60 and 5,000 units (``--great-expectations``: of all that are not the country), and
``kaohe run-large`` says what Prefect costs. ``--floor``: instead, each step beside queries written by hand (floor/),
for the largest size.
"""

import argparse
import datetime as dt
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COUNTRY = 5_250_000
#: Growth is fitted from so many units on; below, what a run costs at all is most of it.
FITTED_FROM = 5_000
_YEAR = "2023"
_SECONDS = r"{} (\d+\.\d+) s"


def asked() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[60, 5_000, 250_000])
    parser.add_argument("--country", action="store_true", help=f"also {COUNTRY:,} units: about 60 GB of disk, an hour")
    parser.add_argument("--memory", help="the most that DuckDB may hold, such as 6GB")
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "kaohe-benchmarks")
    parser.add_argument("--times", type=int, default=1, help="runs of each size, of which the best counts")
    parser.add_argument("--great-expectations", action="store_true", help="of more than 5,000 units too")
    parser.add_argument("--no-prefect", action="store_true", help="leave out what Prefect costs")
    parser.add_argument("--floor", action="store_true", help="beside queries written by hand")
    parser.add_argument("--write", type=Path, help="write the page here as well")
    return parser.parse_args()


def child(script: str, *arguments: object) -> dict[str, Any]:
    """What a script of this folder prints, run in a process of its own."""
    command = [sys.executable, str(HERE / script), *(str(each) for each in arguments if each is not None)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def records(data: Path, units: int) -> Path:
    """The folder with the records of so many units; makes it if it is not there."""
    folder = data / str(units)
    if not (folder / "made.json").is_file():
        print(f"making the records of {units:,} units …", file=sys.stderr, flush=True)
        generate = [sys.executable, str(HERE / "generate.py"), "--units", str(units), "--out", str(folder)]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    return folder


def run_once(inbox: Path, memory: str | None) -> dict[str, Any]:
    """A run in a new home."""
    with tempfile.TemporaryDirectory(prefix="kaohe-large-") as home:
        return child("one_run.py", inbox, home, memory)


def whole(run: dict[str, Any]) -> float:
    """Seconds of all steps of a run."""
    return float(sum(run["seconds"].values()))


def growth(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """The power of the size with which a cost grows, by least squares of logarithms; None of less than two sizes."""
    x, y = [math.log(size) for size in sizes], [math.log(max(cost, 1e-3)) for cost in costs]
    if len(set(x)) < 2:
        return None
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown; all columns but the first to the right."""
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def machine() -> str:
    """Versions, cores, memory and the day."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("kaohe", "duckdb", "great-expectations", "prefect"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{dt.date.today():%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def steps(runs: dict[int, dict[str, Any]]) -> Iterator[str]:
    """Each size and step, then how they grow."""
    rows = []
    for size, run in runs.items():
        parts = {**run["seconds"], "whole run": whole(run)}
        peaks = {**run["peaks"], "whole run": max(run["peaks"].values())}
        for step, took in parts.items():
            per_second = f"{run['records'] / took:,.0f}" if took else ""
            rows.append((f"{size:,}", f"{run['records']:,}", step, f"{took:.2f}", per_second, f"{peaks[step]:,}"))
    yield table(("units", "records", "step", "seconds", "records/s", "peak MiB"), rows)
    fitted = {size: run for size, run in runs.items() if size >= FITTED_FROM}
    powers = {
        step: growth(list(fitted), [run["seconds"][step] for run in fitted.values()])
        for step in next(iter(runs.values()))["seconds"]
    }
    powers["whole run"] = growth(list(fitted), [whole(run) for run in fitted.values()])
    if None not in powers.values():
        cells = [f"{power:.2f}" for power in powers.values()]
        yield f"Cost grows with this power of the number of units, from {min(fitted):,} to {max(fitted):,} (1: linear):"
        yield table(powers, [cells])


def great_expectations(inboxes: dict[int, Path], memory: str | None) -> Iterator[str]:
    """What Great Expectations costs beside the checks of a run."""
    rows = []
    for size, inbox in inboxes.items():
        took = child("rules_by_gx.py", inbox, memory)
        rows.append((f"{size:,}", *(f"{took[part]:.2f}" for part in ("checks", "gx", "import"))))
    if rows:
        yield "The same rules asked of Great Expectations over the same views, in seconds; it finds the same rows:"
        yield table(("units", "own checks", "Great Expectations", "to import it"), rows)


def prefect(inbox: Path) -> Iterator[str]:
    """What Prefect and starting cost a run by command, on a temporary server that has been there before."""
    with tempfile.TemporaryDirectory(prefix="kaohe-prefect-") as folder:
        environment = {**os.environ, "PREFECT_HOME": folder, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        environment |= {"DO_NOT_TRACK": "1"}
        for number in range(2):
            command = [sys.executable, "-m", "kaohe", "run-large", "--year", _YEAR, "--inbox", str(inbox), "--timings"]
            command += ["--home", f"{folder}/home{number}", "--lang", "en"]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    own, total = (float(re.search(_SECONDS.format(name), done.stdout)[1]) for name in ("own work", "total"))  # type: ignore[index]
    yield (
        f"By command at the smallest size: {total:.2f} s in all, {own:.2f} s of it own work, {total - own:.2f} s to "
        "start, with Prefect and a temporary server of it."
    )


def beside_floor(inbox: Path, units: int, times: int, memory: str | None) -> Iterator[str]:
    """Each step as a multiple of the queries written by hand."""
    took = child("against_floor.py", inbox, times, memory)
    own, floor = took["own"], took["floor"]
    own["measure and score"] = [own["measure"][i] + own["score"][i] for i in (0, 1)]
    pairs = {step: (own[step], floor[step]) for step in ("validate", "measure", "score", "publish")}
    pairs["measure and score, beside the sums of units alone"] = (own["measure and score"], floor["unit sums"])
    yield (
        f"{units:,} units, in turns in one process, the best of {times}; all indicators of the scheme (43 of 43), "
        "bonus, deductions and vetoes; every row compared:"
    )
    rows = [
        (step, f"{mine[0]:.2f}", f"{hand[0]:.2f}", f"{mine[0] / hand[0]:.2f}", f"{mine[1] / hand[1]:.2f}")
        for step, (mine, hand) in pairs.items()
    ]
    yield table(("step", "kaohe, s", "by hand, s", "ratio", "ratio of processors' seconds"), rows)


def page(options: argparse.Namespace) -> Iterator[str]:
    """The parts of the page."""
    yield f"Measured on {machine()}."
    sizes = sorted(options.units)
    if options.floor:
        yield from beside_floor(records(options.data, sizes[-1]), sizes[-1], max(options.times, 3), options.memory)
        return
    inboxes = {size: records(options.data, size) for size in [*sizes, *([COUNTRY] if options.country else [])]}
    runs = {
        size: min((run_once(inbox, options.memory) for _ in range(1 if size == COUNTRY else options.times)), key=whole)
        for size, inbox in inboxes.items()
    }
    yield from steps(runs)
    most = COUNTRY - 1 if options.great_expectations else FITTED_FROM
    yield from great_expectations({size: inboxes[size] for size in inboxes if size <= most}, options.memory)
    if not options.no_prefect:
        yield from prefect(inboxes[sizes[0]])


def main() -> None:
    options = asked()
    parts = []
    for part in page(options):
        print(part, end="\n\n", flush=True)
        parts.append(part)
    if options.write:
        options.write.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
