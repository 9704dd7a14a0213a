"""The cells of a sheet, kept by column: a million rows take little room, and blank rows and columns none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import overload

import polars as pl

#: Rows made into columns at a time.
_CHUNK = 20_000
#: So many columns are kept whole while a chunk is made; of wider ones those that hold anything.
_USUAL_WIDTH = 64
_BLANK = " \t\r\n\f\v\u00a0\u3000\u200b\ufeff"
ROW = "_row"


class Rows(Sequence[list[str]]):
    """Text cells without surrounding blanks: ``rows[0]`` is row 1 up to its last filled cell, a blank row [].

    ``frame``: a line for each row that holds anything, with ``_row`` (its number, from 1) and a text column, null where
    blank, for each sheet column that holds anything, named by its index (``"0"`` is column A), in order.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self.columns = [int(name) for name in frame.columns if name != ROW]
        self.numbers = frame[ROW].to_numpy()

    @classmethod
    def of(cls, rows: Iterable[Sequence[str]]) -> "Rows":
        """The rows of a sheet from the first on."""
        return cls.together(map(filled, numbered(enumerate(rows, start=1))))

    @classmethod
    def together(cls, parts: Iterable[pl.DataFrame]) -> "Rows":
        """The rows of filled frames."""
        frame = pl.concat([pl.DataFrame(schema={ROW: pl.Int32}), *parts], how="diagonal")
        if not frame[ROW].is_sorted():
            frame = frame.sort(ROW)
        holding = [name for name in frame.columns if name != ROW and frame[name].null_count() < frame.height]
        return cls(frame.select(ROW, *sorted(holding, key=int)))

    def patched(self, cells: Mapping[tuple[int, int], str]) -> "Rows":
        """The same with other text in some cells, by (row from 0, column)."""
        by_column: dict[str, dict[int, str]] = {}
        for (row, column), text in cells.items():
            by_column.setdefault(str(column), {})[row + 1] = text
        whole = self.frame
        for name, texts in by_column.items():
            new = pl.DataFrame({ROW: texts.keys(), "_new": texts.values()}, {ROW: pl.Int32, "_new": pl.String})
            whole = whole.join(new, on=ROW, how="full", coalesce=True)
            told = pl.coalesce("_new", name) if name in whole.columns else pl.col("_new")
            whole = whole.with_columns(told.alias(name)).drop("_new")
        return Rows(whole.sort(ROW).select(ROW, *sorted((name for name in whole.columns if name != ROW), key=int)))

    def __len__(self) -> int:
        """Up to the last row that holds anything."""
        return int(self.numbers[-1]) if len(self.numbers) else 0

    @overload
    def __getitem__(self, row: int) -> list[str]: ...
    @overload
    def __getitem__(self, row: slice) -> list[list[str]]: ...
    def __getitem__(self, row: int | slice) -> list[str] | list[list[str]]:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        if row < 0 or row >= len(self):
            raise IndexError(row)
        line = self.line(row + 1)
        return self._spread(self.frame.row(line)[1:]) if self.numbers[line] == row + 1 else []

    def __iter__(self) -> Iterator[list[str]]:
        number = 0
        for at, *cells in self.frame.iter_rows():
            yield from ([] for _ in range(at - number - 1))
            yield self._spread(cells)
            number = at

    def line(self, number: int) -> int:
        """The line of ``frame`` at which the row with this number stands, or would."""
        return int(self.numbers.searchsorted(number))

    def cell(self, row: int, column: int) -> str:
        """The text of a cell, '' where blank."""
        cells = self[row] if 0 <= row < len(self) else []
        return cells[column] if column < len(cells) else ""

    def _spread(self, cells: Sequence[str | None]) -> list[str]:
        filled = [(column, text) for column, text in zip(self.columns, cells, strict=True) if text]
        row = [""] * (filled[-1][0] + 1) if filled else []
        for column, text in filled:
            row[column] = text
        return row


def numbered(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[pl.DataFrame]:
    """Rows with their numbers as frames, so many at a time."""
    ahead = iter(rows)
    while chunk := list(islice(ahead, _CHUNK)):
        numbers = pl.Series(ROW, [number for number, _ in chunk], pl.Int32)
        yield _columns([cells for _, cells in chunk]).insert_column(0, numbers)


def filled(part: pl.DataFrame) -> pl.DataFrame:
    """Of a frame with ``_row`` and a text column for some columns, the rows that hold anything, without blanks around
    their cells."""
    cells = pl.exclude(ROW)
    part = part.with_columns(cells.str.strip_chars(_BLANK).replace("", None))
    return part.filter(pl.any_horizontal(pl.lit(False), cells.is_not_null()))


def _columns(rows: list[Sequence[str]]) -> pl.DataFrame:
    """Ragged rows as columns of text."""
    width = max(map(len, rows))
    if width <= _USUAL_WIDTH:
        even = [row if len(row) == width else [*row, *[""] * (width - len(row))] for row in rows]
        return pl.DataFrame(even, {str(column): pl.String for column in range(width)}, orient="row")
    held: dict[int, list[str]] = {}
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                held.setdefault(column, [""] * len(rows))[number] = text
    return pl.DataFrame({str(column): texts for column, texts in held.items()} or {"0": [""] * len(rows)})
