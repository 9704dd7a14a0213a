"""The headings of all contracts in all their layouts, and where on a sheet they stand."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from kaohe.contracts import Column, Contract, Contracts
from kaohe.sources.files import Sheet
from kaohe.sources.forms import Fit, Form, Found, Group, Header, form_of, normal, normal_heading
from kaohe.sources.rows import ROW

_HEADING_ROWS = 3
_ROWS_ABOVE = 10
_LONGEST = 60
_REMEMBERED = 100_000
#: So many rows are first sifted without looking closely at any.
_MANY_ROWS = 5_000
_MONTH = re.compile(r"(?:(20\d\d)[年.\-/]?)?(1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?")
_MONTH_IN_FULL = re.compile(r"(20\d\d)[年.\-/](1[0-2]|0?[1-9])")
_CHINESE = {text: number for number, text in enumerate([*"一二三四五六七八九十", "十一", "十二"], start=1)}
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
#: Names that programs give to sheets: they say nothing.
_GENERIC = re.compile(r"(sheet|工作表|表格?|book)?\d*", re.IGNORECASE)
#: A number of the line is nobody's column, and not worth a word.
_SERIAL = {"序号", "行号", "No", "No."}


@dataclass(frozen=True)
class _Best:
    """How the one contract fits that explains the most headings, or which ones do so alike."""

    fits: list[Fit] = field(default_factory=list)
    clash: list[Contract] = field(default_factory=list)

    @property
    def score(self) -> int:
        return self.fits[0].score if self.fits else 0


class Headings:
    """The headings of all contracts, ready to be looked up on any number of sheets."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.forms = {
            name: [form_of(contract, layout) for layout in (None, *contract.layouts.values())]
            for name, contract in contracts.items()
        }
        self.tables: dict[str, set[str]] = {}
        for name, forms in self.forms.items():
            for form in forms:
                for heading in form.columns:
                    self.tables.setdefault(heading, set()).add(name)
        self._across = any(x.across for contract in contracts.values() for x in contract.layouts.values())
        self._known: dict[str, bool] = {}
        firsts = {heading[0] for heading in self.tables}
        if self._across:
            firsts |= set("0123456789十") | _CHINESE.keys()
        letters = "".join(re.escape(first + _full_width(first)) for first in sorted(firsts))
        self._beginning = rf"^[\s*＊\u3000]*[{letters}]" if letters else "^$"

    def find(self, sheet: Sheet, path: str = "") -> Iterator[Found]:
        """Headings from the top down, those of tables side by side together; a list of contracts where two fit a row
        equally well. ``path``: of the file, which may name a year."""
        look = _Look(self, sheet, path)
        above = -1  # the last row of the heading above, which belongs to that one alone
        for row in self._worth_a_look(sheet):
            if row <= above:
                continue
            found = look.at(row, row - above)
            if found.headers and row + 1 < len(sheet.rows):
                # What fits may be the upper row of a taller heading that says more.
                taller = look.fit(row + 1, found.headers[0].depth + 1)
                if taller.score > found.score:
                    found, row = taller, row + 1
            if found:
                above = row
                yield found

    def nearest(self, sheet: Sheet) -> tuple[Contract | None, list[str]]:
        """The contract with the most headings on any one row, and the first headings of what it still lacks."""
        look = _Look(self, sheet, "")
        best: tuple[int, Contract, dict[str, int]] | None = None
        for row in self._worth_a_look(sheet):
            named = look.names(row, 1)
            for name, contract in self.contracts.items():
                positions = _match(self.forms[name][0].columns, named)
                if positions and (best is None or len(positions) > best[0]):
                    best = (len(positions), contract, positions)
        if best is None or best[0] < 2:
            return None, []
        _, contract, positions = best
        return contract, [contract.columns[c].headings[0] for c in contract.required if c not in positions]

    def unknown(self, header: Header) -> list[str]:
        """The headings of the table that its contract does not know, but for the number of the line."""
        known = {index for fit in header.fits for index in fit.indexes}
        right = header.right if header.right is not None else 1 + max(header.texts, default=0)
        others = [header.texts.get(index, "") for index in range(header.left, right) if index not in known]
        return [text for text in others if text and normal(text) not in _SERIAL]

    def _worth_a_look(self, sheet: Sheet) -> list[int]:
        """Rows with two cells that are headings somewhere; all others are passed over."""
        frame = sheet.rows.frame
        if frame.height > _MANY_ROWS:
            cells = pl.exclude(ROW)
            odd = cells.str.contains(self._beginning) & cells.str.contains(r"[^\x21-\x7e\x{4e00}-\x{9fff}]|[*()月]")
            maybe = cells.is_in(pl.Series([*self.tables]).implode()) | odd
            frame = frame.filter(pl.sum_horizontal(maybe.fill_null(False)) >= 2)
        return [number - 1 for number, *cells in frame.iter_rows() if self._has_two_headings(cells)]

    def _has_two_headings(self, cells: list[str | None]) -> bool:
        hits = 0
        for cell in cells:
            if cell and self._is_heading(cell):
                hits += 1
                if hits == 2:
                    return True
        return False

    def _is_heading(self, text: str) -> bool:
        found = self._known.get(text)
        if found is None:
            if len(text) > _LONGEST:
                return False
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            plain = normal_heading(text)
            found = plain in self.tables or (self._across and _MONTH.fullmatch(plain) is not None)
            self._known[text] = found
        return found


