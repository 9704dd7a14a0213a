"""From trusted views to scores, without storing items: the same measures and scoring models as a bureau's."""

import datetime as dt
from collections.abc import Callable, Container, Iterable, Mapping
from functools import cache

import sqlglot
from sqlglot import exp

from kaohe import progress, scoring
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.large.engine import LargeEngine
from kaohe.large.parts import WHOLE
from kaohe.large.records import BY_ROW
from kaohe.models import Model
from kaohe.project import Project
from kaohe.scheme import Scheme
from kaohe.scheme.tables import IN_FORCE
from kaohe.sums import orders_by_record, summed
from kaohe.warehouse import Engine
from kaohe.words import say

#: Base models that other models read again and again; the rest cost less to make than to keep.
_KEPT = {"assessed_unit", "member_moved", "member_now", "valid_activity", "valid_meeting"}
#: What measures alone read need not be written to disk. Months are worth it where all units are measured together; a
#: night turns from some units to others, and a view turns with it.
_PASSING, _PASSING_FOR_ALL = {"valid_meeting"}, {"month_due"}
EVIDENCE_SUM = "evidence_sum"


def measure(
    engine: LargeEngine, project: Project, contracts: Contracts, scheme: Scheme, planned: scoring.Plan, as_of: dt.date
) -> None:
    """Make ``main.evidence_sum`` from the trusted views, one indicator after another; of bonus, deductions and vetoes
    also ``main.measured``, item by item.

    Raises ``KaoheError`` for a measure that cannot be summed.
    """
    asked = {IN_FORCE: (scheme, planned)}
    wanted = scoring.lay_out_question(engine, project, contracts, asked, as_of, ordered=False)
    by_row = make_base(engine, planned, set(contracts))
    engine.empty("main.measured", scoring.MEASURED)
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
    for model in planned.base:
        if _passes(model, for_all=True):
            engine.drop(by_row.get(model.name, model.name))


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
    query = renamed(query, {f"{prefix}{table}": f"{prefix}{WHOLE}{table}" for table in model.whole})
    with scoring.named(engine, model):
        engine.append(f"main.{EVIDENCE_SUM}", f"select * from ({query}) as added where {which}", [name])


def make_base(
    engine: LargeEngine, planned: scoring.Plan, tables: set[str], wanted: Container[str] | None = None
) -> dict[str, str]:
    """The models that measures share, all or those that are ``wanted``. Gives table or model → what it is called where
    a record is told by its row."""
    by_row = {name: f"{BY_ROW}{name}" for name in tables}
    for model in planned.base:
        if wanted is not None and model.name not in wanted:
            continue
        make: Callable[[str, str], None] = engine.make if model.name in _KEPT else engine.view
        if _passes(model, for_all=wanted is None):
            make = engine.make_passing
        with scoring.named(engine, model):
            if "_rec" not in model.sql:
                make(f"main.{model.name}", model.sql)
                continue
            by_row[model.name] = f"{BY_ROW}{model.name}"
            if orders_by_record(model.sql):
                make(f"main.{model.name}", model.sql)
                engine.view(f"main.{BY_ROW}{model.name}", f"select * from main.{model.name}")
            else:
                engine.view(f"main.{model.name}", model.sql)
                make(f"main.{BY_ROW}{model.name}", renamed(model.sql, by_row))
    return by_row


def _passes(model: Model, for_all: bool) -> bool:
    return (model.name in _PASSING or (for_all and model.name in _PASSING_FOR_ALL)) and not orders_by_record(model.sql)


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
    """From ``main.evidence_sum`` to what the models make."""
    scoring.add_up(engine, [model for model in models if model.name != EVIDENCE_SUM])
