"""``kaohe serve``: the nights of a home folder, and Prefect's page for starting whatever can be started."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from kaohe.serving.deployments import Given


def add(app: typer.Typer) -> None:
    """Register the command."""
    spoken = language()

    @app.command(help=say("cli_serve"))
    def serve(
        home: Annotated[Path, asking.home()] = Path("data"),
        inbox: Annotated[Path | None, typer.Option(help=say("cli_serve_inbox"))] = None,
        sources: Annotated[Path | None, typer.Option(help=say("cli_run_sources"))] = None,
        host: Annotated[str, typer.Option(help=say("cli_serve_host"))] = "127.0.0.1",
        port: Annotated[int, typer.Option(help=say("cli_serve_port"), min=1, max=65535)] = 4200,
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.serving.service import serve as serve_home

        def given() -> "Given":
            from kaohe.serving.deployments import Given

            return Given(home, inbox, sources, lang)

        home = home.resolve()
        serve_home(home, host, port, given, lambda line: print(line, flush=True))
        return 0
