"""``kaohe check``: what a run would say of files before they are handed in, and the clerk's own workbook back with the
bad cells in red."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking
from kaohe.commands.asking import Listing
from kaohe.errors import KaoheError, Unreadable
from kaohe.words import Language, clauses, language, listed, say

if TYPE_CHECKING:
    from kaohe.checking import Checked, CheckedFile, Problem

_SHOWN = 100
#: So many runs of cells are named where the same is wrong with many.
_RUNS = 5


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_check"))
    def check(
        files: Annotated[list[Path], typer.Argument(help=say("cli_check_files"), metavar="FILE…")],
        registry: Annotated[Path | None, typer.Option(help=say("cli_check_registry"))] = None,
        as_of: Annotated[str | None, typer.Option(help=say("cli_check_as_of"), metavar="YYYY-MM-DD")] = None,
        year: Annotated[int | None, typer.Option(help=say("cli_check_year"), **asking.YEARS)] = None,
        marked: Annotated[Path | None, typer.Option(help=say("cli_check_marked"), metavar="OUT.xlsx")] = None,
        format_: Annotated[Listing, typer.Option("--format", help=say("cli_format"))] = Listing.TEXT,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        if marked is not None:
            _check_marked(files, marked, registry)
        from kaohe.checking import check, marked_copy
        from kaohe.safely import replace
        from kaohe.sources.inbox import inbox_files

        files = [each for path in files for each in _files(path, inbox_files)]
        day, year = _when(asking.day(as_of), year)
        with asking.showing_progress():
            checked = check(files, registry, day, year)
        if marked is not None:
            try:
                copy = marked_copy(checked.files[0])
            except Unreadable:  # which is what was found, and is about to be said
                marked = None
            else:
                replace(marked, copy)
        if format_ is Listing.JSON:
            print(json.dumps(_plain(checked), ensure_ascii=False, indent=2))
        else:
            _print(checked, marked)
        return int(checked.wrong)


def _when(as_of: dt.date | None, year: int | None) -> tuple[dt.date, int]:
    """The day and the year to check for: of a year the day that a run would take, of a day the year that is assessed
    then, which up to 31 March is the one before."""
    from kaohe import clock

    today = clock.today()
    if year is not None:
        return as_of or min(today, dt.date(year + 1, 3, 31)), year
    day = as_of or today
    return day, day.year - ((day.month, day.day) <= (3, 31))


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


def _files(path: Path, inside: Callable[[Path], dict[str, Path]]) -> list[Path]:
    """The file, or the files of a folder."""
    if not path.is_dir():
        return [path]
    try:
        return [*inside(path).values()]
    except KaoheError as error:
        raise KaoheError("check_empty", path=path) if error.key == "inbox_empty" else error from None


def _plain(checked: "Checked") -> dict[str, object]:
    from kaohe.sources.inbox import legible

    files = [asdict(file) | {"path": legible(str(file.path)), "wrong": file.wrong} for file in checked.files]
    known = {"units_known": checked.units_known, "units_lost": checked.units_lost}
    return {"wrong": checked.wrong, **known, "files": files}


def _print(checked: "Checked", marked: Path | None) -> None:
    from rich.text import Text

    from kaohe.sources.inbox import legible

    console = asking.console()
    for sentence in checked.units_lost:  # said first: all records of the unit suffer from it
        console.print(Text(sentence, style="bold red"), soft_wrap=True)
    for file in checked.files:
        style = "bold red" if file.wrong else "bold green"
        verdict = say("check_wrong") if file.wrong else say("check_right")
        console.print(
            Text(say("with_colon", before=legible(str(file.path)), after=verdict), style=style), soft_wrap=True
        )
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
    folded = list(_folded(file.problems))
    for cells, problem in folded[:_SHOWN]:
        place = " · ".join(part for part in (problem.sheet, cells) if part)
        place += " " if place and not place.endswith((say("colon"), " ")) else ""
        value = say("in_quotes", text=problem.value) if problem.value is not None else ""
        warning = say("check_warning") if problem.severity == "warning" else ""
        text = f"  {place}{warning}{value}{clauses([problem.problem, problem.remedy])}"
        console.print(Text(text, style="yellow" if problem.severity == "warning" else ""), soft_wrap=True)
    if len(folded) > _SHOWN:
        console.print(say("check_more", count=len(folded) - _SHOWN))


def _folded(problems: "list[Problem]") -> "Iterator[tuple[str, Problem]]":
    """The same problem with the same value in one column of a sheet once, at the place of the first, with all cells."""
    alike: dict[tuple[object, ...], list[Problem]] = {}
    for each in problems:
        key = each.sheet, each.letters, each.value, each.problem, each.remedy, each.severity
        alike.setdefault(key, []).append(each)
    for found in alike.values():
        first, *others = found
        if not others:
            yield first.cell, first
        else:
            cells = listed(_runs(found))
            yield say("check_folded", cells=cells, count=len(found)), first


def _runs(found: "Iterable[Problem]") -> Iterator[str]:
    """The cells of a column, those below one another as one: C164–C203; … beyond a few."""
    placed = enumerate(sorted(found, key=lambda problem: problem.row or 0))
    runs = [[problem for _, problem in run] for _, run in groupby(placed, lambda each: (each[1].row or 0) - each[0])]
    for run in runs[:_RUNS]:
        yield run[0].cell if len(run) == 1 else f"{run[0].cell}–{run[-1].cell}"
    if len(runs) > _RUNS:
        yield "…"
