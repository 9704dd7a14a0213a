"""``kaohe serve`` as a process of the tests' own, and its server's API."""

import base64
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpers import ROOT

#: Prefect looks more often than it would at night, so that nobody waits.
QUICK = {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], seconds: float = 90) -> Any:
    """What ``true`` gives once it is something; the test fails if it never is."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)
    return found


def children(process: int) -> dict[int, str]:
    """The command lines of the processes that one, or its children, started."""
    found: dict[int, str] = {}
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    for line in sorted(listed.splitlines(), key=lambda line: int(line.split()[0])):
        pid, parent, command = line.split(None, 2)
        if int(parent) in {process, *found}:
            found[int(pid)] = command
    return found


@dataclass
class Served:
    """A home folder, and ``kaohe serve`` for it; ``cwd`` is none where the package could be found by chance."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    login: str = ""

    def start(self, *arguments: str) -> "Served":
        """Start it, and wait until it serves."""
        self.out = self.home.parent / "out.txt"
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kaohe", "serve", "--home", str(self.home), "--port", str(self.port), *arguments],
                stdout=out, stderr=out, cwd=self.home.parent, start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | QUICK | self.environment,
            )  # fmt: skip
        until(lambda: "Ctrl-C" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said
        return self

    @property
    def said(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to stop; gives its status."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def kill(self) -> None:
        """Whatever became of it, it is gone."""
        if hasattr(self, "process") and self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)

    @property
    def children(self) -> list[str]:
        """The command lines of the processes that it, or its children, started."""
        return [*children(self.process.pid).values()]

    def ask(self, path: str, body: Any = None) -> Any:
        """What the server's API answers."""
        headers = {"content-type": "application/json"}
        if self.login:
            headers["authorization"] = "Basic " + base64.b64encode(self.login.encode()).decode()
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/api{path}", data, headers)
        for _ in range(10):
            try:
                with urllib.request.urlopen(asked, timeout=20) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 503:  # its database is busy: to be asked again, as Prefect's own clients do
                    raise
        raise AssertionError("the server is busy for ever")

    def status(self, path: str, body: Any = None) -> int:
        """The status of the API's answer."""
        try:
            self.ask(path, body)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def deployment(self, flow: str) -> Any:
        return self.ask(f"/deployments/name/{flow}/kaohe")

    def run(self, flow: str, **parameters: Any) -> Any:
        """Start a flow through the API and wait for its end; gives the run."""
        made = self.ask(f"/deployments/{self.deployment(flow)['id']}/create_flow_run", {"parameters": parameters})
        return self.ended(made["id"])

    def ended(self, run: str) -> Any:
        return until(lambda: (found := self.ask(f"/flow_runs/{run}"))["state"]["type"] in ENDED and found)

    def runs(self, flow: str) -> list[Any]:
        """The runs of a flow that began, in their order."""
        asked = {"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_ASC"}
        return [run for run in self.ask("/flow_runs/filter", asked) if run["start_time"]]

    def tasks(self, run: str) -> dict[str, Any]:
        """The tasks of a run and its subflows by name, their states."""
        inner = self.ask("/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [run]}}})
        ids = [run, *(each["id"] for each in inner)]
        asked = {"task_runs": {"flow_run_id": {"any_": ids}}}
        return {task["name"]: task["state"] for task in self.ask("/task_runs/filter", asked)}

    def artifacts(self) -> dict[str, Any]:
        """The latest artifacts by key."""
        return {each["key"]: each for each in self.ask("/artifacts/latest/filter", {})}

    def in_history(self, statement: str, *values: Any) -> list[Any]:
        """Run SQL on Prefect's database: what time alone would bring about."""
        with sqlite3.connect(self.home / "prefect" / "prefect.db", timeout=30) as history:
            return history.execute(statement, values).fetchall()

    def make_late(self, run: str, moment: str) -> None:
        """Let a scheduled run be one that should have begun at ``moment`` (YYYY-MM-DD HH:MM:SS, UTC)."""
        at = f"{moment}.000000"
        self.in_history(
            "update flow_run_state set state_details = json_set(state_details, '$.scheduled_time', ?)"
            " where flow_run_id = ?", f"{moment.replace(' ', 'T')}Z", run,
        )  # fmt: skip
        self.in_history(
            "update flow_run set expected_start_time = ?, next_scheduled_start_time = ? where id = ?", at, at, run
        )

    def scheduled(self) -> list[str]:
        """The runs that the schedule has made for the next nights."""
        asked = "select id from flow_run where auto_scheduled and state_type = 'SCHEDULED' order by expected_start_time"
        return [run for (run,) in self.in_history(asked)]
