"""Looking after a home: ``rollback``, ``expire``, ``rebuild``, ``doctor``."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking, completing
from kaohe.commands.asking import Listing
from kaohe.words import Language, language, listed, say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.rebuild import Rebuilt

#: So many names are listed.
_SHOWN = 10


def add(app: typer.Typer) -> None:
    """Register the commands."""
    _add_rollback(app)
    _add_expire(app)
    _add_rebuild(app)
    _add_doctor(app)


def _add_rollback(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_rollback"))
    def rollback(
        year: Annotated[int, asking.year()],
        by: Annotated[str, asking.text(say("cli_by"))],
        reason: Annotated[str, asking.text(say("cli_reason"))],
        to: Annotated[str | None, asking.text(say("cli_rollback_to"), completing.publications)] = None,
        document: Annotated[str, asking.text(say("cli_document"))] = "",
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.lifecycle.rollback import rollback as go_back

        act = go_back(home, year, by, reason, to, document, operator)
        instead_of = act.details["instead_of"]
        sentence = say("rolled_back", instead_of=instead_of, publication=act.publication)
        asking.console().print(sentence, soft_wrap=True)
        asking.say_head(act)


def _add_expire(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_expire"))
    def expire(
        year: Annotated[int | None, typer.Option(help=say("cli_expire_year"), **asking.YEARS)] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=say("cli_expire_dry_run"))] = False,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe import clock, retention
        from kaohe.audit import years
        from kaohe.lifecycle.proceedings import decided
        from kaohe.schedule import schedule_of

        console = asking.console()
        for each in [year] if year else filter(partial(decided, home), years(home)):
            gone = retention.expire(home, each, schedule_of(home).keep, clock.now(), dry_run)
            for name in gone.publications:
                console.print(f"  {name}")
            counts = {"publications": len(gone.publications), "inputs": len(gone.inputs)}
            values = counts | {"year": each, "megabytes": f"{gone.size / 1e6:.1f}"}
            console.print(say("expired_dry_run", **values) if dry_run else say("expired", **values), soft_wrap=True)
            if gone.act:
                asking.say_head(gone.act)


def _add_rebuild(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_rebuild"))
    def rebuild(
        year: Annotated[int, asking.year()],
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.rebuild import rebuild as make_again

        with asking.showing_progress():
            made = make_again(home, year)
        _print_rebuilt(asking.console(), made)
        return 0 if made.identical else 2


def _print_rebuilt(console: "Console", made: "Rebuilt") -> None:
    key = {"inputs": made.inputs, "publication": made.publication}
    console.print(say("rebuild_same", **key) if made.identical else say("rebuild_different", **key), soft_wrap=True)
    for table, units in made.different.items():
        if units:
            console.print(say("rebuild_table", table=table, count=len(units), units=_listed(units)), soft_wrap=True)
    if made.program and not made.identical:
        changed = say("rebuild_program", count=len(made.program), files=_listed(made.program))
        console.print(changed, soft_wrap=True)
    elif not made.identical:
        console.print(say("rebuild_no_program"), soft_wrap=True)
    if made.aside:
        console.print(say("rebuild_aside", path=made.aside), soft_wrap=True)


def _listed(names: list[str]) -> str:
    return listed(names[:_SHOWN]) + (say("and_more") if len(names) > _SHOWN else "")


def _add_doctor(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_doctor"))
    def doctor(
        mend: Annotated[bool, typer.Option("--mend", help=say("cli_doctor_mend"))] = False,
        format_: Annotated[Listing, typer.Option("--format", help=say("cli_format"))] = Listing.TEXT,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe import doctor as looking

        with asking.showing_progress():
            report = looking.mend(home) if mend else looking.examine(home)
        if format_ is Listing.JSON:
            print(json.dumps(report.plain, ensure_ascii=False, indent=2))
        else:
            for sentence in report.sentences:
                asking.console().print(sentence, soft_wrap=True)
        return 2 if report.findings or report.busy else 0
