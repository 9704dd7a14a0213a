"""Completion by the Tab key, in a real bash where there is one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, kaohe

BASH = shutil.which("bash")
PROGRAM = "import sys; from kaohe.cli import main; main()"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with what completion looks at."""
    publication = tmp_path / "home" / "published" / "2023" / "20240331-abc"
    publication.mkdir(parents=True)
    rows = "year,unit_id,unit_name\n2023,D01,水务中心\n2023,D02,水闸所\n2023,J01,it's 办公室\n"
    (publication / "scores.csv").write_text(rows, encoding="utf-8-sig")
    (publication.parent / "CURRENT").write_text(publication.name, encoding="utf-8")
    (publication.parent / "20240101-def").mkdir()
    return tmp_path / "home"


def completed(words: list[str], folder: Path) -> list[str]:
    """What a real bash offers after words, of which the last is being typed."""
    if BASH is None:
        pytest.skip("there is no bash")
    program = folder / "kaohe"
    program.write_text(f'#!{BASH}\nexec "{sys.executable}" -c \'{PROGRAM}\' "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = (
        'eval "$(kaohe completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        "_kaohe_completion kaohe; printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p kaohe"
    )
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [BASH, "--norc", "-c", script, "bash", "kaohe", *words],
        capture_output=True, text=True, encoding="utf-8", check=True, env=environment, cwd=folder,
    )  # fmt: skip
    *offered, registered = done.stdout.splitlines()
    assert registered == "complete -o default -F _kaohe_completion kaohe"
    assert done.stderr == ""
    return [word for word in offered if word]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["expl"], ["explain"]),
        (["explain", "--f"], ["--format"]),
        (["explain", "--format", "j"], ["json"]),
        (["scheme", "d"], ["diff"]),
        (["explain", "--home", "home", "水"], ["水务中心", "水闸所"]),
        (["explain", "--home", "home", "it"], ["it's 办公室"]),
        (["explain", "--home", "home", "水务中心", "training_m"], ["training_members"]),
        (["compare", "--home", "home", "20240"], ["20240101-def", "20240331-abc"]),
        (["explain", "--home", "nowhere", "水"], []),
    ],
)
def test_bash(words: list[str], offered: list[str], home: Path) -> None:
    assert completed(words, home.parent) == offered


def test_other_shells_get_the_help_too(tmp_path: Path) -> None:
    for lang, said in (("zh", "列出工作要点"), ("en", "List the 31 systems")):
        line = {"_TYPER_COMPLETE_ARGS": f"kaohe --lang {lang} sys", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        done = kaohe(cwd=tmp_path, PYTHONPATH=str(ROOT), _KAOHE_COMPLETE="complete_fish", **line)
        assert done.stdout.startswith("systems\t") and said in done.stdout, done.stdout + done.stderr
        assert done.returncode == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_script_asks_the_program(shell: str) -> None:
    script = kaohe("completion", shell)
    assert script.returncode == 0
    assert f"complete_{shell}" in script.stdout and "_KAOHE_COMPLETE" in script.stdout
