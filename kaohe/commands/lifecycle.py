"""From 初评 to 定稿: ``announce``, ``finalize``, ``reissue``, ``appeal``, ``correct``, ``withdraw``, ``history``."""

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.commands.tables import Column, print_table
from kaohe.words import Language, language, listed, say

if TYPE_CHECKING:
    from kaohe.lifecycle.acts import Act
    from kaohe.lifecycle.proceedings import Proceedings


class Ruling(StrEnum):
    """What became of an appeal, in either language."""

    UPHELD = "upheld"
    REJECTED = "rejected"
    UPHELD_ZH = "成立"
    REJECTED_ZH = "不成立"


#: The columns of the history, and how soon each is left out where there is no room.
_HISTORY = {
    "number": 0, "office_time": 0, "act_on": 3, "act": 0, "as_of": 4, "act_scheme": 5, "operator": 2, "by": 1, "did": 0,
    "document": 1,
}  # fmt: skip
_text, _say_head = asking.text, asking.say_head


def add(app: typer.Typer) -> None:
    """Register the commands."""
    appeal = typer.Typer(help=say("cli_appeal"), no_args_is_help=True)
    _add_moves(app)
    app.add_typer(appeal, name="appeal")
    _add_appeals(appeal)
    _add_corrections(app)
    _add_history(app)


