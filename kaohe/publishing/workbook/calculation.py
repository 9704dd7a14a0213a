"""计算: a row for every unit, from the points of its leaves to its rank and grade, as formulas (sql/scores/).

The units stand by category, in the order of their ids; the league tables show them in the order of their places.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from kaohe.book import Book, Formula, Shown, Value
from kaohe.publishing.workbook.cells import TOP, Sheet, across, cell, literal
from kaohe.publishing.workbook.figures import Figures, Unit
from kaohe.publishing.workbook.method import Method
from kaohe.publishing.workbook.weights import NO_DATA, SCORED, STILL_PENDING, Weights
from kaohe.scheme import Entry, Node
from kaohe.scheme.indicator import EXACT
from kaohe.scheme.parts import FEWER_DEDUCTIONS
from kaohe.words import say

OUTCOMES = {"scored": SCORED, "pending": STILL_PENDING, "no_data": NO_DATA}


@dataclass(frozen=True)
class Calculation:
    """The sheet, and where it has what. Columns are named; those of points by their node: ``points.theory``."""

    sheet: Sheet
    figures: Figures
    method: Method
    weights: Weights

    @cached_property
    def columns(self) -> dict[str, int]:
        """Which column has what."""
        scheme = self.figures.scheme
        extras = [entry.name for entry in self.scored if entry.section != "base"]
        names = ["category", "unit_name", "pattern", "outcome", "status"]
        names += [f"points.{entry.name}" for entry in self.scored]
        names += ["base", "bonus", "deduction", "total"]
        names += [f"tie.{number}" for number in range(len(scheme.tie_break))]
        names += [*(["first_of_ties"] if scheme.ranking == "dense" else []), "rank", "sharing", "best_grade", "grade"]
        names += ["tied", "quota_tie", "at_place", "order", "rank_interval", "overlaps_above", "veto"]
        names += [f"veto.{name}" for name in scheme.vetoes]
        names += [f"before.{name}" for name in extras]
        names += [f"{part}.{entry.name}" for entry in self.leaves for part in ("numerator", "denominator")]
        return {name: number for number, name in enumerate(names)}

    @cached_property
    def first(self) -> dict[str, int]:
        """The first row of each category."""
        row, found = TOP, {}
        for category, units in self.figures.categories.items():
            found[category] = row
            row += len(units)
        return found

    @cached_property
    def scored(self) -> list[Entry]:
        """What has a column of points: all of the scheme but vetoes, in its order."""
        return [entry for entry in self.figures.scheme.entries if entry.section != "veto"]

    @cached_property
    def leaves(self) -> list[Entry]:
        """The leaves that have a weight."""
        return [entry for entry in self.figures.weighed if not isinstance(entry.node, Node)]

    def all(self, column: str) -> str:
        """A column of all units, from anywhere."""
        return self.sheet.column(self.columns[column], TOP, TOP + len(self.figures.units) - 1)

    def of(self, category: str, column: str) -> str:
        """A column of the units of a category, from anywhere."""
        first = self.first[category]
        last = first + len(self.figures.categories[category]) - 1
        return self.sheet.column(self.columns[column], first, last)

    def pick(self, category: str, place: int, column: str) -> str:
        """The cell of the unit that has this place in its category, from anywhere, as it stands in a formula."""
        order = self.sheet.cell(self.first[category] + place - 1, self.columns["order"])
        return f"INDEX({self.of(category, column)},{order})"


def shown(unit: Unit, entry: Entry) -> Decimal | str:
    """The points of a node or leaf, or the status that stands for them."""
    points = unit.points.get(entry.name)
    if points is None and not isinstance(entry.node, Node) and entry.name not in unit.fractions:
        return say(f"status_{unit.statuses[entry.name]}")
    return points or Decimal(0)


def write_calculation(book: Book, calculation: Calculation, note: str) -> None:
    """Write the sheet."""
    rows = []
    for category, units in calculation.figures.categories.items():
        placed = [unit.unit_id for unit in calculation.figures.placed(category)]
        sharing: dict[int | None, int] = {}
        for unit in units:
            sharing[unit.rank] = sharing.get(unit.rank, 0) + 1
        for number, unit in enumerate(units):
            place = placed.index(unit.unit_id) + 1
            order = [other.unit_id for other in units].index(placed[number]) + 1
            rows.append(_Row(calculation, unit, number, place, order, sharing[unit.rank]).cells())
    headings = _headings(calculation)
    title = say("sheet_calculation_title")
    sheet = book.sheet("", title, note, headings, rows, freeze_columns=2, page=book.page(calculation.sheet.name))
    book.widen(sheet, 2, len(headings))


def _headings(calculation: Calculation) -> list[str]:
    scheme = calculation.figures.scheme
    titles = {entry.name: entry.node.title for entry in scheme.entries}
    found = []
    for name in calculation.columns:
        kind, _, of = name.partition(".")
        if not of:
            found.append(say(f"heading_{kind}"))
        elif kind == "points":
            found.append(titles[of])
        elif kind == "tie":
            found.append(say("method_tie_break", number=int(of) + 1))
        else:
            found.append(f"{say(f'part_{kind}')} {titles[of]}")
    return found


class _Row:
    """The cells of a unit."""

    def __init__(self, calculation: Calculation, unit: Unit, number: int, place: int, order: int, sharing: int) -> None:
        self.calculation, self.unit, self.number = calculation, unit, number
        self.method, self.scheme = calculation.method, calculation.figures.scheme
        self.row = calculation.first[unit.category] + number
        self.outcome = OUTCOMES[unit.status]
        self.at_place, self.order, self.sharing = place, order, sharing

    def cells(self) -> list[Any]:
        """One for each column."""
        unit, has_data = self.unit, self.outcome != NO_DATA
        words = ",".join(literal(say(f"status_{name}")) for name in OUTCOMES)
        status = Formula(f"=CHOOSE({self._at('outcome')}+1,{words})", say(f"status_{unit.status}"), "text")
        outcome: Any = NO_DATA
        if has_data:
            outcome = Formula(f"={self.calculation.weights.outcome(self._at('pattern'))}", self.outcome, "whole")
        found: list[Any] = [unit.category, unit.unit_name, self.calculation.weights.number(unit), outcome, status]
        found += [self._points(entry) for entry in self.calculation.scored]
        found += self._total()
        found += [self._tie(number, name) for number, name in enumerate(self.scheme.tie_break)]
        found += [*self._rank(), *self._grade(), *self._place()]
        veto = unit.veto if has_data else None
        found += [Value(unit.interval, "text"), Value(bool(unit.overlaps), "text"), Value(veto, "text")]
        found += [int(name in unit.vetoes) for name in self.scheme.vetoes]
        found += [
            unit.extras.get(entry.name, Decimal(0)) for entry in self.calculation.scored if entry.section != "base"
        ]
        for entry in self.calculation.leaves:
            found += unit.fractions.get(entry.name, (None, None))
        return found

    def _at(self, column: str) -> str:
        return cell(self.row, self.calculation.columns[column])

    def _range(self, column: str) -> str:
        """The units of the category."""
        first = self.calculation.first[self.unit.category]
        last = first + len(self.calculation.figures.categories[self.unit.category]) - 1
        ends = (cell(row, self.calculation.columns[column], fixed=True) for row in (first, last))
        return ":".join(ends)

    def _upto(self, column: str) -> str:
        """Those of the category down to this one."""
        first = self.calculation.first[self.unit.category]
        return f"{cell(first, self.calculation.columns[column], fixed=True)}:{self._at(column)}"

    def _sum(self, names: list[str]) -> str:
        columns = (self.calculation.columns[f"points.{name}"] for name in names)
        return f"SUM({across(self.row, columns)})" if names else "0"

    # ---- points

    def _points(self, entry: Entry) -> Any:
        unit, name, value = self.unit, entry.name, shown(self.unit, entry)
        if entry.section in ("bonus", "deduction"):
            return Formula(self._extra(entry), value)
        if isinstance(entry.node, Node):
            below = [child.name for child in self.calculation.figures.families.get(name, [])]
            return Formula(f"=ROUND({self._sum(below)},2)", value)
        return Formula(self._leaf(entry), value) if name in unit.fractions else Value(value, "text")

    def _leaf(self, entry: Entry) -> str:
        """Effective weight × score, rounded once (sql/scores/weighed_leaf.sql)."""
        part, whole = self._at(f"numerator.{entry.name}"), self._at(f"denominator.{entry.name}")
        sign = ""
        if getattr(entry.node, "rule", "share") not in EXACT:
            sign, part = f"SIGN({part})*", f"ABS({part})"
        earned = f"{self.calculation.weights.effective(entry.name, self._at('pattern'))}*{part}"
        match self.scheme.rounding.mode:
            case "half_up":
                rounded = f"INT((2*{earned}+{whole})/(2*{whole}))"
            case "half_even":
                floor = f"INT({earned}/{whole})"
                rounded = f"({floor}+IF(2*MOD({earned},{whole})+MOD({floor},2)>{whole},1,0))"
            case "down":
                rounded = f"INT({earned}/{whole})"
        return f"={sign}{rounded}/100"

    def _extra(self, entry: Entry) -> str:
        """What is left below the cap, in scheme order; deductions also end at what was earned."""
        own = [other.name for other in self.calculation.scored if other.section == entry.section]
        before = own[: own.index(entry.name)]
        cap = self.method.value("bonus.cap" if entry.section == "bonus" else "deductions.cap")
        if entry.section == "deduction":
            cap = f"MIN({cap},{self._at('base')}+{self._at('bonus')})"
        columns = self.calculation.columns
        left = f"{cap}-SUM({across(self.row, [columns[f'before.{name}'] for name in before])})" if before else cap
        counted = f"ROUND(MAX(0,MIN({self._at(f'before.{entry.name}')},{left})),2)"
        return f"=0-{counted}" if entry.section == "deduction" else f"={counted}"

    def _total(self) -> list[Formula]:
        unit, scored = self.unit, self.calculation.scored
        bonus = [entry.name for entry in scored if entry.section == "bonus"]
        deductions = [entry.name for entry in scored if entry.section == "deduction"]
        total = f"ROUND(SUM({self._at('base')}:{self._at('bonus')})-{self._at('deduction')},2)"
        return [
            Formula(f"=ROUND({self._sum(list(self.scheme.dimensions))},2)", unit.base),
            Formula(f"=ROUND({self._sum(bonus)},2)", unit.bonus),
            Formula(f"=ROUND(0-{self._sum(deductions)},2)", unit.deduction),
            self._if_data(total, unit.total),
        ]

    def _if_data(self, formula: str, value: Any, shown: Shown = "points") -> Formula:
        value = "" if self.outcome == NO_DATA else value
        return Formula(f'=IF({self._at("outcome")}={NO_DATA},"",{formula})', value, shown)

    # ---- ranks and grades

    def _tie(self, number: int, name: str) -> Formula:
        """What the tie-break goes by (sql/scores/unit_rank.sql)."""
        given = self.method.value(f"tie_break.{number}")
        ends = (self.calculation.scored[end].name for end in (0, -1))
        points = ":".join(self._at(f"points.{end}") for end in ends)
        column = f"INDEX({points},MATCH({given},{self.method.codes},0))"
        fewer = f"IF({given}={literal(FEWER_DEDUCTIONS)},0-{self._at('deduction')},IFERROR(N({column}),0))"
        value = 0 - self.unit.deduction if name == FEWER_DEDUCTIONS else self.unit.points.get(name) or Decimal(0)
        return Formula(f"={fewer}", value)

    def _keys(self) -> list[str]:
        """What units are ranked by."""
        return ["total", *(f"tie.{number}" for number in range(len(self.scheme.tie_break)))]

    def _rank(self) -> list[Formula]:
        unit, keys, dense = self.unit, self._keys(), self.scheme.ranking == "dense"
        alike = ",".join(f"{self._range(key)},{self._at(key)}" for key in keys)
        once = f",{self._range('first_of_ties')},1" if dense else ""
        above = []
        for number, key in enumerate(keys):
            equal = "".join(f"{self._range(other)},{self._at(other)}," for other in keys[:number])
            above.append(f'COUNTIFS({equal}{self._range(key)},">"&{self._at(key)}{once})')
        found = []
        if dense:
            upto = ",".join(f"{self._upto(key)},{self._at(key)}" for key in keys)
            mates = [other for other in self._mates() if other.rank == unit.rank]
            first = int(mates[0].unit_id == unit.unit_id)
            found.append(self._if_data(f"IF(COUNTIFS({upto})=1,1,0)", first, "whole"))
        found.append(self._if_data(f"1+{'+'.join(above)}", unit.rank, "whole"))
        found.append(self._if_data(f"COUNTIFS({alike})", self.sharing, "whole"))
        return found

    def _mates(self) -> list[Unit]:
        return self.calculation.figures.categories[self.unit.category]

    def _grade(self) -> list[Formula]:
        """The best grade within the bounds, the quota and the vetoes (sql/scores/unit_score.sql)."""
        unit, grades = self.unit, list(self.scheme.grades)
        titles, bounds = self.method.grades("title"), self.method.grades("at_least")
        total, rank, sharing, best = (self._at(name) for name in ("total", "rank", "sharing", "best_grade"))
        positions, caps = [0], []
        for name, veto in self.scheme.vetoes.items():
            cap = self.method.value(f"vetoes.{name}.grade_at_most")
            caps.append(f"{self._at(f'veto.{name}')}*MATCH({cap},{self.method.titles},0)")
            positions.append((name in unit.vetoes) * (grades.index(veto.grade_at_most) + 1))
        graded, tie = '""', '""'
        for number in reversed(range(len(grades))):
            places = self.method.value(f"places.{unit.category}.{grades[number]}")
            reached = f'{best}<={number + 1},{total}>={bounds[number]},OR({places}="",{rank}<={places})'
            graded = f"IF(AND({reached}),{titles[number]},{graded})"
            on_line = f'IF({places}="","",IF({rank}+{sharing}-1>{places},{literal(say("yes"))},""))'
            tie = f"IF({self._at('grade')}={titles[number]},{on_line},{tie})"
        is_scored = f"{self._at('outcome')}={SCORED}"
        return [
            Formula(f"=MAX(0{''.join(f',{cap}' for cap in caps)})", max(positions), "whole"),
            Formula(f'=IF({is_scored},{graded},"")', unit.grade or "", "text"),
            Formula(f'=IF({rank}="","",IF({sharing}>1,{literal(say("yes"))},""))', unit.tied, "text"),
            Formula(f'=IF({self._at("grade")}="","",{tie})', unit.quota_tie, "text"),
        ]

    def _place(self) -> list[Formula]:
        """A place for every unit, those of one rank in the order of their ids; and which unit has the place that is the
        number of this row."""
        rank, ranks = self._at("rank"), self._range("rank")
        last = f"COUNT({ranks})+COUNTIF({self._upto('outcome')},{NO_DATA})"
        own = f'COUNTIF({ranks},"<"&{rank})+COUNTIF({self._upto("rank")},{rank})'
        return [
            Formula(f'=IF({rank}="",{last},{own})', self.at_place, "whole"),
            Formula(f"=MATCH({self.number + 1},{self._range('at_place')},0)", self.order, "whole"),
        ]
