"""Schemes (考核办法): data/schemes/<year>.yml read into typed objects, proved to add up, and laid out as tables.

A scheme is a tree. Its leaves are indicators: a measure (sql/measures/<measure>.sql), a scoring rule and a weight.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictInt, Tag, model_validator

from kaohe.words import language
from kaohe.yamlfile import read_yaml, wrong

Weight = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
Points = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
Param = str | StrictInt | Decimal
#: A parameter is one value, a list of values, or a value per key (points per level, penalty per severity).
Params = dict[str, Param | list[Param] | dict[str, Param]]
#: Where the weight of the four kinds of leaf goes.
Section = Literal["base", "bonus", "deduction", "veto"]

TOTAL = Decimal(100)
FEWER_DEDUCTIONS = "fewer_deductions"
#: Under which name the numbers of the spot checks stand among the parameters; no indicator can have it.
SPOT_CHECKS = "spot-checks"
#: What an alert's sentence may be filled in with.
ALERT_VALUES = ("item", "due_on", "days", "number", "text")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(_Strict):
    """Something that holds from one day to another, both included; without them, always."""

    effective_from: dt.date = dt.date.min
    effective_to: dt.date = dt.date.max

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.effective_from > self.effective_to:
            raise wrong("scheme_dates", at=("effective_to",), begin=self.effective_from, end=self.effective_to)
        return self

    def overlaps(self, other: "Dated") -> bool:
        """There is a day on which both hold."""
        return self.effective_from <= other.effective_to and other.effective_from <= self.effective_to


class Basis(Dated):
    """The rule behind an indicator: regulation or local standard, its article, which of the two it is, and from when
    to when it is in force."""

    rule: str
    article: str
    basis_type: Literal["national_rule", "local_standard", "default"]


class Version(Dated):
    """The parameters of a rule while one of its texts is in force; the date of the record chooses."""

    rule: str
    params: Params


#: (name, key, text, number, effective from, effective to)
ParamRow = tuple[str, str | None, str, Decimal | None, dt.date, dt.date]
_ALWAYS = (dt.date.min, dt.date.max)


class Asked(_Strict):
    """A model of SQL asked with parameters. ``system``: the number in the work plan that it belongs to."""

    title: str
    params: Params = {}
    system: Annotated[int, Field(ge=1, le=31)] | None = None

    def param_rows(self) -> Iterator[ParamRow]:
        """A row for every parameter, and for every element of a list or mapping."""
        yield from _param_rows(self.params, *_ALWAYS)


class Leaf(Asked):
    """What every leaf has: a measure with its parameters, and the rule behind it.

    ``versions``: parameters that differ by the date of the record. ``deadline``: the last day for handing in, where it
    is not the scheme's. ``not_applicable``: the rule by which a unit without items is not assessed, in one sentence.
    """

    measure: str
    versions: list[Version] = []
    basis: Basis
    rule: str
    deadline: dt.date | None = None
    not_applicable: str | None = None

    @model_validator(mode="after")
    def _versions_follow_one_another(self) -> Self:
        for number, (before, after) in enumerate(pairwise(self.versions), start=1):
            if before.effective_to >= after.effective_from:
                raise wrong("scheme_versions", at=("versions", number), one=before.rule, other=after.rule)
            if before.params.keys() != after.params.keys():
                raise wrong("scheme_version_params", at=("versions", number), one=before.rule, other=after.rule)
        return self

    @property
    def param_names(self) -> set[str]:
        """The names of all parameters it gives."""
        return {*self.params, *(name for version in self.versions for name in version.params)}

    def param_rows(self) -> Iterator[ParamRow]:
        """A row for every parameter, and for every element of a list or mapping, with the dates it holds."""
        yield from super().param_rows()
        for version in self.versions:
            yield from _param_rows(version.params, version.effective_from, version.effective_to)


def _param_rows(params: Params, begin: dt.date, end: dt.date) -> Iterator[ParamRow]:
    for name, given in params.items():
        match given:
            case dict():
                pairs: list[tuple[str | None, Param]] = list(given.items())
            case list():
                pairs = [(None, value) for value in given]
            case _:
                pairs = [(None, given)]
        for key, value in pairs:
            yield name, key, str(value), None if isinstance(value, str) else Decimal(value), begin, end


class Indicator(Leaf):
    """A leaf of the weighted tree. ``share``: points = effective weight × Σ done / Σ due. Weight 0: shown only."""

    weight: Weight
    rule: Literal["share"]


def _kind(given: Any) -> str:
    return "node" if isinstance(given, Node) or (isinstance(given, dict) and "children" in given) else "indicator"


class Node(_Strict):
    """An inner node; the weights of its children add up to its own."""

    title: str
    weight: Weight
    children: dict[
        str, Annotated[Annotated["Node", Tag("node")] | Annotated[Indicator, Tag("indicator")], Discriminator(_kind)]
    ] = Field(min_length=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _check_sum(self.title, self.weight, self.children.values())
        return self


class PerItem(Leaf):
    """A bonus or a deduction: the points are Σ done of the measure's items (each fact once, the largest)."""

    rule: Literal["per_item"]


