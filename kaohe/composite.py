"""Any composite score: a scheme and a long table of values, with no domain tables at all (``kaohe score``).

All schemes that are scored together are variants of one pass of the same SQL as a year's run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from kaohe import planning, scoring
from kaohe.errors import KaoheError
from kaohe.models import Models
from kaohe.project import Project
from kaohe.scheme import Composite, load_composite
from kaohe.scheme.indicator import EXACT, Indicator
from kaohe.sources.files import read_sheets
from kaohe.warehouse import Engine
from kaohe.words import listed

_MICRO, _MOST = Decimal("0.000001"), Decimal(10**12)
#: Columns of the units file that are no attributes.
_NAMES = ("unit_id", "unit_name")


#: How published tables write that there is no number.
MISSING = ("NA", "N/A", "NaN", "..")


@dataclass(frozen=True)
class Scored:
    """What a scheme makes of the values.

    ``scores``: unit_id, score, grade, rank, status. ``nodes``: unit_id, node, score. Scores are text: exact decimals
    where the scheme rounds, else the shortest that reads back as the same DOUBLE. ``stages``: unit_id, indicator,
    value, denominated, imputed, treated, score in DOUBLE.
    """

    scores: pl.DataFrame
    nodes: pl.DataFrame
    stages: pl.DataFrame

    def write(self, folder: Path) -> None:
        """Write scores.csv, nodes.csv and stages.csv."""
        folder.mkdir(parents=True, exist_ok=True)
        self.scores.drop("status").write_csv(folder / "scores.csv")
        self.nodes.write_csv(folder / "nodes.csv")
        self.stages.write_csv(folder / "stages.csv")


@dataclass(frozen=True)
class Counted:
    """How many units a values file has, and of how many it has a value, by measure."""

    units: int
    values: dict[str, int]


def count_values(path: Path) -> Counted:
    """What there is in a values file. Raises ``KaoheError`` with file and row for what cannot be read."""
    given = _Values(path)
    having: dict[str, set[str]] = {measure: set() for measure in given.measures}
    for unit, measure, *_ in given.measured:
        having[measure].add(unit)
    return Counted(len(given.units), {measure: len(units) for measure, units in having.items()})


def score_all(
    schemes: Mapping[str, Path], values: Path, units: Path | None = None, threads: int | None = None
) -> dict[str, Scored]:
    """Score the values by each of the schemes, in one pass.

    ``values``: a CSV file or workbook with the columns unit_id, measure and value, or unit_id, measure, due, done and
    perhaps item. ``units``: unit_id and any of unit_name, category, groups and denominators. ``threads``: of DuckDB.
    Raises ``KaoheError`` with file and row for what cannot be read, and for a measure, column or unit that is not
    there.
    """
    composites = {name: load_composite(path) for name, path in schemes.items()}
    given = _Values(values)
    attributes = _Units(units, given)
    for name, path in schemes.items():
        _refuse_what_is_not_there(path, composites[name], given, attributes)
    engine = Engine(duckdb.connect())
    if threads:
        engine.con.execute(f"set threads = {threads:d}")
    sql = Project.find().sql
    engine.macros(sql / "macros.sql")
    measure = {(name, entry.name): leaf.measure for name, scheme in composites.items() for entry, leaf in scheme.leaves}
    scoring.lay_out_schemes(engine, composites, evidence=measure)
    given.lay_out(engine)
    attributes.lay_out(engine)
    known = planning.GIVEN | {"assessed_unit", "unit_attribute", "measured"}
    scoring.add_up(engine, Models.of(sql / "scores").in_order(known))
    return {name: _scored(engine, name, scheme) for name, scheme in composites.items()}


def score(scheme: Path, values: Path, units: Path | None = None) -> Scored:
    """Score the values by one scheme."""
    return score_all({"": scheme}, values, units)[""]


class _Values:
    """The long table of values, checked cell by cell."""

    def __init__(self, path: Path) -> None:
        self.path = path
        rows = _table(path)
        columns = set(rows.columns)
        if not {"unit_id", "measure"} <= columns or ("value" in columns) == ("done" in columns):
            raise KaoheError("values_columns", file=path.name, columns=listed(rows.columns))
        self.measures = set(rows["measure"].unique())
        self.units: dict[str, None] = dict.fromkeys(rows["unit_id"])
        self.measured: list[tuple[str, str, str, str | None, str | None]] = []
        self.values: dict[tuple[str, str], float] = {}
        self.too_large: dict[str, int] = {}
        for column in columns & {"value", "due", "done"}:
            rows = rows.with_columns(
                pl.when(pl.col(column).is_in(MISSING)).then(pl.lit("")).otherwise(column).alias(column)
            )
        if "value" in columns:
            self._take_values(rows)
        else:
            self._take_items(rows)

    def _take_values(self, rows: pl.DataFrame) -> None:
        seen: set[tuple[str, str]] = set()
        for row in rows.iter_rows(named=True):
            key = (row["unit_id"], row["measure"])
            if key in seen:
                raise KaoheError("values_twice", file=self.path.name, row=row["_row"], unit=key[0], measure=key[1])
            seen.add(key)
            if row["value"]:
                number = self._number(row, "value")
                self.values[key] = float(row["value"])
                if abs(number) >= _MOST:
                    self.too_large.setdefault(key[1], row["_row"])
                done = None if abs(number) >= _MOST else str(number.quantize(_MICRO, ROUND_HALF_UP))
                self.measured.append((*key, key[1], None, done))

    def _take_items(self, rows: pl.DataFrame) -> None:
        seen: dict[tuple[str, str, str], int] = {}
        numbered: dict[tuple[str, str], int] = {}
        for row in rows.iter_rows(named=True):
            key = (row["unit_id"], row["measure"])
            numbered[key] = numbered.get(key, 0) + 1
            if not row["done"]:
                continue
            item = row.get("item") or f"{key[1]} {numbered[key]}"
            if (*key, item) in seen:
                raise KaoheError("values_item_twice", file=self.path.name, row=row["_row"], unit=key[0], item=item)
            seen[*key, item] = row["_row"]
            due = self._exact(row, "due") if row.get("due") else None
            self.measured.append((*key, item, due, self._exact(row, "done")))
        whole: dict[tuple[str, str], Decimal] = {}
        for unit, measure, _, due, _ in self.measured:
            whole[unit, measure] = whole.get((unit, measure), Decimal(0)) + (Decimal(due) if due else Decimal(1))
        self.measured = [row for row in self.measured if whole[row[0], row[1]]]

    def _number(self, row: dict[str, Any], column: str) -> Decimal:
        try:
            number = Decimal(row[column])
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise KaoheError("values_number", file=self.path.name, row=row["_row"], column=column, text=row[column])
        return number

    def _exact(self, row: dict[str, Any], column: str) -> str:
        number = self._number(row, column)
        if not 0 <= number < _MOST:
            raise KaoheError("values_range", file=self.path.name, row=row["_row"], column=column, text=row[column])
        return str(number.quantize(_MICRO, ROUND_HALF_UP))

    def lay_out(self, engine: Engine) -> None:
        engine.empty("main.measured", scoring.MEASURED)
        columns = ["unit_id", "indicator", "item", "due", "done"]
        frame = pl.DataFrame(self.measured, dict.fromkeys(columns, pl.String), orient="row")
        engine.write("main.measured", frame, "[] as records")
        values = [(unit, measure, value) for (unit, measure), value in self.values.items()]
        scoring.lay_out(engine, "given_value", scoring.GIVEN_VALUE, list(values))
        reported = sorted({(unit, measure) for unit, measure, *_ in self.measured})
        scoring.lay_out(engine, "report", "unit_id varchar, table_name varchar", list(reported))
        tables = [(measure, measure) for measure in sorted(self.measures)]
        scoring.lay_out(engine, "measure_table", "indicator varchar, table_name varchar", list(tables))
        engine.make("main.assessment", "select null::integer as year, null::date as as_of")


class _Units:
    """The units file: who is scored, in which category, and the groups and denominators of each."""

    def __init__(self, path: Path | None, values: _Values) -> None:
        self.path = path
        if path is None:
            self.rows = pl.DataFrame({"unit_id": list(values.units)}, {"unit_id": pl.String})
        else:
            self.rows = _table(path)
            if "unit_id" not in self.rows.columns:
                raise KaoheError("units_columns", file=path.name, columns=listed(self.rows.columns))
            twice = self.rows.filter(pl.col("unit_id").is_duplicated())
            if twice.height:
                raise KaoheError("units_twice", file=path.name, row=twice["_row"][-1], unit=twice["unit_id"][-1])
            if unknown := [unit for unit in values.units if unit not in set(self.rows["unit_id"])]:
                raise KaoheError("values_unit", file=values.path.name, unit=unknown[0], units=path.name)
        self.columns = {name for name in self.rows.columns if name not in (*_NAMES, "_row")}

    def numbers(self, column: str) -> None:
        """Raises ``KaoheError`` if a filled cell of the column is no number."""
        for row in self.rows.iter_rows(named=True):
            if row[column] not in (*MISSING, "") and _float(row[column]) is None:
                file = self.path.name if self.path else ""
                raise KaoheError("values_number", file=file, row=row["_row"], column=column, text=row[column])

    def lay_out(self, engine: Engine) -> None:
        units, attributes = [], []
        for row in self.rows.iter_rows(named=True):
            unit = row["unit_id"]
            units.append((unit, row.get("unit_name") or unit, row.get("category") or None))
            attributes += [(unit, name, row[name] or None, _float(row[name])) for name in sorted(self.columns)]
        scoring.lay_out(engine, "assessed_unit", "unit_id varchar, unit_name varchar, category varchar", list(units))
        columns = "unit_id varchar, name varchar, text varchar, number double"
        scoring.lay_out(engine, "unit_attribute", columns, list(attributes))


def _float(text: str) -> float | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return float(number) if number.is_finite() else None


def _table(path: Path) -> pl.DataFrame:
    """The first sheet of a file as text, the first row being headings, with ``_row``: the number of the row."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KaoheError("file_not_opened", file=path.name, problem=error.strerror or error) from error
    rows = read_sheets(path.name, data)[0].rows
    headings = rows[0] if rows else []
    if len(set(headings)) < len(headings):
        raise KaoheError("table_headings_twice", file=path.name)
    width = len(headings)
    filled = [(*(row + [""] * width)[:width], number) for number, row in enumerate(rows[1:], start=2) if any(row)]
    return pl.DataFrame(filled, dict.fromkeys(headings, pl.String) | {"_row": pl.Int64}, orient="row")


