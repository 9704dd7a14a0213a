"""``kaohe plan-inspections``: draw the month's units for spot check and write the form to fill in."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, say


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_plan"))
    def plan_inspections(
        year: Annotated[int, asking.year()],
        month: Annotated[int, typer.Option(help=say("cli_plan_month"))],
        seed: Annotated[str | None, typer.Option(help=say("cli_plan_seed"))] = None,
        per_month: Annotated[int | None, typer.Option(help=say("cli_plan_per_month"))] = None,
        as_of: Annotated[str | None, typer.Option(help=say("cli_plan_as_of"), metavar="YYYY-MM-DD")] = None,
        publication: Annotated[str | None, typer.Option(help=say("cli_plan_publication"))] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        out: Annotated[Path | None, typer.Option(help=say("cli_plan_out"))] = None,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        question = {
            "year": year,
            "month": month,
            "seed": seed,
            "per_month": per_month,
            "as_of": asking.day(as_of),
            "publication": publication,
            "home": home,
            "out": out,
        }
        return _plan(question, lang)


def _plan(question: dict[str, Any], lang: Language) -> int:
    from kaohe.inspections.plan import InspectionPlan

    InspectionPlan(**question)  # what is wrong with the question is said before anything starts
    with asking.starting_a_flow(question["home"]):
        from flows.plan_inspections import plan_inspections

        planned = plan_inspections(**question, lang=lang)
    from rich.text import Text

    console, drawn = asking.console(), planned.drawn
    for sentence in drawn.warnings:
        console.print(Text(sentence, style="bold red"), soft_wrap=True)
    console.print(planned.sentence, soft_wrap=True)
    if not planned.files:
        return 0
    for number, pick in enumerate(drawn.picks, start=1):
        said = pick.duty.unit_name, say(f"quality_{pick.duty.quality}"), say(f"drawn_{pick.reason}")
        console.print(f"  {number:>3}  {pick.duty.unit_id}  {' · '.join(said)}", soft_wrap=True)
    console.print(say("plan_written"), soft_wrap=True)
    for path in planned.files:
        console.print(f"  {path}", soft_wrap=True)
    return 0
