"""Checks against what the project has: measures and their parameters, categories, and records that count twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

from kaohe import planning
from kaohe.contracts import Contracts, load_contracts
from kaohe.errors import KaoheError
from kaohe.linting.found import Found, scored
from kaohe.models import Asks, Model, Models
from kaohe.project import Project
from kaohe.scheme import Composite, Entry, Scheme
from kaohe.scheme.indicator import Indicator
from kaohe.scheme.parts import Leaf
from kaohe.words import listed, say

#: Columns of tables that a run lays out and measures read without naming the table.
_PARAM = ("name", "key", "text", "number", "effective_from", "effective_to")


@dataclass(frozen=True)
class Ours:
    """The contracts and SQL of a project."""

    contracts: Contracts
    base: Models
    measures: Models
    alerts: Models

    @classmethod
    def of(cls, project: Project) -> "Ours":
        """Raises ``KaoheError`` for a contract that is wrong."""
        base, measures, alerts = (Models.of(project.sql / folder) for folder in ("base", "measures", "alerts"))
        return cls(load_contracts(project.expectations), base, measures, alerts)

    @cached_property
    def _columns(self) -> dict[str, object]:
        tables: dict[str, object] = {
            name: dict.fromkeys([*contract.columns, "_year", "_rec"], "varchar")
            for name, contract in self.contracts.items()
        }
        return tables | {"param": dict.fromkeys(_PARAM, "varchar")}

    def evidence(self, measure: Model) -> set[str]:
        """The source tables whose records the measure puts into its column ``records``, registries left out."""
        views = {name: model.sql for name, model in self.base.items()}
        try:
            nodes = lineage(
                "records", measure.sql, schema=self._columns, sources=views, dialect="duckdb",
                validate_qualify_columns=False,
            ).walk()  # fmt: skip
            found = {node.expression.name for node in nodes if isinstance(node.expression, exp.Table)}
        except (SqlglotError, ValueError):  # too clever for it: then all that the measure reads
            found = Models(self.base | self.measures).sources(measure.name, set(self.contracts))
        return {name for name in found if name in self.contracts and not self.contracts[name].reference}

    def chosen(self, leaf: Leaf) -> dict[str, set[str]]:
        """Which records a leaf asks for: ``table.column`` → values, where a record has one of them only."""
        asked = self.measures[leaf.measure].params
        values: dict[str, set[str]] = {}
        for name, _, text, *_ in leaf.param_rows():
            column = _column(asked.get(name))
            if column and not self._holds_several(column):
                values.setdefault(column, set()).add(text)
        return values

    def _holds_several(self, column: str) -> bool:
        table, _, name = column.partition(".")
        known = self.contracts[table].columns.get(name) if table in self.contracts else None
        return known is None or known.type == "list"


def check(scheme: Scheme, ours: Ours) -> Iterator[Found]:
    """The scheme of a year against the project that it is for."""
    known: dict[str, set[str]] = {}
    for entry, leaf in scheme.leaves:
        try:
            planning.check_leaf(ours.measures, ours.contracts, entry.name, leaf)
            behind = Models(ours.base | ours.measures).sources(leaf.measure, set(ours.contracts))
            planning.check_scored(scheme, ours.contracts, entry, behind)
            known[entry.name] = ours.evidence(ours.measures[leaf.measure])
        except KaoheError as error:
            yield Found("error", (*entry.path, _key_of(error)), str(error))
    for name, alert in scheme.alerts.items():
        try:
            planning.check_alert(ours.alerts, ours.contracts, name, alert)
        except KaoheError as error:
            yield Found("error", ("alerts", name, "alert"), str(error))
    yield from _categories(scheme, ours.contracts)
    labels = {name: contract.label for name, contract in ours.contracts.items()}
    yield from twice(scheme, known, labels, ours)


def _categories(scheme: Scheme, contracts: Contracts) -> Iterator[Found]:
    known = contracts["org_unit"].values("category") if "org_unit" in contracts else []
    for entry, leaf in scheme.leaves:
        for name in (leaf.applies_to or []) if isinstance(leaf, Indicator) and known else []:
            if name not in known:
                allowed = listed(map(str, known))
                sentence = say("lint_category", indicator=entry.name, category=name, allowed=allowed)
                yield Found("error", (*entry.path, "applies_to"), sentence)


def twice(
    scheme: Composite, known: Mapping[str, set[str]], labels: Mapping[str, str], ours: Ours | None = None
) -> Iterator[Found]:
    """What two leaves count. ``known``: leaf → the tables whose records it counts; ``labels``: how they are called.
    Without ``ours`` parameters choose nothing: values are what they are.

    The same measure, asked the same: an error. Other measures over the same records: a warning for each table.
    """
    shared: dict[str, dict[str, Entry]] = {}
    first_seen: dict[str, Entry] = {}
    for (one, first), (two, second) in combinations(scored(scheme), 2):
        if not known.get(one.name, set()) & known.get(two.name, set()) or _apart(first, second, ours):
            continue
        if _asks(first, ours) == _asks(second, ours):
            values = {"one": one.name, "other": two.name, "measure": first.measure}
            yield Found("error", (*two.path, "measure"), say("lint_same_measure", **values))
            continue
        for table in known[one.name] & known[two.name]:
            first_seen.setdefault(table, two)
            shared.setdefault(table, {}).update({one.name: one, two.name: two})
    for table, entries in sorted(shared.items()):
        names = listed(entry.name for entry in scheme.entries if entry.name in entries)
        yield Found("warning", first_seen[table].path, say("lint_same_records", table=labels[table], names=names))


def _asks(leaf: Leaf, ours: Ours | None) -> tuple[object, ...]:
    denominator = leaf.denominator if isinstance(leaf, Indicator) else None
    return leaf.measure, denominator, list(leaf.param_rows()) if ours else []


def _apart(one: Leaf, two: Leaf, ours: Ours | None) -> bool:
    """No record can count in both: they are for different categories, or choose different values of one column."""
    groups = [set(leaf.applies_to) for leaf in (one, two) if isinstance(leaf, Indicator) and leaf.applies_to]
    if len(groups) == 2 and not groups[0] & groups[1]:
        return True
    if ours is None:
        return False
    first, second = ours.chosen(one), ours.chosen(two)
    return any(not first[column] & second[column] for column in first.keys() & second.keys())


def _column(asks: Asks | None) -> str | None:
    """The ``table.column`` that a parameter chooses by."""
    return asks.values if asks and asks.keys is None and "." in asks.values else None


def _key_of(error: KaoheError) -> str:
    """The key of a leaf that an error is about."""
    if error.key == "scheme_versions_undated":
        return "versions"
    return "params" if error.key.startswith("measure_param") else "measure"
