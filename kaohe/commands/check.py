"""``kaohe check``: what a run would say of files before they are handed in, and the clerk's own workbook back with the
bad cells in red."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking
from kaohe.errors import KaoheError, Unreadable
from kaohe.words import Language, clauses, language, say

if TYPE_CHECKING:
    from kaohe.checking import Checked, CheckedFile

_SHOWN = 100


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_check"))
    def check(
        files: Annotated[list[Path], typer.Argument(help=say("cli_check_files"), metavar="FILE…")],
        registry: Annotated[Path | None, typer.Option(help=say("cli_check_registry"))] = None,
        marked: Annotated[Path | None, typer.Option(help=say("cli_check_marked"), metavar="OUT.xlsx")] = None,
        format_: Annotated[asking.Listing, typer.Option("--format", help=say("cli_format"))] = asking.Listing.TEXT,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        if marked is not None:
            _check_marked(files, marked, registry)
        from kaohe.checking import check, marked_copy
        from kaohe.safely import replace
        from kaohe.sources.inbox import inbox_files

        files = [each for path in files for each in _files(path, inbox_files)]
        with asking.showing_progress():
            checked = check(files, registry)
        if marked is not None:
            try:
                copy = marked_copy(checked.files[0])
            except Unreadable:  # which is what was found, and is about to be said
                marked = None
            else:
                replace(marked, copy)
        if format_ is asking.Listing.JSON:
            print(json.dumps(_plain(checked), ensure_ascii=False, indent=2))
        else:
            _print(checked, marked)
        return int(checked.wrong)


def _check_marked(files: list[Path], marked: Path, registry: Path | None) -> None:
    """Raises ``KaoheError`` for a marked copy that could not be, or would take the place of what was handed over."""
    if len(files) != 1 or files[0].is_dir():
        raise KaoheError("check_marked_one")
    if files[0].suffix.lower() == ".parquet":
        raise KaoheError("check_marked_parquet", file=files[0])
    kind = ".xlsm" if files[0].suffix.lower() == ".xlsm" else ".xlsx"
    if marked.suffix.lower() != kind:
        raise KaoheError("check_marked_kind", out=marked, kind=kind)
    if marked.resolve() in (files[0].resolve(), registry and registry.resolve()):
        raise KaoheError("check_marked_itself", out=marked)


def _files(path: Path, inside: Callable[[Path], list[str]]) -> list[Path]:
    """The file, or the files of a folder."""
    if not path.is_dir():
        return [path]
    try:
        return [path / name for name in inside(path)]
    except KaoheError as error:
        raise KaoheError("check_empty", path=path) if error.key == "inbox_empty" else error from None


def _plain(checked: "Checked") -> dict[str, object]:
    files = [asdict(file) | {"path": str(file.path), "wrong": file.wrong} for file in checked.files]
    return {"wrong": checked.wrong, "units_known": checked.units_known, "files": files}


def _print(checked: "Checked", marked: Path | None) -> None:
    from rich.text import Text

    console = asking.console()
    for file in checked.files:
        style = "bold red" if file.wrong else "bold green"
        verdict = say("check_wrong") if file.wrong else say("check_right")
        console.print(Text(say("with_colon", before=file.path, after=verdict), style=style), soft_wrap=True)
        for table in file.tables:
            place = f"{table.sheet} · " if table.sheet else ""
            console.print(f"  {place}{say('check_table', table=table.title, good=table.good, bad=table.bad)}")
        if file.left_out:
            console.print(f"  {say('summary_left_out', count=file.left_out)}")
        _print_problems(file)
    if not checked.units_known:
        console.print(say("check_units_unknown"), soft_wrap=True)
    if marked is not None:
        console.print(say("check_marked_written", path=marked), soft_wrap=True)


def _print_problems(file: "CheckedFile") -> None:
    from rich.text import Text

    console = asking.console()
    for problem in file.problems[:_SHOWN]:
        place = " · ".join(part for part in (problem.sheet, problem.cell) if part)
        place += " " if place else ""
        value = say("in_quotes", text=problem.value) if problem.value is not None else ""
        warning = say("check_warning") if problem.severity == "warning" else ""
        text = f"  {place}{warning}{value}{clauses([problem.problem, problem.remedy])}"
        console.print(Text(text, style="yellow" if problem.severity == "warning" else ""), soft_wrap=True)
    if len(file.problems) > _SHOWN:
        console.print(say("check_more", count=len(file.problems) - _SHOWN))
