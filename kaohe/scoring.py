"""Score: trusted tables + scheme → evidence → scores, in SQL.

The scheme is laid out as tables; each indicator's measure runs with ``param`` holding that indicator's parameters.
SQL is never assembled from a scheme's strings.
"""

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager

import polars as pl

from kaohe import planning, progress
from kaohe.contracts import Contract, Contracts
from kaohe.errors import KaoheError
from kaohe.models import Model, Models
from kaohe.project import Project
from kaohe.scheme import Composite, Scheme
from kaohe.scheme.parts import Leaf
from kaohe.scheme.tables import IN_FORCE, Rows, scheme_tables
from kaohe.sqltext import literal, quoted
from kaohe.warehouse import Engine, Warehouse
from kaohe.words import clauses, say

MEASURED = "unit_id varchar, indicator varchar, item varchar, due decimal(18,6), done decimal(18,6), records varchar[]"

GIVEN_VALUE = "unit_id varchar, evidence varchar, value double"
SCHEME_ALERT = (
    "alert varchar, title varchar, model varchar, say varchar, system integer, restricted boolean, position integer"
)

WORK_PLAN = "number integer, system varchar, command varchar"
MEASURE_TABLE = "indicator varchar, table_name varchar"
REPORT = "unit_id varchar, table_name varchar"
RECORD_COUNT = (
    "table_name varchar, records_in bigint, records_used bigint, records_quarantined bigint, other_year bigint"
)

ALERT = (
    "alert varchar, unit_id varchar, item varchar not null, level enum('urgent', 'warning', 'notice') not null, "
    "due_on date, days bigint, number decimal(18,6), text varchar, records varchar[]"
)


def score(
    warehouse: Warehouse, project: Project, contracts: Contracts, scheme: Scheme, planned: planning.Plan, as_of: dt.date
) -> None:
    """Make ``main.evidence``, ``main.indicator_scores``, ``main.scores`` and the reports.

    Raises ``KaoheError`` if no unit of the registry is there to be assessed.
    """
    _lay_out_work_plan(warehouse, project)
    _lay_out_alerts(warehouse, scheme, planned)
    _lay_out_records(warehouse, contracts, scheme.year)
    measure_and_add_up(warehouse, project, contracts, {IN_FORCE: (scheme, planned)}, as_of)
    for model in planned.results:
        make(warehouse, model)
    warehouse.empty("main.alert", ALERT)
    for name, alert in scheme.alerts.items():
        _raise_alert(warehouse, name, planned.alerts[alert.alert])
    for model in planned.reports:
        make(warehouse, model)


def lay_out_systems(engine: Engine, project: Project, contracts: Contracts, scheme: Scheme) -> None:
    """Make ``main.systems`` as it would be if there were a record in every table, with no record there."""
    planned = planning.plan(project, contracts, scheme)
    _lay_out_work_plan(engine, project)
    _lay_out_alerts(engine, scheme, planned)
    lay_out_question(engine, project, contracts, {IN_FORCE: (scheme, planned)}, dt.date(scheme.year, 12, 31), False)
    lay_out(engine, "record_count", RECORD_COUNT, [(name, 1, 1, 0, 0) for name in contracts])
    make(engine, next(model for model in planned.reports if model.name == "systems"))


def _lay_out_work_plan(engine: Engine, project: Project) -> None:
    engine.empty("main.work_plan", WORK_PLAN)
    engine.write("main.work_plan", pl.read_csv(project.work_plan))


def measure_and_add_up(
    engine: Engine,
    project: Project,
    contracts: Mapping[str, Contract],
    variants: Mapping[str, tuple[Scheme, planning.Plan]],
    as_of: dt.date,
) -> None:
    """From the trusted tables to the scores of every variant of the scheme in force, in one pass. What a variant asks
    of a measure just as the scheme in force does is measured once.

    Raises ``KaoheError`` if no unit of the registry is there to be assessed.
    """
    in_force, planned = variants[IN_FORCE]
    wanted = lay_out_question(engine, project, contracts, variants, as_of)
    for model in planned.base:
        make(engine, model)
    if not engine.rows("select 1 from main.assessed_unit limit 1"):
        raise KaoheError("nobody_to_assess", year=in_force.year)
    engine.empty("main.measured", MEASURED)
    for done, (own_name, (variant, indicator, leaf)) in enumerate(wanted.items()):
        progress.report(say("step_score", indicator=leaf.title), done, len(wanted))
        measure(engine, own_name, variant, indicator, planned.measures[leaf.measure])
    add_up(engine, planned.scores)


#: Name under which items are measured → the variant and the indicator that ask for them, and the leaf.
Wanted = dict[str, tuple[str, str, Leaf]]


