"""``kaohe``, the analyst's command. Help and errors in Chinese, or English with ``--lang en``.

Its commands are in commands/, one file each.
"""

import atexit
import gc
import io
import os
import re
import sys
from typing import Annotated

import typer
import typer.rich_utils
from typer._click.core import Command, Context
from typer._click.formatting import HelpFormatter
from typer._completion_classes import completion_init
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from kaohe import __version__
from kaohe.commands import COMMANDS, asking
from kaohe.errors import KaoheError, from_os_error, keep_traceback
from kaohe.words import Language, UnknownWord, language, say, use_language

#: Set while a shell asks for words that complete a command.
_COMPLETING = "_KAOHE_COMPLETE"
_HELP = ["-h", "--help"]
#: What is said of a wrong command line → how we say it.
_SENTENCES = {
    r"No such command '(?P<command>.*)'\.": "cli_wrong_no_such_command",
    r"Missing command\.": "cli_wrong_no_command",
    r"Got unexpected extra argument\(s\) \((?P<words>.*)\)": "cli_wrong_too_much",
    r"Option '(?P<option>.*)' requires an argument\.": "cli_wrong_needs_value",
    r"Option '(?P<option>.*)' does not take a value\.": "cli_wrong_takes_no_value",
    r"Input should be a valid integer.*": "yaml_needs_whole_number",
    r"Input should be a valid number.*": "yaml_needs_number",
    r"Input should be greater than or equal to (?P<ge>.*)": "yaml_needs_at_least",
    r"Input should be less than or equal to (?P<le>.*)": "yaml_needs_at_most",
    r"Value error, '(?P<value>.*)' is not one of (?P<allowed>.*)\.": "yaml_not_one_of",
}


def main() -> None:
    """The entry point: run the command, turn every failure into a sentence and an exit status."""
    gc.set_threshold(200_000, 20, 50)  # what the libraries make while they are imported stays
    _write_anything()
    arguments = sys.argv[1:]
    use_language(_language_of(arguments or os.environ.get("_TYPER_COMPLETE_ARGS", "").split()))
    status = 2
    # Registered first, so it runs last, when all has been closed: taking the libraries' modules apart is time for
    # nothing, and DuckDB's binding would list on standard error what the interpreter did not free.
    atexit.register(lambda: _leave(status))
    status = _status(arguments)
    sys.exit(status)


def _write_anything() -> None:
    """A name that is no text is written with its bytes written out. On Windows what goes to a file or a pipe is UTF-8,
    as programs expect of JSON; its own code pages have not all that is said. A terminal takes everything anyway."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        if sys.platform == "win32" and isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8")


def _leave(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _status(arguments: list[str]) -> int:
    try:
        status = build()(args=arguments, prog_name="kaohe", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except SystemExit as end:  # a shell got its words
        return end.code if isinstance(end.code, int) else 0
    except TyperException as error:
        if type(error).__name__ != "NoArgsIsHelpError":  # the help has been shown
            _complain(f"{_usage(error)}\n{say('cli_try_help')}")
        return 2
    except KaoheError as error:
        _complain(str(error))
        return error.exit_code
    except OSError as error:
        _complain(str(from_os_error(error)))
        return 2
    except UnknownWord as error:
        _complain(str(error))
        return 2
    except (KeyboardInterrupt, typer.Abort):
        _complain(say("cli_interrupted"))
        return 130
    except Exception as error:
        _complain(say("unexpected", problem=type(error).__name__, log=keep_traceback(error)))
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
            return say("cli_missing_option", option=getattr(param, "metavar", None) or option)
        case "BadParameter":
            return say("cli_bad_value", option=option, problem=_plainly(error.message))
        case _:
            return say("cli_usage", problem=_plainly(error.format_message()))


def _plainly(message: str) -> str:
    """A sentence of Typer's, or of Pydantic's, in our words."""
    for sentence, key in _SENTENCES.items():
        if found := re.fullmatch(sentence, message):
            return say(key, **found.groupdict())
    return message


def build() -> Command:
    """The command with its help in the language in use."""
    typer.rich_utils.ARGUMENTS_PANEL_TITLE = say("cli_arguments")
    typer.rich_utils.OPTIONS_PANEL_TITLE = say("cli_options")
    typer.rich_utils.COMMANDS_PANEL_TITLE = say("cli_commands")
    typer.rich_utils.DEFAULT_STRING = say("cli_default")
    typer.rich_utils.REQUIRED_LONG_STRING = say("cli_required")
    Context.formatter_class = _Formatter
    app = typer.Typer(
        help=say("cli_help"),
        no_args_is_help=True,
        add_completion=False,
        context_settings={"help_option_names": _HELP},
    )

    spoken = language()

    @app.callback()
    def kaohe(
        version: Annotated[
            bool, typer.Option("--version", help=say("cli_version"), callback=_version, is_eager=True)
        ] = False,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        pass

    for command in COMMANDS:
        command.add(app)
    if _COMPLETING in os.environ:
        completion_init()
    made = get_command(app)
    _translate(made)
    return made


class _Formatter(HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{say('cli_usage_line')} ")


def _translate(command: Command) -> None:
    """Put what Typer says of every command into our words."""
    command.options_metavar = say("cli_options_here")
    option = command.get_help_option(Context(command, help_option_names=_HELP))
    if option is not None:
        option.help = say("cli_help_option")
    if isinstance(command, TyperGroup):
        command.subcommand_metavar = say("cli_command_here")
        for each in command.commands.values():
            _translate(each)


def _version(asked: bool) -> None:
    if asked:
        print(f"kaohe {__version__}")
        raise typer.Exit
