"""``kaohe alerts``: what somebody should look at, of the publication in force."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking
from kaohe.commands.asking import Format
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.alerts import Found

_SHOWN = 10  # of each kind, unless kinds are asked for
_STYLES = {"urgent": "bold red", "warning": "yellow", "notice": ""}


class AtLeast(StrEnum):
    """The least urgent level that is shown."""

    URGENT = "urgent"
    WARNING = "warning"
    NOTICE = "notice"


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_alerts"))
    def alerts(
        year: Annotated[int | None, asking.published_year()] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        kind: Annotated[list[str] | None, typer.Option(help=say("cli_alerts_kind"))] = None,
        level: Annotated[AtLeast, typer.Option(help=say("cli_alerts_level"))] = AtLeast.NOTICE,
        format_: Annotated[Format, typer.Option("--format", help=say("cli_format"))] = Format.TEXT,
        out: Annotated[Path | None, typer.Option(help=say("cli_alerts_out"))] = None,
        restricted: Annotated[bool, typer.Option("--restricted", help=say("cli_alerts_restricted"))] = False,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.alerts import Question

        asking.check_out(out, format_, home)
        question = Question(home, year, kind or [], level.value, restricted, out)
        match format_:
            case Format.XLSX:
                with asking.starting_a_flow(home):
                    from flows.alerts import alerts

                    path = alerts(home, question.year, kind, level.value, restricted, out, lang)
                asking.console().print(say("out_written", path=path), soft_wrap=True)
            case Format.JSON:
                found = [asdict(alert) for alert in question.collect().alerts]
                print(json.dumps(found, ensure_ascii=False, indent=2, default=str))
            case Format.TEXT:
                _print(asking.console(), question.collect(), None if kind else _SHOWN)


def _print(console: "Console", found: "Found", most: int | None) -> None:
    """Print the alerts, of each kind the ``most`` urgent ones."""
    from rich.table import Table
    from rich.text import Text

    from kaohe.alerts import counted

    console.print(Text(say("alerts_title", year=found.year, as_of=found.as_of), style="bold"))
    console.print(counted(found.alerts) or say("alerts_none"))
    for name, alerts in found.kinds.items():
        title = f"\n{alerts[0].title} · {name} · {counted(alerts)}"
        table = Table(title=title, title_justify="left", title_style="bold")
        for heading in ("level", "unit_name", "sentence"):
            table.add_column(say(f"heading_{heading}"))
        for alert in alerts[:most]:
            level = Text(say(f"level_{alert.level}"), style=_STYLES[alert.level])
            table.add_row(level, alert.unit_name or say("bureau"), alert.sentence)
        console.print(table)
        if most and len(alerts) > most:
            console.print(say("alerts_more", count=len(alerts) - most, name=name))
