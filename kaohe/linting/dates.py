"""Checks of what holds when, and by which rule: bases, versions, schemes of the same folder."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from kaohe.errors import KaoheError
from kaohe.linting.found import Found, Level
from kaohe.project import Project
from kaohe.scheme import Composite, Scheme, load_composite
from kaohe.scheme.parts import Basis, Dated
from kaohe.words import listed, say
from kaohe.yamlfile import Location

_MOST_NAMES = 5


def check(scheme: Composite, path: Path, project: Project, home: Path | None) -> Iterator[Found]:
    """Bases for every scheme; dates for one of a year."""
    yield from _without_basis(scheme)
    yield from _same_rule(scheme)
    if isinstance(scheme, Scheme):
        yield from _in_the_year(scheme)
        yield from _overlapping(scheme, path, project, home)


def _without_basis(scheme: Composite) -> Iterator[Found]:
    """One finding for all of them: a composite made for a study has no rules behind it."""
    bare = [
        entry
        for entry, leaf in scheme.leaves
        if leaf.basis is None or not (leaf.basis.rule.strip() and leaf.basis.article.strip())
    ]
    if bare:
        level: Level = "error" if isinstance(scheme, Scheme) else "warning"
        names = listed(entry.name for entry in bare[:_MOST_NAMES]) + (
            say("and_more") if len(bare) > _MOST_NAMES else ""
        )
        yield Found(level, (*bare[0].path, "basis"), say("lint_no_basis", count=len(bare), names=names))


def _same_rule(scheme: Composite) -> Iterator[Found]:
    """The same rule, cited as holding on the same days but from or to different ones."""
    seen: dict[str, list[tuple[str, Basis]]] = {}
    for entry, leaf in scheme.leaves:
        if leaf.basis is None:
            continue
        others = seen.setdefault(leaf.basis.rule, [])
        for name, other in others:
            if leaf.basis.overlaps(other) and _dates(leaf.basis) != _dates(other):
                rule = leaf.basis.rule
                sentence = say("lint_basis_dates", indicator=entry.name, other=name, rule=rule)
                yield Found("warning", (*entry.path, "basis"), sentence)
                break
        others.append((entry.name, leaf.basis))


def _in_the_year(scheme: Scheme) -> Iterator[Found]:
    year = Dated(effective_from=dt.date(scheme.year, 1, 1), effective_to=dt.date(scheme.year, 12, 31))
    for entry, leaf in scheme.leaves:
        places: list[tuple[Location, Sequence[Dated]]] = [((*entry.path, "versions"), leaf.versions)]
        places.append(((*entry.path, "basis"), [leaf.basis] if leaf.basis else []))
        for at, dated in places:
            if dated and (day := _uncovered(year, dated)):
                yield Found("warning", at, say("lint_gap", indicator=entry.name, key=str(at[-1]), day=day))


def _uncovered(year: Dated, dated: Sequence[Dated]) -> dt.date | None:
    """The first day of the year on which none of these, in order of date, holds."""
    day = year.effective_from
    for each in dated:
        if each.effective_from > day:
            return day
        if each.effective_to >= year.effective_to:
            return None
        day = max(day, each.effective_to + dt.timedelta(days=1))
    return day


def _overlapping(scheme: Scheme, path: Path, project: Project, home: Path | None) -> Iterator[Found]:
    """Only one scheme can hold on a day; a run refuses two where the home or the project keeps its own."""
    in_force = path.resolve() == project.scheme(scheme.year, home).resolve()
    for other in project.schemes(home) if in_force else sorted(path.parent.glob("*.yml")):
        if other.resolve() == path.resolve():
            continue
        try:
            beside = load_composite(other)
        except KaoheError:
            continue  # to be checked by itself
        if isinstance(beside, Scheme) and scheme.overlaps(beside):
            level: Level = "error" if in_force else "warning"
            yield Found(level, ("effective_from",), say("scheme_overlap", one=path.name, other=other.name))


def _dates(dated: Dated) -> tuple[dt.date, dt.date]:
    return dated.effective_from, dated.effective_to
