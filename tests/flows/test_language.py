"""All that is said is said in the language asked for: no sentence in the code, no Chinese in English but names of things."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from typer._click.core import Command, Context
from typer.core import TyperGroup

from kaohe.cli import build
from kaohe.words import use_language
from tests.helpers import ROOT, SAMPLE, Result, kaohe

#: Ideographs, and the punctuation that goes with them.
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
#: Modules whose Chinese is not said to anybody in the language in use, and why.
UNSAID = {
    "kaohe/book.py": "signs that begin a formula",
    "kaohe/bulletin": "the study bulletin, a document in Chinese",
    "kaohe/cleaning.py": "what offices write in cells",
    "kaohe/contracts.py": "a regular expression",
    "kaohe/corrections.py": "what offices write in cells",
    "kaohe/dictionary.py": "docs/tables.md, in Chinese",
    "kaohe/inspections/forms.py": "forms in Chinese, and what offices write in them",
    "kaohe/marking/first_sheet.py": "names of fonts",
    "kaohe/publishing/document.py": "numbers of paragraphs of documents in Chinese",
    "kaohe/publishing/document_docx.py": "names of fonts",
    "kaohe/sources/headings.py": "headings and names of sheets that are read",
    "kaohe/sources/http.py": "lists as they stand in cells",
    "kaohe/sources/recognise.py": "rows and sheets that are no records",
    "kaohe/sources/rows.py": "blanks",
    "kaohe/templates.py": "blank workbooks in Chinese, read again by headings",
}
#: And single texts elsewhere.
NAMES = {
    *("预警.xlsx", "受限预警.xlsx", "体检单.pdf", "/评分表.xlsx", "/通报.docx", "/通报.pdf", "变更.csv"),  # of files
    *("成立", "不成立"),  # what may be given for a decision in either language
    *("＊＊＊", "通用", "\u3000", "\u3000\u3000"),  # a person, all platforms, indentation
    *("＊", "－"),  # signs before a line
    *("： ", "：: ", "[:：]", "：\n", r".*?(?:。|\.(?=\s|$))|.+", "、"),  # cut off what is read; the author of notes; lists in cells
}  # fmt: skip


def literals(source: str) -> Iterator[str]:
    """The texts of a source that hold Chinese, but for what explains it."""
    tree = ast.parse(source)
    explained = {
        node.body[0].value for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node not in explained
            and CHINESE.search(node.value)
        ):
            yield node.value


def test_no_sentence_stands_in_the_code() -> None:
    for folder in ("kaohe", "flows"):
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(tuple(UNSAID)):
                assert set(literals(path.read_text("utf-8"))) <= NAMES, name
    assert list(literals("'''文'''\nsay('甲', f'乙{x}')\ndef f():\n    '''文'''")) == ["甲", "乙"]


@pytest.mark.parametrize("place", UNSAID)
def test_what_is_excused_is_there(place: str) -> None:
    paths = [ROOT / place] if place.endswith(".py") else [*(ROOT / place).rglob("*.py")]
    assert any(list(literals(path.read_text("utf-8"))) for path in paths)


def helps(command: Command, parent: Context | None = None) -> Iterator[str]:
    """The help of a command, and of those below it."""
    context = Context(command, info_name=command.name or "kaohe", parent=parent, help_option_names=["-h", "--help"])
    yield command.get_help(context)
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            yield from helps(each, context)


def test_help_in_english_is_english(capsys: pytest.CaptureFixture[str]) -> None:
    use_language("en")
    assert len(list(helps(build()))) > 35
    said = capsys.readouterr().out
    assert said.count("Usage: kaohe") > 35
    assert not CHINESE.findall(said)


def test_help_in_chinese_is_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    list(helps(build()))
    said = capsys.readouterr().out
    assert said.count("用法：") > 35
    # Nothing of Typer's own is left; options, values, programs and examples are in Latin letters.
    assert not re.findall(r"Usage|Options|Commands|Arguments|Show this|default|required|\[ARGS\]", said)


@pytest.mark.parametrize(
    ("command", "chinese", "english"),
    [
        (["foo"], "用法不对（没有“foo”这个命令）", "there is no command “foo”"),
        (["explain", "a", "b", "c"], "用法不对（多出了：c）", "this is too much: c"),
        (["run", "--inbox"], "用法不对（--inbox 后面要写值）", "--inbox needs a value"),
        (["run", "--year", "abc"], "--year 的值不对（要写整数）", "--year: a whole number is needed"),
        (["run", "--year", "1900"], "--year 的值不对（不能小于 2000）", "--year: no less than 2000 is needed"),
        (["alerts", "--format", "x"], "--format 的值不对（“x”不在允许的取值之内：", "--format: “x” is not one of"),
        (["explain", "x", "--home", "nowhere"], "nowhere 里还没有发布；", "nothing has been published in nowhere yet;"),
    ],
)
def test_mistakes_on_the_command_line(command: list[str], chinese: str, english: str, tmp_path: Path) -> None:
    for lang, sentence in (("zh", chinese), ("en", english)):
        done = kaohe("--lang", lang, *command, cwd=tmp_path, PYTHONPATH=str(ROOT))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(sentence)


@pytest.fixture(scope="module")
def data(sample: Result) -> str:
    """All Chinese that names something: in schemes, contracts, the work plan, records and names of files."""
    paths = [
        *(ROOT / "data" / "schemes").iterdir(),
        *(ROOT / "expectations").iterdir(),
        ROOT / "data" / "work_plan.csv",
    ]
    texts = [path.read_text("utf-8") for path in paths] + [str(path) for path in SAMPLE.rglob("*")]
    texts += [*(str(path) for path in sample.folder.rglob("*")), "王伟"]  # who ran it
    with duckdb.connect(str(sample.folder / "snapshot.duckdb"), read_only=True) as con:
        columns = con.sql(
            "select table_name, column_name from duckdb_columns() where not internal and data_type in ('VARCHAR', 'VARCHAR[]')"
        ).fetchall()
        for table, column in columns:
            texts += [str(cell) for (cell,) in con.sql(f'select distinct "{column}" from "{table}"').fetchall()]
    return "\n".join(texts)


@pytest.mark.parametrize(
    "command",
    [
        ("explain", "水务中心"), ("explain", "法规处", "--to", "优秀"), ("systems",), ("alerts",), ("history", "--year", "2023"),
        ("audit", "verify"), ("doctor",), ("status",), ("compare", "2023", "2023"), ("deliver", "--dry-run", "--year", "2023"),
        ("what-if", "--set", "theory.study.weight=6"), ("robustness",), ("template", "honor", "--out", "{out}"),
        ("check", str(SAMPLE / "考核" / "更正单.xlsx"), "--registry", str(SAMPLE / "名册" / "单位名册2023.xlsx")),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_what_commands_say_in_english(
    command: tuple[str, ...], sample: Result, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use_language("en")
    where = [] if command[0] == "check" else ["--home", str(sample.home)]
    with suppress(SystemExit):
        arguments = [word.format(out=tmp_path) for word in command]
        try:
            build()(args=[*arguments, *where], prog_name="kaohe", standalone_mode=False)
        except Exception as error:  # what is wrong is said in English, too
            print(error)
    said = capsys.readouterr().out
    assert re.search("[a-z]{3}", said)
    assert {text for text in CHINESE.findall(said) if text not in data} == set()
