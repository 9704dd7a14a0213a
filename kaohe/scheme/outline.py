"""A scheme as people look through it: a line for every node and leaf, with its share of the whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kaohe.scheme import Composite, Node, Scheme
from kaohe.scheme.diff import shown
from kaohe.scheme.indicator import Indicator
from kaohe.scheme.parts import Basis, Leaf
from kaohe.words import say

#: Keys of an indicator that say how its rule is meant; what stands at its default is left out.
_OF_THE_RULE = (
    "floor", "target", "low", "high", "clamp", "range", "mean", "sd", "ties", "reference", "margin", "within",
    "direction", "denominator", "applies_to", "missing",
)  # fmt: skip
_UNWEIGHTED = ("min", "max", "median")
_LAST, _MORE, _DOWN, _SPACE = "└─ ", "├─ ", "│  ", "   "


@dataclass(frozen=True)
class Line:
    """``guides``: the branches to its left, and ``below`` those under it. ``share``: of the whole, in percent; None
    where weights do not say it. ``detail``: how it is scored, and by which rule; ``name`` is empty for a section."""

    guides: str
    below: str
    title: str
    name: str
    weight: Decimal | None
    share: Fraction | None
    detail: str


def outline(scheme: Composite) -> list[Line]:
    """The tree, then bonus, deductions and vetoes."""
    lines = list(_branch(scheme, scheme, Fraction(100), ""))
    sections = [
        (say("scheme_bonus", cap=shown(scheme.bonus.cap)), scheme.bonus.indicators),
        (say("scheme_deductions", cap=shown(scheme.deductions.cap)), scheme.deductions.indicators),
    ]
    for title, leaves in sections:
        if leaves:
            lines.append(_head(title))
            lines += _leaves(leaves, {})
    if scheme.vetoes:
        lines.append(_head(say("scheme_vetoes")))
        titles = {name: scheme.grades[veto.grade_at_most].title for name, veto in scheme.vetoes.items()}
        lines += _leaves(scheme.vetoes, titles)
    return lines


def grades(scheme: Composite) -> list[str]:
    """A sentence for each grade: its bounds, and how many may have it."""
    said, upper = [], None
    for grade in scheme.grades.values():
        begin = shown(grade.at_least)
        if upper is None:
            text = say("scheme_grade", title=grade.title, at_least=begin)
        else:
            text = say("scheme_grade_below", title=grade.title, at_least=begin, below=upper)
        if grade.quota is not None:
            text += say("scheme_grade_quota", quota=shown(grade.quota * 100), places=grade.quota_at_least)
        said.append(text)
        upper = begin
    return said


def method(scheme: Composite) -> list[str]:
    """Three sentences: rounding, missing values, ranking."""
    if scheme.rounding:
        at = say("scheme_at_leaf") if scheme.is_points else say("scheme_at_total")
        rounding = say("scheme_method_rounded", at=at, digits=scheme.rounding.digits, mode=scheme.rounding.mode)
    else:
        rounding = say("scheme_method_unrounded")
    if isinstance(scheme, Scheme) and scheme.missing is None:
        missing = say("scheme_missing_measure")
    else:
        means = {
            "exclude": say("scheme_missing_exclude"),
            "zero": say("scheme_missing_zero"),
            "fail": say("scheme_missing_fail"),
        }
        missing = means[scheme.missing or "exclude"]
    ranked = {"competition": say("scheme_ranking_competition"), "dense": say("scheme_ranking_dense")}
    screened = say("scheme_method_screen", screen=shown(scheme.screen * 100)) if scheme.screen else ""
    ties = " → ".join(scheme.tie_break) or say("scheme_no_ties")
    return [
        rounding,
        say("scheme_method_missing", missing=missing) + screened,
        say("scheme_method_ranking", ranking=ranked[scheme.ranking], ties=ties),
    ]


def _branch(node: Composite | Node, scheme: Composite, share: Fraction | None, guides: str) -> Iterator[Line]:
    children = node.dimensions if isinstance(node, Composite) else node.children
    total = sum((child.weight for child in children.values()), Decimal(0))
    for number, (name, child) in enumerate(children.items(), start=1):
        own = None
        if not child.weight:
            own = Fraction(0)
        elif share is not None and node.aggregation not in _UNWEIGHTED:
            own = share * Fraction(child.weight) / Fraction(total)
        last = number == len(children)
        below = guides + (_SPACE if last else _DOWN)
        detail = _leaf(child) if isinstance(child, Indicator) else _node(child, scheme)
        yield Line(guides + (_LAST if last else _MORE), below, child.title, name, child.weight, own, detail)
        if isinstance(child, Node):
            yield from _branch(child, scheme, own, below)


def _head(title: str) -> Line:
    return Line("", "", title, "", None, None, "")


def _leaves(leaves: Mapping[str, Leaf], at_most: Mapping[str, str]) -> Iterator[Line]:
    for number, (name, leaf) in enumerate(leaves.items(), start=1):
        last = number == len(leaves)
        detail = _leaf(leaf)
        if name in at_most:
            detail = f"{say('scheme_veto_at_most', grade=at_most[name])} · {detail}"
        yield Line(_LAST if last else _MORE, _SPACE if last else _DOWN, leaf.title, name, None, None, detail)


def _node(node: Node, scheme: Composite) -> str:
    said: list[str] = [node.aggregation] if node.aggregation != scheme.aggregation else []
    said += [f"{key} {shown(value)}" for key in ("power", "trim", "best") if (value := getattr(node, key)) is not None]
    said += [f"availability {shown(node.availability)}"] if node.availability else []
    return " ".join(said)


def _leaf(leaf: Leaf) -> str:
    parts = [_rule(leaf) if isinstance(leaf, Indicator) else leaf.rule, leaf.measure, _basis(leaf.basis)]
    return " · ".join(filter(None, parts))


def _rule(leaf: Indicator) -> str:
    said: list[str] = [leaf.rule]
    for key in _OF_THE_RULE:
        value = getattr(leaf, key)
        if key in leaf.model_fields_set and value is not None:
            said.append(f"{key} {_text(value)}")
    steps = (
        (">=", step.at_least, step) if step.at_most is None else ("<=", step.at_most, step) for step in leaf.steps or []
    )
    said += [f"{sign}{shown(bound)}: {shown(step.give)}" for sign, bound, step in steps]
    if leaf.impute:
        by = f" by {leaf.impute.by}" if leaf.impute.by else ""
        said.append(f"impute {leaf.impute.with_}{by}")
    if leaf.treat:
        given = {key: getattr(leaf.treat, key) for key in leaf.treat.model_fields_set}
        said += [f"{key} {_text(given[key])}" for key in ("percentiles", "winsorise", "log") if given.get(key)]
    return " ".join(said)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    return str(value).lower() if isinstance(value, bool) else shown(value)


def _basis(basis: Basis | None) -> str:
    return f"{basis.rule} {basis.article}" if basis else ""