def _refuse_what_is_not_there(path: Path, scheme: Composite, values: _Values, units: _Units) -> None:
    """A measure that no row names, a column that the units file lacks: misspelt, most likely."""
    for entry, leaf in scheme.leaves:
        if leaf.measure not in values.measures:
            file, known = values.path.name, listed(sorted(values.measures))
            asked = {"scheme": path.name, "indicator": entry.name, "measure": leaf.measure}
            raise KaoheError("values_no_measure", **asked, file=file, known=known)
        if not isinstance(leaf, Indicator):
            continue
        if leaf.rule in EXACT and leaf.measure in values.too_large:
            row = values.too_large[leaf.measure]
            raise KaoheError("values_range", file=values.path.name, row=row, column="value", text="…")
        columns = [leaf.denominator, leaf.within, leaf.impute and leaf.impute.by, leaf.applies_to and "category"]
        for column in filter(None, columns):
            if column not in units.columns:
                raise KaoheError("units_no_column", scheme=path.name, indicator=entry.name, column=column)
        if leaf.denominator:
            units.numbers(leaf.denominator)


def _scored(engine: Engine, variant: str, scheme: Composite) -> Scored:
    scores = engine.rows(
        "select unit_id, total, score, grade, rank, status from main.unit_score where variant = ? "
        "order by category, rank nulls last, unit_id",
        [variant],
    )
    digits = scheme.rounding.digits if scheme.rounding else 6
    shown = [
        (unit, None if status == "no_data" else _text(total, score, digits), grade, rank, status)
        for unit, total, score, grade, rank, status in scores
    ]
    screened = {unit for (unit,) in engine.rows(_SCREENED, [variant])}
    of_points = digits if scheme.is_points else 6
    without = {unit for unit, *_, status in scores if status == "no_data"}
    nodes = [
        (unit, node, None if unit in (screened if is_base else without) else _text(points, score, of_points))
        for unit, node, is_base, points, score in engine.rows(_NODES, [variant])
    ]
    columns: dict[str, Any] = {"unit_id": pl.String, "score": pl.String, "grade": pl.String, "rank": pl.Int64}
    return Scored(
        pl.DataFrame(shown, columns | {"status": pl.String}, orient="row"),
        pl.DataFrame(nodes, {"unit_id": pl.String, "node": pl.String, "score": pl.String}, orient="row"),
        engine.frame(_STAGES, [variant]),
    )


