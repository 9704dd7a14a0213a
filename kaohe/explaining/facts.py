"""What a snapshot says of some units, brought in with a few queries however many they are."""

from typing import TYPE_CHECKING, Any

from kaohe.publication.snapshot import Snapshot

if TYPE_CHECKING:
    from kaohe.explaining import Record

#: Indicators whose items cost nothing, whatever they are.
_WITHOUT_LOSS = ("pending", "not_applicable", "shown")
_OF_UNITS = "where unit_id in (select unnest(?))"


class Facts:
    """``scores``: unit → its row; ``nodes``: unit → node → (effective weight, points, lost); ``leaves``: unit →
    indicator → its row; ``told``: unit → indicator → the items worth telling (item, due, done, lost, gained, records),
    those that lost or gained, or where less was done than was due; all, of the indicator ``asked`` for. ``records``:
    ``_rec`` → record, to be filled in by who knows the contracts."""

    def __init__(self, snapshot: Snapshot, units: list[str], asked: str | None) -> None:
        scores = snapshot.frame(f"select * from main.scores {_OF_UNITS}", [units])
        self.scores = {row["unit_id"]: row for row in scores.iter_rows(named=True)}
        self.nodes: dict[str, dict[str, tuple[Any, ...]]] = {unit: {} for unit in units}
        for unit, node, *numbers in snapshot.rows(
            f"select unit_id, node, effective_weight, points, lost from main.node_scores {_OF_UNITS}", [units]
        ):
            self.nodes[unit][node] = tuple(numbers)
        self.leaves: dict[str, dict[str, dict[str, Any]]] = {unit: {} for unit in units}
        for row in snapshot.frame(f"select * from main.indicator_scores {_OF_UNITS}", [units]).iter_rows(named=True):
            self.leaves[row["unit_id"]][row["indicator"]] = row
        self.told: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
        self.records: dict[str, Record] = {}
        for unit, indicator, *item in snapshot.rows(
            f"select unit_id, indicator, item, due, done, lost, gained, records from main.evidence {_OF_UNITS} "
            "order by unit_id, indicator, item, due, done, lost, gained, records",
            [units],
        ):
            leaf = self.leaves[unit].get(indicator)
            if indicator == asked or _is_told(item, leaf["status"] if leaf else "veto"):
                self.told.setdefault(unit, {}).setdefault(indicator, []).append(tuple(item))

    @property
    def told_records(self) -> list[str]:
        """The records behind the items worth telling."""
        items = (item for leaves in self.told.values() for leaf in leaves.values() for item in leaf)
        return sorted({rec for *_, recs in items for rec in recs})


def _is_told(item: list[Any], status: str) -> bool:
    _, due, done, lost, gained, _ = item
    if status == "veto":
        return bool(done)
    if status in _WITHOUT_LOSS:
        return False
    return bool(lost or gained or (due is not None and (done or 0) < due))
