"""The tutorial, followed word for word in an empty folder, in both languages: its files are written, its cells are
filled in, its commands are run in one process, and what they print is compared."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from kaohe.words import Language
from tests.helpers import ROOT, SAMPLE, Result
from tests.here import run_here

PAGES: dict[Language, str] = {"zh": "tutorial.zh-CN.md", "en": "tutorial.md"}
#: A file that is named, and a table of cells or a block that follow: what is to be done.
_STEP = re.compile(
    r"`(?P<file>[^`\n]+\.(?:xlsx|yml))`|(?P<table>(?:^\|[^\n]*\n)+)|^```(?P<kind>\w+)\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def steps(page: Path) -> Iterator[tuple[str, str, str]]:
    """What a page asks for in order: kind, the file it is done to, and the text."""
    name = ""
    for found in _STEP.finditer(page.read_text(encoding="utf-8")):
        if found["file"]:
            name = found["file"]
        elif found["kind"]:
            yield found["kind"], name, found["block"]
        elif re.match(r"\| (行|row) \|", found["table"]):
            yield "cells", name, found["table"]


def fill_in(path: Path, table: str) -> None:
    """Write into the cells of a workbook what a table says: columns by letter in its head, rows by number."""
    head, _, *rows = ([cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines())
    book = openpyxl.load_workbook(path)
    for number, *cells in rows:
        for column, text in zip(head[1:], cells, strict=True):
            book.worksheets[0][f"{column[0]}{number}"] = int(text) if text.isdigit() else text
    book.save(path)


def change(path: Path, diff: str) -> None:
    old, new = ("".join(f"{line[1:]}\n" for line in diff.splitlines() if line[0] in keep) for keep in (" -", " +"))
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, diff
    path.write_text(text.replace(old, new), encoding="utf-8")


def compare(shown: list[str], printed: str) -> None:
    """What the page shows was printed, line after line; ``…`` is anything, on a line of its own any lines."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    place, anywhere = 0, False
    for line in shown:
        wanted = " ".join(line.split())
        if wanted == "…":
            anywhere = True
            continue
        pattern = re.compile(re.escape(wanted).replace("…", ".*"))
        last = len(lines) if anywhere else place + 1
        found = [n for n in range(place, min(last, len(lines))) if pattern.fullmatch(lines[n])]
        assert found, f"not printed: {wanted}\n" + printed
        place, anywhere = found[0] + 1, False
    assert anywhere or place == len(lines), printed


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.long)])  # the same commands
def test_the_tutorial(
    lang: Language, sample: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("data/sample").symlink_to(SAMPLE)
    # Scored already, which tests/flows/test_annual_assessment.py does from nothing; the first step finds nothing new.
    shutil.copytree(sample.home, "样例")
    spoken: Language = "zh"
    for kind, name, text in steps(ROOT / "docs" / PAGES[lang]):
        match kind:
            case "cells":
                fill_in(Path(name), text)
            case "yaml":
                Path(name).write_text(text, encoding="utf-8")
            case "diff":
                change(Path(name), text)
            case "console":
                for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                    line, *shown = part.splitlines()
                    if line == "export KAOHE_LANG=en":
                        spoken = "en"
                        continue
                    line, _, remark = line.partition("  # ")
                    program, *words = shlex.split(line)
                    assert program == "kaohe"
                    status = run_here(words, spoken)
                    assert status == int(remark[-1:] or 0), line
                    printed = capsys.readouterr().out
                    compare(shown, printed)
    assert spoken == lang
    assert {path.name for path in Path().iterdir()} == {"data", "样例", "收件夹", "退回.xlsx", "办法.yml", "本局"}


def test_both_languages_ask_for_the_same() -> None:
    asked: list[list[object]] = []
    for name in PAGES.values():
        found: list[object] = []
        for kind, file, text in steps(ROOT / "docs" / name):
            if kind == "console":
                found += re.findall(r"^\$ (kaohe .*?)(?:  #.*)?$", text, flags=re.MULTILINE)
            elif kind == "cells":
                found.append((file, [re.sub(r"^\| (行|row) .*|\s", "", line) for line in text.splitlines()]))
            else:
                found.append((file, text))
        asked.append(found)
    assert asked[0] == asked[1]
