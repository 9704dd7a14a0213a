"""``kaohe serve``: the nights of a home folder, and Prefect's page for starting whatever can be started."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from kaohe.commands import asking
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from kaohe.serving.deployments import About, Given

#: For each flow the command that does the same: whoever starts it from the page reads of its options what --help says.
_SAME = {
    "alerts": "alerts",
    "annual-assessment": "run",
    "delivery": "deliver",
    "final-result": "finalize",
    "large-assessment": "run-large",
    "nightly": "serve",
    "plan-inspections": "plan-inspections",
    "public-notice": "announce",
    "reissue": "reissue",
    "study-bulletin": "bulletin",
}
#: Parameters that have another name there.
_OPTION = {"kinds": "kind", "wait_seconds": "wait"}


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

            return Given(home, inbox, sources, lang, lambda flow: about(get_command(app), flow))

        home = home.resolve()
        serve_home(home, host, port, given, lambda line: print(line, flush=True))
        return 0


def about(commands: Any, flow: str) -> "About":
    """What the page says of a flow, in the language in use; ``commands``: ``kaohe`` as a whole."""
    from kaohe.serving.deployments import About

    options = {param.name: param.help for param in commands.commands[_SAME[flow]].params if hasattr(param, "help")}
    named = {parameter: options[option] for parameter, option in _OPTION.items() if option in options}
    return About(say(f"flow_{flow}_title"), say(f"flow_{flow}"), {"years": say("flow_years"), **options, **named})
