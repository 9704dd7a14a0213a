"""What a publication says of its units, as the live sheets are made from it."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from kaohe.publication.snapshot import Snapshot
from kaohe.publication.wording import intervals
from kaohe.publishing.workbook.fractions import simplest
from kaohe.scheme import Entry, Scheme

#: Beyond so many units a workbook has values only: each has more than two hundred formulas, and its rank compares it
#: with all others; 500 units are 120,000 formulas, seconds to write and to recalculate.
MOST_LIVE_UNITS = 500


@dataclass(frozen=True)
class Unit:
    """The results of a unit. ``points`` and ``statuses`` by node and leaf; ``fractions``: the score of each leaf that
    is there; ``extras``: bonus and deductions before their caps; ``vetoes``: all that apply."""

    unit_id: str
    unit_name: str
    category: str
    status: str
    rank: int | None
    total: Decimal
    base: Decimal
    bonus: Decimal
    deduction: Decimal
    grade: str | None
    veto: str | None
    tied: bool
    quota_tie: bool
    interval: str | None
    overlaps: bool | None
    points: dict[str, Decimal | None] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    fractions: dict[str, tuple[int, int]] = field(default_factory=dict)
    extras: dict[str, Decimal] = field(default_factory=dict)
    vetoes: set[str] = field(default_factory=set)

    @property
    def is_ranked(self) -> bool:
        return self.rank is not None


@dataclass(frozen=True)
class Figures:
    """All units by category, in the order of their ids."""

    scheme: Scheme
    categories: dict[str, list[Unit]]
    live: bool

    @cached_property
    def units(self) -> list[Unit]:
        return [unit for units in self.categories.values() for unit in units]

    @cached_property
    def weighed(self) -> list[Entry]:
        """The nodes and leaves that have a weight."""
        return [entry for entry in self.scheme.entries if entry.section == "base" and entry.weight]

    @cached_property
    def families(self) -> dict[str, list[Entry]]:
        """Node → its children that have a weight, from the root ('') down, level by level."""
        below: dict[str, list[Entry]] = {}
        for entry in self.weighed:
            below.setdefault(entry.parent, []).append(entry)
        found, queue = {}, [""]
        for name in queue:
            found[name] = below[name]
            queue += [entry.name for entry in below[name] if entry.name in below]
        return found

    def placed(self, category: str) -> list[Unit]:
        """The units of a category in the order of their places; those without a rank last."""
        return sorted(self.categories[category], key=lambda unit: (not unit.is_ranked, unit.rank or 0))


def read_figures(snapshot: Snapshot, scheme: Scheme) -> Figures:
    """The figures of a publication. Those of an older one, which has no fractions, are not live."""
    held = intervals(snapshot)
    units = {}
    for row in snapshot.frame("select * exclude (year) from main.scores order by unit_id").iter_rows(named=True):
        interval, overlaps = held.get(row["unit_id"], (None, None))
        units[row["unit_id"]] = Unit(**row, interval=interval, overlaps=overlaps)
    live = len(units) <= MOST_LIVE_UNITS
    _fill(snapshot, units, live)
    categories: dict[str, list[Unit]] = {}
    for unit in sorted(units.values(), key=lambda unit: unit.category, reverse=True):
        categories.setdefault(unit.category, []).append(unit)
    return Figures(scheme, categories, live)


def _fill(snapshot: Snapshot, units: dict[str, Unit], live: bool) -> None:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return snapshot.rows(query)

    for unit, node, points in rows("select unit_id, node, points from main.node_scores"):
        units[unit].points[node] = points
    for unit, leaf, status, points in rows("select unit_id, indicator, status, points from main.indicator_scores"):
        units[unit].points[leaf], units[unit].statuses[leaf] = points, status
    if not live:
        return
    for unit, leaf, *score in rows(
        "select unit_id, indicator, numerator, denominator from main.leaf_score where numerator is not null"
    ):
        units[unit].fractions[leaf] = simplest(*score)
    for unit, leaf, points in rows("select * from main.extra_score"):
        units[unit].extras[leaf] = points
    for unit, veto in rows(
        "select distinct unit_id, indicator from main.evidence join main.scheme_indicator using (indicator) "
        "join main.scores using (unit_id) where section = 'veto' and done > 0"
    ):
        units[unit].vetoes.add(veto)
