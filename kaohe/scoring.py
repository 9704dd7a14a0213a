"""Score: trusted tables + scheme → evidence → scores, in SQL.

The scheme is laid out as tables; each indicator's measure runs with ``param`` holding that indicator's parameters.
SQL is never assembled from a scheme's strings.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import polars as pl

from kaohe import progress
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.models import Model, Models
from kaohe.project import Project
from kaohe.scheme import FEWER_DEDUCTIONS, Scheme
from kaohe.warehouse import Warehouse
from kaohe.words import say

#: Tables that a run lays out for the models, beside the trusted ones.
GIVEN = {
    "assessment",
    "scheme",
    "scheme_node",
    "scheme_path",
    "scheme_indicator",
    "scheme_param",
    "scheme_grade",
    "scheme_tie_break",
    "scheme_veto",
    "measure_table",
    "report",
    "record_place",
    "record_count",
    "problem",
    "said",
    "quarantine",
    "corrected",
}

#: Names that scoring itself uses.
OWN = {"measured", "param", "record", "set_aside", "position", "unit_name", "changed"}

MEASURED = """
create or replace table main.measured (
  unit_id varchar, indicator varchar, item varchar, due decimal(18,6), done decimal(18,6), records varchar[])
"""


@dataclass(frozen=True)
class Plan:
    """The models of a project in the order they run, proved to fit together and to serve the scheme."""

    base: list[Model]
    measures: Models
    after: list[Model]
    audits: list[Model]
    indicator_tables: dict[str, set[str]]


def plan(project: Project, contracts: Contracts, scheme: Scheme) -> Plan:
    """Read every SQL file and put them in order.

    Raises ``KaoheError`` for an unknown measure, a missing table, a circle, or a measure that does not say what a
    unit without items gets.
    """
    sql = project.sql
    base = Models.of(sql / "base")
    measures = Models.of(sql / "measures")
    after = Models.of(sql / "scores", sql / "reports")
    audits = Models.of(sql / "audits")
    tables = set(contracts)
    for model in [*base.values(), *after.values()]:
        if model.name in tables | GIVEN | OWN:
            raise KaoheError("sql_name_taken", file=model.path, table=model.name)
    for name in sorted(tables & (GIVEN | OWN)):
        raise KaoheError("contract_name_taken", table=name)
    for entry, leaf in scheme.leaves:
        if leaf.measure not in measures:
            known = ", ".join(sorted(measures))
            raise KaoheError("measure_unknown", indicator=entry.name, measure=leaf.measure, known=known)
        if (asked := measures[leaf.measure].params) != leaf.params.keys():
            given = ", ".join(leaf.params) or "—"
            wanted = ", ".join(sorted(asked)) or "—"
            raise KaoheError("measure_params", indicator=entry.name, given=given, measure=leaf.measure, wanted=wanted)
    measures.in_order(tables | GIVEN | base.keys() | {"param"})
    _refuse_restricted(scheme, contracts, Models(base | measures))
    reported = {name for name, contract in contracts.items() if not contract.reference}
    both = Models(base | measures)
    return Plan(
        base.in_order(tables | GIVEN),
        measures,
        after.in_order(tables | GIVEN | base.keys() | {"measured"}),
        audits.in_order(tables | GIVEN | base.keys() | after.keys() | {"measured"}),
        {entry.name: both.sources(leaf.measure, reported) for entry, leaf in scheme.leaves},
    )


def _refuse_restricted(scheme: Scheme, contracts: Contracts, models: Models) -> None:
    """A measure over a restricted table (clue counts) can never be in a scheme: its evidence would be published."""
    restricted = {name for name, contract in contracts.items() if contract.restricted}
    for entry, leaf in scheme.leaves:
        for table in sorted(models.sources(leaf.measure, restricted)):
            raise KaoheError("measure_restricted", indicator=entry.name, table=contracts[table].label)


def score(
    warehouse: Warehouse, project: Project, contracts: Contracts, scheme: Scheme, planned: Plan, as_of: dt.date
) -> None:
    """Make ``main.evidence``, ``main.indicator_scores``, ``main.scores`` and the reports.

    Raises ``KaoheError`` if no unit of the registry is there to be assessed.
    """
    con = warehouse.con
    con.execute((project.sql / "macros.sql").read_text(encoding="utf-8"))
    lay_out_scheme(warehouse, scheme, planned, as_of)
    _lay_out_records(warehouse, contracts, scheme.year)
    for model in planned.base:
        make(warehouse, model)
    if not warehouse.rows("select 1 from main.assessed_unit limit 1"):
        raise KaoheError("nobody_to_assess", year=scheme.year)
    con.execute(MEASURED)
    for done, (entry, leaf) in enumerate(scheme.leaves):
        progress.report(say("step_score", indicator=leaf.title), done, len(scheme.leaves))
        _measure(warehouse, entry.name, planned.measures[leaf.measure])
    for model in planned.after:
        make(warehouse, model)


def audit(warehouse: Warehouse, planned: Plan) -> None:
    """Prove the scores before they are published: each audit must return no rows; ``KaoheError`` names the first
    that does."""
    for model in planned.audits:
        failing = warehouse.rows(f"{model.sql}\nlimit 3")
        if failing:
            raise KaoheError("audit_failed", audit=model.name, rows=failing)


def make(warehouse: Warehouse, model: Model) -> None:
    """Run a model: the table of its name is made anew. Raises ``KaoheError`` naming the file if the SQL fails."""
    with _named(model):
        warehouse.con.execute(f"create or replace table main.{model.name} as {model.sql}")


@contextmanager
def _named(model: Model) -> Iterator[None]:
    try:
        yield
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise KaoheError("sql_failed", file=model.path, problem=str(error).splitlines()[0]) from error


def _measure(warehouse: Warehouse, indicator: str, model: Model) -> None:
    """Run an indicator's measure with its parameters; its items go to ``main.measured``."""
    con = warehouse.con
    con.execute(
        "create or replace temp table param as "
        "select name, key, text, number from main.scheme_param where indicator = ?",
        [indicator],
    )
    with _named(model):
        con.execute(
            "insert into main.measured select unit_id, ?, cast(item as varchar), cast(due as decimal(18,6)), "
            f"cast(done as decimal(18,6)), coalesce(list_sort(records), []) from ({model.sql}\n) as evidence "
            "order by unit_id, item",
            [indicator],
        )


