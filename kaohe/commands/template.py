"""``kaohe template``: blank workbooks to fill in, one for each table."""

from pathlib import Path
from typing import Annotated

import typer

from kaohe import clock
from kaohe.commands import asking
from kaohe.errors import KaoheError
from kaohe.words import Language, language, say


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_template"))
    def template(
        tables: Annotated[list[str], typer.Argument(help=say("cli_template_tables"), metavar="TABLE…|all")],
        out: Annotated[Path, typer.Option(help=say("cli_template_out"), file_okay=False)],
        registry: Annotated[Path | None, typer.Option(help=say("cli_template_registry"))] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        force: Annotated[bool, typer.Option("--force", help=say("cli_template_force"))] = False,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe import templates
        from kaohe.contracts import load_contracts
        from kaohe.project import Project
        from kaohe.publication import published_years
        from kaohe.safely import replace

        contracts = load_contracts(Project.find().expectations)
        wanted = {contract.table: contract for text in tables for contract in templates.named(contracts, text)}
        there = [path for contract in wanted.values() if (path := out / templates.file_name(contract)).exists()]
        if there and not force:
            raise KaoheError("template_exists", file=there[0])
        if registry is not None:
            units = templates.units_of_registry(contracts, registry)
        else:
            units = templates.units_of_publication(home)
        year = max(published_years(home), default=clock.today().year)
        console = asking.console()
        for contract in wanted.values():
            path = out / templates.file_name(contract)
            replace(path, templates.template(contract, units, year))
            console.print(f"{path}", soft_wrap=True, highlight=False)
        if not units:
            console.print(say("template_no_units"), soft_wrap=True)
        return 0
