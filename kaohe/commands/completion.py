"""``kaohe completion``: what a shell needs to complete commands, options, units, indicators and publications."""

from enum import StrEnum
from typing import Annotated

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, say


class Shell(StrEnum):
    """Whose script it is."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_completion"))
    def completion(
        shell: Annotated[Shell, typer.Argument(help=say("cli_completion_shell"))],
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from typer._completion_shared import get_completion_script

        script = get_completion_script(prog_name="kaohe", complete_var="_KAOHE_COMPLETE", shell=shell.value)
        print(script)
        return 0
