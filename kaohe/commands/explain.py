"""``kaohe explain``: where a unit's points come from and where they went, down to the records."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking, completing
from kaohe.commands.asking import Format
from kaohe.errors import KaoheError
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from kaohe.explaining.reach import Reach


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_explain"))
    def explain(
        unit: Annotated[
            str, typer.Argument(help=say("cli_explain_unit"), metavar="UNIT", autocompletion=completing.units)
        ],
        indicator: Annotated[
            str | None,
            typer.Argument(
                help=say("cli_explain_indicator"), metavar="INDICATOR", autocompletion=completing.indicators
            ),
        ] = None,
        format_: Annotated[Format, typer.Option("--format", help=say("cli_format"))] = Format.TEXT,
        out: Annotated[Path | None, typer.Option(help=say("cli_explain_out"))] = None,
        to: Annotated[str | None, typer.Option("--to", help=say("cli_explain_to"))] = None,
        year: Annotated[int | None, asking.published_year()] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.explaining import Explainer

        asking.check_out(out, format_, home)
        if to and (indicator or format_ is Format.XLSX):
            raise KaoheError("explain_to_alone")
        with Explainer.in_force(home, year) as explainer:
            if to:
                _tell(explainer.reach(unit, to), format_)
                return
            found = explainer.explain(unit, indicator)
        match format_:
            case Format.JSON:
                from kaohe.explaining.plain import plain

                print(json.dumps(plain(found), ensure_ascii=False, indent=2))
            case Format.XLSX:
                from kaohe.explaining.sheets import write_workbook
                from kaohe.safely import file_name

                name = f"{found.manifest['publication']}-{file_name(found.score['unit_id'])}.xlsx"
                path = out or home / "explanations" / name
                asking.write_aside(path, lambda part: write_workbook(found, part))
                asking.console().print(say("alerts_written", path=path), soft_wrap=True)
            case Format.TEXT:
                from kaohe.explaining.text import print_explanation

                print_explanation(asking.console(), found)


def _tell(found: "Reach", format_: Format) -> None:
    from kaohe.explaining.reach_text import plain, sentences

    if format_ is Format.JSON:
        print(json.dumps(plain(found), ensure_ascii=False, indent=2, default=str))
        return
    for sentence in sentences(found):
        asking.console().print(sentence, soft_wrap=True)
