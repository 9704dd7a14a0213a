"""考核办法: the scheme as cells that a reader may change; the live sheets follow them."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from kaohe.book import Book, Formula, Input, Shown, Value
from kaohe.publishing.workbook.cells import TOP, Sheet, cell, down, literal
from kaohe.publishing.workbook.figures import Figures
from kaohe.scheme import Entry
from kaohe.scheme.parts import FEWER_DEDUCTIONS, Leaf
from kaohe.words import clauses, listed, say

_CODE, _TITLE, _VALUE, _CHECK, _PUBLISHED = range(5)
#: Rows above the tree: what was changed, and the whole.
_CHANGED, _WHOLE = TOP, TOP + 1
_TREE = TOP + 2


@dataclass(frozen=True)
class Method:
    """The sheet, and which row has what. Settings are called as `kaohe what-if --set` calls them."""

    sheet: Sheet
    figures: Figures

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of every node and setting."""
        scheme = self.figures.scheme
        names = [entry.name for entry in scheme.entries]
        for setting in ("at_least", "quota", "quota_at_least", "title"):
            names += [f"grades.{name}.{setting}" for name in scheme.grades]
        names += [f"places.{category}.{name}" for category in self.figures.categories for name in scheme.grades]
        names += ["bonus.cap", "deductions.cap"]
        names += [f"tie_break.{number}" for number in range(len(scheme.tie_break))]
        names += [f"vetoes.{name}.grade_at_most" for name in scheme.vetoes]
        return {name: _TREE + number for number, name in enumerate(names)}

    def value(self, name: str) -> str:
        """The cell of a weight or setting, from anywhere."""
        return self.sheet.cell(self.rows[name], _VALUE)

    def grades(self, setting: str) -> list[str]:
        """The cells of a setting of all grades, the best first."""
        return [self.value(f"grades.{name}.{setting}") for name in self.figures.scheme.grades]

    @property
    def titles(self) -> str:
        """The titles of the grades, as a range."""
        names = list(self.figures.scheme.grades)
        ends = (self.rows[f"grades.{name}.title"] for name in (names[0], names[-1]))
        return self.sheet.column(_VALUE, *ends)

    @property
    def codes(self) -> str:
        """The codes of the tree, bonus and deductions, in their order."""
        return self.sheet.column(_CODE, _TREE, _TREE + len(self.figures.scheme.entries) - 1)

    @property
    def changed(self) -> str:
        """How many cells are not as they were published."""
        return self.sheet.cell(_CHANGED, _VALUE)


def write_method(book: Book, method: Method, note: str, ranked: dict[str, str]) -> None:
    """Write the sheet. ``ranked``: category → the cells of its ranks."""
    figures = method.figures
    rows = [*_tree(method), *_grades(method, ranked), *_more(method)]
    last = TOP + 1 + len(rows)
    differing = f"SUMPRODUCT(--({_range(_VALUE, last)}<>{_range(_PUBLISHED, last)}))"
    changed = ["", say("method_changed"), Formula(f"={differing}", 0, "whole"), None, None]
    whole = figures.scheme.total
    top = [say("whole"), whole, _adds_up(_WHOLE, [method.rows[name] for name in figures.scheme.dimensions]), whole]
    shown = [[*row, None, None, None][:8] for row in (changed, ["", *top], *rows)]
    names = ("node", "indicator", "weight_or_value", "check", "as_published", "measure", "params", "basis")
    headings = [say(f"heading_{name}") for name in names]
    if not book.live:
        dropped = (_CHECK, _PUBLISHED)
        headings = [text for column, text in enumerate(headings) if column not in dropped]
        shown = [[value for column, value in enumerate(row) if column not in dropped] for row in shown[1:]]
    sheet = book.sheet("", figures.scheme.title, note, headings, shown, 2, page=book.page(method.sheet.name))
    if book.live:
        _guard(book, method, sheet, last)


def _tree(method: Method) -> list[list[Any]]:
    rows = []
    for entry in method.figures.scheme.entries:
        below = [other.name for other in method.figures.families.get(entry.name, [])]
        check = _adds_up(method.rows[entry.name], [method.rows[name] for name in below]) if below else None
        row = [entry.name, "　" * (entry.depth - 1) + entry.node.title, entry.weight, check, entry.weight]
        if entry.section == "base" and entry.weight:
            row[_VALUE] = Input(entry.weight)
        if entry.section in ("bonus", "deduction", "veto"):
            row[_VALUE] = row[_PUBLISHED] = None
        rows.append([*row, *_leaf(entry)])
    return rows


def _leaf(entry: Entry) -> list[Any]:
    """Its measure, parameters and basis."""
    if not isinstance(entry.node, Leaf):
        return []
    basis = f"{entry.node.basis.rule} · {entry.node.basis.article}" if entry.node.basis else ""
    params = clauses(say("with_colon", before=name, after=_spelled(value)) for name, value in entry.node.params.items())
    return [entry.node.measure, params, basis]


