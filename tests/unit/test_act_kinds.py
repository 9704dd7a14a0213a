"""The table of the lifecycle: what else each kind of act and each state needs is there."""

import re
from typing import get_args

import pytest
import typer

from kaohe.cli import build
from kaohe.lifecycle.acts import ACTS, Kind
from kaohe.publication import State
from kaohe.publishing.notice.template import Texts
from kaohe.words import catalogue
from tests.helpers import ROOT

#: The table of docs/operations.md: act → the other cells.
DESCRIBED = {
    act: cells.split(" | ")
    for act, cells in re.findall(
        r"^\| `(\w+)` \| (.+) \|$",
        (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## What is decided")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
}


def test_every_kind_of_act_has_its_meaning() -> None:
    assert list(ACTS) == list(get_args(Kind))


@pytest.mark.parametrize("kind", ACTS)
def test_every_kind_of_act_has_its_words(kind: Kind) -> None:
    assert {f"act_{kind}", f"did_{kind}"} <= catalogue().keys()


@pytest.mark.parametrize("kind", ACTS)
def test_every_kind_of_act_has_its_command(kind: Kind) -> None:
    found = typer.main.get_command(build())
    for word in ACTS[kind].command.split():
        found = found.commands[word]  # type: ignore[attr-defined]
    asked = {name for param in found.params for name in param.opts}
    assert {"--by", "--document"} <= asked or not ACTS[kind].approved


def test_the_manual_describes_every_kind_of_act() -> None:
    assert list(DESCRIBED) == list(ACTS)


@pytest.mark.parametrize("kind", ACTS)
def test_the_manual_says_of_an_act_what_the_table_does(kind: Kind) -> None:
    meaning, (command, approved, in_force, stays, _) = ACTS[kind], DESCRIBED[kind]
    assert command == f"`kaohe {meaning.command}`"
    assert (approved, stays) == tuple("yes" if so else "no" for so in (meaning.approved, meaning.keeps))
    assert (in_force != "—") == meaning.moves
    if meaning.state:
        assert catalogue()[f"state_{meaning.state}"]["zh"] in in_force


def test_the_manual_says_who_needs_an_approver() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    (sentence,) = re.findall(r"can run everything\. (.+?) moreover need:", text)
    approved = [meaning.command for meaning in ACTS.values() if meaning.approved]
    assert sorted(re.findall(r"`(.+?)`", sentence)) == sorted(approved)


@pytest.mark.parametrize("state", get_args(State))
def test_every_state_has_its_words(state: State) -> None:
    assert f"state_{state}" in catalogue()
    assert state in Texts.model_fields
