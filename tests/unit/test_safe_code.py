"""What no line of the program may do, and what it may put into SQL."""

import ast
import re
from collections.abc import Iterator

from tests.helpers import ROOT

FILES = [path for folder in ("kaohe", "flows") for path in sorted((ROOT / folder).rglob("*.py"))]
SQL = re.compile(
    r"\b(select|insert into|create (or replace )?(temp )?(table|view)|drop (table|schema)|attach|alter table|delete from)\b"
)
FORBIDDEN = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv", "os.spawnl", "pickle.load", "pickle.loads", "marshal.loads",
    "shelve.open", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "tempfile.mktemp",
}  # fmt: skip
DOUBLED = re.compile(r"""replace\("'", *"''"\)""")
#: Loaders that make nothing but text, numbers, lists and mappings.
SAFE_LOADERS = {"loader", "_LOADER", "yaml.SafeLoader", "yaml.CSafeLoader"}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def problems(source: str) -> list[str]:
    """What of the forbidden a source does."""
    found = []
    for name, call in calls(ast.parse(source)):
        options = {option.arg: ast.unparse(option.value) for option in call.keywords}
        if name in FORBIDDEN or options.get("shell") == "True":
            found.append(name)
        if name == "yaml.load" and options.get("Loader") not in SAFE_LOADERS:
            found.append(name)
        if name.startswith("subprocess.") and call.args and not isinstance(call.args[0], ast.List | ast.Name):
            found.append(name)
    return found


def in_sql(source: str) -> list[tuple[str, str]]:
    """What is put into SQL text: what stands before it, and the expression."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr) and SQL.search(
            "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        ):
            before = ""
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    found.append((before, ast.unparse(part.value)))
                before = str(part.value) if isinstance(part, ast.Constant) else ""
    return found


def test_no_line_runs_text() -> None:
    assert len(FILES) > 150
    for path in FILES:
        assert problems(path.read_text("utf-8")) == [], path


def test_the_loaders_are_safe() -> None:
    for path in FILES:
        for text in re.findall(r"(?:loader|_LOADER)[^=\n]* = (.*)", path.read_text("utf-8")):
            assert re.fullmatch(r'getattr\(yaml, "C(Safe|Base)Loader", yaml\.(Safe|Base)Loader\).*', text), path


def test_every_file_that_puts_sql_together_is_argued_in_the_manual() -> None:
    manual = (ROOT / "docs" / "security.md").read_text("utf-8")
    argued = set(re.findall(r"`(kaohe/[\w/]+\.py)`", manual))
    there = {path.relative_to(ROOT).as_posix() for path in FILES if in_sql(path.read_text("utf-8"))}
    assert there - argued == set()
    assert argued - there == set()


def test_nothing_is_put_between_quotes_in_sql() -> None:
    """A text is put in as ``literal(text)``, which has its quotes."""
    for path in FILES:
        for before, expression in in_sql(path.read_text("utf-8")):
            assert not before.endswith("'"), (path, expression)


def test_quotes_are_doubled_in_one_place() -> None:
    """Of SQL. Names of sheets are quoted in the same way in the formulas of a workbook, which is no SQL."""
    there = {path.relative_to(ROOT).as_posix() for path in FILES if DOUBLED.search(path.read_text("utf-8"))}
    assert there == {"kaohe/sqltext.py", "kaohe/marking/listing.py"}


def test_these_tests_find_what_they_look_for() -> None:
    for source in ("eval(x)", "subprocess.run(x, shell=True)", "subprocess.run(f'ls {x}')", "yaml.load(x)",
                   "yaml.load(x, Loader=yaml.Loader)", "pickle.loads(x)", "os.system(x)"):  # fmt: skip
        assert problems(source), source
    assert in_sql("f\"select * from t where name = '{text}'\"") == [("select * from t where name = '", "text")]
