"""Forms: a contract in one of its layouts, by the headings it asks for, and how one fits the headings of a sheet."""

import re
import unicodedata
from dataclasses import dataclass, field

from kaohe.contracts import Contract, Layout

_UNIT_SUFFIX = re.compile(r"\([^()]*\)$")


def normal(text: str) -> str:
    """Full-width forms made plain (NFKC) and all white space removed."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def normal_heading(text: str) -> str:
    """A heading without white space, a mark for "must be filled in", or a unit in brackets behind it."""
    plain = normal(text).strip("*")
    return _UNIT_SUFFIX.sub("", plain) or plain


@dataclass(frozen=True)
class Form:
    """A contract in a layout (None: one heading for each column). ``columns``: heading → (column, priority)."""

    contract: Contract
    layout: Layout | None
    columns: dict[str, tuple[str, int]]

    @property
    def needed(self) -> list[str]:
        """Required columns that must have a heading."""
        given = self.layout.given if self.layout else set()
        return [name for name in self.contract.required if name not in given]

    @property
    def by_sheet_name(self) -> bool:
        """The sheet's name says the value of a column."""
        return self.layout is not None and self.layout.sheet_name is not None

    def holds_in(self, year: int | None) -> bool:
        return self.layout is None or year is None or self.layout.holds_in(year)


@dataclass(frozen=True)
class Group:
    """Cells of one record among several in a row: under which heading (a month), and where its columns are."""

    text: str
    positions: dict[str, int]


@dataclass(frozen=True)
class Fit:
    """How a contract fits a heading. ``positions``: column → index of its cells (0 = column A). ``given``: column → the
    text that the sheet's name or the rows above say. ``groups``: of a layout with records side by side."""

    form: Form
    positions: dict[str, int]
    given: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    @property
    def score(self) -> int:
        """How many columns it explains."""
        return len(self.positions.keys() | {name for group in self.groups for name in group.positions})

    @property
    def indexes(self) -> list[int]:
        return [*self.positions.values(), *(at for group in self.groups for at in group.positions.values())]


@dataclass(frozen=True)
class Header:
    """A heading on a sheet: its lowest row, its height, the columns ``left`` to before ``right`` that are its table's
    (None: no end), and how the contract fits it, best first. ``texts``: index → heading."""

    row: int
    depth: int
    left: int
    right: int | None
    contract: Contract
    fits: list[Fit]
    texts: dict[int, str]

    @property
    def top(self) -> int:
        return self.row - self.depth + 1

    def beside(self, other: "Header") -> bool:
        """The two have no column in common."""
        return (self.right is not None and self.right <= other.left) or (
            other.right is not None and other.right <= self.left
        )


@dataclass(frozen=True)
class Found:
    """What stands in a row of headings: the headings of one table, or of several side by side; ``clash``: the contracts
    that fit equally well, where there are several."""

    headers: list[Header] = field(default_factory=list)
    clash: list[Contract] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.headers or self.clash)

    @property
    def score(self) -> int:
        return sum(header.fits[0].score for header in self.headers)


def form_of(contract: Contract, layout: Layout | None) -> Form:
    """The contract's headings; those of the layout go before, and are no other column's."""
    columns: dict[str, tuple[str, int]] = {}
    for name, column in contract.columns.items():
        for priority, heading in enumerate(column.headings):
            columns[normal_heading(heading)] = name, priority
    for name, headings in layout.headings.items() if layout else ():
        for priority, heading in enumerate(headings):
            columns[normal_heading(heading)] = name, priority - len(headings)
    return Form(contract, layout, columns)
