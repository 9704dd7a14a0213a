"""How fresh the results are: when a run last found them to be up to date, and whether a night has been missed since.

Looks at files alone, so that it works while a run is at work, and without a scheduler.
"""

import datetime as dt
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaohe import clock
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.publication import published_years, standing
from kaohe.publication.manifest import read_manifest
from kaohe.safely import put
from kaohe.schedule import Schedule

#: In the folder of a year: the last run that came to a good end, whether it published anything or found nothing new.
CONFIRMED = "confirmed.json"


def confirm(home: Path, year: int, publication: str, started: dt.datetime, troubles: int) -> None:
    """Note that a run which began at ``started`` found ``publication`` to be what there is to say; ``troubles``: how
    many sources, files or recipients it could not reach."""
    said = {
        "publication": publication,
        "started": started.isoformat(timespec="seconds"),
        "ended": clock.now().isoformat(timespec="seconds"),
        "troubles": troubles,
    }
    path = home / "published" / str(year) / CONFIRMED
    aside = path.with_name(f".{CONFIRMED}.{os.getpid()}.new")  # nobody holds the home, so two may do this at once
    aside.write_bytes((json.dumps(said) + "\n").encode())
    put(aside, path)


def confirmed_publication(folder: Path) -> str | None:
    """The publication that the last good run of a year found in force, as far as that can be read."""
    try:
        said = _json(folder / CONFIRMED)
    except KaoheError:
        return None
    return str(said["publication"]) if isinstance(said, dict) and "publication" in said else None


@dataclass(frozen=True)
class Standing:
    """How a year stands. ``confirmed``: start of the last run that came to a good end; ``expected``: start of the
    latest night that should be over, None if no night scores the year; ``stale``: sources as of an earlier day;
    ``problem``: why nothing is known of the publication in force, in a sentence."""

    year: int
    publication: str | None
    state: str | None
    as_of: str | None
    confirmed: dt.datetime | None
    expected: dt.datetime | None
    troubles: int = 0
    stale: dict[str, str | None] = field(default_factory=dict)
    problem: str = ""

    @property
    def late(self) -> bool:
        """A night was missed."""
        return self.expected is not None and (self.confirmed is None or self.confirmed < self.expected)

    @property
    def exit_code(self) -> int:
        """0 fresh, 3 the last run could not reach something, 4 nothing there that can be read, or older than the
        schedule allows."""
        return 4 if self.late or self.publication is None else 3 if self.troubles or self.stale else 0


def standings(home: Path, schedule: Schedule, now: dt.datetime, years: list[int] | None = None) -> list[Standing]:
    """How ``years`` stand; by default those that the schedule scores, and those that were published.

    Raises ``KaoheError`` for a file that cannot be read.
    """
    due = due_years(home, schedule, now)
    asked = sorted({*due, *published_years(home)}) if years is None else years
    return [_standing(home, year, schedule.expected_by(now) if year in due else None) for year in asked]


def due_years(home: Path, schedule: Schedule, now: dt.datetime) -> list[int]:
    """The years that the latest night scored which should be over by ``now``: a new year begins with its first."""
    night = schedule.expected_by(now).astimezone(clock.OFFICE_TIME).date()
    return schedule.years_on(night, Project.find(), home)


def _standing(home: Path, year: int, expected: dt.datetime | None) -> Standing:
    folder = home / "published" / str(year)
    current: Path | None = None
    manifest: dict[str, Any] = {}
    problem = ""
    try:
        current = standing(folder)
        manifest = read_manifest(current) if current else {}
    except KaoheError as error:
        current, problem = None, str(error)
    confirmed, troubles = _confirmed(folder / CONFIRMED)
    final = manifest.get("state") == "final"  # nothing more is to come
    return Standing(
        year, current.name if current else None, manifest.get("state"), manifest.get("as_of"), confirmed,
        None if final else expected, troubles, manifest.get("stale", {}), problem,
    )  # fmt: skip


def _confirmed(path: Path) -> tuple[dt.datetime | None, int]:
    said = _json(path)
    try:
        return (dt.datetime.fromisoformat(said["started"]), int(said["troubles"])) if said else (None, 0)
    except (KeyError, TypeError, ValueError) as error:
        raise KaoheError("status_broken", path=path) from error


def _json(path: Path) -> dict[str, Any]:
    """What a file says; nothing if it is not there. Raises ``KaoheError`` for one that cannot be read."""
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise KaoheError("status_broken", path=path) from error
    return said
