"""Schemes laid out as tables, each row with the name of its variant: SQL is never assembled from a scheme's strings."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from kaohe.models import Models
from kaohe.scheme import Composite, Entry, Node, Scheme
from kaohe.scheme.indicator import Indicator
from kaohe.scheme.parts import FEWER_DEDUCTIONS, SPOT_CHECKS, Asked, Leaf, SpotChecks

Rows = list[tuple[object, ...]]
#: table → (column definitions, rows)
Tables = dict[str, tuple[str, Rows]]

#: The variant that a run publishes.
IN_FORCE = "in_force"
#: What a missing value means, in the words of a measure's header.
_EMPTY = {"exclude": "not_applicable", "zero": "not_reported", "fail": "fail"}

_AGGREGATION = "aggregation varchar, power double, trim decimal(9,6), best bigint, availability decimal(9,6)"
_COLUMNS = {
    "scheme": (
        "variant varchar, id varchar, title varchar, adds_up boolean, rounds_leaves boolean, has_extras boolean, "
        "units_per_point bigint, "
        "rounding_mode varchar, total decimal(9,2), screen decimal(9,6), ranking varchar, bonus_cap decimal(9,2), "
        f"deduction_cap decimal(9,2), {_AGGREGATION}"
    ),
    "scheme_node": (
        "variant varchar, node varchar, parent varchar, dimension varchar, section varchar, title varchar, "
        f"weight decimal(18,6), position integer, depth integer, {_AGGREGATION}"
    ),
    "scheme_path": "variant varchar, leaf varchar, node varchar",
    "scheme_indicator": (
        "variant varchar, indicator varchar, evidence varchar, dimension varchar, section varchar, measure varchar, "
        "rule varchar, weight decimal(18,6), empty varchar, not_applicable varchar, deadline date, system integer, "
        "position integer, applies_to varchar[], direction integer, denominator varchar, impute_with varchar, "
        "impute_by varchar, low_quantile double, high_quantile double, winsorise integer, skew double, "
        "kurtosis double, log boolean, range_low double, range_high double, within varchar, floor decimal(18,6), "
        "target decimal(18,6), low double, high double, clamp boolean, mean double, sd double, ties varchar, "
        "reference double, reference_by varchar, margin double"
    ),
    "scheme_step": (
        "variant varchar, indicator varchar, position integer, at_least decimal(18,6), at_most decimal(18,6), "
        "give decimal(9,6)"
    ),
    "scheme_param": (
        "variant varchar, indicator varchar, name varchar, key varchar, text varchar, number decimal(18,6), "
        "effective_from date, effective_to date"
    ),
    "scheme_grade": (
        "variant varchar, position integer, grade varchar, title varchar, at_least decimal(18,6), "
        "quota decimal(9,4), quota_at_least bigint"
    ),
    "scheme_tie_break": "variant varchar, position integer, node varchar",
    "scheme_veto": "variant varchar, veto varchar, lowest_position integer",
}


def scheme_tables(
    variants: Mapping[str, Composite],
    measures: Models | None = None,
    evidence: Mapping[tuple[str, str], str] | None = None,
) -> Tables:
    """The tables of all variants. ``measures`` say what a unit without items gets; without them the schemes do.
    ``evidence``: (variant, indicator) → under which name its items are measured, where that is not the indicator."""
    tables: Tables = {name: (columns, []) for name, columns in _COLUMNS.items()}
    for variant, scheme in variants.items():
        for name, rows in _tables_of(variant, scheme, measures, evidence or {}):
            tables[name][1].extend((variant, *row) for row in rows)
    return tables


def _tables_of(
    variant: str, scheme: Composite, measures: Models | None, evidence: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, Rows]]:
    yield "scheme", [_scheme_row(scheme)]
    yield "scheme_node", [_node_row(number, entry) for number, entry in enumerate(scheme.entries)]
    parent = {entry.name: entry.parent for entry in scheme.entries}
    yield "scheme_path", [(entry.name, node) for entry, _ in scheme.leaves for node in _upwards(entry.name, parent)]
    position = {entry.name: number for number, entry in enumerate(scheme.entries)}
    for entry, leaf in scheme.leaves:
        measured = evidence.get((variant, entry.name), entry.name)
        yield "scheme_indicator", [_leaf_row(scheme, entry, leaf, position[entry.name], measured, measures)]
        if isinstance(leaf, Indicator):
            steps = enumerate(leaf.steps or [])
            yield "scheme_step", [(entry.name, n, _text(s.at_least), _text(s.at_most), _text(s.give)) for n, s in steps]
        yield "scheme_param", params_of(entry.name, leaf)
    if isinstance(scheme, Scheme):
        for name, alert in scheme.alerts.items():
            yield "scheme_param", params_of(name, alert)
        if scheme.spot_checks:
            yield "scheme_param", params_of(SPOT_CHECKS, scheme.spot_checks)
    grades = {name: number for number, name in enumerate(scheme.grades, start=1)}
    yield (
        "scheme_grade",
        [
            (grades[name], name, grade.title, _text(grade.at_least), _text(grade.quota), grade.quota_at_least)
            for name, grade in scheme.grades.items()
        ],
    )
    yield (
        "scheme_tie_break",
        [(number, "" if name == FEWER_DEDUCTIONS else name) for number, name in enumerate(scheme.tie_break)],
    )
    yield "scheme_veto", [(name, grades[veto.grade_at_most]) for name, veto in scheme.vetoes.items()]


def _scheme_row(scheme: Composite) -> tuple[object, ...]:
    rounding = scheme.rounding
    kind = scheme.adds_up, scheme.is_points, bool(scheme.bonus.indicators or scheme.deductions.indicators)
    rounded = (10**rounding.digits, rounding.mode) if rounding else (None, None)
    caps = str(scheme.bonus.cap), str(scheme.deductions.cap)
    ranked = str(scheme.total), str(scheme.screen), scheme.ranking
    return scheme.id, scheme.title, *kind, *rounded, *ranked, *caps, *_aggregation(scheme)


def _node_row(number: int, entry: Entry) -> tuple[object, ...]:
    place = (entry.name, entry.parent, entry.dimension, entry.section, entry.node.title, str(entry.weight))
    node = entry.node
    return *place, number, entry.depth, *(_aggregation(node) if isinstance(node, Node) else [None] * 5)


def _aggregation(node: Composite | Node) -> tuple[object, ...]:
    return node.aggregation, _text(node.power), _text(node.trim), node.best, str(node.availability)


def _leaf_row(
    scheme: Composite, entry: Entry, leaf: Leaf, position: int, evidence: str, measures: Models | None
) -> tuple[object, ...]:
    own = isinstance(leaf, Indicator) and leaf.missing
    if measures is not None and not own:
        empty = measures[leaf.measure].empty
    else:
        empty = _EMPTY[own or scheme.missing or "exclude"]
    deadline = leaf.deadline or (scheme.deadline if isinstance(scheme, Scheme) else None)
    place = (entry.name, evidence, entry.dimension, entry.section, leaf.measure, leaf.rule, str(entry.weight))
    more = _rule_of(leaf) if isinstance(leaf, Indicator) else [None] * 25
    return *place, empty, leaf.not_applicable, deadline, leaf.system, position, *more


def _rule_of(leaf: Indicator) -> list[object]:
    treat, impute, reference = leaf.treat, leaf.impute, leaf.reference
    low, high = treat.percentiles if treat and treat.percentiles else (None, None)
    return [
        leaf.applies_to,
        1 if leaf.direction == "higher" else -1,
        leaf.denominator,
        impute.with_ if impute else None,
        impute.by if impute else None,
        _text(low),
        _text(high),
        treat.winsorise if treat else None,
        _text(treat.skew) if treat else None,
        _text(treat.kurtosis) if treat else None,
        bool(treat and treat.log),
        *map(_text, leaf.range),
        leaf.within,
        _text(leaf.floor),
        _text(leaf.target),
        _text(leaf.low),
        _text(leaf.high),
        leaf.clamp,
        _text(leaf.mean),
        _text(leaf.sd),
        leaf.ties,
        _text(reference) if isinstance(reference, Decimal) else None,
        reference if isinstance(reference, str) else None,
        _text(leaf.margin),
    ]


def _upwards(name: str, parent: dict[str, str]) -> Iterator[str]:
    """A leaf and every node above it."""
    while name:
        yield name
        name = parent[name]


def params_of(name: str, asked: Asked | SpotChecks) -> Rows:
    """Rows of ``scheme_param`` without the variant."""
    return [
        (name, param, key, text, _text(number), begin, end)
        for param, key, text, number, begin, end in asked.param_rows()
    ]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)
