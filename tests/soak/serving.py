"""What takes minutes to see of ``kaohe serve``: its schedule fires by itself, nights slept through are caught up once,
and Ctrl-C in the middle of a run leaves nothing behind."""

import argparse
import os
import signal
import tempfile
from pathlib import Path

from tests.helpers import CHECK, check, registry, write_csv
from tests.serving import Served, until


def options(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def main(_: argparse.Namespace) -> int:
    """Raises ``AssertionError`` if anything is not so."""
    with tempfile.TemporaryDirectory() as folder:
        the_schedule_fires(_office(Path(folder), "* * * * *"))
    with tempfile.TemporaryDirectory() as folder:
        nights_slept_through_are_caught_up_once(_office(Path(folder), "0 2 1 * *"))
    return 0


def _office(folder: Path, cron: str) -> Served:
    """A small bureau that nobody serves yet."""
    home = folder / "home"
    write_csv(home / "inbox" / "名册.csv", registry(("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室")))
    write_csv(home / "inbox" / "抽查.csv", [CHECK, check("C1", "办公室")])
    (home / "schedule.yml").write_text(f'cron: "{cron}"\nyears: [2023]\n', encoding="utf-8")
    return Served(home)


def the_schedule_fires(served: Served) -> None:
    """Two minutes, two nights: the first publishes, and in the second nothing is new."""
    served.start()
    first, second = until(lambda: len(runs := served.runs("nightly")) >= 2 and runs[:2], 200)
    assert first["auto_scheduled"] and second["auto_scheduled"]
    assert served.ended(first["id"])["state"]["message"] == "已发布：2023"
    assert served.ended(second["id"])["state"]["message"] == "没有变化，没有重新发布：2023"
    assert served.stop(signal.SIGINT) == 0


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
