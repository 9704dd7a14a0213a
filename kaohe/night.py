"""A night: the years that are run one after another, and what came of each."""

from pathlib import Path
from typing import Any

from kaohe import clock
from kaohe.errors import KaoheError, keep_traceback
from kaohe.project import Project
from kaohe.run import Outcome
from kaohe.schedule import schedule_of
from kaohe.sources.gathering import SOURCES_FILE
from kaohe.words import say


def inbox_of(home: Path) -> Path | None:
    """The inbox that the schedule names; else None if the home has a sources file, else its folder inbox."""
    if named := schedule_of(home).inbox:
        return named
    return None if (home / SOURCES_FILE).exists() else home / "inbox"


class Night:
    """What the schedule of ``home`` asks for; ``inbox``, ``sources`` and ``years`` take the place of what it says.

    Raises ``KaoheError`` for a mistake in the schedule, or if there is no year to run.
    """

    def __init__(
        self, home: Path, inbox: Path | None = None, sources: Path | None = None, years: list[int] | None = None
    ) -> None:
        self.home, self.sources = home, sources
        self.inbox = inbox if inbox or sources else inbox_of(home)
        self.years = years or _years(home)
        self.came: dict[int, Outcome | Exception] = {}

    def question(self, year: int) -> dict[str, Any]:
        """What the run of a year is asked."""
        return {"inbox": self.inbox, "sources": self.sources, "home": self.home, "year": year}

    def after(self, year: int, came: Outcome | Exception) -> None:
        """A year is over: its outcome, or why there is none."""
        self.came[year] = came

    def end(self) -> str:
        """The night in a sentence. Raises ``KaoheError`` with the first thing that went wrong, if anything did."""
        for year, came in self.came.items():
            if isinstance(came, Exception):
                raise KaoheError("night_failed", year=year, problem=_sentence(came)) from None
        new = [str(year) for year, came in self.came.items() if isinstance(came, Outcome) and came.new]
        if new:
            return say("night_published", years="、".join(new))
        return say("night_nothing_new", years="、".join(map(str, self.came)))


def _years(home: Path) -> list[int]:
    project, today = Project.find(), clock.today()
    years = schedule_of(home).years_on(today, project)
    if not years:
        missing = [str(project.scheme(year)) for year in (today.year - 1, today.year)]
        raise KaoheError("night_no_years", missing="、".join(missing))
    return years


def _sentence(error: Exception) -> str:
    if isinstance(error, KaoheError):
        return str(error)
    return say("unexpected", problem=type(error).__name__, log=keep_traceback(error))
