"""What takes minutes to see of ``kaohe serve``: its schedule fires by itself, nights slept through are caught up once,
and Ctrl-C in the middle of a run leaves nothing behind."""

import argparse
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.helpers import CHECK, check, registry, write_csv
from tests.serving import Served, free_port, until

_PASSWORD = "s3cret-of-the-server"


def options(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def main(_: argparse.Namespace) -> int:
    """Raises ``AssertionError`` if anything is not so."""
    with _office("* * * * *") as served:
        the_schedule_fires(served)
    with _office("0 2 1 * *") as served:
        nights_slept_through_are_caught_up_once(served)
    with _office("0 2 1 * *") as served, _postgresql() as url:
        if url:
            its_history_stands_in_postgresql(served, url)
    return 0


@contextmanager
def _office(cron: str) -> Iterator[Served]:
    """A small bureau that nobody serves yet, and nobody any more afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        write_csv(home / "inbox" / "名册.csv", registry(("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室")))
        write_csv(home / "inbox" / "抽查.csv", [CHECK, check("C1", "办公室")])
        (home / "schedule.yml").write_text(f'cron: "{cron}"\nyears: [2023]\n', encoding="utf-8")
        served = Served(home)
        try:
            yield served
        finally:
            served.kill()


def the_schedule_fires(served: Served) -> None:
    """Nights that the schedule began: what there is to publish is published once, and then nothing is new. (If the
    start takes until the next minute, that one is caught up by a run of its own.)"""
    served.start()

    def two() -> list[Any]:
        begun = [run for run in served.runs("nightly") if run["auto_scheduled"] and run["state_name"] == "Completed"]
        return begun[:2] if len(begun) >= 2 else []

    first, second = until(two, 300)
    caught_up = any(not run["auto_scheduled"] for run in served.runs("nightly"))
    assert caught_up or first["state"]["message"] == "已发布：2023"
    assert second["state"]["message"] == "没有变化，没有重新发布：2023"
    assert served.stop(signal.SIGINT) == 0
    print("the schedule fires by itself, twice", flush=True)


def nights_slept_through_are_caught_up_once(served: Served) -> None:
    """The machine slept through three nights, and all their runs begin when it wakes; then Ctrl-C within a run."""
    served.start()
    late = until(lambda: len(served.scheduled()) >= 3 and served.scheduled()[:3])
    for day, run in enumerate(late, start=3):
        served.make_late(run, f"2026-01-0{day} 18:00:00")
    states = [served.ended(run)["state"] for run in late]
    assert sorted(state["name"] for state in states) == ["Completed", "Skipped", "Skipped"], states
    names = {served.ask(f"/flow_runs/{run}")["name"] for run in late}
    for state in states:
        if state["name"] == "Skipped":
            assert state["message"].removeprefix("这一次已由 ").split()[0] in names

    made = served.ask(f"/deployments/{served.deployment('nightly')['id']}/create_flow_run", {})
    until(lambda: any("prefect.engine" in command for command in served.children))
    os.killpg(served.process.pid, signal.SIGINT)  # as a terminal does: everyone in the foreground gets it
    assert served.process.wait(90) == 0
    assert not served.children
    served.start()
    assert served.ended(made["id"])["state"]["type"] != "FAILED"  # it had ended by itself, or counts as broken off
    assert served.stop() == 0
    print("a night slept through is caught up once; Ctrl-C within a run leaves nothing behind", flush=True)


def its_history_stands_in_postgresql(served: Served, url: str) -> None:
    """A night by a server on PostgreSQL; after a restart it is still known, and nobody has heard the password."""
    served.environment = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url}
    served.start()
    assert served.run("nightly")["state"]["message"] == "已发布：2023"
    until(lambda: not any("prefect.engine" in command for command in served.children))  # else it counts as cancelled
    assert served.stop() == 0
    said = served.said
    served.start()
    assert [run["state_type"] for run in served.runs("nightly")] == ["COMPLETED"]
    assert served.stop() == 0
    assert not (served.home / "prefect" / "prefect.db").exists()
    logs = [path.read_text(encoding="utf-8") for path in (served.home / "prefect").glob("*.log")]
    assert not any(_PASSWORD in text for text in (said, served.said, *logs))
    print("Prefect's history stands in PostgreSQL", flush=True)


@contextmanager
def _postgresql() -> Iterator[str]:
    """The address of a PostgreSQL of the system's (that from pip has no pg_trgm, which Prefect needs); nothing if there
    is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        print("PostgreSQL is not installed: its part is skipped", flush=True)
        yield ""
        return
    folder, port = Path(tempfile.mkdtemp(prefix="kaohe-pg-")), free_port()
    owner: dict[str, Any] = {}
    if os.getuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres")
        owner = {"user": "postgres", "cwd": folder}
    word = folder / "word"
    word.write_text(_PASSWORD, encoding="ascii")
    word.chmod(0o644)
    data = folder / "data"
    setup = [found[-1] / "initdb", "-D", data, "-U", "kaohe", f"--pwfile={word}", "-A", "scram-sha-256", "-E", "UTF8"]
    subprocess.run(setup, check=True, stdout=subprocess.DEVNULL, **owner)
    control = [found[-1] / "pg_ctl", "-D", data, "-w"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    subprocess.run(
        [*control, "-o", options, "-l", folder / "log", "start"], check=True, stdout=subprocess.DEVNULL, **owner
    )
    try:
        yield f"postgresql+asyncpg://kaohe:{_PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "fast", "stop"], check=True, stdout=subprocess.DEVNULL, **owner)
        shutil.rmtree(folder)
