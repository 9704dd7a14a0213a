"""A home in one file and back: ``backup``, ``restore``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking
from kaohe.homelock import LONG_WAIT_SECONDS
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.backup.contents import Label
    from kaohe.backup.making import Made


def add(app: typer.Typer) -> None:
    """Register the commands."""
    _add_backup(app)
    _add_restore(app)


def _add_backup(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_backup"))
    def backup(
        out: Annotated[Path | None, typer.Option(help=say("cli_backup_out"))] = None,
        keep: Annotated[int | None, typer.Option(help=say("cli_backup_keep"), min=1, max=10000)] = None,
        verify: Annotated[Path | None, typer.Option(help=say("cli_backup_verify"))] = None,
        wait: Annotated[float, typer.Option(help=say("cli_wait"), min=0, metavar="SECONDS")] = LONG_WAIT_SECONDS,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.backup.archive import check
        from kaohe.backup.making import back_up

        console = asking.console()
        if verify:
            with asking.showing_progress(say("step_backup_check")):
                label = check(verify)
            console.print(say("backup_good", file=verify, count=len(label.files)), soft_wrap=True)
            _say_how_far(console, label)
            return 0
        with asking.showing_progress(say("step_backup")):
            made = back_up(home, out, keep, wait)
        _print_made(console, made, home)
        return made.exit_code


def _print_made(console: "Console", made: "Made", home: Path) -> None:
    size = f"{made.path.stat().st_size / 1e6:.1f}"
    console.print(say("backup_made", count=len(made.label.files), megabytes=size, path=made.path), soft_wrap=True)
    for path in made.removed:
        console.print(say("backup_removed", path=path), soft_wrap=True)
    console.print(_say_how_private(made.label), soft_wrap=True)
    console.print(say("backup_without"), soft_wrap=True)
    if made.path.resolve().is_relative_to(home.resolve()):
        console.print(say("backup_same_disk"), soft_wrap=True)
    for sentence in made.damage:
        console.print(sentence, soft_wrap=True)
    if made.damage:
        console.print(say("backup_of_damage"), soft_wrap=True)
    for sentence in made.fuller:
        console.print(sentence, soft_wrap=True)


def _say_how_private(label: "Label") -> str:
    """What may not be seen by others is in it, and whether the key is."""
    if label.own_key:
        return say("backup_private")
    return say("backup_key_elsewhere") if label.key else say("backup_no_key")


def _add_restore(app: typer.Typer) -> None:
    spoken = language()

    @app.command(name="restore", help=say("cli_restore"))
    def restore(
        archive: Annotated[Path, typer.Argument(help=say("cli_restore_archive"), metavar="BACKUP")],
        home: Annotated[Path, typer.Option(help=say("cli_restore_home"))],
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.backup.restoring import restore as put_back

        with asking.showing_progress(say("step_restore")):
            restored = put_back(archive, home)
        console = asking.console()
        console.print(say("restored", count=len(restored.label.files), home=home), soft_wrap=True)
        _say_how_far(console, restored.label)
        if restored.other_key:
            console.print(say("restored_other_key"), soft_wrap=True)
        if restored.no_key:
            console.print(say("key_missing", path=home / "secret.key"), soft_wrap=True)
        for sentence in restored.damage:
            console.print(sentence, soft_wrap=True)
        console.print(say("restored_damage") if restored.damage else say("restored_good"), soft_wrap=True)
        _say_what_next(console, restored.label, home)
        return 2 if restored.damage else 0


def _say_how_far(console: "Console", label: "Label") -> None:
    """When and by what it was made, and the last thing that was done before: what came after is not in it."""
    from kaohe.backup.contents import printable
    from kaohe.clock import OFFICE_TIME

    made = f"{label.made_at.astimezone(OFFICE_TIME):%Y-%m-%d %H:%M}"
    console.print(say("backup_of", made=made, program=label.program, home=printable(label.home)), soft_wrap=True)
    for year, standing in label.years.items():
        if standing is None:
            console.print(say("backup_year_no_log", year=year), soft_wrap=True)
            continue
        when = f"{standing.office_time.astimezone(OFFICE_TIME):%Y-%m-%d %H:%M}"
        values = {"year": year, "number": standing.acts, "when": when, "act": say(f"act_{standing.last}")}
        console.print(say("backup_year", publication=printable(standing.publication), **values), soft_wrap=True)
    if label.damage:
        console.print(say("backup_was_damaged"), soft_wrap=True)


def _say_what_next(console: "Console", label: "Label", home: Path) -> None:
    """The warehouse is not in a backup: which command makes it again."""
    if label.years:
        command = f"kaohe rebuild --year {max(label.years)} --home {home}"
        console.print(say("restored_rebuild", command=command), soft_wrap=True)
