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
        from kaohe.schedule import schedule_of

        schedule, now = schedule_of(home), clock.now()
        found = standings(home, schedule, now, None if year is None else [year])
        stopped = year is None and not due_years(schedule, now)  # no night scores anything any more
        next_night = schedule.next_start(now)
        if format_ is Listing.JSON:
            said = {"next": next_night.isoformat(timespec="minutes"), "years": [_plain(one) for one in found]}
            print(json.dumps(said, ensure_ascii=False, indent=2))
        else:
            _print(found, stopped, f"{next_night:%Y-%m-%d %H:%M} {schedule.timezone}")
        if notify:
            _tell(home, found, stopped, f"{schedule.last_start(now):%Y%m%dT%H%M}")
        return 4 if stopped else max(one.exit_code for one in found)


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
    }


def _print(found: "list[Standing]", stopped: bool, next_night: str) -> None:
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
    if stopped:
        console.print(Text(say("status_no_year"), style="bold red"), soft_wrap=True)
    console.print(say("status_next", at=next_night), soft_wrap=True)


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
    if one.publication is None:
        return say("status_nothing", **values)
    if one.late:
        return say("status_late", **values)
    if one.expected is None:
        return say("status_at_rest", **values)
    return say("status_troubled" if one.troubles else "status_fresh", **values)


def _told(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(OFFICE_TIME):%Y-%m-%d %H:%M}" if moment else "—"


def _tell(home: Path, found: "list[Standing]", stopped: bool, night: str) -> None:
    """Tell those whom the delivery file names, once for each night that was missed."""
    from kaohe.delivery.failures import Failure, tell

    missed = [Failure(f"missed-{one.year}-{one.expected:%Y%m%dT%H%M}", one.year, [_sentence(one)])
              for one in found if one.late]  # fmt: skip
    if stopped:
        missed.append(Failure(f"missed-all-{night}", None, [say("status_no_year")]))
    for failure in missed:
        try:
            untold = tell(home, failure)
        except KaoheError as error:  # the results are out of date all the same
            print(error, file=sys.stderr)
            continue
        for recipient, why in untold.items():
            print(say("status_not_told", recipient=recipient, why=why), file=sys.stderr)
