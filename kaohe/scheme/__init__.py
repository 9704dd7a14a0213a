"""Schemes (考核办法): YAML files read into typed objects and proved to hold together; docs/scheme.md is their language.

A scheme is a tree. Its leaves are indicators: a measure, a scoring rule and a weight. ``Composite`` scores any values
(``kaohe score``); ``Scheme`` is the one of a year (data/schemes/<year>.yml), which adds up points.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, RootModel, Tag, model_validator
from pydantic_core import PydanticCustomError

from kaohe.errors import KaoheError
from kaohe.project import own_scheme
from kaohe.scheme.indicator import Indicator, Missing, takes
from kaohe.scheme.parts import (
    FEWER_DEDUCTIONS,
    Alert,
    Capped,
    Dated,
    Grade,
    Leaf,
    Lifecycle,
    Rounding,
    SpotChecks,
    Strict,
    Veto,
    Weight,
)
from kaohe.scheme.robustness import Robustness
from kaohe.words import listed, say
from kaohe.yamlfile import Location, all_wrong, read_yaml_once, wrong

#: Where the weight of the four kinds of leaf goes.
Section = Literal["base", "bonus", "deduction", "veto"]
Aggregation = Literal[
    "sum", "arithmetic", "geometric", "harmonic", "power_mean", "min", "max", "median", "trimmed_mean", "best_n"
]

TOTAL = Decimal(100)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: What an aggregation must be told.
_MUST = {"power_mean": "power", "trimmed_mean": "trim", "best_n": "best"}


class Aggregated(Strict):
    """How the scores of children become one; a node is absent where fewer than ``availability`` of them are there."""

    aggregation: Aggregation = "sum"
    power: Decimal | None = None
    trim: Annotated[Decimal, Field(ge=0, lt=Decimal("0.5"))] | None = None
    best: Annotated[int, Field(ge=1)] | None = None
    availability: Annotated[Decimal, Field(ge=0, le=1)] = Decimal(0)

    @model_validator(mode="after")
    def _suits_its_aggregation(self) -> Self:
        own = self.aggregation
        for aggregation, key in _MUST.items():
            given, wanted = getattr(self, key) is not None, own == aggregation
            if given != wanted:
                raise wrong("scheme_aggregation_key", at=(key,) if given else (), aggregation=own, key=key)
        if self.power == 0:
            raise wrong("scheme_power", at=("power",))
        return self


def _kind(given: Any) -> str:
    return "node" if isinstance(given, Node) or (isinstance(given, dict) and "children" in given) else "indicator"


Child = Annotated[Annotated["Node", Tag("node")] | Annotated[Indicator, Tag("indicator")], Discriminator(_kind)]


class Node(Aggregated):
    """An inner node of the tree."""

    title: str = ""
    weight: Weight
    children: dict[str, Child] = Field(min_length=1)


class Composite(Aggregated):
    """A composite score: the tree, what is added to and taken from it, and how units are ranked and graded."""

    id: str = ""
    title: str
    total: Annotated[Decimal, Field(gt=0, le=100_000, decimal_places=2)] = TOTAL
    missing: Missing | None = None
    screen: Annotated[Decimal, Field(ge=0, le=1)] = Decimal(0)
    rounding: Rounding | None = None
    dimensions: dict[str, Child] = Field(min_length=1)
    bonus: Capped = Capped(cap=Decimal(0))
    deductions: Capped = Capped(cap=Decimal(0))
    vetoes: dict[str, Veto] = Field(default={})
    grades: dict[str, Grade] = Field(default={})
    tie_break: list[str] = Field(default=[])
    ranking: Literal["competition", "dense"] = "competition"

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, given: Any) -> Any:
        """What the file says once for all its nodes and leaves, said by each; names stand in for titles."""
        if not isinstance(given, dict):
            return given
        given = dict(given)
        defaults = given.pop("defaults", None)
        if defaults is None:
            defaults = {}
        if not isinstance(defaults, dict):
            raise wrong("yaml_bad_value", at=("defaults",), value=defaults, problem=say("yaml_needs_mapping"))
        if unknown := sorted(map(str, defaults.keys() - Indicator.model_fields.keys())):
            raise wrong("scheme_defaults", at=("defaults",), keys=listed(unknown))
        given.setdefault("id", given.get("title", ""))
        aggregated = {key: given[key] for key in ("aggregation", *_MUST.values()) if key in given}
        given["dimensions"] = _said_by_each(given.get("dimensions"), aggregated, defaults)
        for section in ("bonus", "deductions"):
            if isinstance(given.get(section), dict):
                given[section] = given[section] | {"indicators": _named(given[section].get("indicators", {}))}
        if "vetoes" in given:
            given["vetoes"] = _named(given["vetoes"])
        return given

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        names: set[str] = set()
        for entry in self.entries:
            if not _NAME.fullmatch(entry.name) or entry.name == FEWER_DEDUCTIONS:
                raise wrong("contract_bad_name", name=entry.name)
            if entry.name in names:
                raise wrong("scheme_name_twice", name=entry.name)
            names.add(entry.name)
        if self.is_points:
            all_wrong(_wrong_sums((), self.title, self.total, self.dimensions))
        elif self.rounding and self.rounding.at == "leaf":
            raise wrong("scheme_rounds_leaves", at=("rounding", "at"))
        if self.aggregation != "sum" and (self.bonus.indicators or self.deductions.indicators):
            raise wrong("scheme_extras", at=("aggregation",))
        titles = [grade.title for grade in self.grades.values()]
        if len(set(titles)) < len(titles):
            raise wrong("scheme_grade_titles", at=("grades",))
        for name in self.tie_break:
            if name != FEWER_DEDUCTIONS and name not in names:
                raise wrong("scheme_tie_break", at=("tie_break",), name=name)
        bounds = [grade.at_least for grade in self.grades.values()]
        if bounds and (bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0):
            raise wrong("scheme_grades", at=("grades",))
        for name, veto in self.vetoes.items():
            if veto.grade_at_most not in self.grades:
                raise wrong("scheme_veto_grade", at=("vetoes", name), grade=veto.grade_at_most)
        return self

    @cached_property
    def adds_up(self) -> bool:
        """Every node is a sum: scores are points of effective weights."""
        nodes = [self, *(entry.node for entry in self.entries if isinstance(entry.node, Node))]
        return all(node.aggregation == "sum" for node in nodes)

    @cached_property
    def is_points(self) -> bool:
        """It adds up, and each leaf's points are rounded: exact to the last digit."""
        return self.adds_up and self.rounding is not None and self.rounding.at != "total"

    @cached_property
    def entries(self) -> list["Entry"]:
        """Every node and leaf, top down in the order of the file."""
        found = list(_walk(self.dimensions, ("dimensions",), parent="", dimension="", section="base"))
        sections: list[tuple[Section, Location, Any]] = [
            ("bonus", ("bonus", "indicators"), self.bonus.indicators),
            ("deduction", ("deductions", "indicators"), self.deductions.indicators),
            ("veto", ("vetoes",), self.vetoes),
        ]
        for section, path, leaves in sections:
            found += _walk(leaves, path, parent="", dimension=section, section=section)
        return found

    @property
    def leaves(self) -> list[tuple["Entry", Leaf]]:
        """Every leaf with its place in the tree."""
        return [(entry, entry.node) for entry in self.entries if isinstance(entry.node, Leaf)]