def lay_out_scheme(warehouse: Warehouse, scheme: Scheme, planned: Plan, as_of: dt.date) -> None:
    """The scheme and the run's dates as tables."""
    con = warehouse.con
    begin, end = dt.date(scheme.year, 1, 1), dt.date(scheme.year, 12, 31)
    con.execute(
        "create or replace table main.assessment as select ? as year, ? as as_of, ? as year_start, "
        "? as year_end, ? as period_end",
        [scheme.year, as_of, begin, end, min(as_of, end)],
    )
    con.execute(
        "create or replace table main.scheme as select ? as id, ? as title, cast(? as decimal(9,2)) as "
        "bonus_cap, cast(? as decimal(9,2)) as deduction_cap",
        [scheme.id, scheme.title, scheme.bonus.cap, scheme.deductions.cap],
    )
    for table, (columns, rows) in _scheme_tables(scheme, planned).items():
        con.execute(f"create or replace table main.{table} ({columns})")
        names = [column.split()[0] for column in columns.split(", ")]
        warehouse.write(f"main.{table}", pl.DataFrame(rows, names, orient="row", infer_schema_length=None))


Rows = list[tuple[object, ...]]


def _scheme_tables(scheme: Scheme, planned: Plan) -> dict[str, tuple[str, Rows]]:
    """table → (column definitions, rows). Exact numbers travel as text and are cast by the table."""
    position = {entry.name: number for number, entry in enumerate(scheme.entries)}
    parent = {entry.name: entry.parent for entry in scheme.entries}
    grades = {name: number for number, name in enumerate(scheme.grades, start=1)}
    nodes: Rows = [
        (entry.name, entry.parent, entry.dimension, entry.section, entry.node.title, str(entry.weight), number)
        for number, entry in enumerate(scheme.entries)
    ]
    paths: Rows = [(entry.name, node) for entry, _ in scheme.leaves for node in _upwards(entry.name, parent)]
    indicators: Rows = []
    params: Rows = []
    for entry, leaf in scheme.leaves:
        empty = planned.measures[leaf.measure].empty
        place = (entry.name, entry.dimension, entry.section, leaf.measure, leaf.rule)
        indicators.append((*place, str(entry.weight), empty, scheme.deadline, position[entry.name]))
        params += [(entry.name, name, key, text, _text(number)) for name, key, text, number in leaf.param_rows()]
    return {
        "scheme_node": (
            "node varchar, parent varchar, dimension varchar, section varchar, title varchar, weight decimal(9,2), "
            "position integer",
            nodes,
        ),
        "scheme_path": ("leaf varchar, node varchar", paths),
        "scheme_indicator": (
            "indicator varchar, dimension varchar, section varchar, measure varchar, rule varchar, "
            "weight decimal(9,2), empty varchar, deadline date, position integer",
            indicators,
        ),
        "scheme_param": ("indicator varchar, name varchar, key varchar, text varchar, number decimal(18,6)", params),
        "scheme_grade": (
            "position integer, grade varchar, title varchar, at_least decimal(9,2), quota decimal(9,4), "
            "quota_at_least bigint",
            [
                (grades[name], name, grade.title, _text(grade.at_least), _text(grade.quota), grade.quota_at_least)
                for name, grade in scheme.grades.items()
            ],
        ),
        "scheme_tie_break": (
            "position integer, node varchar",
            [(number, "" if name == FEWER_DEDUCTIONS else name) for number, name in enumerate(scheme.tie_break)],
        ),
        "scheme_veto": (
            "veto varchar, lowest_position integer",
            [(name, grades[veto.grade_at_most]) for name, veto in scheme.vetoes.items()],
        ),
        "measure_table": (
            "indicator varchar, table_name varchar",
            [(name, table) for name, tables in planned.indicator_tables.items() for table in sorted(tables)],
        ),
    }


