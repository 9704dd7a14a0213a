"""The league table of each category, and a sheet for each dimension: live views of 计算 in the order of the places."""

from decimal import Decimal
from typing import Any

from kaohe.book import Book, Formula
from kaohe.publishing.workbook.calculation import Calculation, shown
from kaohe.publishing.workbook.cells import TOP, cell, literal
from kaohe.publishing.workbook.figures import Unit
from kaohe.publishing.workbook.weights import NO_DATA
from kaohe.words import say

_TOTAL, _GRADE = 2, 3
_BEFORE_POINTS = 6
_BAR = {"type": "data_bar", "bar_color": "#9DC3E6", "min_type": "num", "min_value": 0, "max_type": "num"}


class Views:
    """What the sheets are made from."""

    def __init__(self, book: Book, calculation: Calculation) -> None:
        self.book, self.calculation = book, calculation
        self.figures, self.scheme = calculation.figures, calculation.figures.scheme
        self.dimension_entries = [e for e in self.scheme.entries if e.section == "base" and not e.parent]

    def leagues(self, note: str) -> None:
        """The league tables."""
        headings = [
            *(say(f"heading_{name}") for name in ("rank", "unit_name", "total", "grade")),
            *(say(f"heading_{name}") for name in ("rank_interval", "overlaps_above")),
            *(node.title for node in self.scheme.dimensions.values()),
            *(say(f"heading_{name}") for name in ("bonus", "deduction", "veto", "status", "tied", "quota_tie")),
        ]
        for category in self.figures.categories:
            placed = self.figures.placed(category)
            rows = [self._league_row(unit, place) for place, unit in enumerate(placed, start=1)]
            title = say("sheet_league_title", title=self.scheme.title, category=category)
            bands = bands_of(self.calculation)
            sheet = self.book.sheet(category, title, note, headings, rows, freeze_columns=2, bands=bands)
            last = TOP + len(rows) - 1
            colour_grades(self.book, self.calculation, sheet, _GRADE, range(TOP, last + 1))
            most = float(self.scheme.total + self.scheme.bonus.cap)
            sheet.conditional_format(TOP, _TOTAL, last, _TOTAL, _BAR | {"max_value": most})
            warn_of_changes(self.book, self.calculation, sheet, _BEFORE_POINTS)

    def _league_row(self, unit: Unit, place: int) -> list[Any]:
        row, bonus = TOP + place - 1, _BEFORE_POINTS + len(self.dimension_entries)
        has_data, marks = unit.status != "no_data", ("status", "tied", "quota_tie")
        first, last, deduction = cell(row, _BEFORE_POINTS), cell(row, bonus), cell(row, bonus + 1)
        parts = f'=IF({first}="","",ROUND(SUM({first}:{last})-{deduction},2))'
        texts = {
            "grade": unit.grade, "rank_interval": unit.interval, "overlaps_above": unit.overlaps, "veto": unit.veto,
            "status": say(f"status_{unit.status}"), "tied": unit.tied, "quota_tie": unit.quota_tie,
        }  # fmt: skip
        said = {
            name: Formula(f'={self._pick(unit, place, name)}&""', text if has_data or name in marks else None, "whole")
            for name, text in texts.items()
        }
        points: list[tuple[str, Any]] = [(f"points.{e.name}", shown(unit, e)) for e in self.dimension_entries]
        points += [("bonus", unit.bonus), ("deduction", unit.deduction)]
        return [
            Formula(f"={self._pick(unit, place, 'rank')}", unit.rank, "whole"),
            Formula(f'={self._pick(unit, place, "unit_name")}&""', unit.unit_name, "text"),
            Formula(parts, unit.total if has_data else None),
            *(said[name] for name in ("grade", "rank_interval", "overlaps_above")),
            *(self._of_data(unit, place, name, value) for name, value in points),
            *(said[name] for name in ("veto", "status", "tied", "quota_tie")),
        ]

    def _of_data(self, unit: Unit, place: int, column: str, value: Any) -> Formula:
        """Nothing for a unit without data."""
        outcome, picked = (self._pick(unit, place, name) for name in ("outcome", column))
        formula = f'=IF({outcome}={NO_DATA},"",{picked})'
        return Formula(formula, None if unit.status == "no_data" else value)

    def dimensions(self, note: str) -> None:
        """A sheet for each dimension: points of every unit by indicator, or the status that stands for them."""
        for top in self.dimension_entries:
            name, dimension = top.name, top.node
            leaves = [entry for entry, _ in self.scheme.leaves if entry.dimension == name]
            headings = [say(f"heading_{key}") for key in ("category", "rank", "unit_name")] + [dimension.title]
            headings += [entry.node.title for entry in leaves]
            rows: list[list[Any]] = []
            for category in self.figures.categories:
                for place, unit in enumerate(self.figures.placed(category), start=1):
                    row = [
                        category,
                        Formula(f"={self._pick(unit, place, 'rank')}", unit.rank, "whole"),
                        Formula(f'={self._pick(unit, place, "unit_name")}&""', unit.unit_name, "text"),
                    ]
                    at = TOP + len(rows)
                    own = f"{cell(at, 4)}:{cell(at, 3 + len(leaves))}"
                    row.append(Formula(f"=ROUND(SUM({own}),2)", unit.points.get(name) or Decimal(0)))
                    for entry in leaves:
                        picked = self._pick(unit, place, f"points.{entry.name}")
                        row.append(Formula(f"={picked}", shown(unit, entry), "score"))
                    rows.append(row)
            title = f"{dimension.title} · {top.weight}"
            sheet = self.book.sheet(dimension.title, title, note, headings, rows, freeze_columns=3)
            warn_of_changes(self.book, self.calculation, sheet, 4)

    def _pick(self, unit: Unit, place: int, column: str) -> str:
        return self.calculation.pick(unit.category, place, column)


def bands_of(calculation: Calculation) -> dict[str, int]:
    """The colour band of each grade, for values that are no formulas."""
    return {grade.title: number for number, grade in enumerate(calculation.figures.scheme.grades.values())}


def name_grades(book: Book, calculation: Calculation) -> None:
    """A name for each grade's title: conditional formats can name cells of other sheets only so."""
    if book.live:
        for number, title in enumerate(calculation.method.grades("title")):
            book.book.define_name(f"kaohe_grade_{number}", f"={title}")


def colour_grades(book: Book, calculation: Calculation, sheet: Any, column: int, rows: range) -> None:
    """The colours of the grades, as they are now."""
    for number in range(len(calculation.figures.scheme.grades) if book.live else 0):
        criteria = f"={cell(rows.start, column)}=kaohe_grade_{number}"
        rule = {"type": "formula", "criteria": criteria, "format": book.band(number)}
        sheet.conditional_format(rows.start, column, rows.stop - 1, column, rule)


def warn_of_changes(book: Book, calculation: Calculation, sheet: Any, column: int) -> None:
    """A line above the table once the scheme's cells are not as they were published."""
    if book.live:
        said = literal(say("sheet_is_trial"))
        formula = f'=IF({calculation.method.changed}>0,{said},"")'
        sheet.write_formula(0, column, formula, book.format("warning"), "")
