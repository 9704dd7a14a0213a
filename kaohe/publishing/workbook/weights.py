"""折算权重: effective weights as formulas, a row for every pattern of absent leaves (sql/scores/effective_weight.sql).

In whole hundredths of a point. Each node's part is divided among its present children by their weights; those left over
go to the largest remainders, ties in scheme order. Four blocks have a column for every node: whether a leaf is there,
the weight that counts, the remainder, and the effective weight. The children of a node stand side by side.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kaohe.book import Book, Formula
from kaohe.publishing.workbook.cells import TOP, Sheet, cell
from kaohe.publishing.workbook.figures import Figures, Unit
from kaohe.publishing.workbook.method import Method
from kaohe.scheme import Entry, Node
from kaohe.scheme.parts import Leaf
from kaohe.words import listed, say

#: What a pattern says of a leaf.
ABSENT, PRESENT, PENDING = 0, 1, 2
#: What a pattern makes of a unit.
SCORED, STILL_PENDING, NO_DATA = 0, 1, 2
_NUMBER, _UNITS, _WITHOUT, _OUTCOME, _FIRST = range(5)
_PATTERNS = TOP + 1  # the first row has the weights

Pattern = tuple[int, ...]


@dataclass(frozen=True)
class Weights:
    """The sheet, its patterns, and which column has which node."""

    sheet: Sheet
    figures: Figures

    @cached_property
    def nodes(self) -> list[Entry]:
        """The nodes in the order of their columns."""
        return [entry for family in self.figures.families.values() for entry in family]

    @cached_property
    def at(self) -> dict[str, int]:
        """Which column of each block a node has."""
        return {entry.name: number for number, entry in enumerate(self.nodes)}

    @cached_property
    def patterns(self) -> dict[Pattern, int]:
        """Every pattern and its number, from 1."""
        found: dict[Pattern, int] = {}
        for unit in self.figures.units:
            found.setdefault(self._pattern(unit), len(found) + 1)
        return found

    def _pattern(self, unit: Unit) -> Pattern:
        return tuple(_state(unit, entry.name) for entry in self.nodes if isinstance(entry.node, Leaf))

    def number(self, unit: Unit) -> int:
        """Which pattern is the unit's."""
        return self.patterns[self._pattern(unit)]

    def effective(self, leaf: str, number: str) -> str:
        """The effective weight of a leaf, from anywhere; ``number``: the cell that says which pattern."""
        return f"INDEX({self._column(self.block(3) + self.at[leaf])},{number})"

    def outcome(self, number: str) -> str:
        """What the pattern makes of a unit, from anywhere."""
        return f"INDEX({self._column(_OUTCOME)},{number})"

    def block(self, number: int) -> int:
        """The first column of a block."""
        return _FIRST + number * len(self.nodes)

    def _column(self, column: int) -> str:
        return self.sheet.column(column, _PATTERNS, _PATTERNS + len(self.patterns) - 1)


def write_weights(book: Book, weights: Weights, method: Method, numbers: str, note: str) -> None:
    """Write the sheet. ``numbers``: the cells that say which pattern each unit has."""
    nodes = weights.nodes
    blank = [None] * len(nodes)
    whole = [Formula(f"=ROUND({method.value(e.name)}*100,0)", int(e.weight * 100), "whole") for e in nodes]
    rows: list[list[Any]] = [[None, None, say("heading_weight"), None, *blank, *whole, *blank, *blank]]
    held = [weights.number(unit) for unit in weights.figures.units]
    for pattern, number in weights.patterns.items():
        row = _PATTERNS + number - 1
        count = Formula(f"=COUNTIF({numbers},{cell(row, _NUMBER)})", held.count(number), "whole")
        rows.append([number, count, *_Row(weights, pattern, row).cells()])
    headings = [say(f"heading_{name}") for name in ("pattern", "units_with", "absent_leaves", "outcome")]
    headings += [
        f"{say(f'block_{name}')} {e.node.title}" for name in ("there", "counts", "rest", "cents") for e in nodes
    ]
    title = say("sheet_weights_title")
    sheet = book.sheet("", title, note, headings, rows, freeze_columns=_FIRST, page=book.page(weights.sheet.name))
    book.widen(sheet, _FIRST, len(headings))


