"""``kaohe robustness``: how far the ranks and scores of the publication in force hold."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.commands.asking import Listing
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from kaohe.robustness.tables import Found


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_robustness"))
    def robustness(
        draws: Annotated[int | None, typer.Option(min=10, max=1_000_000, help=say("cli_robustness_draws"))] = None,
        seed: Annotated[int | None, typer.Option(help=say("cli_robustness_seed"))] = None,
        year: Annotated[int | None, asking.published_year()] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        format_: Annotated[Listing, typer.Option("--format", help=say("cli_format"))] = Listing.TEXT,
        out: Annotated[Path | None, typer.Option(help=say("cli_robustness_out"))] = None,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.robustness.tables import robustness

        found = robustness(home, year, draws, seed)
        if out:
            found.write(out)
        if format_ is Listing.JSON:
            print(json.dumps(_plain(found), ensure_ascii=False, indent=2, default=str))
        else:
            _print(found)
        return 0


def _plain(found: "Found") -> dict[str, Any]:
    tables = {name: table.to_dicts() for name, table in found.tables.items()}
    return {"publication": found.publication.name, "draws": found.draws, **tables}


def _print(found: "Found") -> None:
    """A table per category, then what the ranks hang on."""
    from rich.table import Table
    from rich.text import Text

    from kaohe.publication.wording import interval

    console = asking.console()
    console.print(say("robustness_title", publication=found.publication.name, draws=found.draws))
    grades: dict[str, dict[str, float]] = {}
    for row in found.tables["grade_probability"].iter_rows(named=True):
        grades.setdefault(row["unit_id"], {})[row["grade"]] = row["probability"]
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in found.tables["rank_interval"].iter_rows(named=True):
        rows.setdefault(found.units[row["unit_id"]][0], []).append(row)
    titles = list(dict.fromkeys(title for shares in grades.values() for title in shares))
    for category in sorted(rows, reverse=True):
        table = _table(Table(title=f"\n{category}", title_justify="left", title_style="bold"), (
            "rank", "unit_name", "total", "rank_interval", "rank_median", "score_interval", "overlaps_above",
        ))  # fmt: skip
        for title in titles:
            table.add_column(title, justify="right")
        for row in sorted(rows[category], key=lambda row: (row["rank"], row["unit_id"])):
            _, name, total, _ = found.units[row["unit_id"]]
            shares = grades.get(row["unit_id"], {})
            table.add_row(
                str(row["rank"]), Text(name), str(total), interval(row["rank_low"], row["rank_high"]),
                str(row["rank_median"]), interval(row["score_low"], row["score_high"]),
                say("yes") if row["overlaps_above"] else "",
                *(f"{shares[title]:.0%}" if title in shares else "—" for title in titles),
            )  # fmt: skip
        console.print(table)
    table = _table(Table(title=f"\n{say('varied_choice')}", title_justify="left", title_style="bold"), (
        "item_varied", "first_order", "total_order", "mean_shift",
    ))  # fmt: skip
    for factor, *numbers in found.tables["sensitivity"].iter_rows():
        table.add_row(say(f"factor_{factor}"), *("" if number is None else f"{number:.2f}" for number in numbers))
    console.print(table)
    table = _table(Table(title=f"\n{say('varied_leaf')}", title_justify="left", title_style="bold"), (
        "indicator", "mean_shift", "max_shift",
    ))  # fmt: skip
    for leaf, mean, most in found.tables["leave_one_out"].sort("mean_shift", descending=True).iter_rows():
        table.add_row(Text(found.titles[leaf]), f"{mean:.2f}", str(most))
    console.print(table)


def _table(table: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        table.add_column(say(f"heading_{name}"), justify="left" if name in ("unit_name", "indicator") else "right")
    return table
