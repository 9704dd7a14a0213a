"""``kaohe status``: how fresh the results are, for people and for whatever watches over machines."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe import clock
from kaohe.clock import OFFICE_TIME
from kaohe.commands import asking
from kaohe.commands.asking import Listing
from kaohe.errors import KaoheError
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from kaohe.freshness import Standing


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_status"))
    def status(
        year: Annotated[int | None, typer.Option(help=say("cli_status_year"), **asking.YEARS)] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        format_: Annotated[Listing, typer.Option("--format", help=say("cli_format"))] = Listing.TEXT,
        notify: Annotated[bool, typer.Option("--notify", help=say("cli_status_notify"))] = False,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.freshness import due_years, standings
        from kaohe.schedule import has_own_schedule, schedule_of

        schedule, now = schedule_of(home), clock.now()
        found = standings(home, schedule, now, None if year is None else [year])
        # No night scores anything any more. Who never set up a schedule does not wait for one.
        unscored = year is None and not due_years(home, schedule, now)
        stopped = unscored and (not found or has_own_schedule(home))
        no_year = _no_year(home, now, stopped) if unscored else ""
        next_night = schedule.next_start(now)
        exit_code = 4 if stopped else max((one.exit_code for one in found), default=4)
        if format_ is Listing.JSON:
            said = {
                "exit_code": exit_code,
                "problem": no_year or None,
                "next": next_night.isoformat(timespec="minutes"),
                "years": [_plain(one) for one in found],
            }
            print(json.dumps(said, ensure_ascii=False, indent=2))
        else:
            _print(found, no_year, f"{next_night:%Y-%m-%d %H:%M} {schedule.timezone}")
        if notify:
            _tell(home, found, no_year if stopped else "", f"{schedule.last_start(now):%Y%m%dT%H%M}")
        return exit_code


def _plain(one: "Standing") -> dict[str, object]:
    return {
        "year": one.year,
        "publication": one.publication,
        "state": one.state,
        "as_of": one.as_of,
        "confirmed": one.confirmed and one.confirmed.isoformat(timespec="seconds"),
        "expected": one.expected and one.expected.isoformat(timespec="seconds"),
        "late": one.late,
        "troubles": one.troubles,
        "stale": one.stale,
        "problem": one.problem or None,
    }


def _print(found: "list[Standing]", no_year: str, next_night: str) -> None:
    from rich.text import Text

    console = asking.console()
    for one in found:
        style = "bold red" if one.late else "yellow" if one.exit_code else ""
        console.print(Text(_sentence(one), style=style), soft_wrap=True)
        for source, since in one.stale.items():
            stale = (
                say("sheet_stale", source=source, since=since) if since else say("sheet_stale_nothing", source=source)
            )
            console.print(Text(f"  {stale}", style="yellow"), soft_wrap=True)
    if no_year:
        console.print(no_year, soft_wrap=True)
    console.print(say("status_next", at=next_night), soft_wrap=True)


def _no_year(home: Path, now: dt.datetime, stopped: bool) -> str:
    """That no night scores anything, and what to do for one to do so."""
    from kaohe.project import own_scheme
    from kaohe.schedule import years_near

    last, this = years_near(now.astimezone(OFFICE_TIME).date())
    values = {"last": last, "this": this, "path": own_scheme(home, this)}
    return say("status_no_year" if stopped else "status_no_new_year", **values)


def _sentence(one: "Standing") -> str:
    values = {
        "year": one.year,
        "publication": one.publication or "—",
        "state": say(f"state_{one.state}") if one.state else "—",
        "as_of": one.as_of or "—",
        "confirmed": _told(one.confirmed),
        "expected": _told(one.expected),
        "troubles": one.troubles,
    }
    if one.problem:
        return say("status_unreadable", year=one.year, problem=one.problem)
    if one.publication is None:
        return say("status_nothing", **values)
    if one.late:
        return say("status_late", **values)
    if one.expected is None:
        return say("status_at_rest", **values)
    return say("status_troubled" if one.troubles else "status_fresh", **values)


def _told(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(OFFICE_TIME):%Y-%m-%d %H:%M}" if moment else "—"


def _tell(home: Path, found: "list[Standing]", no_year: str, night: str) -> None:
    """Tell those whom the delivery file names, once for each night that was missed."""
    from kaohe.delivery.failures import Failure, tell

    missed = [Failure(f"missed-{one.year}-{one.expected:%Y%m%dT%H%M}", one.year, [_sentence(one)])
              for one in found if one.late]  # fmt: skip
    if no_year:
        missed.append(Failure(f"missed-all-{night}", None, [no_year]))
    for failure in missed:
        try:
            untold = tell(home, failure)
        except KaoheError as error:  # the results are out of date all the same
            print(error, file=sys.stderr)
            continue
        for recipient, why in untold.items():
            print(say("status_not_told", recipient=recipient, why=why), file=sys.stderr)
