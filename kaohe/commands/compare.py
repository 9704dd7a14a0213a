"""``kaohe compare``: what changed between two publications, schemes or years, and what caused it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaohe.commands import asking, completing
from kaohe.commands.asking import Format
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.comparing import Comparison
    from kaohe.comparing.tables import Table


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_compare"))
    def compare(
        a: Annotated[
            str, typer.Argument(help=say("cli_compare_a"), metavar="A", autocompletion=completing.publications)
        ],
        b: Annotated[
            str, typer.Argument(help=say("cli_compare_b"), metavar="B", autocompletion=completing.publications)
        ],
        format_: Annotated[Format, typer.Option("--format", help=say("cli_format"))] = Format.TEXT,
        out: Annotated[Path | None, typer.Option(help=say("cli_compare_out"))] = None,
        year: Annotated[int | None, asking.published_year()] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe import comparing

        asking.check_out(out, format_, home)
        with asking.showing_progress():
            found = comparing.compare(home, a, b, year)
        match format_:
            case Format.JSON:
                from kaohe.comparing.plain import plain

                print(json.dumps(plain(found), ensure_ascii=False, indent=2, default=str))
            case Format.XLSX:
                from kaohe.comparing.tables import write_workbook

                path = out or home / "comparisons" / f"{found.a.label}…{found.b.label}.xlsx"
                asking.write_aside(path, lambda part: write_workbook(found, part))
                asking.console().print(say("alerts_written", path=path), soft_wrap=True)
            case Format.TEXT:
                _print(asking.console(), found)


def _print(console: "Console", found: "Comparison") -> None:
    from rich.text import Text

    from kaohe.comparing.tables import described, tables, unexplained

    console.print(Text(say("compare_title", a=found.a.label, b=found.b.label), style="bold"))
    for name, side in (("A", found.a), ("B", found.b)):
        console.print(f"{name}  {described(side)}", soft_wrap=True)
    if not found.steps:
        console.print(say("compare_same"))
        return
    console.print(say("compare_across_years") if found.across_years else say("compare_how"))
    if found.scheme_problem:
        console.print(Text(say("compare_scheme_problem", problem=found.scheme_problem), style="yellow"))
    for table in tables(found):
        if table.rows and table.most:
            _print_table(console, table)
    left = sum(unexplained(step.items, step.records) for step in found.steps)
    if left:
        console.print(say("compare_unexplained", count=left))


def _print_table(console: "Console", table: "Table") -> None:
    from rich.table import Table as Shown
    from rich.text import Text

    shown = Shown(title=f"\n{table.title}", title_justify="left", title_style="bold")
    right = table.signed | table.numbers
    for number, heading in enumerate(table.headings):
        shown.add_column(heading, justify="right" if number in right else "left", overflow="fold")
    for row in table.rows[: table.most]:
        shown.add_row(*(Text(_cell(value, number in table.signed)) for number, value in enumerate(row)))
    console.print(shown)
    if len(table.rows) > table.most:
        console.print(say("compare_more", count=len(table.rows) - table.most))


def _cell(value: Any, signed: bool) -> str:
    match value:
        case None:
            return "—" if signed else ""
        case Decimal() if signed:
            return f"{value:+.2f}" if value else "0.00"
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
