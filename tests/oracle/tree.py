"""The tree of a scheme, with what the file and ``defaults`` say filled in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.oracle.numbers import written

EXACT = ("share", "linear", "steps")
BEFORE = {"denominator", "impute", "treat", "direction"}  # not for the exact rules


@dataclass(frozen=True)
class Node:
    """A node, or (without children) a leaf with the keys of its indicator."""

    name: str
    weight: Fraction
    aggregation: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    children: tuple["Node", ...] = ()

    @property
    def is_leaf(self) -> bool:
        return not self.children

    @property
    def counted(self) -> tuple["Node", ...]:
        """The children that take part."""
        return tuple(child for child in self.children if child.weight > 0)

    def walk(self) -> Iterator["Node"]:
        """All nodes and leaves below, in file order."""
        for child in self.children:
            yield child
            yield from child.walk()

    def leaves(self) -> list["Node"]:
        return [node for node in self.walk() if node.is_leaf]

    def all_sum(self) -> bool:
        return self.is_leaf or (self.aggregation == "sum" and all(child.all_sum() for child in self.children))


def tree(scheme: dict[str, Any]) -> Node:
    """The root of a scheme."""
    above = {"aggregation": "sum", "missing": "exclude"} | scheme
    said = {key: above[key] for key in ("aggregation", "power", "trim", "best") if key in above}
    defaults = {"missing": above["missing"]} | scheme.get("defaults", {})
    children = tuple(_node(name, keys, said, defaults) for name, keys in scheme["dimensions"].items())
    keys = said | {key: scheme[key] for key in ("availability",) if key in scheme}
    return Node("", Fraction(0), said["aggregation"], keys, children)


def leaf(name: str, keys: dict[str, Any], defaults: dict[str, Any]) -> Node:
    """An indicator."""
    rule = keys.get("rule", defaults.get("rule", "share"))
    if rule in EXACT:
        if wrong := BEFORE & keys.keys():
            raise ValueError(f"{name}: {rule} with {sorted(wrong)}")
        defaults = {key: default for key, default in defaults.items() if key not in BEFORE}
    keys = {"rule": rule, "range": [0, 1], "direction": "higher", "measure": name, **defaults, **keys}
    weight = written(keys.get("weight", 1))
    return Node(name, weight, keys={key: said for key, said in keys.items() if said is not None})


def _node(name: str, keys: dict[str, Any], said: dict[str, Any], defaults: dict[str, Any]) -> Node:
    if "children" not in keys:
        return leaf(name, keys, defaults)
    own = keys if "aggregation" in keys else said | keys
    weight = written(keys["weight"])
    children = tuple(_node(below, of, said, defaults) for below, of in keys["children"].items())
    return Node(name, weight, own["aggregation"], own, children)
