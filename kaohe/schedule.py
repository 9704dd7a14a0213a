"""The schedule (schedule.yml): when a night's run starts, of which years, from which inbox; how long results stay."""

import datetime as dt
import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kaohe.project import Project
from kaohe.yamlfile import read_yaml, wrong

#: The name of the schedule in a home folder; without it, that of the project is in force.
SCHEDULE_FILE = "schedule.yml"
#: No clock is put forward or back by more.
_SHIFT = dt.timedelta(hours=3)
_FIVE = re.compile(r"[\d*,/-]+( [\d*,/-]+){4}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _cron(text: str) -> str:
    if not _FIVE.fullmatch(text):  # more than these our reading and Prefect's have not in common
        raise wrong("schedule_cron", text=text)
    _, _, day, _, weekday = text.split()
    if "*" not in (day, weekday) and "*" in day + weekday:
        raise wrong("schedule_cron_days", text=text)
    try:
        next(CronSim(text, dt.datetime(2024, 1, 1)), None)
    except CronSimError as error:
        raise wrong("schedule_cron", text=text) from error
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, OSError, ValueError) as error:
        raise wrong("schedule_zone", text=text) from error
    return text


class Keep(_Strict):
    """How long publications stay that no rule keeps for ever: ``days``, and in any case the ``least`` latest ones."""

    days: int = Field(default=30, ge=1, le=36500)
    least: int = Field(default=7, ge=1, le=10000)


class Schedule(_Strict):
    """When and what. ``cron``: minute, hour, day, month, weekday, in ``timezone``; ``late_after``: hours after which a
    night that has not come to its end counts as missed; ``years``: those that are scored (none: see ``years_on``);
    ``inbox``: where records are handed in (None: the home's sources file if there is one, else its folder inbox)."""

    cron: Annotated[str, AfterValidator(_cron)] = "0 2 * * *"
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    late_after: float = Field(default=6, gt=0, le=24 * 31, allow_inf_nan=False)
    years: list[Annotated[int, Field(ge=2000, le=2100)]] = []
    inbox: Path | None = None
    keep: Keep = Keep()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def last_start(self, now: dt.datetime) -> dt.datetime:
        """The latest moment up to ``now`` at which a night's run should have started."""
        local = now.astimezone(self.zone).replace(tzinfo=None)
        begun: list[dt.datetime] = []
        for wall in CronSim(self.cron, local + _SHIFT, reverse=True):
            if (start := self._at(wall)) <= now:
                begun.append(start)
                if wall < local - _SHIFT:
                    break
        return max(begun)

    def next_start(self, now: dt.datetime) -> dt.datetime:
        """The next moment after ``now``."""
        local = now.astimezone(self.zone).replace(tzinfo=None)
        ahead: list[dt.datetime] = []
        for wall in CronSim(self.cron, local - _SHIFT):
            if (start := self._at(wall)) > now:
                ahead.append(start)
                if wall > local + _SHIFT:
                    break
        return min(ahead)

    def _at(self, wall: dt.datetime) -> dt.datetime:
        """The moment at which Prefect starts what a clock on the wall calls for. An hour that a changeover skips is
        read as if it had been skipped already; of one that comes twice it is the first."""
        start = wall.replace(tzinfo=self.zone)
        skipped = start.astimezone(dt.UTC).astimezone(self.zone).replace(tzinfo=None) != wall
        return start.replace(fold=1).astimezone(dt.UTC).astimezone(self.zone) if skipped else start

    def expected_by(self, now: dt.datetime) -> dt.datetime:
        """The start of the latest night's run that should be over by ``now``."""
        return self.last_start(now - dt.timedelta(hours=self.late_after))

    def years_on(self, today: dt.date, project: Project, home: Path) -> list[int]:
        """The years to score: those named, else of last year and this year those that have a scheme. (A year whose
        result is final costs nothing.)"""
        return self.years or [year for year in years_near(today) if project.scheme(year, home).is_file()]


def years_near(today: dt.date) -> tuple[int, int]:
    """The years that may be scored on a day: last year, whose records come in until spring, and this one."""
    return today.year - 1, today.year


def schedule_of(home: Path) -> Schedule:
    """The schedule of a home folder; paths in it begin at its own folder.

    Raises ``KaoheError`` with file and line for an unknown key, a cron line or a time zone that is none.
    """
    path = home / SCHEDULE_FILE if (home / SCHEDULE_FILE).exists() else _projects_schedule()
    read = read_yaml(path, Schedule)
    return read.model_copy(update={"inbox": read.inbox and path.resolve().parent / read.inbox})


def has_own_schedule(home: Path) -> bool:
    """Somebody set up nights for this home; a checkout's ``data`` has no more than what comes with the program."""
    own = home / SCHEDULE_FILE
    return own.exists() and own.resolve() != _projects_schedule().resolve()


def _projects_schedule() -> Path:
    return Project.find().root / "data" / SCHEDULE_FILE
