"""Runs and acts are killed (SIGKILL) at every named point and at random moments, and nothing is torn, lost or doubled.

After each kill the publication in force is read whole, the next command recovers by itself, and in the end the home is
as one that nobody killed: records, scores, log, ledgers and the files of the publication.
"""

import argparse
import json
import os
import platform
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaohe import homelock, loading, publishing, validation
from kaohe.errors import KaoheError
from kaohe.lifecycle import acts
from kaohe.run import Run
from tests.helpers import SMALL
from tests.office import AS_OF, Office
from tests.soak import children, offices

#: Where a step is, and whether it is told before or after: (point, owner, name, before).
POINTS: list[tuple[str, Any, str, bool]] = [
    ("after load", loading, "pull", False),
    ("after validate", validation, "validate", False),
    ("after score", Run, "score", False),
    ("after write", publishing, "publish", False),
    ("after write", publishing, "restate", False),
    ("after the log's line", acts.Log, "add", False),
    ("before CURRENT", publishing, "point", True),
    ("after CURRENT", publishing, "point", False),
]
END = "at the end"
CHAIN = ["after load", "after validate", "after score", "after write", "before CURRENT", "after CURRENT"]

#: A point, or seconds after the start.
Moment = str | float


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=200, help="how many random moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="only the first load: all points and moments on one home")


@dataclass
class Story:
    """What is killed. ``before``: the story whose home it begins with; ``act``: what is done; ``done``: the keys of the
    errors that say it was done before."""

    name: str
    before: "Story | None"
    act: Callable[[Office], object]
    done: tuple[str, ...] = ()
    prepare: Callable[[Path], None] | None = None


FIRST = Story("first load", None, lambda office: office.run(AS_OF), prepare=offices.hand_in)
CHANGED = Story("changed, gone, bad files", FIRST, lambda office: office.run(AS_OF), prepare=offices.change)
NOTHING = Story("nothing new", FIRST, lambda office: office.run(AS_OF))
ANNOUNCE = Story("announce", FIRST, lambda office: office.announce(), ("announced_before",))
CORRECT = Story("correct", ANNOUNCE, lambda office: office.correct(), ("correction_known",))
REVIEW = Story("run with a correction", CORRECT, lambda office: office.run())
FINALIZE = Story("finalize", REVIEW, lambda office: office.finalize(), ("final_before",))
STORIES = [FIRST, CHANGED, NOTHING, ANNOUNCE, CORRECT, REVIEW, FINALIZE]


@dataclass
class Known:
    """A story that nobody killed. ``folder``: the office it begins with, ``after``: the one it ends with."""

    folder: Path
    after: Path
    state: dict[str, Any]
    points: list[str]
    seconds: float


class Proof:
    """All stories in a folder that is thrown away; ``failures`` are sentences."""

    def __init__(self, folder: Path, random_: random.Random) -> None:
        self.folder, self.random = folder, random_
        self.known: dict[str, Known] = {}
        self.reached: Counter[tuple[str, str]] = Counter()
        self.failures: list[str] = []
        self.recovered: list[float] = []
        self.trials = self.named = 0

    def tell(self, story: Story) -> Known:
        """What a story comes to, and how long it takes, when nobody kills it."""
        if story.name in self.known:
            return self.known[story.name]
        folder, after = self.folder / story.name / "before", self.folder / story.name / "after"
        if story.before:
            shutil.copytree(self.tell(story.before).after, folder)
        if story.prepare:
            story.prepare(folder / "inbox")
        shutil.copytree(folder, after)
        trace, report = self.folder / "trace", self.folder / "report"
        trace.unlink(missing_ok=True)
        begin = time.perf_counter()
        children.start(lambda: _traced(story, after, trace, None), report).answer()
        seconds = time.perf_counter() - begin
        state = children.start(lambda: offices.state(after / "home"), report).answer()
        self.known[story.name] = Known(folder, after, state, _points(trace), seconds)
        return self.known[story.name]

    def moment(self, story: Story) -> float:
        """A random one of those that the story takes."""
        return self.random.uniform(0, self.tell(story).seconds)

    def kill(self, story: Story, moments: Sequence[Moment]) -> None:
        """Kill a story so often, let it recover, and compare."""
        known = self.tell(story)
        self.trials += 1
        report = self.folder / "report"
        what = f"{story.name}, killed {moments}"
        folder = self.lay_out(known.folder)
        try:
            for moment in moments[:-1]:
                what = f"{story.name}, killed {moments}, reached {self._kill(story, folder, moment)!r}"
                children.start(lambda: _whole(folder / "home"), report).answer()
            last = self._kill(story, folder, moments[-1])
            what = f"{story.name}, killed {moments}, reached {last!r}"
            if last == END:
                there = children.start(lambda: offices.state(folder / "home"), report).answer()
                _compare(there, known.state, "already")
            seconds, there = children.start(lambda: _recover(story, folder), report).answer()
            self.recovered.append(seconds)
            _compare(there, known.state, "recovered")
        except AssertionError as error:
            self.failures.append(f"{what}: {error}")
        finally:
            self.clear(folder)

    def lay_out(self, known: Path) -> Path:
        """A copy of the office that a story begins with."""
        return shutil.copytree(known, self.folder / f"trial {self.trials}")

    def after_kill(self) -> None:
        """What goes besides the process."""

    def clear(self, folder: Path) -> None:
        """Throw away what was laid out."""
        shutil.rmtree(folder)

    def _kill(self, story: Story, folder: Path, moment: Moment) -> str:
        """Start and kill it; gives the last point that it reached."""
        trace = self.folder / "trace"
        trace.unlink(missing_ok=True)
        at = moment if isinstance(moment, str) else None
        child = children.start(lambda: _traced(story, folder, trace, at), self.folder / "killed")
        if not isinstance(moment, str):
            time.sleep(moment)
            os.kill(child.process, signal.SIGKILL)
        ended = child.wait()
        self.after_kill()
        if isinstance(moment, str):
            assert ended == signal.SIGKILL, f"it was to be killed {moment}, and was not"
            self.named += 1
        points = _points(trace)
        last = points[-1] if points else "before load"
        self.reached[story.name, "it had ended" if not ended else last] += 1
        return last


