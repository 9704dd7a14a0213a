"""Every command in the documentation is executed: `kaohe …` by the command itself in one process, each in a copy of one
office; scripts and targets of make are asked whether they know what they are given.

A command as it stands in a page is made whole in three steps: optional parts in brackets are put in, placeholders are
replaced (``PLACEHOLDERS``), and what the command must have and a page that only names it leaves out is given
(``MUST_HAVE``). A placeholder that stands in no table fails its test.
"""

import argparse
import datetime as dt
import importlib.util
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kaohe import clock
from kaohe.backup.making import back_up
from kaohe.cli import build
from kaohe.freshness import confirm
from kaohe.lifecycle.proceedings import Proceedings
from kaohe.words import use_language
from tests import largeoffice
from tests.delivery import Post, mail, post, write_delivery
from tests.helpers import CHECK, ROOT, STUDY, UNITS, YEAR, check, registry, write_csv, write_xlsx
from tests.here import run_here, small_project
from tests.office import ANNOUNCED, APPEAL_ENDS, AS_OF, CALENDAR, NOTICE_ENDS, SAYS, Office

PAGES = [
    page
    for page in (*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
    if page.name not in ("commands.md", "tutorial.md", "tutorial.zh-CN.md")  # tests of their own
]
#: When all days of notice and appeal are over.
NOW = dt.datetime(2024, 5, 20, 10, tzinfo=clock.OFFICE_TIME)
LEADER = "leader@bureau.example"

#: Not executed, only read by the command line, and why.
NOT_RUN = {
    "serve": "runs until it is stopped; tests/flows/test_serve.py runs it",
    "run-large --engine spark": "starts Spark; tests/flows/test_spark.py does",
}

#: What stands for a placeholder; after the name of the command or option, only there. A function: of the office.
PLACEHOLDERS: dict[str, str | Callable[[Path], str]] = {
    "data/sample": "data/inbox",  # tests/flows/test_annual_assessment.py runs the sample
    "/srv/kaohe": "data",
    "/mnt/backup": "backups",
    "/mnt/backup/kaohe-….tar.gz": "backup.tar.gz",
    "restore /srv/kaohe": "new",
    "BACKUP": "backup.tar.gz",
    "TABLE…|all": "all",
    "appeal resolve ID": "A1",
    "withdraw ID": "3",
    "NEW": "new",
    "backup FILE": "backup.tar.gz",
    "DIR": "data/inbox",
    "收件夹": "data/inbox",
    "sample 收件夹": "new",
    "run-large DIR": "parquet",
    "region DIR": "parquet",
    "R0001": "R1",
    "REGION": "R1",
    "DIR2": "data/inbox",  # as a region's records would be
    "--out DIR": "out",
    "--out DIR2": "out",
    "--out 文件夹": "out",
    "--home DIR": "data",
    "--sources F": "sources.yml",
    "DIR --sources F": "more.yml",  # beside --inbox DIR
    "F": "project/data/schemes/2023.yml",
    "scheme diff A": "project/data/schemes/2023.yml",
    "scheme diff B": str(ROOT / "data" / "schemes" / "2023.yml"),
    "DATE": "2024-03-31",
    "zh|en": "en",
    "UNIT": "办公室",
    "单位": "办公室",
    "INDICATOR": "spot_check_round_1",
    "A": lambda office: _acts(office)[0].publication,
    "B": "current",
    "PUBLICATION": lambda office: _acts(office)[0].publication,
    "--inbox inbox": "data/inbox",
    "check FILE": "抽查.xlsx",
    "scheme check FILE": "project/data/schemes/2023.yml",
    "scheme check 文件": "project/data/schemes/2023.yml",
    "--year Y": "2024",
    "--set …": "theory.study.weight=6",
    "--write F": "tried.yml",
    "--write 文件": "tried.yml",
    "--registry FILE": "data/inbox/名册.xlsx",
    "FILE…": "抽查.xlsx",
    "文件…": "抽查.xlsx",
    "名册.xlsx": "data/inbox/名册.xlsx",
    "单位名册": "data/inbox/名册.xlsx",
    "OUT.xlsx": "marked.xlsx",
    "副本.xlsx": "marked.xlsx",
    "S.yml": "S.yml",
    "--scheme 办法": "S.yml",
    "V.csv": "V.csv",
    "数值表": "V.csv",
    "U.csv": "U.csv",
    "RECIPIENT": LEADER,
    "邮箱地址": LEADER,
    "SECONDS": "5",
    "秒数": "5",
    "--by …": "机关党委",
    "--reason …": "核实",
    "--head …": lambda office: _acts(office)[0].sha256,
    "3f…": lambda office: _acts(office)[0].sha256,
}
#: What a command must have, where a page names it without; its arguments are placeholders.
MUST_HAVE = {
    "--year": "2023",
    "--by": "机关党委",
    "--document": "党办〔2024〕1号",
    "--reason": "核实",
    "--unit": "办公室",
    "--indicator": "spot_check_round_1",
    "--claim": "记录是全的",
    "--decision": "成立",
    "--month": "9",
    "--out": "out",
    "--inbox": "parquet",
    "--scheme": "S.yml",
    "--values": "V.csv",
    "--home": "new",  # of restore
} | {f"--{name}": SAYS[name] for name in ("table", "key", "column", "expect", "value")}

#: The state of the office in which a command can be given, where it is not the first.
STATE = {"announce": "due"} | dict.fromkeys(("finalize", "reissue", "appeal add", "appeal resolve"), "announced")
#: What has happened in the office before a command.
BEFORE: dict[str, Callable[[Office], object]] = {
    "appeal resolve": lambda office: office.appeal(),
    "reissue": lambda office: (office.finalize(), office.correct()),
    "withdraw": lambda office: office.correct(),
    "restore": lambda office: back_up(office.home, office.home.parent / "backup.tar.gz", None, 0),
    "backup": lambda office: back_up(office.home, office.home.parent / "backup.tar.gz", None, 0),
}
#: What is said besides where a page only names the command.
BESIDES = {
    "scheme new": ["--year", "2024"],
    "appeal add": ["--on", str(NOTICE_ENDS)],
    "appeal resolve": ["--on", str(APPEAL_ENDS)],
    "what-if": ["--set", "theory.study.weight=6"],
}
#: The status with which a page says that a command ends, where it is another than 0.
STATUS = {"scheme diff": 1, "scheme new": 1}


def _acts(office: Path) -> list[Any]:
    return Proceedings(office / "data", YEAR).log.acts


@cache
def root() -> Any:
    """The command line, as Typer reads it."""
    return build()


def found(page: Path) -> Iterator[tuple[str, bool]]:
    """The commands in a page, and whether each stands in a fenced block, where it must be whole."""
    text = page.read_text(encoding="utf-8")
    fences = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
    for language, fence in fences.findall(text):
        yield from ((line, True) for line in fence.splitlines() if not language)
    text = fences.sub("", text)
    for cell in re.split(r"\n\n|(?<!\\)\|(?![^`\n]*`[^`\n]*\|)|\n(?=- |\|)", text):
        codes = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", cell)]
        for code in codes:
            # In a cell: `kaohe announce` · `appeal`
            short = cell.lstrip().startswith("`kaohe ") and _named(code.split())
            yield (f"kaohe {code}" if short else code), False


def _named(words: list[str]) -> str:
    """The command, group and all, that these words begin with; empty if none."""
    commands = getattr(root(), "commands", {})
    if not words or words[0] not in commands:
        return ""
    below = getattr(commands[words[0]], "commands", {})
    return " ".join(words[:2]) if words[1:] and words[1] in below else words[0]


#: What may stand before a command: a cron table's times, another account, the folder of the program.
_AHEAD = re.compile(r"^(?:[\d*]+ +[\d*]+ +\* +\* +\* +)?(?:sudo -u kaohe )?(?:\.venv/bin/)?(?=(?:kaohe|python|make) )")


def documented() -> dict[str, dict[tuple[str, bool], list[str]]]:
    """Program → command → the pages that have it."""
    every: dict[str, dict[tuple[str, bool], list[str]]] = {"kaohe": {}, "python": {}, "make": {}}
    for page in PAGES:
        for text, whole in found(page):
            line = re.sub(r" +# .*", "", text).strip()
            if ahead := _AHEAD.match(line):
                program, _, rest = line[ahead.end() :].partition(" ")
                for part in rest.split(f" && {program} "):
                    every[program].setdefault((part.strip(), whole), []).append(page.name)
    return every


EVERY = documented()


def variants(text: str) -> list[str]:
    """A command with all that is optional put in; of alternatives first all the first ones, then all the second."""
    brackets = re.findall(r"\[([^\]]*)\]", text)
    count = max([len(inside.split(" | ")) for inside in brackets], default=1)
    return [
        re.sub(r"\[([^\]]*)\]", lambda inside: (inside[1].split(" | ") * count)[number], text)  # noqa: B023
        for number in range(count)
    ]


def filled(words: list[str], command: str, office: Path) -> list[str]:
    """The words with what stands for the placeholders among them."""
    given = []
    for place, word in enumerate(words):
        before = words[max(0, place - 2) : place]
        for key in (" ".join([*before, word]), " ".join([*before[-1:], word]), f"{command} {word}", word):
            if key in PLACEHOLDERS:
                stands_for = PLACEHOLDERS[key]
                word = stands_for if isinstance(stands_for, str) else stands_for(office)
                break
        else:
            unknown = re.fullmatch(r"[A-Z]+[A-Z_]*\d?|.*[…|<>\[\]].*", word) and word not in SAYS.values()
            assert not unknown, f"what stands for {word} in `kaohe {' '.join(words)}`? See PLACEHOLDERS."
        given.append(word)
    return given


def completed(words: list[str], command: str) -> list[str]:
    """The words with what the command must have and they leave out."""
    parsed: Any = root()
    for name in command.split():
        parsed = parsed.commands[name]
    options = [word for word in words if word.startswith("--")]
    values = {opt for param in parsed.params if not getattr(param, "is_flag", False) for opt in param.opts}
    more = BESIDES.get(" ".join(words), [])
    free = len(words) - len(command.split()) - 2 * len([one for one in options if one in values])
    free -= len([one for one in options if one not in values])
    for param in parsed.params:
        if param.param_type_name == "argument":
            if param.required and free < 1:
                more = [*more, param.metavar or param.name.upper()]
            free -= 1
        elif param.required and not set(param.opts) & {*options, *more}:
            more = [*more, param.opts[0], MUST_HAVE[param.opts[0]]]
    return [*words, *more]


#: `kaohe appeal` is a group of commands: its help is all that it has.
GROUPS = [name for name, command in root().commands.items() if hasattr(command, "commands")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    """An office that has published twice, with all that the commands ask for; nobody may change it."""
    use_language("zh")
    folder = tmp_path_factory.mktemp("documented") / "office"
    office = office_in(folder)
    write_xlsx(office.inbox / "名册.xlsx", {"名册": registry(*UNITS)})
    days = [[day.isoformat(), "是" if worked else "否"] for day, worked in CALENDAR.items()]
    write_csv(office.inbox / "日历.csv", [["日历日期", "是否工作日"], *days])
    write_csv(
        office.inbox / "学情.csv", [STUDY, *(["学习强国", "2023年9月", unit, 10, 9, "90%"] for _, unit, _ in UNITS)]
    )
    (office.home / "schedule.yml").write_text(f"years: [{YEAR}]\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAOHE_OPERATOR", "经办人")
        patch.setattr(clock, "now", lambda: NOW)
        patch.setenv("KAOHE_PROJECT", str(small_project(folder / "project")))
        for flags in ("1111", "1110"):
            checks = [CHECK, check("C1", "办公室", flags=flags), check("C2", "法规处"), check("C3", "水务中心")]
            write_xlsx(office.inbox / "抽查.xlsx", {"抽查": checks})
            office.run(dt.date(2024, 3, 31))
        confirm(office.home, YEAR, office.current, NOW, 0)
    shutil.copy(office.inbox / "抽查.xlsx", folder)
    (folder / "sources.yml").write_text("sources:\n  inbox:\n    inbox: data/inbox\n", encoding="utf-8")
    (folder / "more.yml").write_text("sources:\n  各处室:\n    inbox: more\n", encoding="utf-8")
    write_csv(folder / "more" / "别名.csv", [["别名", "平台", "单位名称"], ["局办", "通用", "办公室"]])
    largeoffice.write_office(folder / "parquet")
    write_values(folder)
    return folder


@pytest.fixture(scope="module")
def due(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same office once all reports were due, so that its result can be announced."""
    folder = tmp_path_factory.mktemp("due") / "office"
    shutil.copytree(base, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        patch.setenv("KAOHE_PROJECT", str(base / "project"))
        office_in(folder).run(AS_OF)
    return folder


@pytest.fixture(scope="module")
def announced(base: Path, due: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same office after its public notice began."""
    folder = tmp_path_factory.mktemp("announced") / "office"
    shutil.copytree(due, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        patch.setenv("KAOHE_PROJECT", str(base / "project"))
        office_in(folder).announce(ANNOUNCED)
    return folder


def office_in(folder: Path) -> Office:
    office = Office(folder)
    office.home, office.inbox = folder / "data", folder / "data" / "inbox"
    return office


def write_values(folder: Path) -> None:
    """A scheme of two indicators and a table of values for it."""
    (folder / "S.yml").write_text(
        "title: 示例\ndimensions:\n  a: {title: 甲, weight: 60, rule: minmax}\n"
        "  b: {title: 乙, weight: 40, rule: minmax}\n",
        encoding="utf-8",
    )
    rows = [[unit, measure, n * 7 % 5] for n, unit in enumerate("甲乙丙", start=1) for measure in "ab"]
    write_csv(folder / "V.csv", [["unit_id", "measure", "value"], *rows])
    write_csv(folder / "U.csv", [["unit_id", "category"], *([unit, "基层单位"] for unit in "甲乙丙")])


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Post]:
    with post(login=False) as served:
        yield served


@pytest.fixture(scope="module")
def done() -> set[tuple[str, ...]]:
    """What was executed already: pages say the same in other words."""
    return set()


@pytest.mark.parametrize(("text", "whole"), EVERY["kaohe"])
def test_the_command_does_what_the_page_says(
    text: str, whole: bool, base: Path, done: set[tuple[str, ...]], request: pytest.FixtureRequest,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    command = _named(shlex.split(text))
    if text in ("--help", "--version"):
        assert run_here([text]) == 0
        return
    assert command or text in ("…", "COMMAND --help"), f"there is no `kaohe {text}`: {EVERY['kaohe'][text, whole]}"
    for variant in variants(text) if command else ():
        words = shlex.split(variant)
        if command in GROUPS:
            words = [command, "--help"]
        elif not whole:
            words = completed(words, command)
        words = filled(words, command, base)
        if any(text.startswith(one) for one in NOT_RUN):
            root().commands[command].make_context(command, words[1:])
        elif (key := _key(words)) not in done:
            monkeypatch.setattr(clock, "now", lambda: NOW)
            monkeypatch.setenv("KAOHE_OPERATOR", "经办人")
            monkeypatch.setenv("KAOHE_PROJECT", str(base / "project"))
            execute(words, command, tmp_path / "office", request)
            done.add(key)


def _key(words: list[str]) -> tuple[str, ...]:
    """The same for the same question in other words."""
    return tuple(sorted(shlex.join(words).replace(" --home data", "").split()))


def execute(words: list[str], command: str, folder: Path, request: pytest.FixtureRequest) -> None:
    """Run a command in a copy of the office in which has happened what has to."""
    shutil.copytree(request.getfixturevalue(STATE.get(command, "base")), folder)
    request.getfixturevalue("monkeypatch").chdir(folder)
    office = office_in(folder)
    if command in BEFORE:
        BEFORE[command](office)
    if command == "deliver":
        write_delivery(office.home, mail=mail(request.getfixturevalue("mailbox").port), leadership=[LEADER])
    assert run_here(words) == STATUS.get(command, 0), words
    shutil.rmtree(folder)


@pytest.mark.parametrize("text", sorted({text for text, _ in EVERY["make"]}))
def test_make_has_the_target(text: str) -> None:
    done = subprocess.run(["make", "--dry-run", *text.split()], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", sorted({text for text, _ in EVERY["python"]}))
def test_the_script_takes_the_options(text: str, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    script, *words = text.split()
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    if script == "-m":
        module, *words = words
        assert importlib.util.find_spec(module)
        for option in options:
            pytestconfig.getoption(option)
        paths = (word for word in words if not word.startswith("-") and word not in ("0", "FILE"))
        assert all((ROOT / word).exists() for word in paths)
        return
    path = ROOT / script
    source = path / "__main__.py" if path.is_dir() else path
    assert source.is_file()
    if not words:
        return
    if "argparse" not in source.read_text(encoding="utf-8"):  # it would begin
        assert all(f'"{option}"' in source.read_text(encoding="utf-8") for option in options)
        return
    read = argparse.ArgumentParser.parse_args

    def read_alone(parser: argparse.ArgumentParser, *given: Any) -> None:
        read(parser, *given)
        raise _Read

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", read_alone)
    monkeypatch.setattr(sys, "argv", [script, *words])
    monkeypatch.setattr(sys, "path", [str(source.parent), *sys.path])
    with pytest.raises(_Read):
        runpy.run_path(str(path), run_name="__main__")


class _Read(Exception):
    """The options were read, and are good."""
