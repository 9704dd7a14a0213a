"""``kaohe robustness``: how far the ranks and scores of the publication in force hold."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.commands.asking import Listing
from kaohe.commands.tables import Column, print_table
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from kaohe.robustness.tables import Found

#: The columns of a unit, and how soon each is left out where there is no room; the shares of grades come third.
_OF_UNITS = {
    "rank": 0, "unit_name": 0, "total": 0, "rank_interval": 0, "rank_median": 1, "score_interval": 2,
    "overlaps_above": 0,
}  # fmt: skip
_OF_CHOICES = dict.fromkeys(("item_varied", "first_order", "total_order", "mean_shift"), 0)
_OF_LEAVES = dict.fromkeys(("indicator", "mean_shift", "max_shift"), 0)


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
    columns = [*_columns(_OF_UNITS), *(Column(title, right=True, spare=3) for title in titles)]
    for category in sorted(rows, reverse=True):
        told = []
        for row in sorted(rows[category], key=lambda row: (row["rank"], row["unit_id"])):
            _, name, total, _ = found.units[row["unit_id"]]
            shares = grades.get(row["unit_id"], {})
            told.append([
                str(row["rank"]), name, str(total), interval(row["rank_low"], row["rank_high"]),
                str(row["rank_median"]), interval(row["score_low"], row["score_high"]),
                say("yes") if row["overlaps_above"] else "",
                *(f"{shares[title]:.0%}" if title in shares else "—" for title in titles),
            ])  # fmt: skip
        print_table(console, columns, told, f"\n{category}")
    numbers = [
        [say(f"factor_{factor}"), *("" if number is None else f"{number:.2f}" for number in row)]
        for factor, *row in found.tables["sensitivity"].iter_rows()
    ]
    print_table(console, _columns(_OF_CHOICES), numbers, f"\n{say('varied_choice')}")
    leaves = found.tables["leave_one_out"].sort("mean_shift", descending=True).iter_rows()
    shifts = [[found.titles[leaf], f"{mean:.2f}", str(most)] for leaf, mean, most in leaves]
    print_table(console, _columns(_OF_LEAVES), shifts, f"\n{say('varied_leaf')}")


def _columns(names: dict[str, int]) -> list[Column]:
    """Name → how soon the column is left out where there is no room."""
    texts = ("unit_name", "indicator", "item_varied")
    return [Column(say(f"heading_{name}"), name not in texts, name in texts, spare) for name, spare in names.items()]
