"""Data moves one way, and so do imports: nothing imports what comes after it."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: The rooms of kaohe/ in the order of the way through the house. A room may use those before it, and others of its own
#: line as long as they do not go round in a circle.
LAYERS = [
    {
        "clock",
        "errors",
        "home",
        "homelock",
        "journal",
        "people",
        "progress",
        "project",
        "retries",
        "outage",
        "safely",
        "schedule",
        "secrets",
        "sqltext",
        "words",
        "yamlfile",
    },
    {"book", "cleaning", "contracts", "dictionary", "models", "warehouse"},
    {"sources"},
    {"corrections", "loading"},
    {"records", "validation"},
    {"binding", "composite", "engines", "linting", "planning", "scheme", "scoring"},
    {"explaining", "freshness", "publication", "robustness", "systems", "templates", "what_if"},
    {"alerts", "bulletin", "checking", "inspections", "marking", "publishing"},
    {"lifecycle", "retention"},
    {"backup", "delivery", "log_check"},
    {"artifacts", "comparing", "large", "night", "prefects", "rebuild", "reissue", "run", "summary"},
    {"doctor", "serving"},
    {"cli", "commands", "reference", "__main__"},
]
#: Libraries that are imported where they are needed, so that a command that does without them answers at once; or that
#: are extras.
HEAVY = {
    "adbc_driver_postgresql",
    "great_expectations",
    "openpyxl",
    "prefect",
    "pymysql",
    "pyspark",
    "rapidfuzz",
    "vl_convert",
}
LEVEL = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}


@cache
def modules() -> dict[str, Path]:
    found = {}
    for folder in ("kaohe", "flows"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> Iterator[str]:
    """Our own modules that one imports, at its top or inside; but for its annotations' sake alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        node for found in ast.walk(tree)
        if isinstance(found, ast.If) and "TYPE_CHECKING" in ast.unparse(found.test) for node in found.body
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in for_types:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in modules() else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@cache
def graph() -> dict[str, frozenset[str]]:
    return {name: frozenset(imported(path)) & modules().keys() for name, path in modules().items()}


def room(module: str) -> str:
    return module.split(".")[1]


def test_every_room_has_its_place() -> None:
    assert {room(name) for name in modules() if name.startswith("kaohe.")} == LEVEL.keys()


@pytest.mark.parametrize("name", sorted(name for name in modules() if name.startswith("kaohe.")))
def test_a_module_imports_nothing_that_comes_after_it(name: str) -> None:
    later = {
        other for other in graph()[name] if other.startswith("kaohe.") and LEVEL[room(other)] > LEVEL[room(name)]
    }  # fmt: skip
    assert not later


@pytest.mark.parametrize("of", ["modules", "rooms"])
def test_nothing_goes_round_in_a_circle(of: str) -> None:
    edges: dict[str, set[str]] = {}
    for name, others in graph().items():
        for other in others:
            if of == "modules":
                edges.setdefault(name, set()).add(other)
            elif name.startswith("kaohe.") and other.startswith("kaohe.") and room(name) != room(other):
                edges.setdefault(room(name), set()).add(room(other))
    try:
        list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("name", sorted(name for name in modules() if not name.startswith("kaohe.commands")))
def test_imports_stand_at_the_top_unless_they_are_heavy(name: str) -> None:
    """Whatever else is imported where it is needed says why: on its line, or above the first of several."""
    text = modules()[name].read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    inside = {
        node for found in ast.walk(ast.parse(text)) if isinstance(found, ast.FunctionDef) for node in ast.walk(found)
    }  # fmt: skip
    for node in inside:
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules_named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            heavy = all(module.split(".")[0] in HEAVY for module in modules_named)
            above = node.lineno - 2
            while lines[above].startswith(("from ", "import ")):
                above -= 1
            assert heavy or "# " in lines[node.lineno - 1] or lines[above].startswith("# "), (name, node.lineno)


def test_only_commands_and_the_server_start_flows() -> None:
    using = {name for name, others in graph().items() if any(other.split(".")[0] == "flows" for other in others)}
    assert {name for name in using if not name.startswith("flows")} <= {
        *(name for name in modules() if name.startswith("kaohe.commands.")), "kaohe.serving.deployments",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name in modules() if name.startswith("flows")))
def test_a_flow_only_orchestrates(name: str) -> None:
    """No SQL, no table, no arithmetic."""
    path = modules()[name]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    libraries = {other.split(".")[0] for other in imported(path)}
    assert not libraries & {"duckdb", "polars", "sqlglot", "numpy", "pyarrow"}
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv | ast.Sub))
        assert not (isinstance(node, ast.Constant) and str(node.value).lower().startswith(("select ", "with ")))


#: Longer modules than the others, and why.
LONG = {
    "kaohe.engines.dialect": "all that Spark's SQL says otherwise, rule by rule",
    "kaohe.publishing.notice.text": "one document, section by section",
    "kaohe.sources.details": "what a workbook's XML says beside its values, part by part",
}


@pytest.mark.parametrize("name", sorted(modules()))
def test_a_module_is_short_enough_to_be_read_at_once(name: str) -> None:
    lines = len(modules()[name].read_text(encoding="utf-8").splitlines())
    assert lines <= 400 or name in LONG
