"""One writer: the lock dies with its process, says who holds it, and holds between machines on one shared folder.

Two machines are two processes with names of their own, whose operating system's locks do not reach one another.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kaohe import homelock
from kaohe.errors import KaoheError
from kaohe.homelock import HOLDER, holder, lock
from kaohe.lifecycle.proceedings import proceedings
from kaohe.warehouse import Warehouse
from tests.flows.test_bad_input import in_own_mounts
from tests.helpers import ROOT, YEAR, Result, copied

_HOLD = """
import sys
from pathlib import Path
from kaohe import homelock
from kaohe.errors import KaoheError

machine, home, wait = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
homelock.this_machine = lambda: machine
homelock.LOCK = f"lock of {machine}"
homelock.BEAT_SECONDS, homelock.LOOK_SECONDS = 0.05, 0.05
homelock.SILENT_SECONDS, homelock.SETTLE_SECONDS = 1.5, 0.3
outwait = homelock.HomeLock._outwait


def at_the_same_moment(self, *how):
    there = outwait(self, *how)
    print("about to take it", flush=True)
    sys.stdin.readline()
    homelock.HomeLock._outwait = outwait
    homelock.SILENT_SECONDS = 60
    return there


if machine.endswith("!"):
    homelock.HomeLock._outwait = at_the_same_moment
    homelock.SETTLE_SECONDS = 3.0
print("starting", flush=True)
try:
    held = homelock.lock(home, wait)
    print("held", flush=True)
    for line in sys.stdin:
        if line.strip() == "release":
            held.release()
        else:
            held.must_be_ours()
        print("done", flush=True)
except KaoheError as error:
    print(error.key, error, flush=True)
"""


class Process:
    """A process that wants the lock of a home."""

    def __init__(self, machine: str, home: Path, wait: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, machine, str(home), str(wait)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT,
        )  # fmt: skip
        assert self.says() == "starting"

    def says(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def tell(self, what: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def asked(self, what: str) -> str:
        self.tell(what)
        return self.says()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process on the home; none outlives the test."""
    started: list[Process] = []

    def starting(machine: str, wait: float = 20) -> Process:
        started.append(Process(machine, tmp_path / "home", wait))
        return started[-1]

    yield starting
    for one in started:
        one.kill()
        one.process.communicate()


def test_a_second_one_is_told_who_holds_the_home_and_a_killed_one_holds_nothing(start: Start, tmp_path: Path) -> None:
    first = start("here")
    assert first.says() == "held"
    who = holder(tmp_path / "home")
    assert who
    said = start("here", 0.1).says()
    assert said.startswith("home_busy")
    assert all(part in said for part in (str(first.process.pid), who.host, who.since, who.command, "--wait"))
    first.kill()
    assert (tmp_path / "home" / "warehouse" / HOLDER).exists()
    assert start("here", 0.1).says() == "held"


def test_a_second_one_waits_for_the_first(start: Start) -> None:
    first = start("here")
    assert first.says() == "held"
    second = start("here")
    assert first.asked("release") == "done"
    assert second.says() == "held"


def test_what_is_held_leaves_nothing_behind(tmp_path: Path) -> None:
    held = lock(tmp_path)
    assert holder(tmp_path)
    held.release()
    assert [path.name for path in (tmp_path / "warehouse").iterdir()] == ["lock"]


def test_another_machine_is_refused_while_the_holder_lives_and_takes_over_once_it_is_dead(start: Start) -> None:
    first = start("one")
    assert first.says() == "held"
    said = start("other", 0.5).says()
    assert said.startswith("home_busy")
    assert str(first.process.pid) in said
    assert first.asked("ours") == "done"
    first.kill()
    assert start("other", 0.5).says() == "held"


def test_another_machine_waits_until_the_holder_lets_go(start: Start) -> None:
    first = start("one")
    assert first.says() == "held"
    second = start("other")
    assert first.asked("release") == "done"
    assert second.says() == "held"


def test_a_machine_that_slept_finds_out_and_does_no_harm(start: Start) -> None:
    asleep = start("one")
    assert asleep.says() == "held"
    asleep.process.send_signal(signal.SIGSTOP)
    awake = start("other", 0.5)
    assert awake.says() == "held"
    asleep.process.send_signal(signal.SIGCONT)
    said = asleep.asked("ours")
    assert said.startswith("home_taken_over")
    assert str(awake.process.pid) in said
    assert awake.asked("ours") == "done"


def test_of_two_machines_that_take_over_at_once_one_gets_the_home(start: Start) -> None:
    first = start("one")
    assert first.says() == "held"
    first.kill()
    two, three = start("two!", 0.5), start("three!", 0.5)
    for other in (two, three):
        assert other.says() == "about to take it"
    for other in (two, three):
        other.tell("go")
    assert sorted(other.says().split()[0] for other in (two, three)) == ["held", "home_busy"]


def test_a_lease_that_was_cut_off_is_nobodys(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "warehouse"
    folder.mkdir(parents=True)
    for text in ("", '{"token": "../../x"}', "[]"):
        (folder / HOLDER).write_text(text)
        process = start("here", 0.1)
        assert process.says() == "held"
        process.kill()


def test_nothing_is_decided_once_another_machine_has_the_home(
    start: Start, sample: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is heard of this process: its machine sleeps. It holds the home, another takes it, it wakes and goes on."""
    home = copied(sample, tmp_path / "home").home
    folder = home / "published" / str(YEAR)
    before = (folder / "acts.jsonl").read_bytes(), (folder / "CURRENT").read_bytes()
    monkeypatch.setattr(homelock, "BEAT_SECONDS", 3600.0)
    with proceedings(home, YEAR) as found:
        other = start("other", 0.5)
        assert other.says() == "held"
        for decide in (
            found.settle,
            lambda: found.put_in_force("publish", found.current, {"state": "provisional"}),
            lambda: found.clear("another"),
        ):
            with pytest.raises(KaoheError) as caught:
                decide()
            assert caught.value.key == "home_taken_over"
    assert before == ((folder / "acts.jsonl").read_bytes(), (folder / "CURRENT").read_bytes())
    assert other.asked("release") == "done"
    with Warehouse(home) as warehouse:
        files = warehouse.rows("select count(*) from meta.file")
        other = start("another", 0.5)
        assert other.says() == "held"
        with pytest.raises(KaoheError, match="已被接手"), warehouse.transaction():
            warehouse.con.execute("delete from meta.file")
    assert other.asked("release") == "done"
    with Warehouse(home) as warehouse:
        assert warehouse.rows("select count(*) from meta.file") == files


def test_room_can_be_made_on_a_full_disk(tmp_path: Path) -> None:
    """Without room for a lease nothing can be published, but the lock is had all the same."""
    home = tmp_path / "home"
    home.mkdir()
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from kaohe.homelock import holder, lock
home = Path({str(home)!r})
lock(home).release()
try:
    (home / "full").write_bytes(bytes(10**6))
except OSError:
    held = lock(home)
    held.must_be_ours()
    print([path.name for path in (home / "warehouse").glob("*.beat")])
    held.release()
    (home / "full").unlink()
    print("free again", holder(home))
"""
    assert in_own_mounts(f"mount -t tmpfs -o size=64k none {home}", script) == "[]\nfree again None\n"
