"""The commands: each file is registered, and what they share is the same everywhere."""

import importlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from kaohe import cli
from kaohe.commands import COMMANDS
from kaohe.commands.asking import Format, Listing
from kaohe.words import say
from tests.helpers import ROOT


def commands(command: Any = None, name: str = "kaohe") -> Iterator[tuple[str, Any]]:
    """Every command by its name."""
    command = command or typer.main.get_command(cli.build())
    yield name, command
    for below, each in getattr(command, "commands", {}).items():
        yield from commands(each, f"{name} {below}")


def test_every_file_with_a_command_is_registered() -> None:
    files = sorted((ROOT / "kaohe" / "commands").glob("[!_]*.py"))
    modules = [importlib.import_module(f"kaohe.commands.{path.stem}") for path in files]
    there = {module.__name__ for module in modules if hasattr(module, "add")}
    assert there == {module.__name__ for module in COMMANDS}
    assert len(COMMANDS) == len(there)


def test_a_format_is_text_unless_asked_for_otherwise() -> None:
    found = {name: param for name, command in commands() for param in command.params if "--format" in param.opts}
    assert len(found) > 5
    for name, param in found.items():
        assert type(param.default) in (Format, Listing), name
        assert param.default == "text", name


def test_a_word_that_was_forgotten_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the file where it belongs; nobody is asked to send in a traceback."""
    forgetful = SimpleNamespace(add=lambda app: say("cli_no_such_command"))
    monkeypatch.setattr(cli, "COMMANDS", (forgetful,))
    assert cli._status(["--help"]) == 2
    assert capsys.readouterr().err == "kaohe/words.yml 里没有“cli_no_such_command”；请加上这一条，中文和英文都要写\n"