def _grades(method: Method, ranked: dict[str, str]) -> list[list[Any]]:
    """Bounds, quotas and titles of the grades, and how many places that makes in each category."""
    figures, rows = method.figures, []
    grades = figures.scheme.grades
    for name, grade in grades.items():
        rows.append(_setting(f"grades.{name}.at_least", say("method_at_least", grade=grade.title), grade.at_least))
    for number, names in enumerate(pairwise(grades)):
        bounds = (cell(method.rows[f"grades.{name}.at_least"], _VALUE) for name in names)
        rows[number][_CHECK] = _checked(">".join(bounds), literal("✗"))
    for name, grade in grades.items():
        rows.append(_setting(f"grades.{name}.quota", say("method_quota", grade=grade.title), grade.quota, "percent"))
    for name, grade in grades.items():
        text = say("method_quota_at_least", grade=grade.title)
        rows.append(_setting(f"grades.{name}.quota_at_least", text, grade.quota_at_least, "whole"))
    for name, grade in grades.items():
        rows.append([f"grades.{name}.title", say("heading_grade"), grade.title, None, grade.title])
    for category, units in figures.categories.items():
        count = sum(unit.is_ranked for unit in units)
        for name, grade in grades.items():
            quota, least = (cell(method.rows[f"grades.{name}.{s}"], _VALUE) for s in ("quota", "quota_at_least"))
            share = f"INT(ROUND({quota}*10000,0)*COUNT({ranked[category]})/10000)"
            places = "" if grade.quota is None else grade.places(count)
            text = say("method_places", category=category, grade=grade.title)
            formula = Formula(f'=IF({quota}="","",MAX({least},{share}))', places, "whole")
            rows.append(["", text, formula, None, formula.value])
    return rows


def _more(method: Method) -> list[list[Any]]:
    """Caps, tie-breaks and vetoes."""
    scheme, codes = method.figures.scheme, method.codes
    rows = [_setting("bonus.cap", say("method_bonus_cap"), scheme.bonus.cap)]
    rows.append(_setting("deductions.cap", say("method_deduction_cap"), scheme.deductions.cap))
    for number, name in enumerate(scheme.tie_break):
        row = _setting(f"tie_break.{number}", say("method_tie_break", number=number + 1), name, "text")
        given = cell(method.rows[f"tie_break.{number}"], _VALUE)
        known = f"OR({given}={literal('')},{given}={literal(FEWER_DEDUCTIONS)},ISNUMBER(MATCH({given},{codes},0)))"
        row[_CHECK] = _checked(known, literal(say("method_no_node")))
        rows.append(row)
    for name, veto in scheme.vetoes.items():
        title = scheme.grades[veto.grade_at_most].title
        row = _setting(f"vetoes.{name}.grade_at_most", say("method_veto", veto=veto.title or name), title, "text")
        given = cell(method.rows[f"vetoes.{name}.grade_at_most"], _VALUE)
        row[_CHECK] = _checked(f"ISNUMBER(MATCH({given},{method.titles},0))", literal(say("method_no_grade")))
        rows.append(row)
    return rows


def _setting(name: str, text: str, value: Decimal | int | str | None, shown: Shown = "points") -> list[Any]:
    return [name, text, Input(value, shown), None, Value(value, shown)]


def _adds_up(row: int, children: list[int]) -> Formula:
    total = f"SUM({down(_VALUE, children)})"
    wrong = f'{literal(say("method_sum"))}&TEXT({total},"0.00")'
    return _checked(f"ROUND({total},2)=ROUND({cell(row, _VALUE)},2)", wrong)


def _checked(condition: str, wrong: str) -> Formula:
    return Formula(f"=IF({condition},{literal('✓')},{wrong})", "✓", "text")


def _range(column: int, last: int) -> str:
    return f"{cell(_WHOLE, column)}:{cell(last, column)}"


def _guard(book: Book, method: Method, sheet: Any, last: int) -> None:
    """What a reader may enter, what is wrong in red, what is changed in bold."""
    left = {"type": "formula", "criteria": f"=LEFT({cell(_WHOLE, _CHECK)},1)={literal('✗')}", "format": book.band(3)}
    sheet.conditional_format(_WHOLE, _CHECK, last, _CHECK, left)
    changed = book.book.add_format({"bold": True, "font_color": "#C00000"})
    differs = f"={cell(_WHOLE, _VALUE)}<>{cell(_WHOLE, _PUBLISHED)}"
    sheet.conditional_format(_WHOLE, _VALUE, last, _VALUE, {"type": "formula", "criteria": differs, "format": changed})
    number = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100}
    refused = {"error_title": say("method_refused"), "error_message": say("method_number")}
    for entry in method.figures.weighed:
        sheet.data_validation(method.rows[entry.name], _VALUE, method.rows[entry.name], _VALUE, number | refused)
    for name in method.figures.scheme.vetoes:
        row = method.rows[f"vetoes.{name}.grade_at_most"]
        sheet.data_validation(row, _VALUE, row, _VALUE, {"validate": "list", "source": f"={method.titles}"})


def _spelled(value: Any) -> str:
    match value:
        case dict():
            return listed(f"{key} {number}" for key, number in value.items())
        case list():
            return listed(str(item) for item in value)
        case _:
            return str(value)
