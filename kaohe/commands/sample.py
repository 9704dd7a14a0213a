"""``kaohe sample``: the files of a made-up bureau, to try the program with."""

from pathlib import Path
from typing import Annotated

import typer

from kaohe.commands import asking
from kaohe.errors import KaoheError
from kaohe.words import Language, language, say


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_sample"))
    def sample(
        out: Annotated[Path, typer.Argument(help=say("cli_sample_out"), metavar="DIR")],
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        import shutil

        from kaohe.project import Project

        if out.exists() and any(out.iterdir()):
            raise KaoheError("out_not_empty", out=out)
        shutil.copytree(Project.shipped().sample, out, dirs_exist_ok=True)
        asking.console().print(say("sample_written", out=out), soft_wrap=True)
        return 0
