"""The values and units files, as rows of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.numbers import six_digits

Rows = Sequence[dict[str, str | None]]


@dataclass(frozen=True)
class Item:
    """What was done of one thing, and what was due; ``name`` is None where the file names no items."""

    name: str | None
    due: Fraction | None
    done: Fraction


class Table:
    """Values and units, to be asked."""

    def __init__(self, values: Rows, units: Rows) -> None:
        named = {str(row["unit_id"]) for row in values}
        self.known = {str(row["unit_id"]) for row in values if row.get("value") or row.get("done")}
        self.rows = {str(row["unit_id"]): row for row in units} or {unit: {"unit_id": unit} for unit in named}
        self.units = sorted(self.rows)
        self._items: dict[tuple[str, str], list[Item]] = {}
        self._values: dict[tuple[str, str], str] = {}
        if unknown := named - self.rows.keys():
            raise ValueError(f"not among the units: {sorted(unknown)}")
        for row in values:
            key = str(row["unit_id"]), str(row["measure"])
            if "value" in row:
                if row["value"]:
                    self._values[key] = row["value"]
            elif row["done"]:
                found = self._items.setdefault(key, [])
                due = six_digits(row["due"]) if row["due"] else None
                found.append(Item(row.get("item") or None, due, six_digits(row["done"])))

    def items(self, unit: str, measure: str) -> list[Item]:
        """The items of a unit, by name; those without one as they come in the file."""
        if value := self._values.get((unit, measure)):
            return [Item(None, None, six_digits(value))]
        return sorted(self._items.get((unit, measure), ()), key=lambda item: item.name or "")

    def value(self, unit: str, measure: str, exact: bool) -> Fraction | None:
        """Σ done / Σ due, Σ done, or the value: a decimal for the exact rules, otherwise the double it is."""
        if value := self._values.get((unit, measure)):
            return six_digits(value) if exact else Fraction(float(value))
        items = self._items.get((unit, measure))
        if not items:
            return None
        done = sum((item.done for item in items), Fraction(0))
        dues = [item.due for item in items if item.due is not None]
        if not dues:
            return done
        due = sum(dues, Fraction(0))
        return done / due if due else None

    def cell(self, unit: str, column: str) -> str | None:
        """A cell of the units file; None if it is empty."""
        return self.rows[unit].get(column) or None
