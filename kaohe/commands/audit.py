"""``kaohe audit``: prove a year's log, and what follows from it, unchanged."""

from pathlib import Path
from typing import Annotated

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, say


def add(app: typer.Typer) -> None:
    """Register the command."""
    commands = typer.Typer(help=say("cli_audit"), no_args_is_help=True)
    app.add_typer(commands, name="audit")
    spoken = language()

    @commands.callback()
    def audit() -> None:
        pass

    @commands.command(name="verify", help=say("cli_audit_verify"))
    def verify(
        year: Annotated[int | None, typer.Option(help=say("cli_audit_year"), **asking.YEARS)] = None,
        head: Annotated[str, typer.Option(help=say("cli_audit_head"), metavar="SHA256")] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        return _verify(home, year, head.strip().lower())


def _verify(home: Path, year: int | None, head: str) -> int:
    from kaohe import log_check
    from kaohe.errors import KaoheError

    chosen = [year] if year else log_check.years(home)
    if head and len(chosen) > 1:
        raise KaoheError("audit_head_of_year")
    console, wrong = asking.console(), False
    for each in chosen:
        found = log_check.audit(home, each, head)
        wrong = wrong or bool(found.wrong)
        for sentence in found.wrong:
            console.print(say("audit_wrong", year=each, sentence=sentence), soft_wrap=True)
        for sentence in found.remarks:
            console.print(say("audit_remark", year=each, sentence=sentence), soft_wrap=True)
        if not found.wrong:
            console.print(say("audit_good", year=each, count=found.lines), soft_wrap=True)
            if found.noted:
                console.print(say("audit_head_found", number=found.noted, later=found.lines - found.noted))
            console.print(say("log_head", number=found.lines, sha256=found.head), soft_wrap=True)
    return 2 if wrong else 0