class _Look:
    """A look at one sheet."""

    def __init__(self, headings: Headings, sheet: Sheet, path: str) -> None:
        self.headings, self.sheet, self.path = headings, sheet, path
        self.anchors = _merged_text(sheet)
        self._normal: dict[str, str] = {}
        self._rows: dict[int, list[str]] = {}

    def row(self, row: int) -> list[str]:
        if row not in self._rows:
            if len(self._rows) > 100:
                self._rows.clear()
            self._rows[row] = self.sheet.rows[row] if 0 <= row < len(self.sheet.rows) else []
        return self._rows[row]

    def normal(self, text: str) -> str:
        if text not in self._normal:
            if len(self._normal) > 10_000:
                self._normal.clear()
            self._normal[text] = normal_heading(text)
        return self._normal[text]

    def at(self, row: int, rows: int) -> Found:
        """What stands in the lowest heading row ``row``, which may be ``rows`` high."""
        for depth in range(1, min(_HEADING_ROWS, rows, row + 1) + 1):
            if found := self.fit(row, depth):
                return found
        return Found()

    def texts(self, row: int, depth: int) -> list[list[str]]:
        """Per column the names it may go by: its lowest heading; that with what stands over it; what stands over it
        alone where nothing is below (a cell merged downwards)."""
        stack = [self.row(row - up) for up in range(depth)]
        width = max(map(len, stack))
        texts: list[list[str]] = []
        for column in range(width):
            cells = [
                (cells[column] if column < len(cells) else "") or self.anchors.get((row - up, column), "")
                for up, cells in enumerate(stack)
            ]
            over = next((text for text in cells[1:] if text), "")
            if cells[0]:
                texts.append([cells[0], over + cells[0]] if over and over != cells[0] else [cells[0]])
            else:
                texts.append([over] if over else [])
        return texts

    def names(self, row: int, depth: int) -> list[list[str]]:
        return [[self.normal(name) for name in names] for names in self.texts(row, depth)]

    def fit(self, row: int, depth: int) -> Found:
        """The headers of ``depth`` rows that end at ``row``: one, or several side by side."""
        texts = self.texts(row, depth)
        named = [[self.normal(name) for name in names] for names in texts]
        shown = {index: names[0] for index, names in enumerate(texts) if names}
        whole = self._best(row, depth, named, 0, len(named))
        for cuts in (_gaps(named), _repeats(named, whole)):
            parts = [(left, self._best(row, depth, named, left, right)) for left, right in cuts]
            fitting = [(left, part) for left, part in parts if part.fits]
            if len(fitting) > 1 and sum(part.score for _, part in fitting) > whole.score:
                lefts = [0, *(left for left, _ in fitting[1:])]
                rights = [*lefts[1:], None]
                return Found(
                    [
                        Header(row, depth, left, right, part.fits[0].form.contract, part.fits, shown)
                        for left, right, (_, part) in zip(lefts, rights, fitting, strict=True)
                    ]
                )
        if not whole.fits:
            return Found(clash=whole.clash)
        return Found([Header(row, depth, 0, None, whole.fits[0].form.contract, whole.fits, shown)])

    def _best(self, row: int, depth: int, named: list[list[str]], left: int, right: int) -> _Best:
        """What fits best between two columns."""
        part = [names if left <= index < right else [] for index, names in enumerate(named)]
        tables = {table for names in part for name in names for table in self.headings.tables.get(name, ())}
        found: list[list[Fit]] = []
        for name, forms in self.headings.forms.items():
            if name in tables:
                fits = [fit for form in forms if (fit := self._fitform_of(form, row, depth, part)) is not None]
                if fits:
                    # What is written above a table counts for more than what its sheet is called.
                    found.append(sorted(fits, key=lambda fit: (-fit.score, fit.form.by_sheet_name)))
        most = max((fits[0].score for fits in found), default=0)
        best = [fits for fits in found if fits[0].score == most]
        if len(best) > 1:
            return _Best(clash=[fits[0].form.contract for fits in best])
        return _Best(best[0]) if best else _Best()

    def _fitform_of(self, form: Form, row: int, depth: int, named: list[list[str]]) -> Fit | None:
        layout = form.layout
        groups: list[Group] = []
        if layout and layout.across:
            groups, named = self._groups(form, layout.across, row, depth, named)
            if not groups:
                return None
        positions = _match(form.columns, named)
        grouped = {name for group in groups for name in group.positions}
        if not all(name in positions or name in grouped for name in form.needed):
            return None
        given: dict[str, str] = {}
        if layout:
            if (name := layout.sheet_name) is not None:
                if name in positions or _GENERIC.fullmatch(normal(self.sheet.name)):
                    return None
                given[name] = self.sheet.name
            for name in layout.above:
                said = self._above(form, name, row - depth)
                if name in positions or said is None:
                    return None
                given[name] = said
            if layout.across in positions:
                return None
        return Fit(form, positions, given, groups)

    def _groups(
        self, form: Form, across: str, row: int, depth: int, named: list[list[str]]
    ) -> tuple[list[Group], list[list[str]]]:
        """The records side by side, one under each month (or whatever is across), and the headings that are left."""
        layout = form.layout
        assert layout is not None
        column = form.contract.columns[across]
        labels = self.row(row - depth + 1)
        found: dict[int, Group] = {}
        rest = list(named)
        group: Group | None = None
        for index, names in enumerate(named):
            if not names:
                group = None if depth == 1 else group
                continue
            at = row - depth + 1, index
            label = (labels[index] if index < len(labels) else "") or self.anchors.get(at, "")
            if label:
                text = self._label(column, label, row - depth)
                if text is None:
                    group = None
                    continue
                if group is None or group.text != text:
                    group = found[index] = Group(text, {})
            elif depth == 1 or not self._lowest(row, index):
                continue
            if group is None:
                continue
            if depth == 1:
                if layout.value:
                    group.positions[layout.value] = index
                    rest[index] = []
                continue
            hit = next((form.columns[name][0] for name in names if name in form.columns), None)
            if hit is None and layout.value and not self._lowest(row, index):
                hit = layout.value
            if hit is not None and hit not in group.positions:
                group.positions[hit] = index
                rest[index] = []
        return [group for group in found.values() if group.positions], rest

    def _lowest(self, row: int, index: int) -> str:
        cells = self.row(row)
        return cells[index] if index < len(cells) else ""

    def _label(self, column: Column, text: str, above: int) -> str | None:
        """What a heading across says as a value of the column; None if it is none."""
        plain = normal(text)
        if column.type == "choice":
            return plain if plain in (column.values or []) or plain in column.synonyms else None
        found = _MONTH.fullmatch(plain) or _MONTH_IN_FULL.fullmatch(plain)
        if found is None:
            return None
        year = found[1] or self.year(above)
        month = _CHINESE.get(found[2]) or int(found[2])
        return f"{year}-{month:02}" if year else plain

    def year(self, row: int) -> str | None:
        """The year that is named in the rows above ``row`` (nearest first), the sheet's name, or the file's path."""
        lines = [" ".join(self.row(up)) for up in range(row, max(row - _ROWS_ABOVE, -1), -1)]
        for text in (*lines, self.sheet.name, *reversed(self.path.split("/"))):
            if found := _YEAR.search(normal(text)):
                return found[1]
        return None

    def _above(self, form: Form, column: str, row: int) -> str | None:
        """What is said of a column once, above the table: 单位名称：水务中心, or 单位名称 and the next cell."""
        for up in range(row, max(row - _ROWS_ABOVE, -1), -1):
            cells = self.row(up)
            for index, cell in enumerate(cells):
                label, colon, said = unicodedata.normalize("NFKC", cell).partition(":")
                if form.columns.get(self.normal(label), ("", 0))[0] != column:
                    continue
                if said.strip():
                    return said.strip()
                if following := next((text for text in cells[index + 1 :] if text), ""):
                    return following if colon or len(list(filter(None, cells))) <= 4 else None
        return None


