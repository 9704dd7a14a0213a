"""A bench for the scoring SQL: evidence given by hand, scored by sql/scores with any scheme."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from kaohe import planning, scoring
from kaohe.models import Models
from kaohe.scheme import load_scheme
from kaohe.scheme.tables import IN_FORCE
from kaohe.warehouse import Warehouse
from tests.helpers import AS_OF, ROOT, YEAR

BASIS = "basis: {rule: r, article: a, basis_type: default}"


@dataclass(frozen=True)
class Item:
    """An evidence row. ``reported``: the unit handed in records for the indicator."""

    unit: str
    indicator: str
    item: str
    due: object
    done: object
    reported: bool = True


@dataclass(frozen=True)
class Scores:
    """The tables that scoring made."""

    scores: pl.DataFrame
    indicators: pl.DataFrame
    evidence: pl.DataFrame

    def unit(self, unit: str) -> dict[str, Any]:
        return self.scores.row(by_predicate=pl.col("unit_id") == unit, named=True)


@dataclass(frozen=True)
class SchemeText:
    """A scheme file's text, and what its measure says of units without items."""

    text: str
    empty: str


def scheme_text(
    tree: dict[str, Any],
    empty: str = "not_reported",
    bonus: str = "{cap: 5}",
    deductions: str = "{cap: 10}",
    vetoes: str = "{}",
    tie_break: list[str] | None = None,
) -> SchemeText:
    """A scheme whose leaves all take their evidence from the bench. Weights of nodes are sums of their leaves'."""
    lines = ["id: t", "title: t", f"year: {YEAR}", "effective_from: 2023-01-01", "effective_to: 2023-12-31"]
    lines += ["deadline: 2024-01-31", "rounding: {digits: 2, mode: half_up}", "dimensions:"]
    for name, children in tree.items():
        lines += _node(name, children, 2)
    lines += [f"bonus: {bonus}", f"deductions: {deductions}", f"vetoes: {vetoes}", "grades:"]
    lines += ["  excellent: {title: 优秀, at_least: 90, quota: 0.30}", "  good: {title: 良好, at_least: 80}"]
    lines += ["  qualified: {title: 合格, at_least: 60}", "  unqualified: {title: 不合格, at_least: 0}"]
    lines.append(f"tie_break: [{', '.join(tie_break or [])}]")
    return SchemeText("\n".join(lines), empty)


def _node(name: str, given: Any, indent: int) -> list[str]:
    pad = " " * indent
    if not isinstance(given, dict):
        return [f"{pad}{name}: {{title: {name}, weight: {given}, measure: given, rule: share, {BASIS}}}"]
    lines = [f"{pad}{name}:", f"{pad}  title: {name}", f"{pad}  weight: {_sum(given)}", f"{pad}  children:"]
    for child, below in given.items():
        lines += _node(child, below, indent + 4)
    return lines


def _sum(given: Any) -> Decimal:
    return sum(map(_sum, given.values()), Decimal(0)) if isinstance(given, dict) else Decimal(given)


class Bench:
    """Scores evidence with a scheme, as a run does after its measures."""

    def __init__(self, folder: Path, sql: Path = ROOT / "sql") -> None:
        self.folder = folder
        self.warehouse = Warehouse(folder / "home")
        self.warehouse.macros(sql / "macros.sql")
        given = planning.GIVEN | {"assessed_unit", "unit_attribute", "measured"}
        scores = Models.of(sql / "scores")
        self.after = scores.in_order(given) + Models.of(sql / "results").in_order(given | scores.keys())
        audits = Models.of(sql / "audits")
        self.audits = audits.in_order(given | {model.name for model in self.after})

    def score(
        self,
        scheme: SchemeText,
        units: dict[str, str],
        items: list[Item],
        as_of: dt.date = AS_OF,
        reading: Sequence[str] = (),
    ) -> Scores:
        """Score ``items`` of ``units`` (unit → category). ``reading``: the indicators whose measure reads the table of which
        every unit with a reported item handed in records."""
        (self.folder / "given.sql").write_text(f"-- Empty: {scheme.empty}\nselect 1 from param", encoding="utf-8")
        path = self.folder / "scheme.yml"
        path.write_text(scheme.text, encoding="utf-8")
        loaded = load_scheme(path)
        measures, read = Models.of(self.folder), [(indicator, "given") for indicator in reading]
        scoring.lay_out_year(self.warehouse, loaded, as_of)
        scoring.lay_out_schemes(self.warehouse, {IN_FORCE: loaded}, measures)
        scoring.lay_out(self.warehouse, "measure_table", "indicator varchar, table_name varchar", read)
        scoring.lay_out(
            self.warehouse, "unit_attribute", "unit_id varchar, name varchar, text varchar, number double", []
        )
        con, frame = self.warehouse.con, self.warehouse.frame
        con.execute("create or replace table main.assessed_unit (unit_id varchar, unit_name varchar, category varchar)")
        con.execute("create or replace table main.report (unit_id varchar, table_name varchar)")
        con.execute("create or replace table main.record_count (table_name varchar, records_in bigint, "
                    "records_used bigint, records_quarantined bigint)")  # fmt: skip
        self.warehouse.empty("main.measured", scoring.MEASURED)
        rows = [(unit, f"单位{unit}", category) for unit, category in units.items()]
        self.warehouse.write(
            "main.assessed_unit", pl.DataFrame(rows, ["unit_id", "unit_name", "category"], orient="row")
        )
        reported = sorted({item.unit for item in items if item.reported})
        self.warehouse.write("main.report", pl.DataFrame({"unit_id": reported, "table_name": "given"}))
        measured = [
            (item.unit, item.indicator, item.item, _text(item.due), _text(item.done), ["r"] if item.reported else [])
            for item in items
        ]
        columns = {"unit_id": pl.String, "indicator": pl.String, "item": pl.String, "due": pl.String, "done": pl.String}
        self.warehouse.write(
            "main.measured", pl.DataFrame(measured, columns | {"records": pl.List(pl.String)}, orient="row")
        )
        scoring.add_up(self.warehouse, self.after)
        return Scores(*(frame(f"select * from main.{name}") for name in ("scores", "indicator_scores", "evidence")))

    def audit(self) -> None:
        """Every audit of a run holds."""
        for model in self.audits:
            assert not self.warehouse.rows(model.sql), model.name


def _text(number: object) -> str | None:
    return None if number is None else str(number)
