"""概览: the key numbers, the grades and the dimensions of each category on one page, with charts."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

from kaohe.book import Book, Formula
from kaohe.publishing.workbook.calculation import OUTCOMES, Calculation
from kaohe.publishing.workbook.cells import TOP, Sheet, cell
from kaohe.publishing.workbook.league import bands_of, colour_grades, warn_of_changes
from kaohe.publishing.workbook.weights import NO_DATA
from kaohe.words import say

_BEST = 3
_LABEL, _WIDE, _NARROW = 16, 32, 10
_HEIGHT = 20
_CHART_ROWS = 17
_COLOURS = ("#1F3864", "#9DC3E6", "#F4B183", "#A9D18E")


class Overview:
    """The sheet, table by table from the top. Each category has two columns: a wide one and a narrow one."""

    def __init__(self, book: Book, calculation: Calculation, sheet: Sheet) -> None:
        self.book, self.calculation = book, calculation
        self.figures, self.scheme = calculation.figures, calculation.figures.scheme
        self.categories = list(self.figures.categories)
        self.last = 2 * len(self.categories) + 1
        self.sheet, self.page = sheet, book.page(sheet.name)
        self.row = TOP

    def write(self, note: str) -> None:
        """Write the sheet."""
        for column in range(self.last + 1):
            self.page.set_column(column, column, self._width(column))
        self.book.head(self.page, say("sheet_overview_title", title=self.scheme.title), note)
        if self.book.live:
            self.book.text(self.page, 2, 0, say("sheet_live_note"), "note")
        warn_of_changes(self.book, self.calculation, self.page, 2)
        self._table([say("heading_key_number"), *self._beside(None)], self._key_numbers())
        self._table([say("heading_best"), *self._beside(say("heading_total"))], self._best())
        grades = self._table([say("heading_grade"), *self._beside(say("heading_places"))], self._grades())
        colour_grades(self.book, self.calculation, self.page, 0, grades)
        headings = [say("heading_dimension_mean"), *self._beside(say("heading_points_rate")), say("heading_weight")]
        dimensions = self._table(headings, self._dimensions())
        self._chart(say("chart_grades"), grades, 0)
        self._chart(say("chart_dimensions"), dimensions, 1)
        self.page.print_area(0, 0, self.row + _CHART_ROWS, self.last)
        self.page.set_paper(9)
        self.page.fit_to_pages(1, 1)
        self.page.center_horizontally()
        self.page.freeze_panes(TOP, 1)
        self.page.repeat_rows(2)
        self.page.set_footer("&C&P / &N")

    def _width(self, column: int) -> int:
        return _LABEL if column == 0 else _WIDE if column % 2 and column < self.last else _NARROW

    def _beside(self, other: str | None) -> list[str | None]:
        """The headings of the categories, each with what is beside it; nothing: it has both columns."""
        return [heading for category in self.categories for heading in (category, other)]

    def _table(self, headings: Sequence[str | None], rows: Sequence[Sequence[Any]]) -> range:
        """Write a table below what is there; gives its rows. What is None takes part in the cell before it."""
        bands = bands_of(self.calculation)
        for column, heading in enumerate(headings):
            if column + 1 < len(headings) and headings[column + 1] is None:
                for merged in range(self.row, self.row + 1 + len(rows)):
                    self.page.merge_range(merged, column, merged, column + 1, "", self.book.format("whole"))
            if heading is not None:
                self.book.text(self.page, self.row, column, heading, "heading")
        self.page.set_row(self.row, _HEIGHT)
        for number, row in enumerate(rows, start=self.row + 1):
            self.page.set_row(number, _HEIGHT)
            for column, value in enumerate(row):
                if headings[column] is not None:
                    self.book.cell(self.page, number, column, value, bands)
        written = range(self.row + 1, self.row + 1 + len(rows))
        self.row = written.stop + 1
        return written

    def _column(self, category: str, column: str) -> str:
        return self.calculation.of(category, column)

    def _key_numbers(self) -> list[list[Any]]:
        found: list[list[Any]] = []
        for name in ("units", "ranked", "pending", "no_data", "mean", "median", "highest", "lowest", "vetoed"):
            keys = [key for category in self.categories for key in (self._key(name, category), None)]
            found.append([say(f"key_{name}"), *keys])
        return found

    def _key(self, name: str, category: str) -> Formula:
        units = self.figures.categories[category]
        ranks, totals, outcomes = (self._column(category, one) for one in ("rank", "total", "outcome"))
        ranked = [unit.total for unit in units if unit.is_ranked]
        match name:
            case "units":
                return Formula(f"=ROWS({ranks})", len(units), "whole")
            case "ranked":
                return Formula(f"=COUNT({ranks})", len(ranked), "whole")
            case "pending" | "no_data":
                number = sum(unit.status == name for unit in units)
                return Formula(f"=COUNTIF({outcomes},{OUTCOMES[name]})", number, "whole")
            case "vetoed":
                vetoes = self._column(category, "veto")
                vetoed = sum(unit.is_ranked and unit.veto is not None for unit in units)
                return Formula(f'=SUMPRODUCT(--({vetoes}<>""))', vetoed, "whole")
            case "mean":
                return _if_any(totals, f"ROUND(AVERAGE({totals}),2)", _mean(ranked, 2))
            case "median":
                middle = _rounded(Fraction(median(ranked)), 2) if ranked else ""
                return _if_any(totals, f"ROUND(MEDIAN({totals}),2)", middle)
            case "highest":
                return _if_any(totals, f"MAX({totals})", max(ranked, default=""))
        return _if_any(totals, f"MIN({totals})", min(ranked, default=""))

    def _best(self) -> list[list[Any]]:
        """Who has the first places."""
        found: list[list[Any]] = []
        for place in range(1, _BEST + 1):
            row: list[Any] = [say("overview_place", place=place)]
            for category in self.categories:
                row += self._at_place(category, place)
            found.append(row)
        return found

    def _at_place(self, category: str, place: int) -> list[Formula | None]:
        placed = self.figures.placed(category)
        if place > len(placed):
            return [None, None]
        unit = placed[place - 1]
        name, total = (self.calculation.pick(category, place, column) for column in ("unit_name", "total"))
        shown = (unit.unit_name, unit.total) if unit.is_ranked else ("", "")
        return [Formula(f'=IF({total}="","",{name})', shown[0], "text"), Formula(f"={total}", shown[1], "score")]

    def _grades(self) -> list[list[Any]]:
        """How many units have each grade, and how many may."""
        found: list[list[Any]] = []
        method = self.calculation.method
        for (name, grade), title in zip(self.scheme.grades.items(), method.grades("title"), strict=True):
            row: list[Any] = [Formula(f'={title}&""', grade.title, "whole")]
            for category, units in self.figures.categories.items():
                held = f"=SUMPRODUCT(--({self._column(category, 'grade')}={title}))"
                row.append(Formula(held, sum(unit.grade == grade.title for unit in units), "whole"))
                places = method.value(f"places.{category}.{name}")
                number = "" if grade.quota is None else grade.places(sum(unit.is_ranked for unit in units))
                row.append(Formula(f'=IF({places}="","",{places})', number, "whole"))
            found.append(row)
        return found

    def _dimensions(self) -> list[list[Any]]:
        """What the ranked units have on average, and which share of the weight that is."""
        found: list[list[Any]] = []
        entries = [entry for entry in self.scheme.entries if entry.section == "base" and not entry.parent]
        for number, entry in enumerate(entries):
            row: list[Any] = [entry.node.title]
            weight = cell(self.row + 1 + number, self.last)
            for category, units in self.figures.categories.items():
                points, outcomes, ranks = (
                    self._column(category, one) for one in (f"points.{entry.name}", "outcome", "rank")
                )
                mean = f'SUMIF({outcomes},"<{NO_DATA}",{points})/COUNT({ranks})'
                ranked = [unit.points.get(entry.name) or Decimal(0) for unit in units if unit.is_ranked]
                row.append(_if_any(ranks, f"ROUND({mean},2)", _mean(ranked, 2)))
                share = [Fraction(points) / Fraction(entry.weight) for points in ranked] if entry.weight else []
                formula = f'=IF(OR({weight}=0,COUNT({ranks})=0),"",ROUND({mean}/{weight},4))'
                row.append(Formula(formula, _mean(share, 4), "percent"))
            found.append([*row, Formula(f"={self.calculation.method.value(entry.name)}", entry.weight, "score")])
        return found

    def _chart(self, title: str, rows: range, place: int) -> None:
        """A chart of a table's rows, a series for each category, below the tables: left (0, of their first columns)
        or right (1, of their second)."""
        chart = self.book.book.add_chart({"type": "column"})
        name, shown = self.sheet.name, "0%" if place else "0"
        for number in range(len(self.categories)):
            column = 1 + 2 * number
            values = [name, rows.start, column + place, rows.stop - 1, column + place]
            chart.add_series(
                {
                    "name": [name, rows.start - 1, column],
                    "categories": [name, rows.start, 0, rows.stop - 1, 0],
                    "values": values,
                    "fill": {"color": _COLOURS[number % len(_COLOURS)]},
                    "data_labels": {"value": True, "num_format": shown, "font": {"size": 8}},
                    "gap": 80,
                }
            )
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_legend({"position": "bottom"})
        lines = {"visible": True, "line": {"color": "#E0E0E0"}}
        chart.set_y_axis({"major_gridlines": lines, "num_format": shown, "min": 0})
        pixels = sum(self._width(column) * 7 + 5 for column in range(self.last + 1)) // 2
        chart.set_size({"width": pixels - 8, "height": _CHART_ROWS * 20})
        self.page.insert_chart(self.row, 0, chart, {"x_offset": place * pixels + 4, "y_offset": 4})


def _if_any(numbers: str, formula: str, value: Any) -> Formula:
    return Formula(f'=IF(COUNT({numbers})=0,"",{formula})', value, "score")


def _mean(numbers: Sequence[Decimal | Fraction], digits: int) -> Any:
    return (
        _rounded(sum((Fraction(number) for number in numbers), Fraction(0)) / len(numbers), digits) if numbers else ""
    )


def _rounded(number: Fraction, digits: int) -> Decimal:
    """Half away from zero, as ROUND does."""
    scaled = int(abs(number) * 10**digits + Fraction(1, 2))
    return Decimal(scaled if number >= 0 else -scaled).scaleb(-digits)