class Scheme(Dated, Composite):
    """The assessment scheme of one year: points, added up, rounded to the cent at the leaf, so that every lost
    one can be explained."""

    id: str
    year: Annotated[int, Field(ge=2000, le=2100)]
    effective_from: dt.date
    effective_to: dt.date
    deadline: dt.date
    rounding: Rounding
    grades: dict[str, Grade] = Field(min_length=1)
    lifecycle: Lifecycle | None = None
    spot_checks: SpotChecks | None = None
    alerts: dict[str, Alert] = Field(default={})
    robustness: Robustness = Robustness()

    @model_validator(mode="after")
    def _is_explained(self) -> Self:
        if not self.is_points or self.rounding.digits != 2 or self.total != TOTAL:
            raise wrong("scheme_not_points", at=("rounding",))
        names = {entry.name for entry in self.entries}
        for name, alert in self.alerts.items():
            if not _NAME.fullmatch(name):
                raise wrong("contract_bad_name", at=("alerts", name), name=name)
            if name in names:
                raise wrong("scheme_name_twice", at=("alerts", name), name=name)
            if not alert.title:
                raise wrong("yaml_missing_key", at=("alerts", name), key="title")
        return self

    @model_validator(mode="after")
    def _holds_in_its_year(self) -> Self:
        all_wrong(self._out_of_its_year())
        return self

    def _out_of_its_year(self) -> Iterator[PydanticCustomError]:
        last = dt.date(self.year, 12, 31)
        if out := _out_of_force(self, self.year):
            yield wrong("scheme_not_of_year", at=(out,), year=self.year)
        if self.deadline < last:
            yield wrong("scheme_deadline", at=("deadline",), name=self.title, deadline=self.deadline, last=last)
        for entry, leaf in self.leaves:
            if leaf.deadline and leaf.deadline < last:
                at = (*entry.path, "deadline")
                yield wrong("scheme_deadline", at=at, name=entry.name, deadline=leaf.deadline, last=last)
            if leaf.basis is None:
                yield wrong("yaml_missing_key", at=entry.path, key="basis")
            elif ended := _out_of_force(leaf.basis, self.year):
                in_force = {"indicator": entry.name, "rule": leaf.basis.rule, "year": self.year}
                yield wrong("scheme_basis_not_in_force", at=(*entry.path, "basis", ended), **in_force)


