"""``kaohe what-if``: the units' scores by a changed scheme, beside the current ones."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.commands.asking import Listing
from kaohe.errors import KaoheError
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from kaohe.what_if import WhatIf


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command("what-if", help=say("cli_what_if"))
    def what_if(
        set_: Annotated[list[str] | None, typer.Option("--set", help=say("cli_what_if_set"))] = None,
        scheme: Annotated[list[Path] | None, typer.Option(help=say("cli_what_if_scheme"))] = None,
        year: Annotated[int | None, asking.published_year()] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        format_: Annotated[Listing, typer.Option("--format", help=say("cli_format"))] = Listing.TEXT,
        write: Annotated[Path | None, typer.Option(help=say("cli_what_if_write"), metavar="F")] = None,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.what_if import what_if, written_out

        if write and not set_:
            raise KaoheError("what_if_write_set")
        found = what_if(home, year, set_ or [], scheme or [])
        if write:
            asking.write_new(write, written_out(found.scheme_file, set_ or []))
        if format_ is Listing.JSON:
            print(json.dumps(_plain(found), ensure_ascii=False, indent=2, default=str))
        else:
            _print(found)
            if write:
                asking.console().print(say("what_if_written", path=write), soft_wrap=True)
        return 0


def _plain(found: "WhatIf") -> dict[str, Any]:
    return {
        "publication": found.publication.name,
        "variants": found.variants,
        "settled": [
            {"variant": variant, "node": node, "before": before, "after": after}
            for variant, node, before, after in found.settled
        ],
        "scores": found.scores.to_dicts(),
    }


def _print(found: "WhatIf") -> None:
    """A table per category: each unit's total, rank and grade now, and by every variant with the change."""
    from rich.table import Table
    from rich.text import Text

    console = asking.console()
    console.print(say("what_if_title", publication=found.publication.name))
    for _, node, before, after in found.settled:
        console.print(say("what_if_settled", node=node, before=before, after=after))
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for row in found.scores.iter_rows(named=True):
        rows.setdefault(row["category"] or "", {}).setdefault(row["unit_id"], {})[row["variant"]] = row
    now, *others = found.variants
    changed = 0
    for category in sorted(rows, reverse=True):
        table = Table(title=f"\n{category}", title_justify="left", title_style="bold")
        table.add_column(say("heading_unit_name"))
        for variant in found.variants:
            for name in ("total", "rank", "grade"):
                table.add_column(f"{say(f'heading_{name}')}\n{found.variants[variant]}", justify="right")
        for unit in sorted(
            rows[category].values(), key=lambda unit: (unit[now]["rank"] or 10**9, unit[now]["unit_id"])
        ):
            cells = [Text(unit[now]["unit_name"]), *_cells(unit[now])]
            for variant in others:
                cells += _compared(unit[variant], unit[now])
                changed += (unit[variant]["rank"], unit[variant]["grade"]) != (unit[now]["rank"], unit[now]["grade"])
            table.add_row(*cells)
        console.print(table)
    console.print(say("what_if_changed", count=changed))


def _cells(row: dict[str, Any]) -> list[Any]:
    from rich.text import Text

    if row["status"] == "no_data":
        return [Text("—"), Text("—"), Text(say("status_no_data"))]
    return [Text(str(row["total"])), Text(str(row["rank"])), Text(row["grade"] or say(f"status_{row['status']}"))]


def _compared(row: dict[str, Any], now: dict[str, Any]) -> list[Any]:
    """The cells of a variant: how far the total and the rank moved, and the grade where it is another."""

    cells = _cells(row)
    if row["status"] == "no_data" or now["status"] == "no_data":
        return cells
    if moved := row["total"] - now["total"]:
        cells[0].append(f" {moved:+}", style="green" if moved > 0 else "red")
    if up := now["rank"] - row["rank"]:
        cells[1].append(f" {'↑' if up > 0 else '↓'}{abs(up)}", style="green" if up > 0 else "red")
    if row["grade"] != now["grade"]:
        cells[2].stylize("bold")
    return cells
