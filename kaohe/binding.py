"""Every SQL file of a project held against empty tables, before a run reads anything: a table or column that is not
there, a measure or alert whose columns are called otherwise. DuckDB plans each query and carries none out."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import duckdb
import sqlglot
from sqlglot import exp

from kaohe import corrections, planning, records, scoring, validation
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.models import Model, Models
from kaohe.project import Project, file_hashes
from kaohe.scheme.parts import LEVELS
from kaohe.warehouse import META, Engine
from kaohe.words import listed

MEASURE_COLUMNS = ("unit_id", "item", "due", "done", "records")
ALERT_COLUMNS = ("unit_id", "item", "level", "due_on", "days", "number", "text", "records")
_ASSESSMENT = "year integer, as_of date, year_start date, year_end date, period_end date"
_RECORD_PLACE = "table_name varchar, _file varchar, _sheet varchar, _row integer, _at varchar, _rec varchar, _on date"
_PARAM = "name varchar, key varchar, text varchar, number decimal(18,6), effective_from date, effective_to date"
#: Digests of contracts and SQL that were found to fit.
_SOUND: set[str] = set()


class Fault(NamedTuple):
    """What is wrong with a SQL file, in a sentence that names it."""

    model: Model
    error: KaoheError


def check(project: Project, contracts: Contracts) -> None:
    """Refuse SQL that cannot run, with its file."""
    for fault in faults(project, contracts):
        raise fault.error


def faults(project: Project, contracts: Contracts) -> list[Fault]:
    """Every SQL file that cannot run; what reads a broken one is not judged. Once a process where all are sound."""
    key = f"{contracts.digest} {sorted(file_hashes(project.sql, '**/*.sql').items())}"
    if key in _SOUND:
        return []
    with duckdb.connect() as con:
        found = list(_Bench(project, contracts, Engine(con)).faults())
    if not found:
        _SOUND.add(key)
    return found


class _Bench:
    """Empty tables. ``known``: what there is to be read; ``broken``: models that do not make their table."""

    def __init__(self, project: Project, contracts: Contracts, engine: Engine) -> None:
        self.sql, self.contracts, self.engine = project.sql, contracts, engine
        self.known, self.broken = contracts.keys() | planning.GIVEN, set[str]()

    def faults(self) -> Iterator[Fault]:
        self._lay_out()
        macros, quarantine = Model(self.sql / "macros.sql"), Model(self.sql / "records" / "quarantine.sql")
        if fault := self._fault(macros, lambda model: self.engine.macros(model.path)):
            yield fault
            return
        if fault := self._fault(quarantine, self._make):
            yield fault
        yield from self._made("base")
        yield from self._asked("measures", {"param"}, self._bind_measure)
        self.known.add("measured")
        yield from self._made("scores")
        yield from self._made("results")
        yield from self._asked("alerts", {"param"}, self._bind_alert)
        self.known.add("alert")
        yield from self._made("reports")
        yield from self._asked("audits", set(), self._bind_audit)

    def _lay_out(self) -> None:
        """What a run lays out for the models, without rows."""
        engine = self.engine
        engine.con.execute(META)
        for name, contract in self.contracts.items():
            engine.empty(f"main.{name}", f"{contract.definition()}, _year bigint")
        records.begin(engine)
        corrections.begin(engine)
        scoring.lay_out_schemes(engine, {})
        for table, columns in {
            "said": validation.SAID,
            "set_aside": validation.SET_ASIDE,
            "assessment": _ASSESSMENT,
            "param": _PARAM,
            "given_value": scoring.GIVEN_VALUE,
            "measured": scoring.MEASURED,
            "measure_table": scoring.MEASURE_TABLE,
            "report": scoring.REPORT,
            "record_place": _RECORD_PLACE,
            "record_count": scoring.RECORD_COUNT,
            "work_plan": scoring.WORK_PLAN,
            "scheme_alert": scoring.SCHEME_ALERT,
            "alert": scoring.ALERT,
        }.items():
            engine.empty(f"main.{table}", columns)
        engine.view("main.position", "select * from meta.position")

    def _made(self, folder: str) -> Iterator[Fault]:
        """Models that make tables, each after those it reads."""
        models = Models.of(self.sql / folder)
        misfits = models.misfits(self.known | self.broken)
        yield from (Fault(models[name], error) for name, error in misfits.items())
        self.broken |= misfits.keys()
        sound = Models({name: model for name, model in models.items() if name not in misfits})
        try:
            in_order = sound.in_order(self.known | self.broken)
        except KaoheError as error:  # they go round in a circle
            yield Fault(next(iter(sound.values())), error)
            self.broken |= sound.keys()
            return
        for model in in_order:
            fault = self._fault(model, self._make)
            if fault:
                yield fault
            if fault or model.reads & self.broken:
                self.broken.add(model.name)
            else:
                self.known.add(model.name)

    def _asked(self, folder: str, more: set[str], bind: Callable[[Model], None]) -> Iterator[Fault]:
        """Models that are asked one by one, and make no table for others."""
        models = Models.of(self.sql / folder)
        misfits = models.misfits(self.known | self.broken | more)
        yield from (Fault(models[name], error) for name, error in misfits.items())
        found = (self._fault(model, bind) for name, model in models.items() if name not in misfits)
        yield from (fault for fault in found if fault)

    def _fault(self, model: Model, bind: Callable[[Model], None]) -> Fault | None:
        if self.broken and model.reads & self.broken:
            return None
        try:
            with scoring.named(self.engine, model):
                bind(model)
        except KaoheError as error:
            return Fault(model, error)
        return None

    def _make(self, model: Model) -> None:
        table = f"main.{model.name}"
        if model.rounds is None:
            self.engine.con.execute(f"create table {table} as {model.sql}\nwith no data")
            return
        self.engine.empty(table, model.columns or "")
        self.engine.make_temporary("round", "select 0 as number")
        self._columns(model.rounds)
        self.engine.con.execute(f"explain insert into {table} {model.sql}")

    def _bind_measure(self, model: Model) -> None:
        self._must_have(model, MEASURE_COLUMNS)
        self.engine.con.execute(f"explain insert into main.measured {scoring.as_measured(model)}", [""])

    def _bind_alert(self, model: Model) -> None:
        self._must_have(model, ALERT_COLUMNS)
        self.engine.con.execute(f"explain insert into main.alert {scoring.as_alert(model)}", [""])
        for level in _literals(model, "level"):
            if level not in LEVELS:
                raise KaoheError("sql_level", file=model.path, level=level, allowed=listed(LEVELS))

    def _bind_audit(self, model: Model) -> None:
        self._columns(model.sql)

    def _must_have(self, model: Model, wanted: tuple[str, ...]) -> None:
        there = self._columns(model.sql)
        if missing := [name for name in wanted if name not in there]:
            raise KaoheError("sql_columns", file=model.path, missing=", ".join(missing), there=", ".join(there))

    def _columns(self, query: str) -> list[str]:
        """The columns of a query, which must be one that can be run."""
        return [name for name, *_ in self.engine.con.execute(f"describe {query}").fetchall()]


def _literals(model: Model, column: str) -> set[str]:
    """What stands in so many words for a column of a model: ``'urgent'``, also as the outcome of a ``case``."""
    found: set[str] = set()
    queries = [sqlglot.parse_one(model.sql, dialect="duckdb")]
    while queries:
        query = queries.pop()
        if isinstance(query, exp.SetOperation):
            queries += [query.left, query.right]
            continue
        ahead = [each.unalias() for each in query.expressions if each.alias_or_name == column]
        while ahead:
            match ahead.pop():
                case exp.Literal() as literal:
                    found.add(literal.name)
                case exp.Case() as case:
                    ahead += [*(branch.args["true"] for branch in case.args["ifs"]), case.args.get("default")]
                case exp.If() as choice:
                    ahead += [choice.args["true"], choice.args.get("false")]
    return found