class Capped(_Strict):
    """Bonus or deductions, together never more than ``cap`` points."""

    cap: Points
    indicators: dict[str, PerItem] = {}


class Veto(Leaf):
    """An item of the measure caps the unit's grade at ``grade_at_most``; it never changes a number."""

    rule: Literal["veto"] = "veto"
    grade_at_most: str


class Grade(_Strict):
    """A grade from ``at_least`` points on (the number included), for at most a share ``quota`` of the category."""

    title: str
    at_least: Annotated[Decimal, Field(ge=0, decimal_places=2)]
    quota: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    quota_at_least: Annotated[int, Field(ge=1)] = 1


class Alert(Asked):
    """Something to look at beside the scores, never a point: a model of sql/alerts, and what to say of its rows.

    ``say`` and ``say_en`` are filled in with the alert's columns: {item}, {due_on}, {days}, {number}, {text}.
    """

    alert: str
    say: str
    say_en: str

    @property
    def sentence(self) -> str:
        """What to say, in the language in use."""
        return self.say if language() == "zh" else self.say_en

    @model_validator(mode="after")
    def _says_what_there_is(self) -> Self:
        for name in ("say", "say_en"):
            try:
                getattr(self, name).format(**dict.fromkeys(ALERT_VALUES, ""))
            except (KeyError, IndexError, ValueError) as error:
                raise wrong("scheme_alert_say", at=(name,), allowed="、".join(ALERT_VALUES)) from error
        return self


class Rounding(_Strict):
    """How the points of a leaf are rounded, once."""

    digits: Literal[2]
    mode: Literal["half_up"]


class Lifecycle(_Strict):
    """How many working days the results are open to view, and after that to appeal."""

    notice_days: Annotated[int, Field(ge=1, le=60)]
    appeal_days: Annotated[int, Field(ge=1, le=60)]


#: What a unit's last spot check came to, the weakest first; ``never``: it has not been inspected yet.
Quality = Literal["weak", "never", "middle", "good"]


class AtLeast(_Strict):
    """From how many points of 100 on a check was good or middling; below it was weak."""

    good: Points
    middle: Points


class SpotChecks(_Strict):
    """How the units of a month are drawn for spot check: the last month of each round, what a unit's last check is
    called, and how early units with that result come (2: their stratum gets places as if it had twice as many)."""

    rounds: dict[int, int]
    at_least: AtLeast
    weight: dict[Quality, Annotated[int, Field(ge=1, le=100)]]

    @model_validator(mode="after")
    def _cover_the_year(self) -> Self:
        months = list(self.rounds.values())
        if list(self.rounds) != [1, 2] or not 1 <= months[0] < months[1] == 12:
            raise wrong("scheme_rounds", at=("rounds",))
        if self.at_least.good <= self.at_least.middle:
            raise wrong("scheme_check_bounds", at=("at_least",))
        if missing := [name for name in get_args(Quality) if name not in self.weight]:
            raise wrong("yaml_missing_key", at=("weight",), key=missing[0])
        return self

    def param_rows(self) -> Iterator[ParamRow]:
        """A row for every number, as other parameters are laid out."""
        for name, numbers in self.model_dump().items():
            yield from _param_rows({name: {str(key): number for key, number in numbers.items()}}, *_ALWAYS)


