"""From trusted views to scores, without storing items: the same measures and scoring models as a bureau's."""

import datetime as dt
from collections.abc import Container, Iterable, Mapping
from functools import cache

import sqlglot
from sqlglot import exp

from kaohe import planning, progress, scoring
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.large.engine import LargeEngine
from kaohe.large.parts import WHOLE
from kaohe.large.rows import BY_ROW
from kaohe.large.sums import orders_by_record, summed
from kaohe.models import Model
from kaohe.project import Project
from kaohe.scheme import Scheme
from kaohe.scheme.tables import IN_FORCE
from kaohe.warehouse import Engine
from kaohe.words import say

#: Base models that other models read again and again; the rest cost less to make than to keep.
_KEPT = {"assessed_unit", "member_moved", "member_now", "valid_activity", "valid_meeting"}
#: These too where all units are measured together; a night turns from some units to others, and a view turns with it.
_KEPT_FOR_ALL = _KEPT | {"month_due"}
EVIDENCE_SUM = "evidence_sum"
#: Names of a scheme that stand in every row of what is scored, and the tables that they come from.
_NAMES = ("variant", "indicator", "evidence", "leaf")
_NAMED = ("scheme", "scheme_indicator", "scheme_path", "scheme_step", "scheme_tie_break", "measure_table")


def lay_out_question(
    engine: LargeEngine, project: Project, contracts: Contracts, scheme: Scheme, planned: planning.Plan,
    as_of: dt.date, reports: bool = True,
) -> scoring.Wanted:  # fmt: skip
    """As in scoring, of the scheme in force alone; the names of variants and indicators are held as numbers then."""
    asked = {IN_FORCE: (scheme, planned)}
    wanted = scoring.lay_out_question(engine, project, contracts, asked, as_of, reports, ordered=False)
    engine.empty("main.measured", scoring.MEASURED)
    engine.number([*_NAMED, "measured"], _NAMES)
    return wanted


def measure(
    engine: LargeEngine, project: Project, contracts: Contracts, scheme: Scheme, planned: planning.Plan, as_of: dt.date
) -> None:
    """Make ``main.evidence_sum`` from the trusted views, one indicator after another; of bonus, deductions and vetoes
    also ``main.measured``, item by item.

    Raises ``KaoheError`` for a measure that cannot be summed.
    """
    wanted = lay_out_question(engine, project, contracts, scheme, planned, as_of)
    by_row = make_base(engine, planned, set(contracts))
    sums = next(model for model in planned.scores if model.name == EVIDENCE_SUM)
    one_by_one = {entry.name for entry, _ in scheme.leaves if entry.section != "base"}
    for name in sorted(one_by_one):
        variant, indicator, leaf = wanted[name]
        scoring.measure(engine, name, variant, indicator, planned.measures[leaf.measure])
    scoring.make(engine, sums)
    for done, (name, (variant, indicator, leaf)) in enumerate(wanted.items()):
        if name not in one_by_one:
            progress.report(say("step_score", indicator=leaf.title), done, len(wanted))
            add_sums(engine, name, variant, indicator, planned.measures[leaf.measure], sums, by_row)
    still_read = {read for model in (*planned.scores, *planned.results) for read in model.reads}
    for model in planned.base:
        if model.name in _KEPT_FOR_ALL - still_read:
            engine.drop(f"main.{_table_of(model)}")


def add_sums(
    engine: Engine, name: str, variant: str, indicator: str, model: Model, sums: Model, by_row: Mapping[str, str],
    which: str = "true",
) -> None:  # fmt: skip
    """Run a measure as sums; its rows that meet a condition go to ``main.evidence_sum``."""
    if "param" in model.reads:
        scoring.set_params(engine, variant, indicator)
    try:
        query = summed(model.sql, sums.sql)
    except ValueError as error:
        raise KaoheError("measure_not_summed", file=model.path, part=error) from error
    prefix = ""
    if not orders_by_record(model.sql):
        query, prefix = renamed(query, by_row), BY_ROW
    query = _seeing_whole(query, model, prefix)
    with scoring.named(engine, model):
        engine.append(f"main.{EVIDENCE_SUM}", f"select * from ({query}) as added where {which}", [name])


def make_base(
    engine: Engine, planned: planning.Plan, tables: set[str], wanted: Container[str] | None = None
) -> dict[str, str]:
    """The models that measures share, all or those that are ``wanted``. Gives table or model → what it is called where
    a record is told by its row."""
    by_row = {name: f"{BY_ROW}{name}" for name in tables}
    kept = _KEPT_FOR_ALL if wanted is None else _KEPT
    for model in planned.base:
        if wanted is not None and model.name not in wanted:
            continue
        make, made = engine.make if model.name in kept else engine.view, f"main.{_table_of(model)}"
        with scoring.named(engine, model):
            if "_rec" not in model.sql:
                make(made, _seeing_whole(model.sql, model))
                continue
            by_row[model.name] = f"{BY_ROW}{model.name}"
            if orders_by_record(model.sql):
                make(made, _seeing_whole(model.sql, model))
                engine.view(f"main.{BY_ROW}{model.name}", f"select * from {made}")
            else:
                engine.view(f"main.{model.name}", _seeing_whole(model.sql, model))
                make(made, _seeing_whole(renamed(model.sql, by_row), model, BY_ROW))
    return by_row


def _seeing_whole(query: str, model: Model, prefix: str = "") -> str:
    """A model's query that sees every unit's records of the tables that it must see whole."""
    names = {f"{prefix}{table}": f"{prefix}{WHOLE}{table}" for table in model.whole}
    return renamed(query, names) if names else query


def _table_of(model: Model) -> str:
    """The table of a base model that is kept."""
    return f"{BY_ROW}{model.name}" if "_rec" in model.sql and not orders_by_record(model.sql) else model.name


def renamed(query: str, names: Mapping[str, str]) -> str:
    """A query that reads other tables in place of those it names."""
    return _renamed(query, tuple(sorted(names.items())))


@cache
def _renamed(query: str, pairs: tuple[tuple[str, str], ...]) -> str:
    names = dict(pairs)
    parsed = sqlglot.parse_one(query, dialect="duckdb")
    own = {cte.alias_or_name for cte in parsed.find_all(exp.CTE)}
    for table in parsed.find_all(exp.Table):
        if table.name in names and table.name not in own:
            alias = table.alias_or_name
            table.set("this", exp.to_identifier(names[table.name]))
            if not table.args.get("alias"):
                table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return parsed.sql(dialect="duckdb")


def add_up(engine: Engine, models: Iterable[Model]) -> None:
    """From ``main.evidence_sum`` to what the models make, but for what is large and needed on the way alone."""
    scoring.add_up(engine, [model for model in models if model.name != EVIDENCE_SUM])
    engine.drop("main.leaf_status")
