"""``kaohe bulletin``: the study bulletin (学情通报) of a month."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.bulletin import Written


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_bulletin"))
    def bulletin(
        year: Annotated[int, asking.year()],
        month: Annotated[int, typer.Option(help=say("cli_bulletin_month"), min=1, max=12)],
        home: Annotated[Path, asking.home()] = Path("data"),
        out: Annotated[Path | None, typer.Option(help=say("cli_bulletin_out"))] = None,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.bulletin import Bulletin

        Bulletin(year, month, home, out)  # what is wrong with the question is said before anything starts
        with asking.starting_a_flow(home):
            from flows.study_bulletin import study_bulletin

            written = study_bulletin(year, month, home, out, lang)
        _print(asking.console(), written)


def _print(console: "Console", written: "Written") -> None:
    from kaohe.bulletin.text import titles

    figures = written.figures
    lacking = {
        status: len({row["unit_id"] for row in figures.absent if row["status"] == status})
        for status in ("missing", "set_aside")
    }
    lines = [say("bulletin_done", title=written.title, publication=figures.publication, as_of=figures.as_of)]
    lines += [f"  {path}" for path in written.files]
    if any(lacking.values()):
        lines.append(say("bulletin_lacking", **lacking))
    if figures.unplaced:
        lines.append(say("bulletin_unplaced", count=figures.unplaced))
    if rule := figures.not_ranked:
        lines.append(say("bulletin_rule", rule=titles(rule.rule), year=figures.year))
    for line in lines:
        console.print(line, soft_wrap=True)
