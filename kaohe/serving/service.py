"""From the start of ``kaohe serve`` to its end."""

import datetime as dt
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from kaohe import clock
from kaohe.errors import KaoheError
from kaohe.homelock import lock
from kaohe.prefects import told
from kaohe.safely import replace
from kaohe.schedule import Schedule, schedule_of
from kaohe.serving.server import Server, kept_short
from kaohe.words import say

if TYPE_CHECKING:  # Prefect may be imported only once it has been told how it is to be
    from kaohe.serving.deployments import Given
    from kaohe.serving.runner import Runs

#: Within so many seconds of a start Prefect makes the runs of the next nights; one that is due before was not made.
_SCHEDULING = 10
#: While somebody holds the home it is looked so often whether they still do, in half seconds.
_AGAIN = 20

Report = Callable[[str], None]


def serve(home: Path, host: str, port: int, given: "Callable[[], Given]", report: Report) -> None:
    """Serve a home folder until SIGINT or SIGTERM; ``report`` gets what a person should know.

    Raises ``KaoheError`` if it cannot begin, or if the server ends.
    """
    schedule = schedule_of(home)
    folder = told(home).parent
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with _only_one(home), _told_to_stop() as stop:
        server = Server(folder, host, port)
        server.start()
        try:
            report(say("serve_starting"))
            if server.wait(stop):
                _work(server, given(), schedule, stop, report)
        except Exception:
            server.check()  # if it has ended, that is why
            raise
        finally:
            told(home).unlink(missing_ok=True)
            server.end()
    report(say("serve_stopped"))


def _work(server: Server, given: "Given", schedule: Schedule, stop: threading.Event, report: Report) -> None:
    from kaohe.serving.deployments import deployments
    from kaohe.serving.runner import Runs

    runs = Runs(deployments(given, schedule))
    runs.register()
    replace(told(given.home), f"{server.api}\n".encode())
    report(say("serve_page", page=server.page))
    night = schedule.next_start(clock.now())
    report(say("serve_night", at=f"{night:%Y-%m-%d %H:%M}", zone=schedule.timezone))
    soon = (night - clock.now()).total_seconds()
    if soon < _SCHEDULING:
        stop.wait(soon + 1)
    begun = clock.now()
    caught_up = _catch_up(runs, given.home, schedule, begun, report)
    report(say("serve_how_to_stop"))
    with _noted(server.folder / "runs.log"):
        runs.start()
        looks = 0
        try:
            while not stop.wait(0.5):
                server.check()
                if not runs.alive:
                    raise KaoheError("serve_runner_ended", problem=runs.failed)
                looks += 1
                if not caught_up and looks % _AGAIN == 0:
                    caught_up = _catch_up(runs, given.home, schedule, begun, report)
        finally:
            runs.end()


def _catch_up(runs: "Runs", home: Path, schedule: Schedule, begun: dt.datetime, report: Report) -> bool:
    """See to what was broken off before ``begun``, and to the night that was missed (``missed.py``). Gives False
    while somebody holds the home: they are alive, and so may be a run."""
    from prefect.client.orchestration import get_client

    from kaohe.serving.deployments import NIGHTLY
    from kaohe.serving.missed import catch_up, tidy

    try:
        held = lock(home, 0)
    except KaoheError:
        return False
    try:
        with get_client(sync_client=True) as client:
            tidy(client, list(runs.ids.values()), begun)
            name = catch_up(client, runs.ids[NIGHTLY], schedule.last_start(clock.now()))
    finally:
        held.release()
    if name:
        report(say("serve_caught_up", run=name))
    return True


@contextmanager
def _noted(path: Path) -> Iterator[None]:
    """What the processes of runs write goes to a file: on the console it would say nothing to a person."""
    with kept_short(path).open("a", encoding="utf-8", buffering=1) as log, redirect_stdout(log), redirect_stderr(log):
        path.chmod(0o600)
        yield


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Raises ``KaoheError`` if the home folder is being served already."""
    held = FileLock(told(home).with_name("serve.lock"))
    try:
        held.acquire(timeout=0)
    except Timeout as error:
        raise KaoheError("serve_twice", home=home) from error
    try:
        yield
    finally:
        held.release()


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Set by SIGINT and SIGTERM."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
