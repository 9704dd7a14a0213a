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
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from kaohe.yamlfile import read_yaml, wrong

Weight = Annotated[Decimal, Field(gt=0, le=100, decimal_places=2)]
Points = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
Param = str | int | Decimal
#: A parameter is one value, a list of values, or a value per key (points per level, penalty per severity).
Params = dict[str, Param | list[Param] | dict[str, Param]]
#: Where the weight of the four kinds of leaf goes.
Section = Literal["base", "bonus", "deduction", "veto"]

TOTAL = Decimal(100)
FEWER_DEDUCTIONS = "fewer_deductions"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Basis(_Strict):
    """The rule behind an indicator: regulation or local standard, its article, and which of the two it is."""

    rule: str
    article: str
    basis_type: Literal["national_rule", "local_standard", "default"]


class Leaf(_Strict):
    """What every leaf has: a measure with its parameters, and the rule behind it."""

    title: str
    measure: str
    params: Params = {}
    basis: Basis
    rule: str

    def param_rows(self) -> Iterator[tuple[str, str | None, str, Decimal | None]]:
        """(name, key, text, number) for every parameter; one row per element of a list or mapping."""
        for name, given in self.params.items():
            match given:
                case dict():
                    pairs: list[tuple[str | None, Param]] = list(given.items())
                case list():
                    pairs = [(None, value) for value in given]
                case _:
                    pairs = [(None, given)]
            for key, value in pairs:
                yield name, key, str(value), None if isinstance(value, str) else Decimal(value)


class Indicator(Leaf):
    """A leaf of the weighted tree. ``share``: points = effective weight × Σ done / Σ due."""

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
    quota_at_least: int = 1


class Rounding(_Strict):
    """How the points of a leaf are rounded, once."""

    digits: Literal[2]
    mode: Literal["half_up"]


class Lifecycle(_Strict):
    """How many working days the results are open to view, and after that to appeal."""

    notice_days: Annotated[int, Field(ge=1, le=60)]
    appeal_days: Annotated[int, Field(ge=1, le=60)]


class Scheme(_Strict):
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

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.effective_from > self.effective_to:
            raise wrong("scheme_dates", at=("effective_to",), begin=self.effective_from, end=self.effective_to)
        _check_sum(self.title, TOTAL, self.dimensions.values())
        names: set[str] = set()
        for entry in self.entries:
            if not _NAME.fullmatch(entry.name) or entry.name == FEWER_DEDUCTIONS:
                raise wrong("contract_bad_name", name=entry.name)
            if entry.name in names:
                raise wrong("scheme_name_twice", name=entry.name)
            names.add(entry.name)
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
