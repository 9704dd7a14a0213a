"""Stress test of a year's scores: from the scheme and the tables of a run or a publication to how far they hold."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from kaohe.errors import KaoheError
from kaohe.publication import in_force
from kaohe.publication.manifest import read_manifest
from kaohe.publication.method import method_of
from kaohe.publication.snapshot import Snapshot
from kaohe.robustness.analysis import Robust, stress
from kaohe.robustness.case import Case
from kaohe.scheme import Scheme
from kaohe.scheme.parts import FEWER_DEDUCTIONS
from kaohe.scheme.robustness import Robustness
from kaohe.warehouse import Engine

#: The tables of a publication.
TABLES = ("rank_interval", "grade_probability", "sensitivity", "leave_one_out")
_COLUMNS = {
    "rank_interval": (
        "unit_id varchar, rank integer, rank_low integer, rank_median integer, rank_high integer, rank_mean double, "
        "score_low decimal(9,2), score_high decimal(9,2), overlaps_above boolean"
    ),
    "grade_probability": "unit_id varchar, grade varchar, probability double",
    "sensitivity": "factor varchar, first_order double, total_order double, mean_shift double",
    "leave_one_out": "indicator varchar, mean_shift double, max_shift integer",
}


class Tables(Protocol):
    """Whatever has the tables of a run."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query as tuples."""