def lay_out_question(
    engine: Engine,
    project: Project,
    contracts: Mapping[str, Contract],
    variants: Mapping[str, tuple[Scheme, planning.Plan]],
    as_of: dt.date,
    reports: bool = True,
    ordered: bool = True,
) -> Wanted:
    """Lay out what the models read beside the records: the year, the schemes, who handed in what (``reports``, unless
    that is known already; in an order of its own, if ``ordered``). Gives what is to be measured."""
    engine.macros(project.sql / "macros.sql")
    schemes = {name: scheme for name, (scheme, _) in variants.items()}
    in_force, planned = variants[IN_FORCE]
    evidence = _evidence(schemes)
    lay_out_year(engine, in_force, as_of)
    lay_out_schemes(engine, schemes, planned.measures, evidence)
    behind = {(alert, table) for alert in in_force.alerts for table in planned.tables[alert]}
    wanted: Wanted = {}
    for name, (scheme, plan) in variants.items():
        for entry, leaf in scheme.leaves:
            behind |= {(evidence[name, entry.name], table) for table in plan.tables[entry.name]}
            wanted.setdefault(evidence[name, entry.name], (name, entry.name, leaf))
    lay_out(engine, "measure_table", MEASURE_TABLE, sorted(behind))
    if reports:
        _lay_out_reports(engine, contracts, in_force.year, ordered)
    return wanted


def _evidence(variants: Mapping[str, Scheme]) -> dict[tuple[str, str], str]:
    """(variant, indicator) → the name under which its items are measured: the indicator's, unless the variant asks
    something else of a measure than the scheme in force does under that name."""
    asked = {entry.name: (leaf.measure, list(leaf.param_rows())) for entry, leaf in variants[IN_FORCE].leaves}
    return {
        (name, entry.name): entry.name
        if asked.get(entry.name) == (leaf.measure, list(leaf.param_rows()))
        else f"{name}.{entry.name}"
        for name, scheme in variants.items()
        for entry, leaf in scheme.leaves
    }


def add_up(engine: Engine, models: Iterable[Model]) -> None:
    """From ``main.measured`` and the scheme's tables to scores.

    Raises ``KaoheError`` for a value that must be there and is not, or one that a rule or a node cannot take.
    """
    for model in models:
        make(engine, model)
    missing = engine.rows(
        "select unit_id, indicator from main.leaf_status where status = 'missing' order by all limit 1"
    )
    if missing:
        raise KaoheError("value_missing", unit=missing[0][0], indicator=missing[0][1])
    undefined = engine.rows(
        "select if(isnan(treated), 1, 2) as step, unit_id, indicator from main.leaf_status where isnan(score) "
        "union all select 3, unit_id, node from main.tree_score where isnan(score) order by all limit 1"
    )
    for _, unit, node in undefined:
        raise KaoheError("value_undefined", unit=unit, node=node or say("whole"))


def audit(engine: Engine, planned: planning.Plan, known: Container[str] | None = None) -> None:
    """Prove the scores before they are published: each audit, of those that read nothing but ``known`` tables, must
    return no rows; ``KaoheError`` names the first that does."""
    for model in planned.audits:
        if known is None or all(table in known for table in model.reads):
            failing = engine.frame(f"{model.sql}\nlimit 3").to_dicts()
            if failing:
                rows = clauses(", ".join(f"{name}={value}" for name, value in row.items()) for row in failing)
                raise KaoheError("audit_failed", audit=model.name, rows=rows)


def make(engine: Engine, model: Model) -> None:
    """Run a model: the table of its name is made anew, at once or round by round.

    Raises ``KaoheError`` naming the file if the SQL fails.
    """
    with named(engine, model):
        if model.rounds is None:
            (engine.view if model.is_view else engine.make)(f"main.{model.name}", model.sql)
            return
        engine.empty(f"main.{model.name}", model.columns or "")
        for number in range(engine.rows(model.rounds)[0][0]):
            engine.make_temporary("round", "select cast(? as integer) as number", [number])
            engine.append(f"main.{model.name}", model.sql)


@contextmanager
def named(engine: Engine, model: Model) -> Iterator[None]:
    try:
        yield
    except engine.sql_errors as error:
        raise KaoheError("sql_failed", file=model.path, problem=str(error).splitlines()[0]) from error


def measure(engine: Engine, evidence: str, variant: str, indicator: str, model: Model) -> None:
    """Run an indicator's measure with its parameters; its items go to ``main.measured``."""
    if "param" in model.reads:
        set_params(engine, variant, indicator)
    with named(engine, model):
        engine.append(
            "main.measured",
            as_measured(model),
            [evidence],
        )


def as_measured(model: Model) -> str:
    """The rows of a measure as ``main.measured`` has them; ``?`` is the name they get."""
    return (
        "select unit_id, ?, cast(item as varchar), cast(due as decimal(18,6)), "
        f"cast(done as decimal(18,6)), coalesce(list_sort(records), []) from ({model.sql}\n) as evidence "
        "order by unit_id, item"
    )


