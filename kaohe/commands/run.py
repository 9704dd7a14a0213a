"""``kaohe run``: read the inbox and the other sources, check, score, publish."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.homelock import WAIT_SECONDS
from kaohe.words import Language, language, say


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_run"))
    def run(
        year: Annotated[int, asking.year()],
        inbox: Annotated[Path | None, typer.Option(help=say("cli_run_inbox"))] = None,
        sources: Annotated[Path | None, typer.Option(help=say("cli_run_sources"))] = None,
        as_of: Annotated[str | None, typer.Option(help=say("cli_run_as_of"), metavar="YYYY-MM-DD")] = None,
        scheme: Annotated[Path | None, typer.Option(help=say("cli_run_scheme"))] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang(say("cli_run_lang"))] = spoken,
        strict: Annotated[bool, typer.Option("--strict", help=say("cli_run_strict"))] = False,
        full_refresh: Annotated[bool, typer.Option("--full-refresh", help=say("cli_run_full_refresh"))] = False,
        wait: Annotated[float, typer.Option(help=say("cli_wait"), min=0, metavar="SECONDS")] = WAIT_SECONDS,
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        timings: Annotated[bool, typer.Option("--timings", help=say("cli_run_timings"))] = False,
    ) -> int:
        question = {
            "inbox": inbox,
            "year": year,
            "as_of": asking.day(as_of),
            "scheme": scheme,
            "home": home,
            "strict": strict,
            "sources": sources,
            "full_refresh": full_refresh,
            "wait_seconds": wait,
            "operator": operator,
        }
        return _run(question, lang, timings)


def _run(question: dict[str, Any], lang: Language, timings: bool) -> int:
    begin = time.perf_counter()
    from kaohe.delivery import Delivery
    from kaohe.run import Run

    run = Run(**question)  # what is wrong with the question is said before anything starts
    delivery = Delivery(run.home, run.year)
    console = asking.console()
    if run.frozen and not delivery.outstanding:
        publication = run.proceedings.current.name
        console.print(say("summary_final", year=run.year, publication=publication), soft_wrap=True)
        return 0
    with asking.starting_a_flow(question["home"]):
        from flows.annual_assessment import annual_assessment

        outcome = annual_assessment(**question, lang=lang)
    from kaohe.summary import print_summary, print_timings

    print_summary(console, outcome)
    for step, took in run.timings.items():  # what was looked at before the flow is work of ours, too
        outcome.timings[step] = outcome.timings.get(step, 0) + took
    if timings:
        print_timings(console, outcome, time.perf_counter() - begin)
    return int(outcome.exit_code)