def _match(columns: dict[str, tuple[str, int]], named: list[list[str]]) -> dict[str, int]:
    """Column → index; of two headings for one column the contract's first named wins, the left one on a tie."""
    best: dict[str, tuple[int, int]] = {}
    for index, names in enumerate(named):
        for name in names:
            if found := columns.get(name):
                column, priority = found
                if column not in best or priority < best[column][0]:
                    best[column] = (priority, index)
                break
    return {column: index for column, (_, index) in best.items()}


def _gaps(named: list[list[str]]) -> list[tuple[int, int]]:
    """Runs of columns with a heading, where columns without one lie between."""
    runs: list[tuple[int, int]] = []
    for index, names in enumerate(named):
        if names:
            begins = not runs or runs[-1][1] < index
            runs.append((index, index + 1)) if begins else runs.__setitem__(-1, (runs[-1][0], index + 1))
    return runs


def _repeats(named: list[list[str]], whole: _Best) -> list[tuple[int, int]]:
    """Parts that begin anew wherever a column of the contract comes up again."""
    if not whole.fits:
        return []
    columns = whole.fits[0].form.columns
    cuts, seen = [0], set[str]()
    for index, names in enumerate(named):
        column = next((columns[name][0] for name in names if name in columns), None)
        if column is None:
            continue
        if column in seen:
            cuts.append(index)
            seen.clear()
        seen.add(column)
    return list(zip(cuts, [*cuts[1:], len(named)], strict=True))


def _full_width(mark: str) -> str:
    return chr(ord(mark) + 0xFEE0) if "!" <= mark <= "~" else ""


def _merged_text(sheet: Sheet) -> dict[tuple[int, int], str]:
    """Text of cells merged sideways, by every position they cover on their first row."""
    found = {}
    for (top, left), (_, right) in sheet.merged:
        if right > left and (text := sheet.rows.cell(top, left)):
            for column in range(left, right + 1):
                found[top, column] = text
    return found