@dataclass(frozen=True)
class Found:
    """How far the scores of ``publication`` hold. ``tables``: the four of ``TABLES``; ``units``: unit → (category,
    name, total, grade); ``titles``: indicator → title."""

    publication: Path
    draws: int
    tables: dict[str, pl.DataFrame]
    units: dict[str, tuple[str, str, Decimal, str | None]]
    titles: dict[str, str]

    def write(self, folder: Path) -> None:
        """Write each table as a CSV."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            table.write_csv(folder / f"{name}.csv", include_bom=True)


def robustness(home: Path, year: int | None = None, draws: int | None = None, seed: int | None = None) -> Found:
    """Test the publication in force, with as many draws and from such a seed as asked for, else as its scheme says.

    Raises ``KaoheError`` if nothing is published, or by a version that did not keep what is needed.
    """
    publication = in_force(home, year)
    scheme = method_of(home, read_manifest(publication))[1]
    asked = {name: value for name, value in (("draws", draws), ("seed", seed)) if value is not None}
    wanted = scheme.robustness.model_copy(update=asked)
    with Snapshot(publication) as snapshot:
        if not snapshot.has("leaf_score"):
            raise KaoheError("robustness_not_kept", publication=publication.name)
        scores = snapshot.rows("select unit_id, category, unit_name, total, grade from main.scores")
        units = {unit: (category, name, total, grade) for unit, category, name, total, grade in scores}
        tables = stressed(snapshot, scheme, wanted)
    return Found(publication, wanted.draws // 2 * 2, tables, units, dict(_weighted_leaves(scheme)))


def make_tables(engine: Engine, scheme: Scheme) -> None:
    """Make ``main.rank_interval``, ``grade_probability``, ``sensitivity`` and ``leave_one_out`` from the scores."""
    frames = stressed(engine, scheme, scheme.robustness)
    for table in TABLES:
        engine.con.execute(f"create or replace table main.{table} ({_COLUMNS[table]})")
        engine.write(f"main.{table}", frames[table])


def stressed(tables: Tables, scheme: Scheme, wanted: Robustness) -> dict[str, pl.DataFrame]:
    """The four tables by name, in the order of ranks, of the choices and of the scheme. Without a unit that is ranked
    they are empty. The random numbers begin with the scheme's id: the same scheme draws the same for all publications.
    """
    units, case = case_of(tables, scheme)
    if not units:
        names = {table: [column.split()[0] for column in columns.split(", ")] for table, columns in _COLUMNS.items()}
        return {table: pl.DataFrame(schema=names[table]) for table in TABLES}
    found = stress(case, wanted, scheme.id)
    return _frames(found, scheme, units, [name for name, _ in _weighted_leaves(scheme)])


def case_of(tables: Tables, scheme: Scheme) -> tuple[list[str], Case]:
    """The units that are ranked, by category, and what they are ranked by."""
    scores = tables.rows(
        "select unit_id, category, bonus, deduction, status, veto from main.scores where status <> 'no_data' "
        "order by category, unit_id"
    )
    units = [unit for unit, *_ in scores]
    row = {unit: number for number, unit in enumerate(units)}
    leaves = [name for name, _ in _weighted_leaves(scheme)]
    column = {name: number for number, name in enumerate(leaves)}
    values = np.full((len(units), len(leaves)), np.nan)
    unreported = np.zeros(values.shape, np.bool_)
    for unit, leaf, score, missing in tables.rows("select unit_id, indicator, score, unreported from main.leaf_score"):
        if unit in row and score is not None:
            values[row[unit], column[leaf]] = score
            unreported[row[unit], column[leaf]] = missing
    nodes = [entry for entry in scheme.entries if entry.section == "base" and entry.weight]
    place = {entry.name: number for number, entry in enumerate(nodes)}
    categories = sorted({category for _, category, *_ in scores})
    grades = list(scheme.grades.values())
    position = {name: number for number, name in enumerate(scheme.grades)}
    lowest = {name: position[veto.grade_at_most] for name, veto in scheme.vetoes.items()}
    return units, Case(
        values=values,
        unreported=unreported,
        parent=np.array([place.get(entry.parent, -1) for entry in nodes]),
        weight=np.array([int(entry.weight * 1_000_000) for entry in nodes]),
        leaf=np.array([place[name] for name in leaves]),
        category=np.array([categories.index(category) for _, category, *_ in scores]),
        bonus=np.array([float(bonus) for _, _, bonus, *_ in scores]),
        deduction=np.array([float(deduction) for *_, deduction, _, _ in scores]),
        graded=np.array([status == "scored" for *_, status, _ in scores]),
        lowest=np.array([lowest.get(veto, 0) for *_, veto in scores]),
        at_least=np.array([float(grade.at_least) for grade in grades]),
        quota=np.array([np.nan if grade.quota is None else float(grade.quota) for grade in grades]),
        quota_at_least=np.array([grade.quota_at_least for grade in grades]),
        ties=[place[name] if name in place else _extra(tables, name, row) for name in scheme.tie_break],
        total=float(scheme.total),
        digits=scheme.rounding.digits,
        mode=scheme.rounding.mode,
        dense=scheme.ranking == "dense",
    )


def _weighted_leaves(scheme: Scheme) -> list[tuple[str, str]]:
    """(name, title) of the leaves that are scored."""
    return [(entry.name, leaf.title) for entry, leaf in scheme.leaves if entry.section == "base" and entry.weight]


def _extra(tables: Tables, name: str, row: dict[str, int]) -> Any:
    """What breaks ties and does not hang on any choice: points of a bonus or a deduction, fewer deductions."""
    found = np.zeros(len(row))
    if name == FEWER_DEDUCTIONS:
        points = tables.rows("select unit_id, -deduction from main.scores")
    else:
        leaves = tables.rows("select indicator, unit_id, coalesce(points, 0) from main.indicator_scores")
        points = [(unit, number) for leaf, unit, number in leaves if leaf == name]
    for unit, number in points:
        if unit in row:
            found[row[unit]] = float(number)
    return found


def _frames(found: Robust, scheme: Scheme, units: list[str], leaves: list[str]) -> dict[str, pl.DataFrame]:
    intervals = pl.DataFrame(
        {
            "unit_id": units,
            "rank": found.rank,
            "rank_low": found.rank_low,
            "rank_median": found.rank_median,
            "rank_high": found.rank_high,
            "rank_mean": found.rank_mean.round(4),
            "score_low": _points(found.score_low),
            "score_high": _points(found.score_high),
            "overlaps_above": found.overlaps_above,
        }
    )
    titles = [grade.title for grade in scheme.grades.values()]
    probabilities = [
        (unit, title, share)
        for unit, shares in zip(units, found.grade.tolist(), strict=True)
        if any(shares)
        for title, share in zip(titles, shares, strict=True)
    ]
    shifts = (found.first_order, found.total_order, found.factor_shift)
    dropped = zip(leaves, found.leaf_mean.round(4).tolist(), found.leaf_max.tolist(), strict=True)
    by_factor = [
        (factor, *(round(number, 4) for number in numbers))
        for factor, *numbers in zip(found.factors, *(shift.tolist() for shift in shifts), strict=True)
    ]
    return {
        "rank_interval": intervals,
        "grade_probability": pl.DataFrame(probabilities, ["unit_id", "grade", "probability"], orient="row"),
        "sensitivity": pl.DataFrame(
            [*by_factor, ("all", None, None, round(found.shift, 4))],
            dict.fromkeys(("factor",), pl.String)
            | dict.fromkeys(("first_order", "total_order", "mean_shift"), pl.Float64),
            orient="row",
        ),
        "leave_one_out": pl.DataFrame(list(dropped), ["indicator", "mean_shift", "max_shift"], orient="row"),
    }


def _points(scores: Any) -> list[Decimal]:
    """Points with two decimals."""
    return [Decimal(f"{score:.2f}") for score in scores.tolist()]
