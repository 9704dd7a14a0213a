"""``kaohe``, the analyst's command. Help and errors in Chinese, or English with ``--lang en``.

Heavy imports stay inside the commands that need them.
"""

import atexit
import datetime as dt
import gc
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.rich_utils
from typer.exceptions import TyperException

from kaohe import __version__
from kaohe.errors import KaoheError, from_os_error
from kaohe.words import Language, language, say, use_language


def main() -> None:
    """The entry point: run the command, turn every failure into a sentence and an exit status."""
    gc.set_threshold(200_000, 20, 50)  # what the libraries make while they are imported stays
    arguments = sys.argv[1:]
    use_language(_language_of(arguments))
    status = 2
    # Registered first, so it runs last, when all has been closed: taking the libraries' modules apart is time for
    # nothing, and DuckDB's binding would list on standard error what the interpreter did not free.
    atexit.register(lambda: _leave(status))
    status = _status(arguments)
    sys.exit(status)


def _leave(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _status(arguments: list[str]) -> int:
    try:
        status = build()(args=arguments, prog_name="kaohe", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except TyperException as error:
        _complain(f"{_usage(error)}\n{say('cli_try_help')}")
        return 2
    except KaoheError as error:
        _complain(str(error))
        return error.exit_code
    except OSError as error:
        _complain(str(from_os_error(error)))
        return 2
    except (KeyboardInterrupt, typer.Abort):
        _complain(say("cli_interrupted"))
        return 130
    except Exception as error:
        with tempfile.NamedTemporaryFile("w", prefix="kaohe-", suffix=".log", delete=False, encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
        _complain(say("unexpected", problem=f"{type(error).__name__}", log=log.name))
        return 2


def _complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _language_of(arguments: list[str]) -> Language:
    """The language asked for, known before the help is built: ``--lang``, else ``KAOHE_LANG``, else Chinese."""
    asked = os.environ.get("KAOHE_LANG", "")
    for number, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            asked = argument.removeprefix("--lang=")
        elif argument == "--lang" and number + 1 < len(arguments):
            asked = arguments[number + 1]
    return "en" if asked == "en" else "zh"


def _usage(error: TyperException) -> str:
    """What is wrong with the words of the command; Typer's own sentences are English only."""
    param = getattr(error, "param", None)
    option = param.opts[0] if param is not None else getattr(error, "option_name", "")
    match type(error).__name__:
        case "NoSuchOption":
            return say("cli_no_such_option", option=option)
        case "MissingParameter":
            return say("cli_missing_option", option=option)
        case "BadParameter":
            return say("cli_bad_value", option=option, problem=error.message)
        case _:
            return say("cli_usage", problem=error.format_message())


def build() -> typer.Typer:
    """The command with its help in the language in use."""
    lang_default = language()
    typer.rich_utils.OPTIONS_PANEL_TITLE = say("cli_options")
    typer.rich_utils.COMMANDS_PANEL_TITLE = say("cli_commands")
    typer.rich_utils.DEFAULT_STRING = say("cli_default")
    typer.rich_utils.REQUIRED_LONG_STRING = say("cli_required")
    app = typer.Typer(
        help=say("cli_help"),
        no_args_is_help=True,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def kaohe(
        version: Annotated[
            bool, typer.Option("--version", help=say("cli_version"), callback=_version, is_eager=True)
        ] = False,
    ) -> None:
        pass

    @app.command(help=say("cli_run"))
    def run(
        inbox: Annotated[Path, typer.Option(help=say("cli_run_inbox"))],
        year: Annotated[int, typer.Option(help=say("cli_run_year"), min=2000, max=2100)],
        as_of: Annotated[str | None, typer.Option(help=say("cli_run_as_of"), metavar="YYYY-MM-DD")] = None,
        scheme: Annotated[Path | None, typer.Option(help=say("cli_run_scheme"))] = None,
        home: Annotated[Path, typer.Option(help=say("cli_run_home"))] = Path("data"),
        lang: Annotated[Language, typer.Option(help=say("cli_lang"))] = lang_default,
        strict: Annotated[bool, typer.Option("--strict", help=say("cli_run_strict"))] = False,
        timings: Annotated[bool, typer.Option("--timings", help=say("cli_run_timings"))] = False,
    ) -> int:
        question = {
            "inbox": inbox,
            "year": year,
            "as_of": _date(as_of),
            "scheme": scheme,
            "home": home,
            "strict": strict,
        }
        return _run(question, lang, timings)

    return app


def _version(asked: bool) -> None:
    if asked:
        print(f"kaohe {__version__}")
        raise typer.Exit


def _date(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise KaoheError("cli_bad_date", text=text) from error


def _run(question: dict[str, Any], lang: Language, timings: bool) -> int:
    begin = time.perf_counter()
    from rich.console import Console

    from kaohe.prefects import quiet
    from kaohe.run import Run

    Run(**question)  # what is wrong with the question is said before anything starts
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False)
    with _progress(), quiet():
        from flows.annual_assessment import annual_assessment

        outcome = annual_assessment(**question, lang=lang)
    from kaohe.summary import print_summary, print_timings

    print_summary(console, outcome)
    if timings:
        print_timings(console, outcome, time.perf_counter() - begin)
    return int(outcome.exit_code)


@contextmanager
def _progress() -> Iterator[None]:
    """A progress bar on standard error while a run reports what it is doing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from kaohe import progress

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        shown = bar.add_task(say("step_server"), total=None)
        progress.watch(lambda step, done, of: bar.update(shown, description=step, completed=done, total=of))
        try:
            yield
        finally:
            progress.watch(None)