class _Row:
    """A pattern: its cells, and what they come to."""

    def __init__(self, weights: Weights, pattern: Pattern, row: int) -> None:
        self.weights, self.row = weights, row
        leaves = [entry.name for entry in weights.nodes if isinstance(entry.node, Leaf)]
        self.states = dict(zip(leaves, pattern, strict=True))
        self.families = weights.figures.families
        self.scheme = weights.figures.scheme
        inner = {entry.name: entry.node for entry in weights.nodes if isinstance(entry.node, Node)}
        self.availability = {"": self.scheme.availability} | {name: node.availability for name, node in inner.items()}
        self.counts: dict[str, int] = {}
        for entry in reversed(weights.nodes):
            there = self.states[entry.name] == PRESENT if entry.name in self.states else self._is_there(entry.name)
            self.counts[entry.name] = int(entry.weight * 100) if there else 0
        self.rests: dict[str, int] = {}
        self.cents = {"": int(self.scheme.total * 100)}
        for parent, family in self.families.items():
            self._divide(parent, [entry.name for entry in family])

    def _is_there(self, parent: str) -> bool:
        counts = [self.counts[entry.name] > 0 for entry in self.families[parent]]
        return any(counts) and sum(counts) >= self.availability[parent] * len(counts)

    def _divide(self, parent: str, children: list[str]) -> None:
        whole, total = self.cents[parent], sum(self.counts[name] for name in children)
        for name in children:
            self.rests[name] = whole * self.counts[name] % total if total else 0
        left = sum(self.rests[name] for name in children) // total if total else 0
        first = sorted(children, key=lambda name: -self.rests[name])[:left]
        for name in children:
            self.cents[name] = (whole * self.counts[name] // total if total else 0) + (name in first)

    def cells(self) -> list[Any]:
        """What stands behind the number of the pattern."""
        weights = self.weights
        without = [e.node.title for e in weights.nodes if self.states.get(e.name, PRESENT) != PRESENT]
        there = [self.states.get(entry.name) for entry in weights.nodes]
        family = {entry.name: members for members in self.families.values() for entry in members}
        found: list[Any] = [listed(without), self._outcome(), *there]
        found += [Formula(f"=IF({self._is_present(e.name)},{self._top(e.name)},0)", self.counts[e.name], "whole")
                  for e in weights.nodes]  # fmt: skip
        for entry in weights.nodes:
            counted, whole = self._cell(1, entry.name), self._whole(entry.parent)
            total = f"SUM({self._family(1, family[entry.name])})"
            rest = f"=IF({total}=0,0,MOD({whole}*{counted},{total}))"
            found.append(Formula(rest, self.rests[entry.name], "whole"))
        for entry in weights.nodes:
            found.append(Formula(self._share(entry, family[entry.name]), self.cents[entry.name], "whole"))
        return found

    def _share(self, entry: Entry, family: list[Entry]) -> str:
        """The floor, and one more if the remainder is among the largest."""
        counted, rest, whole = self._cell(1, entry.name), self._cell(2, entry.name), self._whole(entry.parent)
        total, rests = f"SUM({self._family(1, family)})", self._family(2, family)
        upto = f"{self._cell(2, family[0].name)}:{rest}"
        place = f'COUNTIF({rests},">"&{rest})+COUNTIF({upto},{rest})'
        return f"=IF({total}=0,0,({whole}*{counted}-{rest})/{total}+IF({place}<=SUM({rests})/{total},1,0))"

    def _outcome(self) -> Formula:
        """Pending while a leaf with a weight is; without data if nothing is there."""
        first, last = self.weights.nodes[0].name, self.weights.nodes[-1].name
        states, tops = f"{self._cell(0, first)}:{self._cell(0, last)}", f"{self._top(first)}:{self._top(last)}"
        pending = f"SUMPRODUCT(({states}={PENDING})*({tops}>0))>0"
        is_pending = PENDING in self.states.values()
        value = STILL_PENDING if is_pending else SCORED if self._is_there("") else NO_DATA
        formula = f"=IF({pending},{STILL_PENDING},IF({self._enough('')},{SCORED},{NO_DATA}))"
        return Formula(formula, value, "whole")

    def _is_present(self, name: str) -> str:
        return f"{self._cell(0, name)}={PRESENT}" if name in self.states else self._enough(name)

    def _enough(self, parent: str) -> str:
        family = self.families[parent]
        counts = self._family(1, family)
        there = f"SUM({counts})>0"
        if not (share := self.availability[parent]):
            return there
        tops = f"{self._top(family[0].name)}:{self._top(family[-1].name)}"
        return f'AND({there},COUNTIF({counts},">0")>=ROUND({share}*COUNTIF({tops},">0"),6))'

    def _cell(self, block: int, name: str) -> str:
        return cell(self.row, self.weights.block(block) + self.weights.at[name])

    def _family(self, block: int, family: list[Entry]) -> str:
        return f"{self._cell(block, family[0].name)}:{self._cell(block, family[-1].name)}"

    def _top(self, name: str) -> str:
        """The weight of a node, at the top of its column."""
        return cell(TOP, self.weights.block(1) + self.weights.at[name], fixed=True)

    def _whole(self, parent: str) -> str:
        return self._cell(3, parent) if parent else str(self.cents[""])


def _state(unit: Unit, leaf: str) -> int:
    if leaf in unit.fractions:
        return PRESENT
    return PENDING if unit.statuses[leaf] == "pending" else ABSENT