def _add_moves(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_announce"))
    def announce(
        year: Annotated[int, asking.year()],
        by: Annotated[str, _text(say("cli_by"))],
        document: Annotated[str, _text(say("cli_document"))],
        reason: Annotated[str, _text(say("cli_reason_if_any"))] = "",
        on: Annotated[str | None, typer.Option(help=say("cli_on"), metavar="YYYY-MM-DD")] = None,
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.delivery import Delivery
        from kaohe.lifecycle import steps as lifecycle
        from kaohe.summary import print_delivered

        day = asking.day(on)
        Delivery(home, year)  # a mistake in the delivery file is said before anything starts
        lifecycle.check_announcement(home, year, by, document, day, operator)
        with asking.starting_a_flow(home):
            from flows.public_notice import public_notice

            act, unknown, delivered = public_notice(year, by, document, reason, day, home, lang, operator)
        console = asking.console()
        console.print(say("announced", **_values(act)), soft_wrap=True)
        if unknown:
            console.print(say("calendar_unknown", days=_days(unknown)), soft_wrap=True)
        _say_head(act)
        console.print(f"  {home / 'published' / str(year) / act.publication}", soft_wrap=True)
        print_delivered(console, delivered)
        return delivered.exit_code

    @app.command(help=say("cli_finalize"))
    def finalize(
        year: Annotated[int, asking.year()],
        by: Annotated[str, _text(say("cli_by"))],
        document: Annotated[str, _text(say("cli_document"))],
        reason: Annotated[str, _text(say("cli_reason_if_any"))] = "",
        on: Annotated[str | None, typer.Option(help=say("cli_on"), metavar="YYYY-MM-DD")] = None,
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.delivery import Delivery
        from kaohe.lifecycle import steps as lifecycle
        from kaohe.summary import print_delivered

        day = asking.day(on)
        Delivery(home, year)
        lifecycle.check_finalization(home, year, by, document, day, operator)
        with asking.starting_a_flow(home):
            from flows.final_result import final_result

            act, delivered = final_result(year, by, document, reason, day, home, lang, operator)
        console = asking.console()
        console.print(say("finalized", **_values(act)), soft_wrap=True)
        _say_head(act)
        console.print(f"  {home / 'published' / str(year) / act.publication}", soft_wrap=True)
        print_delivered(console, delivered)
        return delivered.exit_code

    @app.command(help=say("cli_reissue"))
    def reissue(
        year: Annotated[int, asking.year()],
        reason: Annotated[str, _text(say("cli_reason"))],
        by: Annotated[str, _text(say("cli_by"))],
        document: Annotated[str, _text(say("cli_document"))],
        inbox: Annotated[Path | None, typer.Option(help=say("cli_run_inbox"))] = None,
        sources: Annotated[Path | None, typer.Option(help=say("cli_run_sources"))] = None,
        scheme: Annotated[Path | None, typer.Option(help=say("cli_run_scheme"))] = None,
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
        strict: Annotated[bool, typer.Option("--strict", help=say("cli_run_strict"))] = False,
    ) -> int:
        from kaohe.delivery import Delivery
        from kaohe.reissue import Reissue

        Delivery(home, year)
        Reissue(inbox, year, scheme, home, strict, by, document, reason, sources, operator)
        with asking.starting_a_flow(home):
            from flows.reissue import reissue as issue_anew

            outcome = issue_anew(year, reason, by, document, inbox, scheme, home, lang, strict, sources, operator)
        from kaohe.summary import print_summary

        print_summary(asking.console(), outcome)
        return int(outcome.exit_code)


def _add_appeals(app: typer.Typer) -> None:
    spoken = language()

    @app.command(name="add", help=say("cli_appeal_add"))
    def add_appeal(
        year: Annotated[int, asking.year()],
        unit: Annotated[str, _text(say("cli_appeal_unit"))],
        indicator: Annotated[str, _text(say("cli_appeal_indicator"))],
        claim: Annotated[str, _text(say("cli_appeal_claim"))],
        by: Annotated[str, _text(say("cli_by_filed"))],
        document: Annotated[str, _text(say("cli_document"))],
        evidence: Annotated[str, _text(say("cli_appeal_evidence"))] = "",
        on: Annotated[str | None, typer.Option(help=say("cli_on"), metavar="YYYY-MM-DD")] = None,
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.lifecycle import steps as lifecycle

        act = lifecycle.add_appeal(home, year, unit, indicator, claim, by, document, evidence, asking.day(on), operator)
        asking.console().print(say("appeal_filed", **_values(act)), soft_wrap=True)
        _say_head(act)

    @app.command(name="resolve", help=say("cli_appeal_resolve"))
    def resolve(
        appeal: Annotated[str, typer.Argument(help=say("cli_appeal_number"), metavar="ID")],
        year: Annotated[int, asking.year()],
        decision: Annotated[Ruling, typer.Option(help=say("cli_appeal_decision"), metavar=say("cli_appeal_rulings"))],
        reason: Annotated[str, _text(say("cli_reason"))],
        by: Annotated[str, _text(say("cli_by"))],
        document: Annotated[str, _text(say("cli_document"))],
        on: Annotated[str | None, typer.Option(help=say("cli_on"), metavar="YYYY-MM-DD")] = None,
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.lifecycle import steps as lifecycle

        ruled: lifecycle.Decision = "upheld" if decision in (Ruling.UPHELD, Ruling.UPHELD_ZH) else "rejected"
        act = lifecycle.resolve_appeal(home, year, appeal, ruled, reason, by, document, asking.day(on), operator)
        console = asking.console()
        console.print(say("appeal_resolved", **_values(act)), soft_wrap=True)
        if ruled == "upheld":
            console.print(say("appeal_upheld_next"), soft_wrap=True)
        _say_head(act)

    @app.command(name="list", help=say("cli_appeal_list"))
    def list_appeals(
        year: Annotated[int, asking.year()],
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from rich.table import Table

        from kaohe.lifecycle.proceedings import look_up

        table = Table()
        names = ("appeal", "unit_name", "indicator", "on", "claim", "decision", "decided_on", "reason", "by")
        for name in names:
            table.add_column(say(f"heading_{name}"))
        for appeal in look_up(home, year).appeals.values():
            filed, decided = appeal.filed.details, appeal.decided
            ruled = decided and decided.details
            table.add_row(
                *(filed[name] for name in ("appeal", "unit_name", "title", "on", "claim")),
                *(
                    (say(f"decision_{ruled['decision']}"), ruled["on"], decided.reason, decided.by)
                    if ruled and decided
                    else ()
                ),
            )
        asking.console().print(table)


def _add_corrections(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_correct"))
    def correct(
        year: Annotated[int, asking.year()],
        table: Annotated[str, _text(say("cli_correct_table"))],
        key: Annotated[str, _text(say("cli_correct_key"))],
        column: Annotated[str, _text(say("cli_correct_column"))],
        expect: Annotated[str, typer.Option(help=say("cli_correct_expect"))],
        value: Annotated[str, typer.Option(help=say("cli_correct_value"))],
        reason: Annotated[str, _text(say("cli_reason"))],
        document: Annotated[str, _text(say("cli_document"))],
        by: Annotated[str, _text(say("cli_by"))],
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.lifecycle import proceedings
        from kaohe.lifecycle import steps as lifecycle

        act = lifecycle.correct(home, year, table, key, column, expect, value, reason, document, by, operator)
        _say_what_follows(proceedings.look_up(home, year), say("corrected", **_values(act)))
        _say_head(act)

    @app.command(help=say("cli_withdraw"))
    def withdraw(
        number: Annotated[int, typer.Argument(help=say("cli_withdraw_number"), metavar="ID")],
        year: Annotated[int, asking.year()],
        reason: Annotated[str, _text(say("cli_reason"))],
        document: Annotated[str, _text(say("cli_document"))],
        by: Annotated[str, _text(say("cli_by"))],
        operator: Annotated[str, typer.Option(help=say("cli_operator"))] = "",
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.lifecycle import proceedings
        from kaohe.lifecycle import steps as lifecycle

        act = lifecycle.withdraw(home, year, number, reason, document, by, operator)
        _say_what_follows(proceedings.look_up(home, year), say("withdrawn", **_values(act)))
        _say_head(act)


def _say_what_follows(proceedings: "Proceedings", sentence: str) -> None:
    console = asking.console()
    console.print(sentence, soft_wrap=True)
    console.print(say("next_reissue") if proceedings.final else say("next_run"), soft_wrap=True)


def _add_history(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_history"))
    def history(
        year: Annotated[int, asking.year()],
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from kaohe.lifecycle import proceedings

        found = proceedings.look_up(home, year)
        columns = [
            Column(say(f"heading_{name}"), folds=name in ("by", "did", "document"), spare=spare)
            for name, spare in _HISTORY.items()
        ]
        told = []
        for act in found.log.acts:
            when = dt.datetime.fromisoformat(act.office_time).strftime("%Y-%m-%d %H:%M")
            as_of, scheme = _rests_on(found, act)
            # Who files an appeal asks for something, and approves nothing.
            by = "—" if act.act == "appeal" or not act.by else act.by
            told.append([
                str(act.number), when, act.details.get("on", ""), say(f"act_{act.act}"), as_of, scheme,
                act.operator or "—", by, _did(act), act.document,
            ])  # fmt: skip
        print_table(asking.console(), columns, told)


def _rests_on(found: "Proceedings", act: "Act") -> tuple[str, str]:
    """As of which day, and by which scheme, a publication is that an act made; nothing for other acts, and for what
    has expired."""
    from kaohe.lifecycle.proceedings import MOVES
    from kaohe.publication import MANIFEST
    from kaohe.publication.manifest import read_manifest

    folder = found.folder / act.publication
    if act.act not in MOVES or not (folder / MANIFEST).is_file():
        return "", ""
    manifest = read_manifest(folder)
    scheme = manifest["scheme"]
    return manifest["as_of"], f"{scheme['id']} {scheme['sha256'][:6]}"


def _did(act: "Act") -> str:
    """What an act did, and why."""
    values = _values(act)
    values |= {name: say(f"{name}_{values[name]}") for name in ("state", "decision") if name in values}
    if names := values.get("publications"):
        values |= {"count": len(names), "names": listed(names)}
    return say(f"did_{act.act}", **values)


def _values(act: "Act") -> dict[str, Any]:
    own = {"number": act.number, "publication": act.publication, "reason": act.reason, "by": act.by}
    return act.details | own


def _days(days: list[dt.date]) -> str:
    """Days in order, those that follow one another as a range."""
    runs: list[list[dt.date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == dt.timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return listed(f"{run[0]}—{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