def _raise_alert(warehouse: Engine, alert: str, model: Model) -> None:
    """Run an alert's model with its parameters; its rows go to ``main.alert``."""
    if "param" in model.reads:
        set_params(warehouse, IN_FORCE, alert)
    with named(warehouse, model):
        warehouse.append(
            "main.alert",
            as_alert(model),
            [alert],
        )


def as_alert(model: Model) -> str:
    """The rows of an alert as ``main.alert`` has them; ``?`` is the name they get."""
    return (
        "select ?, unit_id, cast(item as varchar), level, due_on, days, number, text, "
        f"coalesce(list_sort(records), []) from ({model.sql}\n) as found order by unit_id, item"
    )


def set_params(engine: Engine, variant: str, asked_by: str) -> None:
    engine.make_temporary(
        "param",
        "select name, key, text, number, effective_from, effective_to "
        "from main.scheme_param where variant = ? and indicator = ?",
        [variant, asked_by],
    )


def lay_out_year(engine: Engine, scheme: Scheme, as_of: dt.date) -> None:
    """The year and the dates of the run. Nobody gives values by hand: ``given_value`` is empty."""
    begin, end = dt.date(scheme.year, 1, 1), dt.date(scheme.year, 12, 31)
    engine.make(
        "main.assessment",
        "select ? as year, ? as as_of, ? as year_start, ? as year_end, ? as period_end",
        [scheme.year, as_of, begin, end, min(as_of, end)],
    )
    lay_out(engine, "given_value", GIVEN_VALUE, [])


def lay_out_schemes(
    engine: Engine,
    variants: Mapping[str, Composite],
    measures: Models | None = None,
    evidence: Mapping[tuple[str, str], str] | None = None,
) -> None:
    """The variants of the scheme as tables (scheme/tables.py), each row with the name of its variant."""
    for table, (columns, rows) in scheme_tables(variants, measures, evidence).items():
        lay_out(engine, table, columns, rows)


def _lay_out_alerts(engine: Engine, scheme: Scheme, planned: planning.Plan) -> None:
    """The scheme's alerts."""
    alerts: Rows = [
        (name, alert.title, alert.alert, alert.sentence, alert.system, name in planned.restricted, number)
        for number, (name, alert) in enumerate(scheme.alerts.items())
    ]
    lay_out(engine, "scheme_alert", SCHEME_ALERT, alerts)


def lay_out(engine: Engine, table: str, columns: str, rows: Rows) -> None:
    """Make table ``main.<table>`` with these columns and rows; exact numbers travel as text."""
    engine.empty(f"main.{table}", columns)
    names = [column.split()[0] for column in columns.split(", ")]
    engine.write(f"main.{table}", pl.DataFrame(rows, names, orient="row", infer_schema_length=None))


def _lay_out_reports(engine: Engine, contracts: Mapping[str, Contract], year: int, ordered: bool) -> None:
    """``report``: who handed in which table for the year; clues that came in about a unit are no report of its own, and
    would show through."""
    engine.empty("main.report", REPORT)
    reports = [
        reporting(contract, contracts, year)
        for contract in contracts.values()
        if not contract.reference and not contract.restricted
    ]
    if reports:
        engine.append("main.report", " union all ".join(reports) + (" order by table_name, unit_id" if ordered else ""))


def reporting(contract: Contract, contracts: Mapping[str, Contract], year: int, which: str = "true") -> str:
    """A query of who handed in records of a table for the year; ``which``: a condition for its ``{unit}``."""
    unit, joined = "record.unit_id", ""
    if owner := contract.owner:
        key, column = quoted(contracts[owner[1]].key[0]), quoted(owner[0])
        unit, joined = "owner.unit_id", f"join main.{owner[1]} as owner on owner.{key} = record.{column}"
    return (
        f"select distinct {unit} as unit_id, {literal(contract.table)} as table_name "
        f"from main.{contract.table} as record {joined} "
        f"where (record._year is null or record._year = {year:d}) and {which.format(unit=unit)}"
    )


def _lay_out_records(warehouse: Warehouse, contracts: Contracts, year: int) -> None:
    """``record_place``: where each trusted record stands, and of which day it is. ``record_count``: records in, used,
    quarantined and of other years, by table."""
    warehouse.empty("main.record_count", RECORD_COUNT)
    places = []
    for name in contracts:
        said = literal(name)
        warehouse.append(
            "main.record_count",
            f"select {said}, (select count(*) from raw.{name}), "
            f"(select count(*) from main.{name}), (select count(*) from main.quarantine where table_name = {said}), "
            f"(select count(*) from main.{name} where _year <> {year:d})",
        )
        on = f"cast({quoted(day)} as date)" if (day := contracts[name].event_date) else "cast(null as date)"
        places.append(f"select {said} as table_name, _file, _sheet, _row, _at, _rec, {on} as _on from main.{name}")
    warehouse.view("main.record_place", " union all ".join(places))
