"""The reference that is made from the code: docs/commands.md from the commands, docs/measures.md from the headers of
sql/. Written by ``make docs``."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from kaohe.cli import build
from kaohe.models import Models
from kaohe.project import Project
from kaohe.scheme import load_scheme
from kaohe.words import speaking

_YEAR = 2023
_PARTS = ("Item", "Params", "Dated", "Empty", "Basis")
_PART = re.compile(rf"(?:^|\s)({'|'.join(_PARTS)}): ")


def commands() -> str:
    """Markdown with a section for each command: what it does, its arguments and options."""
    with speaking("en"):
        found = list(_commands(build(), "kaohe"))
    lines = [
        "<!-- Every command, made from kaohe/commands/ by `make docs`; do not edit. -->",
        "# Commands",
        "",
        "`kaohe COMMAND --help` says the same, in Chinese without `--lang en`.",
        "",
        "| command | does |",
        "|---|---|",
        *(f"| [`{name}`](#{name.replace(' ', '-')}) | {_cell(command.help)} |" for name, command in found),
    ]
    for name, command in found:
        lines += ["", f"## {name}", "", " ".join((command.help or "").split()), "", *_parameters(name, command)]
    return "\n".join(lines) + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The commands that can be given, below a group too."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for below, each in command.commands.items():
        yield from _commands(each, f"{name} {below}")


def _parameters(name: str, command: Any) -> list[str]:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option"]
    lines = ["```", " ".join([name, *(_argument(param) for param in arguments), "[OPTIONS]"]), "```", ""]
    lines += ["| argument or option | what |", "|---|---|"]
    lines += [f"| `{_cell(_argument(param))}` | {_about(param)} |" for param in arguments]
    context = typer.Context(command)
    return lines + [f"| `{_cell(_option(param, context))}` | {_about(param)} |" for param in options]


def _argument(param: Any) -> str:
    shown = str(param.metavar or param.name.upper())
    return shown if param.required or shown.startswith("[") else f"[{shown}]"


def _option(param: Any, context: typer.Context) -> str:
    if param.is_flag:
        return str(param.opts[0])
    shown = param.metavar or param.display_type(context).strip("<>").removeprefix("list[").rstrip("]")
    return f"{param.opts[0]} {_KINDS.get(shown, shown)}"


_KINDS = {"int range": "INTEGER", "float range": "NUMBER", "path": "PATH", "Path": "PATH", "dir": "DIR", "str": "TEXT"}


def _about(param: Any) -> str:
    """What the option is for, whether it must be given, and what holds if it is not."""
    said = [_cell(param.help).rstrip(".") + "."]
    if param.param_type_name == "argument":
        return said[0]
    if param.required:
        said.append("**Must be given.**")
    elif not param.is_flag and param.default not in (None, "", [], ()) and param.opts[0] != "--lang":
        said.append(f"Default: `{_plain(param.default)}`.")
    return " ".join(said)


def _plain(value: Any) -> str:
    return Path(value).as_posix() if isinstance(value, Path) else str(getattr(value, "value", value))


def measures(project: Project) -> str:
    """Markdown with a section for each measure, then the alerts and audits, a line each."""
    measured = Models.of(project.sql / "measures")
    used: dict[str, list[str]] = {}
    for entry, leaf in load_scheme(project.scheme(_YEAR)).leaves:
        used.setdefault(leaf.measure, []).append(f"{leaf.title} `{entry.name}`")
    lines = [
        "<!-- Every measure, alert and audit, made from the headers in sql/ by `make docs`; do not edit. -->",
        "# Measures, alerts and audits",
        "",
        inspect.cleandoc(_ABOUT),
    ]
    for name, model in measured.items():
        title, parts = _header(model.sql)
        lines += ["", f"## {name}", "", title, ""]
        lines += [f"- {part}: {parts[part]}" for part in _PARTS if part in parts]
        lines.append(f"- Used in {_YEAR} by: {'、'.join(used.get(name, [])) or 'no indicator'}")
    for folder, heading in (("alerts", "Alerts"), ("audits", "Audits")):
        lines += ["", f"## {heading}", "", _MEANT[folder], "", "| file below `sql/` | what |", "|---|---|"]
        for name, model in Models.of(project.sql / folder).items():
            lines.append(f"| `{folder}/{name}.sql` | {_cell(_header(model.sql)[0])} |")
    return "\n".join(lines) + "\n"


_ABOUT = """
A measure says what was due, what was done and which records say so, item by item; an indicator of a scheme
names the measure and gives it its parameters ([scheme.md](scheme.md)).
How to add one is in [CONTRIBUTING.md](../CONTRIBUTING.md).
"""

_MEANT = {
    "alerts": "Somebody should look at it; no score follows. The scheme says which are asked, with what parameters.",
    "audits": "Each is a query that must return no rows; else nothing is published.",
}


def _header(sql: str) -> tuple[str, dict[str, str]]:
    """The comments at the head of a model: what it is, and its parts by name."""
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    first, *rest = _PART.split(" ".join(lines))
    return first.strip(), {name: text.strip() for name, text in zip(rest[::2], rest[1::2], strict=True)}


def _cell(text: str | None) -> str:
    """A text within a table: of one line, with nothing that Markdown takes for a mark of its own."""
    return " ".join((text or "").split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write both pages of the project."""
    project = Project.find()
    docs = project.root / "docs"
    (docs / "commands.md").write_text(commands(), encoding="utf-8")
    (docs / "measures.md").write_text(measures(project), encoding="utf-8")


if __name__ == "__main__":
    main()
