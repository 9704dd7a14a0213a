"""The scheme of a new year, written after an earlier one: its dates moved, all the rest as it was, comments too."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.scheme import Scheme, load_composite, load_scheme
from kaohe.yamlfile import Location, edited, read_plain, scalars

#: Keys whose date is of the year assessed; the dates of a rule (basis, versions) are the rule's own.
_OF_THE_YEAR = ("effective_from", "effective_to")
_DEADLINE = "deadline"
_COMMENT = re.compile(r"(?:^|\s)#.*")
_YEAR = re.compile(r"20\d\d")


@dataclass(frozen=True)
class Moved:
    """``text``: the new scheme. ``changed``: the lines whose dates were moved. ``named``: rules that name an earlier
    year. ``left``: lines with a comment that still has the old year."""

    source: Path
    old_year: int
    text: str
    changed: list[int]
    named: list[str]
    left: list[int]


def newest(project: Project, home: Path, year: int) -> Path:
    """The latest scheme before ``year``, else the earliest after it. Raises ``KaoheError`` if there is none."""
    known = {}
    for path in project.schemes(home):
        try:
            scheme = load_composite(path)
        except KaoheError:
            continue  # ``scheme check`` says what is wrong with it
        if isinstance(scheme, Scheme) and scheme.year != year:
            known[scheme.year] = path
    before = [known_year for known_year in known if known_year < year]
    if not known:
        raise KaoheError("scheme_new_none")
    return known[max(before) if before else min(known)]


def moved(source: Path, year: int) -> Moved:
    """The scheme of ``source`` with the dates of its year moved to ``year``. Raises ``KaoheError`` if it cannot be
    read or is of that year already."""
    scheme = load_scheme(source)
    if scheme.year == year:
        raise KaoheError("scheme_new_same", path=source, year=year)
    text, (data, _) = source.read_text(encoding="utf-8"), read_plain(source)
    places = scalars(text)
    edits: dict[Location, str] = {}
    for location, place in places.items():
        if location in [("year",), ("id",), ("title",)]:
            edits[location] = text[place].replace(str(scheme.year), str(year))
        elif location[-1] == _DEADLINE or (len(location) == 1 and location[0] in _OF_THE_YEAR):
            value = _value(data, location)
            if isinstance(value, dt.date):
                edits[location] = _moved(value, year - scheme.year).isoformat()
    edits = {location: new for location, new in edits.items() if new != text[places[location]]}
    new_text = edited(text, edits)
    changed = sorted({text.count("\n", 0, places[location].start) + 1 for location in edits})
    rules = {leaf.basis.rule for _, leaf in scheme.leaves if leaf.basis}
    named = sorted(rule for rule in rules if (years := _YEAR.findall(rule)) and int(max(years)) < year)
    left = [
        number
        for number, line in enumerate(new_text.split("\n"), start=1)
        if str(scheme.year) in "".join(_COMMENT.findall(line))
    ]
    return Moved(source, scheme.year, new_text, changed, named, left)


def _value(data: object, location: Location) -> object:
    for part in location:
        data = data[part]  # type: ignore[index]
    return data


def _moved(day: dt.date, years: int) -> dt.date:
    """The day so many years later; the end of February stays the end of February."""
    tomorrow = day + dt.timedelta(days=1)
    if (day.month, tomorrow.month) == (2, 3):
        return dt.date(day.year + years, 3, 1) - dt.timedelta(days=1)
    return day.replace(year=day.year + years)
