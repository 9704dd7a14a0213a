"""The cells of a sheet: the style of some is changed in its XML, and nothing else."""

import re
from collections.abc import Iterable
from xml.parsers import expat

from xlsxwriter.utility import xl_col_to_name

from kaohe.marking.styles import Styles
from kaohe.sources.details import Merged, column_index

#: What may stand behind <legacyDrawing> in a sheet.
_AFTER_DRAWING = {
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"
}  # fmt: skip
_STYLE = re.compile(rb"""(\ss\s*=\s*["'])(\d+)(["'])""")

Place = tuple[int, int]  # row from 1, column from 0


class Cells:
    """Changes the style of cells in a sheet's XML, and nothing else: each change is a piece of it put in the place of
    another."""

    def __init__(self, data: bytes, bad: Iterable[Place], styles: Styles, drawn: str | None, office: str) -> None:
        self.data, self.styles, self.drawn, self.office = data, styles, drawn, office
        self.bad: dict[int, list[int]] = {}
        for row, column in sorted(bad):
            self.bad.setdefault(row, []).append(column)
        self.pieces: list[tuple[int, int, bytes]] = []
        self.row, self.column, self.depth = 0, -1, 0
        self.row_at = self.data_at = -1
        self.row_style: int | None = None
        self.column_styles: list[tuple[int, int, int]] = []
        self.drawing_at: int | None = None
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = _refuse

    def changed(self) -> bytes:
        self.parser.Parse(self.data, True)
        written, at = [], 0
        for begin, end, new in sorted(self.pieces, key=lambda piece: piece[0]):
            written += [self.data[at:begin], new]
            at = end
        return b"".join([*written, self.data[at:]])

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local, at = name.rpartition(":")[2], self.parser.CurrentByteIndex
        self.depth += 1
        if self.depth == 2 and local in _AFTER_DRAWING and self.drawing_at is None:
            self.drawing_at = at
        if local == "col":
            first, last = int(attributes["min"]) - 1, int(attributes["max"])
            self.column_styles.append((first, last, int(attributes.get("style", 0))))
        elif local == "sheetData":
            self.data_at = at
        elif local == "row":
            self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
            self.column, self.row_at = -1, at
            formatted = attributes.get("customFormat") in ("1", "true")
            self.row_style = int(attributes.get("s", 0)) if formatted else None
            for number in [number for number in self.bad if number < self.row]:
                self.pieces.append((at, at, self._whole_row(name, number)))
        elif local == "c":
            self.column = place(attributes["r"])[1] if "r" in attributes else self.column + 1
            wanted = self.bad.get(self.row, [])
            while wanted and wanted[0] < self.column:
                self.pieces.append((at, at, self._cell(name, self.row, wanted.pop(0), self.row_style)))
            style = int(attributes.get("s", 0))
            if wanted and wanted[0] == self.column:
                wanted.pop(0)
                self._restyle(name, at, self.styles.red(style))
            elif style in self.styles.stale:
                self._restyle(name, at, self.styles.plain(style))

    def _end(self, name: str) -> None:
        local, at = name.rpartition(":")[2], self.parser.CurrentByteIndex
        self.depth -= 1
        if local == "row":
            if left := self.bad.pop(self.row, []):
                prefix = name[: -len(local)]
                cells = b"".join(self._cell(f"{prefix}c", self.row, column, self.row_style) for column in left)
                self._fill(name, self.row_at, at, cells)
        elif local == "sheetData":
            prefix = name[: -len(local)]
            rows = b"".join(self._whole_row(f"{prefix}row", number) for number in list(self.bad))
            if rows:
                self._fill(name, self.data_at, at, rows)
        elif self.depth == 0 and self.drawn:
            prefix = name[: -len(local)]
            tag = f'<{prefix}legacyDrawing xmlns:kr="{self.office}" kr:id="{self.drawn}"/>'.encode()
            where = self.drawing_at if self.drawing_at is not None else at
            self.pieces.append((where, where, tag))

    def _fill(self, name: str, begin: int, end: int, inside: bytes) -> None:
        """Put something at the end of an element, which may be empty (<row/>)."""
        if self.data.startswith(f"</{name}".encode(), end):
            self.pieces.append((end, end, inside))
            return
        close = self.data.index(b">", begin) + 1
        opened = self.data[begin:close].rstrip(b">").rstrip(b"/").rstrip() + b">"
        self.pieces.append((begin, close, opened + inside + f"</{name}>".encode()))

    def _restyle(self, name: str, at: int, style: int) -> None:
        close = self.data.index(b">", at)
        tag = self.data[at:close]
        if found := _STYLE.search(tag):
            begin, end = at + found.start(2), at + found.end(2)
            self.pieces.append((begin, end, str(style).encode()))
        else:
            behind = at + 1 + len(name.encode())
            self.pieces.append((behind, behind, f' s="{style}"'.encode()))

    def _cell(self, name: str, row: int, column: int, style: int | None) -> bytes:
        """A cell that is not there yet, as it would look: in the style of its row, else of its column."""
        if style is None:
            styles = (style for first, last, style in self.column_styles if first <= column < last)
            style = next(styles, 0)
        return f'<{name} r="{xl_col_to_name(column)}{row}" s="{self.styles.red(style)}"/>'.encode()

    def _whole_row(self, name: str, number: int) -> bytes:
        prefix = name.rpartition(":")[0]
        cell = f"{prefix}:c" if prefix else "c"
        cells = b"".join(self._cell(cell, number, column, None) for column in self.bad.pop(number))
        return f'<{name} r="{number}">'.encode() + cells + f"</{name}>".encode()


def merged(data: bytes) -> Merged:
    """The merged ranges of a sheet."""
    found = re.findall(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']([A-Z]+\d+):([A-Z]+\d+)["']""", data)
    ranges = ((place(first.decode()), place(last.decode())) for first, last in found)
    return [((top - 1, left), (bottom - 1, right)) for (top, left), (bottom, right) in ranges]


def _refuse(*_: object) -> None:
    raise ValueError("DOCTYPE")


def place(ref: str) -> Place:
    """Where ``B3`` is. Raises ``ValueError`` for what is no cell."""
    found = re.match(r"([A-Z]+)(\d+)$", ref)
    if found is None:
        raise ValueError(ref)
    return int(found[2]), column_index(found[1])
