"""What is wrong with a scheme that can be read: everything at once, each with its line (``kaohe scheme check``).

What no scheme may have is refused when it is read; here is what a scheme can have and hardly means.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kaohe.composite import Counted
from kaohe.linting import dates, grades, records, sql, tree, values
from kaohe.linting.found import Found, Level
from kaohe.project import Project
from kaohe.scheme import Composite, Scheme
from kaohe.yamlfile import Location, lines_of


@dataclass(frozen=True)
class Finding:
    """A fault at a place of the file, in one sentence of the language in use."""

    level: Level
    path: Location
    line: int
    sentence: str


def findings(
    path: Path, scheme: Composite, project: Project, counted: Counted | None = None, home: Path | None = None
) -> list[Finding]:
    """Everything found in the scheme of this file, in the order of its lines.

    ``counted``: the measures of the values that it is to score. Without, one of a year is held against the measures and
    contracts of the project. ``home``: whose schemes are in force beside the project's. Raises ``KaoheError`` if the
    project's own contracts are wrong.
    """
    all_found = list(_found(path, scheme, project, counted, home))
    lines = lines_of(path, (each.at for each in all_found))
    found = [Finding(each.level, each.at, line, each.sentence) for each, line in zip(all_found, lines, strict=True)]
    return sorted(found, key=lambda each: each.line)


def _found(
    path: Path, scheme: Composite, project: Project, counted: Counted | None, home: Path | None
) -> Iterator[Found]:
    yield from tree.check(scheme)
    yield from grades.check(scheme, counted.units if counted else None)
    yield from dates.check(scheme, path, project, home)
    if isinstance(scheme, Scheme) and counted is None:
        ours = records.Ours.of(project)
        found = list(records.check(scheme, ours))
        yield from found
        said = {each.sentence for each in found}
        yield from (each for each in sql.check(scheme, project, ours.contracts) if each.sentence not in said)
        return
    if counted is not None:
        yield from values.check(scheme, counted)
    measures = {leaf.measure for _, leaf in scheme.leaves}
    yield from records.twice(
        scheme, {entry.name: {leaf.measure} for entry, leaf in scheme.leaves}, {name: name for name in measures}
    )
