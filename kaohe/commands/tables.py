"""Tables on a screen that may be too narrow for them: what matters least is left out and named; no number is cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kaohe.words import listed, say

if TYPE_CHECKING:
    from rich.console import Console

#: What stands between two columns; so much of a text that folds, and of a heading, has always room.
_BETWEEN, _NARROW, _HEADING = 3, 14, 8


@dataclass(frozen=True)
class Column:
    """``right``: numbers, to the right. ``folds``: a text that may go on in the next line. ``spare``: it is left out
    where there is no room, those with the highest number first; 0: never."""

    heading: str
    right: bool = False
    folds: bool = False
    spare: int = 0


def print_table(
    console: "Console", columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str = "", lines: bool = False
) -> None:
    """Print a table; ``lines``: between its rows, too. In a file or a pipe nothing is left out."""
    from rich.table import Table
    from rich.text import Text

    cells = [[row[number] for row in rows] for number in range(len(columns))]
    least, natural = list(map(_least, columns, cells)), list(map(_natural, columns, cells))
    is_narrow = console.is_terminal and sum(natural) + _BETWEEN * len(columns) >= console.width
    kept = _kept(columns, least, console.width) if is_narrow else list(range(len(columns)))
    table = Table(title=title or None, title_justify="left", title_style="bold", show_lines=lines)
    for number in kept:
        column = columns[number]
        justify: Literal["left", "right"] = "right" if column.right else "left"
        width = least[number] if is_narrow and not column.folds else None
        room = least[number] if is_narrow else None
        table.add_column(column.heading, justify=justify, overflow="fold", width=width, min_width=room)
    for row in rows:
        table.add_row(*(Text(row[number]) for number in kept))
    console.print(table)
    if left_out := [column.heading for number, column in enumerate(columns) if number not in kept]:
        console.print(say("table_left_out", columns=listed(left_out)), style="dim", soft_wrap=True)


def _kept(columns: Sequence[Column], least: Sequence[int], room: int) -> list[int]:
    """The columns for which there is room."""
    kept = list(range(len(columns)))
    while sum(least[number] + _BETWEEN for number in kept) >= room:
        spare = max(columns[number].spare for number in kept)
        if not spare:
            break
        kept = [number for number in kept if columns[number].spare != spare]
    return kept


def _natural(column: Column, cells: Sequence[str]) -> int:
    """What a column takes that nothing hinders."""
    return max(map(_length, (column.heading, *cells)))


def _least(column: Column, cells: Sequence[str]) -> int:
    """The least that a column takes: its longest line, unless that may be folded. Its heading may."""
    longest = max(map(_length, cells), default=0)
    cells_need = min(longest, _NARROW) if column.folds else longest
    return max(cells_need, min(_length(column.heading), _HEADING))


def _length(text: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, text.split("\n")))