class Scheme(Dated):
    """The assessment scheme of one year."""

    id: str
    title: str
    year: int
    effective_from: dt.date
    effective_to: dt.date
    deadline: dt.date
    rounding: Rounding
    dimensions: dict[str, Node] = Field(min_length=1)
    bonus: Capped
    deductions: Capped
    vetoes: dict[str, Veto] = {}
    grades: dict[str, Grade] = Field(min_length=1)
    tie_break: list[str] = []
    lifecycle: Lifecycle | None = None
    spot_checks: SpotChecks | None = None
    alerts: dict[str, Alert] = {}

    @model_validator(mode="after")
    def _holds_in_its_year(self) -> Self:
        first, last = dt.date(self.year, 1, 1), dt.date(self.year, 12, 31)
        if self.effective_from.year > self.year or self.effective_to.year < self.year:
            raise wrong("scheme_not_of_year", at=("effective_from",), year=self.year)
        if self.deadline < last:
            raise wrong("scheme_deadline", at=("deadline",), name=self.title, deadline=self.deadline, last=last)
        for entry, leaf in self.leaves:
            if leaf.deadline and leaf.deadline < last:
                raise wrong("scheme_deadline", name=entry.name, deadline=leaf.deadline, last=last)
            basis = leaf.basis
            if not basis.overlaps(Dated(effective_from=first, effective_to=last)):
                raise wrong("scheme_basis_not_in_force", indicator=entry.name, rule=basis.rule, year=self.year)
        return self

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _check_sum(self.title, TOTAL, self.dimensions.values())
        names: set[str] = set()
        for entry in self.entries:
            if not _NAME.fullmatch(entry.name) or entry.name == FEWER_DEDUCTIONS:
                raise wrong("contract_bad_name", name=entry.name)
            if entry.name in names:
                raise wrong("scheme_name_twice", name=entry.name)
            names.add(entry.name)
        for name in self.alerts:
            if not _NAME.fullmatch(name):
                raise wrong("contract_bad_name", at=("alerts", name), name=name)
            if name in names:
                raise wrong("scheme_name_twice", at=("alerts", name), name=name)
        titles = [grade.title for grade in self.grades.values()]
        if len(set(titles)) < len(titles):
            raise wrong("scheme_grade_titles", at=("grades",))
        for name in self.tie_break:
            if name != FEWER_DEDUCTIONS and name not in names:
                raise wrong("scheme_tie_break", at=("tie_break",), name=name)
        bounds = [grade.at_least for grade in self.grades.values()]
        if bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0:
            raise wrong("scheme_grades", at=("grades",))
        for name, veto in self.vetoes.items():
            if veto.grade_at_most not in self.grades:
                raise wrong("scheme_veto_grade", at=("vetoes", name), grade=veto.grade_at_most)
        return self

    @cached_property
    def entries(self) -> list["Entry"]:
        """Every node and leaf, top down in the order of the file."""
        found = list(_walk(self.dimensions, parent="", dimension="", section="base"))
        sections: list[tuple[Section, Any]] = [
            ("bonus", self.bonus.indicators),
            ("deduction", self.deductions.indicators),
            ("veto", self.vetoes),
        ]
        for section, leaves in sections:
            found += _walk(leaves, parent="", dimension=section, section=section)
        return found

    @property
    def leaves(self) -> list[tuple["Entry", Leaf]]:
        """Every leaf with its place in the tree."""
        return [(entry, entry.node) for entry in self.entries if isinstance(entry.node, Leaf)]


@dataclass(frozen=True)
class Entry:
    """A node or leaf with its place in the tree. ``dimension``: the first node above it, or its section."""

    name: str
    parent: str
    dimension: str
    section: Section
    node: Node | Leaf

    @property
    def weight(self) -> Decimal:
        """Its weight; 0 for bonus, deductions and vetoes."""
        return self.node.weight if isinstance(self.node, Node | Indicator) else Decimal(0)

    @property
    def is_shown(self) -> bool:
        """A leaf of weight 0: shown, never scored."""
        return isinstance(self.node, Indicator) and not self.node.weight


def load_scheme(path: Path) -> Scheme:
    """The scheme in ``path``; ``KaoheError`` with file and line if it is wrong or its weights do not add up."""
    return read_yaml(path, Scheme)


def digest(path: Path) -> str:
    """SHA-256 of the scheme file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_sum(name: str, whole: Decimal, children: Any) -> None:
    total = sum((child.weight for child in children), Decimal(0))
    if total != whole:
        raise wrong("scheme_sum", node=name, total=total, weight=whole)


def _walk(children: Any, parent: str, dimension: str, section: Section) -> Iterator[Entry]:
    for name, node in children.items():
        own = dimension or name
        yield Entry(name=name, parent=parent, dimension=own, section=section, node=node)
        if isinstance(node, Node):
            yield from _walk(node.children, name, own, section)
