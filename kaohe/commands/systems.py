"""``kaohe systems``: the 31 systems of the work plan, where each finds its data and what it comes out as."""

import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from kaohe.commands import asking
from kaohe.commands.asking import Listing
from kaohe.commands.tables import Column, print_table
from kaohe.words import Language, language, say

#: The columns, and how soon each is left out where there is no room.
_COLUMNS = {"number": 0, "system": 0, "tables": 1, "rows_read": 0, "outputs": 0, "model": 2, "status": 0}


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_systems"))
    def systems(
        year: Annotated[int | None, asking.published_year()] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        format_: Annotated[Listing, typer.Option("--format", help=say("cli_format"))] = Listing.TEXT,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.systems import systems

        found = systems(home, year)
        if format_ is Listing.JSON:
            print(json.dumps([asdict(system) for system in found], ensure_ascii=False, indent=2))
            return 0
        counted = found[0].rows_read is not None
        columns = [
            Column(
                say(f"heading_{name}"), name in ("number", "rows_read"), name in ("system", "outputs", "status"), spare
            )
            for name, spare in _COLUMNS.items()
            if counted or name != "rows_read"
        ]
        told = []
        for system in found:
            outputs = [output["title"] for output in system.outputs]
            models = dict.fromkeys(Path(output["model"]).stem for output in system.outputs if output["model"])
            status = say(f"system_{system.status}", points=f"{Decimal(system.weight).normalize():f}")
            rows = [str(system.rows_read)] if counted else []
            told.append([
                str(system.number), system.system, "\n".join(system.tables), *rows,
                "\n".join(outputs), "\n".join(models), status,
            ])  # fmt: skip
        console = asking.console()
        if not counted:
            console.print(say("systems_no_counts"), soft_wrap=True)
        print_table(console, columns, told, lines=True)
        return 0
