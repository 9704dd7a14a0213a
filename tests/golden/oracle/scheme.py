"""The scheme's YAML, read a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml


def exact(number: object) -> Fraction:
    """A number of the YAML as written there: 0.3 is three tenths."""
    return Fraction(Decimal(str(number)))


@dataclass(frozen=True)
class Version:
    """Parameters while one text of the rules is in force, both days included."""

    effective_from: date
    effective_to: date
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """A dimension (with children) or an indicator (with a measure); one of weight 0 is only shown."""

    id: str
    weight: Fraction
    children: tuple[Node, ...] = ()
    measure: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    deadline: date | None = None  # of its own, where not the scheme's
    versions: tuple[Version, ...] = ()

    def leaves(self) -> Iterator[Node]:
        """The indicators under this node, in scheme order; a leaf is its own."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def nodes(self) -> Iterator[Node]:
        """This node and all below it, top down."""
        yield self
        for child in self.children:
            yield from child.nodes()

    def on(self, day: date) -> Node | None:
        """This indicator with the parameters in force on a day; None if none were."""
        for version in self.versions:
            if version.effective_from <= day <= version.effective_to:
                return replace(self, params={**self.params, **version.params}, versions=())
        return None if self.versions else self

    def number(self, name: str, key: str | None = None) -> Fraction:
        """A parameter of the measure, or its value for a key."""
        given = self.params[name]
        return exact(given if key is None else given[key])


@dataclass(frozen=True)
class Extra:
    """Bonus or deductions: their indicators in scheme order, and how many points they make together at most."""

    cap: Fraction = Fraction(0)
    leaves: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Veto:
    """An indicator whose items keep a unit at a grade or below."""

    leaf: Node
    grade_at_most: str


@dataclass(frozen=True)
class Grade:
    """A band of the grades, from `at_least` upwards; a quota limits how many of a category get it."""

    id: str
    title: str
    at_least: Fraction
    quota: Fraction | None = None
    quota_at_least: int = 1


@dataclass(frozen=True)
class Scheme:
    """The tree of weights, what comes on top, the deadline, the grades from best to worst, and what breaks ties."""

    root: Node
    deadline: date
    grades: tuple[Grade, ...]
    tie_break: tuple[str, ...] = ()
    bonus: Extra = Extra()
    deductions: Extra = Extra()
    vetoes: tuple[Veto, ...] = ()


def load_scheme(path: Path) -> Scheme:
    """Read a scheme."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Scheme(
        root=Node("total", Fraction(100), tuple(_node(name, body) for name, body in raw["dimensions"].items())),
        deadline=raw["deadline"],
        grades=tuple(
            Grade(
                name,
                body["title"],
                exact(body["at_least"]),
                exact(body["quota"]) if "quota" in body else None,
                int(body.get("quota_at_least", 1)),
            )
            for name, body in sorted(raw["grades"].items(), key=lambda grade: -exact(grade[1]["at_least"]))
        ),
        tie_break=tuple(raw.get("tie_break", ())),
        bonus=_extra(raw["bonus"]),
        deductions=_extra(raw["deductions"]),
        vetoes=tuple(Veto(_node(name, body), body["grade_at_most"]) for name, body in raw.get("vetoes", {}).items()),
    )


def _node(name: str, body: Mapping[str, Any]) -> Node:
    return Node(
        name,
        exact(body.get("weight", 0)),
        tuple(_node(child, below) for child, below in body.get("children", {}).items()),
        body.get("measure", ""),
        body.get("params", {}),
        body.get("deadline"),
        tuple(
            Version(text.get("effective_from", date.min), text.get("effective_to", date.max), text["params"])
            for text in body.get("versions", ())
        ),
    )


def _extra(raw: Mapping[str, Any]) -> Extra:
    return Extra(exact(raw["cap"]), tuple(_node(name, body) for name, body in raw.get("indicators", {}).items()))
