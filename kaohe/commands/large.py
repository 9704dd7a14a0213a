"""``kaohe run-large`` and ``kaohe region``: assessments of a city or a country, from folders of Parquet files."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.large import EngineName
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.large.run import LargeOutcome


def add(app: typer.Typer) -> None:
    """Register the commands."""
    spoken = language()

    @app.command("run-large", help=say("cli_run_large"))
    def run_large(
        year: Annotated[int, asking.year()],
        inbox: Annotated[Path, typer.Option(help=say("cli_large_inbox"))],
        as_of: Annotated[str | None, typer.Option(help=say("cli_run_as_of"), metavar="YYYY-MM-DD")] = None,
        scheme: Annotated[Path | None, typer.Option(help=say("cli_run_scheme"))] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        memory: Annotated[str | None, typer.Option(help=say("cli_large_memory"), metavar="8GB")] = None,
        engine: Annotated[EngineName, typer.Option(help=say("cli_large_engine"))] = "duckdb",
        master: Annotated[str | None, typer.Option(help=say("cli_large_master"), metavar="spark://HOST:7077")] = None,
        timings: Annotated[bool, typer.Option("--timings", help=say("cli_run_timings"))] = False,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        begin = time.perf_counter()
        from kaohe.large.run import LargeRun

        question: dict[str, Any] = {
            "inbox": inbox,
            "year": year,
            "as_of": asking.day(as_of),
            "scheme": scheme,
            "home": home,
            "memory": memory,
            "engine": engine,
            "master": master,
        }
        LargeRun(**question)  # what is wrong with the question is said before anything starts
        with asking.starting_a_flow(home):
            from flows.large_assessment import large_assessment

            outcome = large_assessment(**question, lang=lang)
        console = asking.console()
        _print(console, outcome)
        if timings:
            _print_timings(console, outcome, time.perf_counter() - begin)
        return 0

    @app.command("region", help=say("cli_region"))
    def region(
        region: Annotated[str, typer.Argument(help=say("cli_region_region"))],
        inbox: Annotated[Path, typer.Option(help=say("cli_large_inbox"))],
        out: Annotated[Path, typer.Option(help=say("cli_region_out"))],
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.large.region import take_region

        with asking.showing_progress():
            counts = take_region(inbox, region, out)
        console = asking.console()
        told = {"units": counts["org_unit"], "records": sum(counts.values())}
        console.print(say("region_taken", region=region, out=out, **told), soft_wrap=True)
        return 0


def _print(console: "Console", outcome: "LargeOutcome") -> None:
    folder = outcome.publication
    if not outcome.new:
        console.print(say("summary_nothing_new"))
    else:
        counts = {"units": f"{outcome.units:,}", "records": f"{sum(outcome.rows.values()):,}", "parts": outcome.parts}
        console.print(say("large_scored", **counts))
        if outcome.in_steps:
            console.print(say("large_in_steps"))
        refused, flagged = outcome.refused, outcome.flagged
        if refused:
            console.print(say("large_refused", records=f"{sum(refused.values()):,}", rules=len(refused)))
        if flagged:
            console.print(say("large_flagged", records=f"{sum(flagged.values()):,}", rules=len(flagged)))
    for name in ("scores", "indicator_scores", "league.parquet", "league.csv", "regions.csv", "quarantine.parquet",
                 "flagged.parquet", "manifest.json"):  # fmt: skip
        console.print(f"  {folder / name}", soft_wrap=True, highlight=False)


def _print_timings(console: "Console", outcome: "LargeOutcome", total: float) -> None:
    for step, took in outcome.seconds.items():
        console.print(f"  {say(f'timing_{step}'):<24}{took:8.2f} s", highlight=False)
    console.print(say("timing_own", seconds=f"{sum(outcome.seconds.values()):.2f}"), highlight=False)
    console.print(say("timing_total", seconds=f"{total:.2f}"), highlight=False)
    if outcome.peak_mib:
        console.print(say("large_peak", mib=outcome.peak_mib), highlight=False)