def _text(micro: int | None, score: float | None, digits: int) -> str | None:
    if micro is not None:
        return f"{Decimal(micro).scaleb(-6):.{digits}f}"
    return None if score is None else repr(score)


_SCREENED = "select unit_id from main.screened where variant = ?"

#: Points of bonus and deductions are exact millionths, whether the scheme rounds or not.
_NODES = """
select assessed_unit.unit_id, scheme_node.node, scheme_node.section = 'base',
  case
    when scheme_node.section = 'base' then node_total.points
    else coalesce((
      select sum(points) from main.extra_item
      where extra_item.variant = scheme_node.variant and extra_item.unit_id = assessed_unit.unit_id
        and extra_item.indicator = scheme_node.node
    ), 0)
  end as points,
  node_total.score
from main.assessed_unit
join main.scheme_node on scheme_node.variant = ? and scheme_node.section <> 'veto'
left join main.node_total on node_total.variant = scheme_node.variant and node_total.unit_id = assessed_unit.unit_id
  and node_total.node = scheme_node.node
order by assessed_unit.unit_id, scheme_node.position
"""

_STAGES = """
select leaf_status.unit_id, leaf_status.indicator, leaf_known.value,
  case when leaf_known.exact then leaf_known.value else leaf_known.denominated end as denominated,
  case when leaf_known.exact then leaf_known.value else leaf_status.imputed end as imputed,
  case when leaf_known.exact then leaf_known.value else leaf_status.treated end as treated,
  leaf_status.score
from main.leaf_status
join main.leaf_known using (variant, unit_id, indicator)
where leaf_status.variant = ?
order by leaf_status.unit_id, leaf_status.position
"""
