"""The journal of a home: which run began and ended when, with what, as one JSON object a line.

``HOME/logs/<year>-<month>.jsonl`` is for whoever looks after the machine: numbers, dates, names of publications and of
errors stand in it, never a cell, a path or a sentence, so there is no personal data in it. What an error said stands in
Prefect, under the same run.
"""

import json
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kaohe import clock
from kaohe.errors import KaoheError
from kaohe.safely import append

LOGS = "logs"
Event = Literal["started", "ended", "failed"]
Value = int | float | bool | None | dict[str, float]


@dataclass(frozen=True)
class Journal:
    """The journal, for one run: ``flow`` by its name, ``run`` by Prefect's id for it, or one of our own."""

    home: Path
    flow: str
    year: int | None
    run: str

    def note(self, event: Event, *, publication: str | None = None, error: str | None = None, **values: Value) -> None:
        """Add a line. A journal that cannot be written stops no run."""
        at = clock.now()
        said = {"publication": publication, "error": error} | values
        who = {"at": at.isoformat(timespec="seconds"), "run": self.run, "event": event, "flow": self.flow}
        line = who | {"year": self.year} | {name: value for name, value in said.items() if value is not None}
        path = self.home / LOGS / f"{at:%Y-%m}.jsonl"
        with suppress(OSError):
            append(path, (json.dumps(line) + "\n").encode(), 0o640)


@contextmanager
def recorded(home: Path, flow: str, year: int | None) -> Iterator[Journal]:
    """The journal of a run whose beginning is noted, and its end if it is not a good one: the error's key or kind."""
    journal = Journal(home, flow, year, run_id())
    journal.note("started")
    try:
        yield journal
    except BaseException as error:
        journal.note("failed", error=error.key if isinstance(error, KaoheError) else type(error).__name__)
        raise


def confirmed(home: Path, year: int) -> dict[str, Path]:
    """The publications of a year that a run which came to a good end found in force, each with the file that says so.
    A line that cannot be read says nothing."""
    found: dict[str, Path] = {}
    for path in sorted((home / LOGS).glob("[0-9]*.jsonl")):
        for line in path.read_bytes().splitlines():
            with suppress(ValueError, RecursionError):
                said = json.loads(line)
                if isinstance(said, dict) and (said.get("event"), said.get("year")) == ("ended", year):
                    found[str(said.get("publication"))] = path
    return found


def run_id() -> str:
    """Prefect's id of the run that this is part of, else a new one."""
    if "prefect" in sys.modules:
        from prefect.runtime import flow_run

        if found := flow_run.get_id():
            return str(found)
    return str(uuid.uuid4())