def _upwards(name: str, parent: dict[str, str]) -> Iterator[str]:
    """A leaf and every node above it."""
    while name:
        yield name
        name = parent[name]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _lay_out_records(warehouse: Warehouse, contracts: Contracts, year: int) -> None:
    """``report``: who handed in which table for the year. ``record_place``: where each trusted record stands.
    ``record_count``: records in, used, quarantined and of other years, by table."""
    con = warehouse.con
    con.execute("create or replace table main.report (unit_id varchar, table_name varchar)")
    con.execute(
        "create or replace table main.record_count (table_name varchar, records_in bigint, "
        "records_used bigint, records_quarantined bigint, other_year bigint)"
    )
    places = []
    for name, contract in contracts.items():
        if not contract.reference:
            unit, joined = "record.unit_id", ""
            if owner := contract.owner:
                key = contracts[owner[1]].key[0]
                unit, joined = "owner.unit_id", f"join main.{owner[1]} as owner on owner.{key} = record.{owner[0]}"
            con.execute(
                f"insert into main.report select distinct {unit}, '{name}' from main.{name} as record {joined} "
                f"where record._year is null or record._year = {year:d} order by 1"
            )
        con.execute(
            f"insert into main.record_count select '{name}', (select count(*) from raw.{name}), "
            f"(select count(*) from main.{name}), (select count(*) from main.quarantine where table_name = '{name}'), "
            f"(select count(*) from main.{name} where _year <> {year:d})"
        )
        places.append(f"select '{name}' as table_name, _file, _sheet, _row, _rec from main.{name}")
    con.execute("create or replace view main.record_place as " + " union all ".join(places))
