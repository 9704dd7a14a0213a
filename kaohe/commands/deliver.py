"""``kaohe deliver``: the publication in force to those named in the delivery file."""

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, listed, say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.delivery import Delivery


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_deliver"))
    def deliver(
        year: Annotated[int | None, asking.published_year()] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        dry_run: Annotated[bool, typer.Option("--dry-run", help=say("cli_deliver_dry_run"))] = False,
        again: Annotated[str | None, typer.Option(help=say("cli_deliver_again"), metavar="RECIPIENT")] = None,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.delivery import Delivery

        delivery = Delivery(home, year, again)
        delivery.must_be_configured()
        delivery.look()  # what is wrong is said before anything starts
        if dry_run:
            return _list(asking.console(), delivery)
        with asking.starting_a_flow(home):
            from flows.delivery import deliver_again
            from flows.delivery import delivery as flow

            delivered = flow(home, year, lang) if again is None else deliver_again(delivery)
        from kaohe.summary import print_delivered

        console = asking.console()
        if not (delivered.sent or delivered.before or delivered.exit_code):
            console.print(say("delivery_nothing"))
        print_delivered(console, delivered)
        return delivered.exit_code


def _list(console: "Console", delivery: "Delivery") -> int:
    """Print who would get what, and what became of it."""
    import datetime as dt

    from rich.table import Table
    from rich.text import Text

    from kaohe.publication.wording import state_of

    plan, log = delivery.look()
    state, as_of = state_of(plan.manifest), plan.manifest["as_of"]
    title = say("delivery_title", publication=plan.publication.name, state=state, as_of=as_of)
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in ("recipient", "contents", "attachments", "delivery"):
        table.add_column(say(f"heading_{name}"), overflow="fold")
    for parcel in plan.parcels:
        entry = log.entry(parcel)
        at = dt.datetime.fromisoformat(entry.at).strftime("%Y-%m-%d %H:%M") if entry else ""
        files = listed(PurePosixPath(name).name for name in parcel.files) or "—"
        table.add_row(parcel.recipient, parcel.contents, files, say(f"delivery_state_{log.state(parcel)}", at=at))
    if plan.parcels:
        console.print(table)
    elif plan.manifest["state"] not in delivery.must_be_configured().states:
        console.print(say("delivery_not_in_state", state=state))
    else:
        console.print(say("delivery_nothing"))
    for sentence in plan.wrong:
        console.print(Text(say("delivery_wrong", sentence=sentence), style="bold red"), soft_wrap=True)
    if names := plan.without_address:
        console.print(say("delivery_without_address", count=len(names), names=listed(names)), soft_wrap=True)
    if names := plan.without_sheet:
        console.print(say("delivery_without_sheet", count=len(names), names=listed(names)), soft_wrap=True)
    console.print(say("delivery_dry"))
    return 3 if plan.wrong else 0