@dataclass(frozen=True)
class Entry:
    """A node or leaf with its place in the tree. ``path``: where it stands in the file; ``dimension``: the first node
    above it, or its section; ``depth``: 1 for the children of the root."""

    name: str
    path: Location
    parent: str
    dimension: str
    section: Section
    node: Node | Leaf

    @property
    def weight(self) -> Decimal:
        """Its weight; 0 for bonus, deductions and vetoes."""
        return self.node.weight if isinstance(self.node, Node | Indicator) else Decimal(0)

    @property
    def depth(self) -> int:
        return len(self.path) // 2

    @property
    def is_shown(self) -> bool:
        """A leaf of weight 0: shown, never scored."""
        return isinstance(self.node, Indicator) and not self.node.weight


class _Either(
    RootModel[
        Annotated[
            Annotated[Scheme, Tag("(year)")] | Annotated[Composite, Tag("(any)")],
            Discriminator(lambda given: "(year)" if isinstance(given, dict) and "year" in given else "(any)"),
        ]
    ]
):
    """A scheme of a year or of none. No key is written like the tags, which stand in the place of a mistake."""


def load_scheme(path: Path) -> Scheme:
    """The scheme of a year in ``path``; ``KaoheError`` with file and line if it is wrong or does not add up."""
    return read_yaml_once(path, Scheme)


def load_scheme_of(year: int, path: Path, home: Path) -> Scheme:
    """The scheme of a year. Raises ``KaoheError`` as ``load_scheme`` does, and if it is not there (saying where in
    ``home`` it is to be put) or another year's."""
    if not path.is_file():
        raise KaoheError("scheme_missing", year=year, path=path.absolute(), own=own_scheme(home, year))
    scheme = load_scheme(path)
    if scheme.year != year:
        raise KaoheError("scheme_year", path=path, scheme_year=scheme.year, year=year)
    return scheme


def load_composite(path: Path) -> Composite:
    """The scheme in ``path``, of a year or of none; ``KaoheError`` with file and line if it is wrong."""
    return read_yaml_once(path, _Either).root


def digest(path: Path) -> str:
    """SHA-256 of the scheme file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _said_by_each(children: Any, aggregated: dict[str, Any], defaults: dict[str, Any]) -> Any:
    """The children with the file's aggregation and defaults written into those that say nothing else."""
    if not isinstance(children, dict):
        return children
    said: dict[Any, Any] = {}
    for name, child in children.items():
        if not isinstance(child, dict):
            said[name] = child
        elif "children" in child:
            taken = {} if "aggregation" in child else aggregated
            below = _said_by_each(child["children"], aggregated, defaults)
            said[name] = {"title": str(name)} | taken | child | {"children": below}
        else:
            rule = str(child.get("rule", defaults.get("rule", "share")))  # a list is refused when the indicator is read
            taken = {key: value for key, value in defaults.items() if takes(rule, key)}
            said[name] = {"title": str(name), "measure": str(name)} | taken | child
    return said


def _named(leaves: Any) -> Any:
    if not isinstance(leaves, dict):
        return leaves
    names = {name: {"title": str(name), "measure": str(name)} for name in leaves}
    return {name: names[name] | leaf if isinstance(leaf, dict) else leaf for name, leaf in leaves.items()}


def _out_of_force(dated: Dated, year: int) -> str | None:
    """The key by which it holds on no day of the year."""
    if dated.effective_from.year > year:
        return "effective_from"
    return "effective_to" if dated.effective_to.year < year else None


def _wrong_sums(path: Location, name: str, whole: Decimal, children: dict[str, Any]) -> Iterator[PydanticCustomError]:
    """Where the children's weights do not add up to their node's, to the cent, all the way down."""
    place = (*path, "children") if path else ("dimensions",)
    for child, node in children.items():
        if node.weight != round(node.weight, 2):
            yield wrong("scheme_cents", at=(*place, child, "weight"), weight=node.weight)
        if isinstance(node, Node):
            yield from _wrong_sums((*place, child), node.title, node.weight, node.children)
    total = sum((child.weight for child in children.values()), Decimal(0))
    if total != whole:
        yield wrong("scheme_sum", at=path or place, node=name, total=total, weight=whole)


def _walk(children: Any, path: Location, parent: str, dimension: str, section: Section) -> Iterator["Entry"]:
    for name, node in children.items():
        own = dimension or name
        yield Entry(name=name, path=(*path, name), parent=parent, dimension=own, section=section, node=node)
        if isinstance(node, Node):
            yield from _walk(node.children, (*path, name, "children"), name, own, section)
