"""A night: the years that are run one after another, and what came of each."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from kaohe import clock
from kaohe.delivery.failures import Failure, tell
from kaohe.errors import KaoheError, from_os_error, keep_traceback
from kaohe.journal import run_id
from kaohe.project import Project, own_scheme
from kaohe.publication import pointed_at
from kaohe.retention import expire
from kaohe.run import Outcome
from kaohe.schedule import schedule_of, years_near
from kaohe.sources.gathering import inbox_of
from kaohe.words import listed, say

#: So long a night waits for another command to let go of the home, in seconds.
WAIT_SECONDS = 1800.0


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
        self.ran: dict[int, Outcome] = {}
        self.failed: dict[int, str] = {}

    def question(self, year: int) -> dict[str, Any]:
        """What the run of a year is asked."""
        asked = {"inbox": self.inbox, "sources": self.sources, "home": self.home, "year": year}
        return asked | {"wait_seconds": WAIT_SECONDS}

    def after(self, year: int, came: Outcome | Exception) -> None:
        """A year is over: its outcome, or why there is none. What is too old goes, and whoever is to know of it is told
        what went wrong."""
        if isinstance(came, Exception):
            self.failed[year] = _sentence(came)
            troubles = [self.failed[year]]
        else:
            self.ran[year] = came
            troubles = came.troubles
        self._tell(year, list(dict.fromkeys([*troubles, *self._expire(year)])))

    def end(self) -> str:
        """The night in a sentence. Raises ``KaoheError`` with the first thing that went wrong, if anything did."""
        for year, problem in self.failed.items():
            raise KaoheError("night_failed", year=year, problem=problem)
        new = [str(year) for year, outcome in self.ran.items() if outcome.new]
        if new:
            return say("night_published", years=listed(new))
        return say("night_nothing_new", years=listed(map(str, self.ran)))

    def _expire(self, year: int) -> list[str]:
        """Remove what is too old, also after a failed run: it may have failed for want of room. Gives what hindered
        it."""
        if pointed_at(self.home / "published" / str(year)) is None:
            return []
        try:
            expire(self.home, year, schedule_of(self.home).keep, clock.now())
        except Exception as error:  # the results stand, whatever becomes of the old ones
            return [_sentence(error)]
        return []

    def _tell(self, year: int, sentences: list[str]) -> None:
        if sentences:
            _tell(self.home, year, sentences)


def begun(home: Path, inbox: Path | None, sources: Path | None, years: list[int] | None) -> Night:
    """A night. What keeps it from beginning is told, too.

    Raises ``KaoheError`` as ``Night`` does.
    """
    try:
        return Night(home, inbox, sources, years)
    except KaoheError as error:
        _tell(home, None, [str(error)])
        raise


def _tell(home: Path, year: int | None, sentences: list[str]) -> None:
    run = run_id()
    with suppress(Exception):  # whoever is told or not, the other years have their turn
        tell(home, Failure(f"{run}-{year or 'night'}", year, sentences, run))


def _years(home: Path) -> list[int]:
    project, today = Project.find(), clock.today()
    years = schedule_of(home).years_on(today, project, home)
    if not years:
        missing = [str(own_scheme(home, year)) for year in years_near(today)]
        raise KaoheError("night_no_years", missing=listed(missing))
    return years


def _sentence(error: Exception) -> str:
    if isinstance(error, KaoheError):
        return str(error)
    if isinstance(error, OSError):
        return str(from_os_error(error))
    return say("unexpected", problem=type(error).__name__, log=keep_traceback(error))
