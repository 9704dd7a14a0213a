"""``kaohe scheme``: ``new``, ``check``, ``show`` and ``diff`` of scheme files; nothing but files is read."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaohe.commands import asking
from kaohe.words import Language, language, say

if TYPE_CHECKING:
    from rich.text import Text

    from kaohe.scheme.outline import Line


def add(app: typer.Typer) -> None:
    """Register the commands."""
    scheme = typer.Typer(help=say("cli_scheme"), no_args_is_help=True)
    app.add_typer(scheme, name="scheme")
    _add_new(scheme)
    _add_check(scheme)
    _add_show(scheme)
    _add_diff(scheme)


def _file(name: str = "F") -> Any:
    """A scheme file as an argument."""
    return typer.Argument(help=say("cli_scheme_file"), metavar=name)


def _add_check(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_scheme_check"))
    def check(
        file: Annotated[Path, _file()],
        values: Annotated[Path | None, typer.Option(help=say("cli_scheme_values"))] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        return _check(file, values, home)


def _check(file: Path, values: Path | None, home: Path) -> int:
    from kaohe.project import Project
    from kaohe.scheme import load_composite
    from kaohe.yamlfile import Mistaken

    try:
        scheme = load_composite(file)
    except Mistaken as error:
        print("\n".join(error.sentences), file=sys.stderr)
        return error.exit_code
    from kaohe.composite import count_values
    from kaohe.linting import findings

    found = findings(file, scheme, Project.find(), count_values(values) if values else None, home)
    console = asking.console()
    for each in found:
        level = say("finding_error") if each.level == "error" else say("finding_warning")
        where = ".".join(map(str, each.path)) or file.name
        sentence = say("scheme_finding", file=file, line=each.line, level=level, where=where, sentence=each.sentence)
        console.print(sentence, soft_wrap=True)
    if not found:
        console.print(say("scheme_clean", title=scheme.title), soft_wrap=True)
        return 0
    errors = sum(each.level == "error" for each in found)
    counts = {"errors": errors, "warnings": len(found) - errors}
    console.print(say("scheme_checked", title=scheme.title, **counts), soft_wrap=True)
    return 1 if errors else 0


def _add_new(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_scheme_new"))
    def new(
        year: Annotated[int, typer.Option(help=say("cli_scheme_new_year"), **asking.YEARS)],
        from_: Annotated[Path | None, typer.Option("--from", help=say("cli_scheme_new_from"))] = None,
        out: Annotated[Path | None, typer.Option(help=say("cli_scheme_new_out"))] = None,
        home: Annotated[Path, asking.home()] = Path("data"),
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from kaohe.project import Project, own_scheme
        from kaohe.scheme.new_year import moved, newest

        path = out or own_scheme(home, year)
        made = moved(from_ or newest(Project.find(), home, year), year)
        asking.write_new(path, made.text)
        console = asking.console()
        console.print(say("scheme_new_written", path=path, source=made.source), soft_wrap=True)
        lines = "、".join(map(str, made.changed))
        console.print(say("scheme_new_changed", year=year, lines=lines), soft_wrap=True)
        if made.named:
            console.print(say("scheme_new_named", names="、".join(made.named)), soft_wrap=True)
        if made.left:
            lines = "、".join(map(str, made.left))
            console.print(say("scheme_new_left", year=made.old_year, lines=lines), soft_wrap=True)
        console.print(say("scheme_new_look", path=path), soft_wrap=True)
        return _check(path, None, home)


def _add_show(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_scheme_show"))
    def show(
        file: Annotated[Path, _file()],
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> None:
        from rich.table import Table
        from rich.text import Text

        from kaohe.scheme import Scheme, load_composite
        from kaohe.scheme.diff import shown
        from kaohe.scheme.outline import grades, method, outline

        scheme = load_composite(file)
        console = asking.console()
        console.print(Text(say("scheme_head", title=scheme.title, id=scheme.id), style="bold"), soft_wrap=True)
        if isinstance(scheme, Scheme):
            dates = {"begin": scheme.effective_from, "end": scheme.effective_to, "deadline": scheme.deadline}
            console.print(say("scheme_of_year", year=scheme.year, **dates), soft_wrap=True)
        root = {"aggregation": scheme.aggregation}
        whole = say("scheme_total", total=shown(scheme.total), **root) if scheme.adds_up else say("scheme_root", **root)
        console.print(whole, soft_wrap=True)
        table = Table(box=None, pad_edge=False)
        table.add_column(say("scheme_node"), no_wrap=True, overflow="ellipsis")
        table.add_column(say("heading_weight"), justify="right", no_wrap=True)
        table.add_column(say("scheme_share"), justify="right", no_wrap=True)
        for line in outline(scheme):
            weight = "" if line.weight is None else shown(line.weight)
            share = "" if line.weight is None else "—" if line.share is None else f"{float(line.share):.2f}"
            table.add_row(_cell(line), weight, share)
        console.print(table)
        if scheme.grades:
            console.print(Text(say("scheme_grades_head"), style="bold"))
            for sentence in grades(scheme):
                console.print(f"  {sentence}", soft_wrap=True)
        for sentence in method(scheme):
            console.print(sentence, soft_wrap=True)


def _cell(line: "Line") -> "Text":
    from rich.text import Text

    text = Text(line.guides)
    text.append(line.title, style="bold" if not line.detail or not line.name else "")
    if line.name and line.name != line.title:
        text.append(f"  {line.name}", style="cyan")
    if line.detail:
        text.append(f"\n{line.below}{line.detail}", style="dim")
    return text


def _add_diff(app: typer.Typer) -> None:
    spoken = language()

    @app.command(help=say("cli_scheme_diff"))
    def diff(
        a: Annotated[Path, _file("A")],
        b: Annotated[Path, _file("B")],
        lang: Annotated[Language, asking.lang()] = spoken,
    ) -> int:
        from rich.table import Table
        from rich.text import Text

        from kaohe.scheme import load_composite
        from kaohe.scheme.diff import differences, shown

        found = differences(load_composite(a), load_composite(b))
        console = asking.console()
        if not found:
            console.print(say("scheme_equal"))
            return 0
        table = Table()
        for name in ("place", "before", "after"):
            table.add_column(say(f"heading_{name}"), overflow="fold")
        for each in found:
            table.add_row(*(Text(text) for text in (each.place, shown(each.before), shown(each.after))))
        console.print(table)
        return 1
