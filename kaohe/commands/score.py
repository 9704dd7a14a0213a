"""``kaohe score``: any composite score from a scheme and a table of values."""

from pathlib import Path
from typing import Annotated

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, say

_MOST_ROWS = 30


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_score"))
    def score(
        scheme: Annotated[Path, typer.Option(help=say("cli_score_scheme"))],
        values: Annotated[Path, typer.Option(help=say("cli_score_values"))],
        out: Annotated[Path, typer.Option(help=say("cli_score_out"))],
        units: Annotated[Path | None, typer.Option(help=say("cli_score_units"))] = None,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from rich.table import Table

        from kaohe import composite

        scored = composite.score(scheme, values, units)
        scored.write(out)
        table = Table()
        for name in ("rank", "unit_id", "total", "grade"):
            table.add_column(say(f"heading_{name}"), justify="left" if name in ("unit_id", "grade") else "right")
        for unit, points, grade, rank, _ in scored.scores.head(_MOST_ROWS).iter_rows():
            table.add_row(str(rank or "—"), unit, points or say("status_no_data"), grade or "")
        console = asking.console()
        console.print(table)
        console.print(say("score_written", units=scored.scores.height, path=out))
        return 0
