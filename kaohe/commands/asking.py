"""What commands share: options asked for in the same words, dates, the console, and starting a flow."""

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kaohe.errors import KaoheError
from kaohe.publication import refuse_among_publications
from kaohe.words import say

if TYPE_CHECKING:
    from rich.console import Console

    from kaohe.lifecycle.acts import Act


class Format(StrEnum):
    """How an answer is given."""

    TEXT = "text"
    JSON = "json"
    XLSX = "xlsx"


class Listing(StrEnum):
    """How an answer is given that no workbook is made of."""

    TEXT = "text"
    JSON = "json"


YEARS: dict[str, Any] = {"min": 2000, "max": 2100}


def home() -> Any:
    """``--home``."""
    return typer.Option(help=say("cli_home"))


def lang(help_: str = "") -> Any:
    """``--lang``; its default is ``language()``."""
    return typer.Option(help=help_ or say("cli_lang"))


def year() -> Any:
    """``--year``."""
    return typer.Option(help=say("cli_year"), **YEARS)


def published_year() -> Any:
    """``--year`` where the latest year published will do."""
    return typer.Option(help=say("cli_latest_year"), **YEARS)


def text(help_: str, offered: Any = None) -> Any:
    """An option that takes a text; a blank one will not do where it has to be given. ``offered``: what completes it."""
    return typer.Option(help=help_, callback=_filled, autocompletion=offered)


def _filled(param: typer.CallbackParam, given: str | None) -> str | None:
    if given is not None and param.required and not given.strip():
        raise KaoheError("cli_blank", option=param.opts[0])
    return given.strip() if given else given


def day(text: str | None) -> dt.date | None:
    """The date of an option. Raises ``KaoheError`` for what is no date."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise KaoheError("cli_bad_date", text=text) from error


def console() -> "Console":
    """Standard output, wide enough for tables when it is a file or a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False)


def say_head(act: "Act") -> None:
    """The hash of the log's last line, to be noted down elsewhere."""
    console().print(say("log_head", number=act.number, sha256=act.sha256), soft_wrap=True)


def check_out(out: Path | None, format_: Format, home: Path) -> None:
    """Raises ``KaoheError`` for an ``--out`` without a workbook to write, or among the publications."""
    if out and format_ is not Format.XLSX:
        raise KaoheError("out_format")
    if out:
        refuse_among_publications(out, home)


def write_new(path: Path, text: str) -> None:
    """Write a text whole, where there is no file yet. Raises ``KaoheError`` where there is."""
    from kaohe.safely import replace

    if path.exists():
        raise KaoheError("file_there", path=path)
    replace(path, text.encode())


@contextmanager
def starting_a_flow(home: Path) -> Iterator[None]:
    """Prefect, quietly, on the server of ``home`` if one is running, with a progress bar on standard error while the
    flow reports what it is doing."""
    from kaohe.prefects import quiet

    with showing_progress(say("step_server")), quiet(home):
        yield


@contextmanager
def showing_progress(first: str = "") -> Iterator[None]:
    """A progress bar on standard error for whatever reports what it is doing; ``first``: what is done until then."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from kaohe import progress

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    errors = Console(stderr=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        shown = bar.add_task(first or say("step_prepare"), total=None)
        progress.watch(lambda step, done, of: bar.update(shown, description=step, completed=done, total=of))
        try:
            yield
        finally:
            progress.watch(None)