def _traced(story: Story, folder: Path, trace: Path, kill_at: str | None) -> None:
    """Do it, note each point that is reached, and end there with no chance to tidy up if it is the one."""
    log = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def reach(point: str) -> None:
        os.write(log, f"{point}\n".encode())
        if point == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for point, owner, name, before in POINTS:
        setattr(owner, name, _telling(getattr(owner, name), point, before, reach))
    story.act(Office(folder, SMALL))
    reach(END)


def _telling(
    function: Callable[..., Any], point: str, before: bool, reach: Callable[[str], None]
) -> Callable[..., Any]:
    def told(*arguments: Any, **named: Any) -> Any:
        if before:
            reach(point)
        result = function(*arguments, **named)
        if not before:
            reach(point)
        return result

    return told


def _points(trace: Path) -> list[str]:
    return trace.read_text("utf-8").splitlines() if trace.exists() else []


def _whole(home: Path) -> None:
    """What is in force right after a kill, and who was the last to hold the home."""
    there = homelock.holder(home)
    assert there is None or there.machine == homelock.this_machine(), "nobody can tell whose lease this is"
    if publication := offices.current(home):
        offices.look_at(publication)
        offices.explain(home, publication)


def _recover(story: Story, folder: Path) -> tuple[float, dict[str, Any]]:
    """The same command once more does what is left to do. Gives how long it took, and what the home is like then."""
    _whole(folder / "home")
    begin = time.perf_counter()
    try:
        story.act(Office(folder, SMALL))
    except KaoheError as error:
        assert error.key in story.done, error
    return time.perf_counter() - begin, offices.state(folder / "home")


def _compare(there: dict[str, Any], expected: dict[str, Any], when: str) -> None:
    for part in expected:
        assert there[part] == expected[part], f"{part} {when}: {_difference(there[part], expected[part])}"


def _difference(one: Any, other: Any) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        return ", ".join(sorted(str(key) for key in one.keys() | other.keys() if one.get(key) != other.get(key)))
    return json.dumps([one, other], ensure_ascii=False)[:2000]


def main(asked: argparse.Namespace) -> int:
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kaohe-kills-") as name:
        children.prepare()
        proof = Proof(Path(name), random.Random(asked.seed))
        if asked.short:
            proof.kill(FIRST, CHAIN)
            proof.kill(FIRST, [proof.moment(FIRST) for _ in range(asked.times)])
        else:
            _all(proof, asked.times)
        report(proof, time.perf_counter() - begin)
    return 1 if proof.failures else 0


def _all(proof: Proof, times: int) -> None:
    """Every story at every point that it reaches, at all of them in turn, and at random moments."""
    for story in STORIES:
        for point in dict.fromkeys(proof.tell(story).points[:-1]):
            proof.kill(story, [point])
        print(f"{story.name}: {len(proof.failures)} failed", flush=True)
    proof.kill(FIRST, CHAIN)
    proof.kill(CHANGED, CHAIN)
    at_random(proof, times)


def at_random(proof: Proof, times: int) -> None:
    """One story after the other, each at a random moment."""
    for number in range(times):
        story = STORIES[number % len(STORIES)]
        proof.kill(story, [proof.moment(story)])
        if number % 10 == 9:
            print(f"{number + 1} at random moments: {len(proof.failures)} failed", flush=True)


def report(proof: Proof, seconds: float) -> None:
    """Say what was tried and what came of it."""
    import duckdb
    import polars

    random_ = proof.reached.total() - proof.named
    print(f"kills: {proof.named} at named points, {random_} at random moments; {seconds:.0f} s")
    for (story, point), count in sorted(proof.reached.items()):
        print(f"  {story}: {point}: {count}")
    slowest = max(proof.recovered, default=0)
    print(f"recoveries: {len(proof.recovered)} of {proof.trials}, the slowest in {slowest:.1f} s")
    print(
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, Polars {polars.__version__}, {platform.system()}"
    )
    for failure in proof.failures:
        print(f"FAILED {failure}")
