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

from kaohe import params, progress
from kaohe.contracts import Contracts, quoted
from kaohe.errors import KaoheError
from kaohe.models import Model, Models
from kaohe.project import Project
from kaohe.scheme import Composite, Scheme
from kaohe.scheme.parts import FEWER_DEDUCTIONS, SPOT_CHECKS, Asked, SpotChecks
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
    "scheme_alert",
    "work_plan",
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
OWN = {"measured", "alert", "param", "record", "set_aside", "position", "unit_name", "changed"}

MEASURED = """
create or replace table main.measured (
  unit_id varchar, indicator varchar, item varchar, due decimal(18,6), done decimal(18,6), records varchar[])
"""

_ALERT = """
create or replace table main.alert (
  alert varchar, unit_id varchar, item varchar not null, level enum('urgent', 'warning', 'notice') not null,
  due_on date, days bigint, number decimal(18,6), text varchar, records varchar[])
"""


@dataclass(frozen=True)
class Plan:
    """The models of a project in the order they run, proved to fit together and to serve the scheme.

    ``tables``: the source tables behind each indicator and alert, registries included.
    """

    base: list[Model]
    measures: Models
    scores: list[Model]
    alerts: Models
    reports: list[Model]
    audits: list[Model]
    tables: dict[str, set[str]]
    restricted: set[str]


def plan(project: Project, contracts: Contracts, scheme: Scheme) -> Plan:
    """Read every SQL file and put them in order.

    Raises ``KaoheError`` for an unknown measure or alert, parameters it does not ask for or allow, a missing table, a
    circle, a measure that does not say what a unit without items gets, or one that must not be scored.
    """
    sql = project.sql
    base, measures, alerts = (Models.of(sql / folder) for folder in ("base", "measures", "alerts"))
    scores, reports, audits = (Models.of(sql / folder) for folder in ("scores", "reports", "audits"))
    tables = set(contracts)
    for model in [*base.values(), *scores.values(), *reports.values()]:
        if model.name in tables | GIVEN | OWN:
            raise KaoheError("sql_name_taken", file=model.path, table=model.name)
    for name in sorted(tables & (GIVEN | OWN)):
        raise KaoheError("contract_name_taken", table=name)
    for entry, leaf in scheme.leaves:
        measure = _asked_for(measures, leaf.measure, entry.name, leaf.param_names)
        for given in (leaf.params, *(version.params for version in leaf.versions)):
            params.check(measure, contracts, entry.name, given)
        if leaf.versions and not measure.dated:
            raise KaoheError("scheme_versions_undated", indicator=entry.name, measure=measure.name)
    for name, alert in scheme.alerts.items():
        params.check(_asked_for(alerts, alert.alert, name, set(alert.params)), contracts, name, alert.params)
    known = tables | GIVEN | base.keys()
    measures.in_order(known | {"param"})
    scored = known | scores.keys() | {"measured"}
    alerts.in_order(scored | {"param"})
    behind = {entry.name: Models(base | measures).sources(leaf.measure, tables) for entry, leaf in scheme.leaves}
    _refuse_what_is_not_scored(scheme, contracts, behind)
    everything = Models(base | scores | alerts)
    behind |= {name: everything.sources(alert.alert, tables) for name, alert in scheme.alerts.items()}
    return Plan(
        base.in_order(tables | GIVEN),
        measures,
        scores.in_order(known | {"measured"}),
        alerts,
        reports.in_order(scored | {"alert"}),
        audits.in_order(scored | reports.keys()),
        behind,
        {name for name in scheme.alerts if any(contracts[table].restricted for table in behind[name])},
    )


def _asked_for(models: Models, name: str, entry: str, given: set[str]) -> Model:
    """The model that an entry of the scheme names, if it asks for just the parameters that are given."""
    if name not in models:
        raise KaoheError("measure_unknown", indicator=entry, measure=name, known=", ".join(sorted(models)))
    if (asked := models[name].params.keys()) != given:
        shown = ", ".join(sorted(given)) or "—"
        wanted = ", ".join(sorted(asked)) or "—"
        raise KaoheError("measure_params", indicator=entry, given=shown, measure=name, wanted=wanted)
    return models[name]


def _refuse_what_is_not_scored(scheme: Scheme, contracts: Contracts, behind: dict[str, set[str]]) -> None:
    """A measure over a restricted table (clue counts) can never be in a scheme: its evidence would be published.
    One over a table that a rule forbids to score (study statistics from 2024 on) can only be shown, with weight 0."""
    for entry, _ in scheme.leaves:
        for contract in (contracts[table] for table in sorted(behind[entry.name])):
            if contract.restricted:
                raise KaoheError("measure_restricted", indicator=entry.name, table=contract.label)
            forbidden = contract.not_scored
            if forbidden and scheme.year >= forbidden.from_year and not entry.is_shown:
                raise KaoheError(
                    "measure_not_scored",
                    indicator=entry.name,
                    table=contract.title,
                    rule=forbidden.rule,
                    from_year=forbidden.from_year,
                )


def score(
    warehouse: Warehouse, project: Project, contracts: Contracts, scheme: Scheme, planned: Plan, as_of: dt.date
) -> None:
    """Make ``main.evidence``, ``main.indicator_scores``, ``main.scores`` and the reports.

    Raises ``KaoheError`` if no unit of the registry is there to be assessed.
    """
    con = warehouse.con
    con.execute((project.sql / "macros.sql").read_text(encoding="utf-8"))
    lay_out_scheme(warehouse, scheme, planned, as_of)
    work_plan = pl.read_csv(project.work_plan)
    con.execute("create or replace table main.work_plan (number integer, system varchar, command varchar)")
    warehouse.write("main.work_plan", work_plan)
    _lay_out_records(warehouse, contracts, scheme.year)
    for model in planned.base:
        make(warehouse, model)
    if not warehouse.rows("select 1 from main.assessed_unit limit 1"):
        raise KaoheError("nobody_to_assess", year=scheme.year)
    con.execute(MEASURED)
    for done, (entry, leaf) in enumerate(scheme.leaves):
        progress.report(say("step_score", indicator=leaf.title), done, len(scheme.leaves))
        _measure(warehouse, entry.name, planned.measures[leaf.measure])
    for model in planned.scores:
        make(warehouse, model)
    con.execute(_ALERT)
    for name, alert in scheme.alerts.items():
        _raise_alert(warehouse, name, planned.alerts[alert.alert])
    for model in planned.reports:
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
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError) as error:
        raise KaoheError("sql_failed", file=model.path, problem=str(error).splitlines()[0]) from error


def _measure(warehouse: Warehouse, indicator: str, model: Model) -> None:
    """Run an indicator's measure with its parameters; its items go to ``main.measured``."""
    _set_params(warehouse, indicator)
    with _named(model):
        warehouse.con.execute(
            "insert into main.measured select unit_id, ?, cast(item as varchar), cast(due as decimal(18,6)), "
            f"cast(done as decimal(18,6)), coalesce(list_sort(records), []) from ({model.sql}\n) as evidence "
            "order by unit_id, item",
            [indicator],
        )


def _raise_alert(warehouse: Warehouse, alert: str, model: Model) -> None:
    """Run an alert's model with its parameters; its rows go to ``main.alert``."""
    _set_params(warehouse, alert)
    with _named(model):
        warehouse.con.execute(
            "insert into main.alert select ?, unit_id, cast(item as varchar), level, due_on, days, number, text, "
            f"coalesce(list_sort(records), []) from ({model.sql}\n) as found order by unit_id, item",
            [alert],
        )


def _set_params(warehouse: Warehouse, asked_by: str) -> None:
    warehouse.con.execute(
        "create or replace temp table param as select name, key, text, number, effective_from, effective_to "
        "from main.scheme_param where indicator = ?",
        [asked_by],
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
    given: Rows = []
    for entry, leaf in scheme.leaves:
        place = (entry.name, entry.dimension, entry.section, leaf.measure, leaf.rule, str(entry.weight))
        empty = planned.measures[leaf.measure].empty, leaf.not_applicable
        indicators.append((*place, *empty, leaf.deadline or scheme.deadline, leaf.system, position[entry.name]))
        given += _params_of(entry.name, leaf)
    for name, alert in scheme.alerts.items():
        given += _params_of(name, alert)
    if scheme.spot_checks:
        given += _params_of(SPOT_CHECKS, scheme.spot_checks)
    return {
        "scheme_node": (
            "node varchar, parent varchar, dimension varchar, section varchar, title varchar, weight decimal(9,2), "
            "position integer",
            nodes,
        ),
        "scheme_path": ("leaf varchar, node varchar", paths),
        "scheme_indicator": (
            "indicator varchar, dimension varchar, section varchar, measure varchar, rule varchar, "
            "weight decimal(9,2), empty varchar, not_applicable varchar, deadline date, system integer, "
            "position integer",
            indicators,
        ),
        "scheme_param": (
            "indicator varchar, name varchar, key varchar, text varchar, number decimal(18,6), effective_from date, "
            "effective_to date",
            given,
        ),
        "scheme_alert": (
            "alert varchar, title varchar, model varchar, say varchar, system integer, restricted boolean, "
            "position integer",
            [
                (name, alert.title, alert.alert, alert.sentence, alert.system, name in planned.restricted, number)
                for number, (name, alert) in enumerate(scheme.alerts.items())
            ],
        ),
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
            [(name, table) for name, tables in planned.tables.items() for table in sorted(tables)],
        ),
    }


def _upwards(name: str, parent: dict[str, str]) -> Iterator[str]:
    """A leaf and every node above it."""
    while name:
        yield name
        name = parent[name]


def _params_of(name: str, asked: Asked | SpotChecks) -> Rows:
    return [
        (name, param, key, text, _text(number), begin, end)
        for param, key, text, number, begin, end in asked.param_rows()
    ]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _lay_out_records(warehouse: Warehouse, contracts: Contracts, year: int) -> None:
    """``report``: who handed in which table for the year; clues that came in about a unit are no report of its own, and
    would show through. ``record_place``: where each trusted record stands.
    ``record_count``: records in, used, quarantined and of other years, by table."""
    con = warehouse.con
    con.execute("create or replace table main.report (unit_id varchar, table_name varchar)")
    con.execute(
        "create or replace table main.record_count (table_name varchar, records_in bigint, "
        "records_used bigint, records_quarantined bigint, other_year bigint)"
    )
    places = []
    for name, contract in contracts.items():
        if not contract.reference and not contract.restricted:
            unit, joined = "record.unit_id", ""
            if owner := contract.owner:
                key, column = quoted(contracts[owner[1]].key[0]), quoted(owner[0])
                unit, joined = "owner.unit_id", f"join main.{owner[1]} as owner on owner.{key} = record.{column}"
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
