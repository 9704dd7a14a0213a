"""Nights: from one large run to the next with the work that the changes ask for, and the same results.

Of every indicator only the units that changed records concern are measured again (``renewing.py``), or whose items fell
due since; only units with another sum than before are scored again; all are ranked. Whatever is not proved to come out
the same that way is not tried: the run is a whole one.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import duckdb

from kaohe import progress, scoring
from kaohe.contracts import Contract
from kaohe.large import scoring as large_scoring
from kaohe.large.dates import compared
from kaohe.large.engine import LargeEngine
from kaohe.large.kept import Kept, NotInSteps, Seen
from kaohe.large.parts import MEMBER, MEMBERS, keep_whole
from kaohe.large.publish import PLACE
from kaohe.large.records import PROBLEMS, Records
from kaohe.large.renewing import Renewal
from kaohe.large.rows import BY_ROW, by_record
from kaohe.models import Model
from kaohe.scheme import Scheme
from kaohe.sqltext import literal, quoted
from kaohe.words import say

if TYPE_CHECKING:
    from kaohe.large.run import LargeRun

#: Tables of a run from which the next goes on, beside its problems.
STATE = ("evidence_sum", "measured", "report", "unit_total", "unit_tie")
#: Base models that hang on the day only where a month ends.
_BY_MONTH = {"month_due", "quarter_due"}
#: The one scoring model that reads the day: it compares it with the deadlines.
_BY_DEADLINE = {"leaf_known"}
_ASSESSED = "assessed_unit"


def keep(engine: LargeEngine) -> None:
    """Let the next run go on from this one."""
    engine.keep([*STATE, *PROBLEMS])


def follows(scheme: Scheme, since: dt.date, until: dt.date) -> bool:
    """Between two days, no more changes for a unit than what the dates of its records say: the second is not before the
    first, no month of the year ends, no deadline passes."""
    if until < since:
        return False
    ends = [dt.date(scheme.year, month + 1, 1) - dt.timedelta(1) for month in range(1, 12)]
    if any(since < end <= until for end in [*ends, dt.date(scheme.year, 12, 31)]):
        return False
    return not any(since <= (leaf.deadline or scheme.deadline) < until for _, leaf in scheme.leaves)


class Night:
    """A run that goes on from ``kept``, the last one.

    Raises ``NotInSteps`` on the way for a change that takes a whole run.
    """

    def __init__(self, run: "LargeRun", engine: LargeEngine, kept: Kept) -> None:
        self.run, self.engine, self.kept = run, engine, kept
        self.contracts, self.planned, self.scheme = run.contracts, run.planned, run.scheme
        self.since, self.until = dt.date.fromisoformat(kept.as_of), run.as_of
        self.base = {model.name: model for model in self.planned.base}
        self.dates = frozenset(
            name for contract in self.contracts.values() for name, column in contract.columns.items()
            if column.type in ("date", "month")
        )  # fmt: skip
        if self.until != self.since:
            models = [*self.planned.scores, *self.planned.results]
            if {model.name for model in models if compared(model.sql, self.dates) != frozenset()} - _BY_DEADLINE:
                raise NotInSteps
        try:
            found = engine.open_kept()
        except duckdb.Error:
            raise NotInSteps from None  # the database is broken
        if {*STATE, *PROBLEMS} - found:
            raise NotInSteps  # the database was lost
        for table in PROBLEMS:
            engine.make(f"main.{table}", f"select * from kept.{table}")

    # ---- records

    def trust(self, seen: Mapping[str, Mapping[str, Seen]]) -> Records:
        """The trusted tables, and ``main.touched``: which units are concerned by what changed."""
        self.records = Records(self.engine, self.run.project, self.contracts, self.until, anew=False)
        self.renewal = Renewal(self.engine, self.records, self.kept, self.run.kept_in, self.run.inbox)
        self.renewal.renew(seen)
        self.records.count_problems()
        keep_whole(self.engine, self.records, self.planned.asked)
        return self.records

    # ---- measures

    def measure(self) -> None:
        """Bring ``kept.evidence_sum``, ``kept.measured`` and ``kept.report`` to this day; ``main.assessed_unit``
        has the units for which they changed."""
        engine = self.engine
        self.wanted = large_scoring.lay_out_question(
            engine, self.run.project, self.contracts, self.scheme, self.planned, self.until, reports=False
        )
        self.one_by_one = {entry.name for entry, _ in self.scheme.leaves if entry.section != "base"}
        self._reports()
        self._dates()
        engine.make(f"main.every_{_ASSESSED}", self.base[_ASSESSED].sql)
        for table in ("evidence_sum", "measured"):
            for name in (table, f"before_{table}"):
                engine.make(f"main.{name}", f"select * from kept.{table} limit 0")
        for_all = [name for name in self.wanted if self._is_for_all(name)]
        in_part = [name for name in self.wanted if name not in for_all and self._touched(name)]
        self._measure_all(for_all)
        self._measure_part(in_part)
        self._compare()

    def _behind(self, name: str) -> list[str]:
        return sorted(self.planned.tables[name])

    def _model(self, name: str) -> Model:
        return self.planned.measures[self.wanted[name][2].measure]

    def _models(self, names: Iterable[str]) -> set[str]:
        """The base models that measures read, themselves or through others."""
        return self._base_of([self._model(name) for name in names])

    def _base_of(self, models: Iterable[Model]) -> set[str]:
        found: set[str] = set()
        ahead = {read for model in models for read in model.reads} & self.base.keys()
        while ahead:
            found |= ahead
            ahead = {read for name in ahead for read in self.base[name].reads} & self.base.keys() - found
        return found

    def _compared(self, name: str) -> frozenset[str] | None:
        """The date columns that an indicator compares with the day of the assessment; None: any may matter."""
        models = [self._model(name), *(self.base[each] for each in self._models([name]) - _BY_MONTH)]
        found = [compared(model.sql, self.dates) for model in models]
        return None if None in found else frozenset().union(*(each for each in found if each is not None))

    def _is_for_all(self, name: str) -> bool:
        """The indicator must be measured again for every unit."""
        models = [self._model(name), *(self.base[each] for each in self._models([name]))]
        if any(model.whole & self.renewal.changed for model in models):
            return True
        if self.planned.tables[name] & self.renewal.of_all:
            return True
        return self.since != self.until and self._compared(name) is None

    def _touched(self, name: str) -> str | None:
        """A query of the units that are concerned by changes behind an indicator; None if nothing changed there."""
        tables = [table for table in self._behind(name) if table in self.touched]
        if not tables:
            return None
        return f"select distinct unit_id from main.touched where table_name in ({', '.join(map(literal, tables))})"

    def _of_whom(self, name: str) -> str:
        return self._touched(name) or ""

    def _dates(self) -> None:
        """The units with records whose dates were reached since the last run are touched, too."""
        if self.since != self.until:
            asked: dict[str, set[str]] = {"org_unit": set(compared(self.base[_ASSESSED].sql, self.dates) or self.dates)}
            for name in self.wanted:
                for table in self._behind(name):
                    asked.setdefault(table, set()).update(self._compared(name) or ())
            for table, names in asked.items():
                self._reached(self.contracts[table], names)
        self.touched = {table for (table,) in self.engine.rows("select distinct table_name from main.touched")}

    def _reached(self, contract: Contract, names: Iterable[str]) -> None:
        days = f"between date {literal(self.since)} and date {literal(self.until)}"
        tests = [f"{quoted(name)} {days}" for name in sorted(names) if name in contract.columns]
        if not tests:
            return
        rows = f"(select * from main.{BY_ROW}{contract.table} where {' or '.join(tests)})"
        if contract.table != "org_unit":
            self.renewal.touch(contract, rows)
        elif self.engine.rows(f"select 1 from {rows} as unit limit 1"):
            raise NotInSteps  # who is assessed may be others now

    def _measure_all(self, names: list[str]) -> None:
        if not names:
            return
        self.engine.make(f"main.{_ASSESSED}", f"select * from main.every_{_ASSESSED}")
        by_row = self._make_base(self._models(names))
        for name in names:
            self._measure(name, by_row, None)

    def _measure_part(self, names: list[str]) -> None:
        """Measure the units that are touched, from tables of the records that concern them."""
        if not names:
            return
        engine = self.engine
        for table in sorted({table for name in names for table in self._behind(name)}):
            queries = " union ".join(str(self._touched(name)) for name in names if table in self._behind(name))
            self._take_out(self.contracts[table], queries)
        for table in self.taken:
            engine.view(f"main.{BY_ROW}{table}", f"select * from main.taken_{table}")
            engine.view(f"main.{table}", by_record(f"main.taken_{table}"))
        engine.make(f"main.{_ASSESSED}", f"select * from main.every_{_ASSESSED}")
        by_row = self._make_base(self._models(names))
        for query, of_these in itertools.groupby(sorted(names, key=self._of_whom), key=self._of_whom):
            engine.make("main.units_now", query)
            engine.make(
                f"main.{_ASSESSED}",
                f"select * from main.every_{_ASSESSED} where unit_id in (select unit_id from main.units_now)",
            )
            for name in of_these:
                self._measure(name, by_row, "unit_id in (select unit_id from main.units_now)")
        for table in self.taken:
            for prefix in ("", BY_ROW):
                engine.view(f"main.{prefix}{table}", self.records.queries[prefix, table])

    def _make_base(self, names: set[str]) -> dict[str, str]:
        return large_scoring.make_base(self.engine, self.planned, set(self.contracts), names - {_ASSESSED})

    taken: tuple[str, ...] = ()

    def _take_out(self, contract: Contract, units: str) -> None:
        """``main.taken_<table>``: the rows that concern some units."""
        name, ours = contract.table, "in (select unit_id from main.unit_wanted)"
        ways = []
        if "unit_id" in contract.columns:
            ways += [f"record.{quoted(column)} {ours}" for column in sorted({"unit_id", *contract.unit_columns})]
        elif contract.reference or not contract.owner:
            return
        for column, described in contract.columns.items():
            if described.references and "unit_id" in self.contracts[described.references.table].columns:
                other = self.contracts[described.references.table]
                ways.append(f"record.{quoted(column)} in (select other.{quoted(other.key[0])} "
                            f"from main.{BY_ROW}{other.table} as other where other.unit_id {ours})")  # fmt: skip
        if MEMBER in contract.columns and MEMBERS in self.contracts:
            ways.append(f"record.{MEMBER} in (select other.{MEMBER} from main.{BY_ROW}{MEMBERS} as other "
                        f"where other.unit_id {ours})")  # fmt: skip
        self.engine.make("main.unit_wanted", units)
        self.engine.make(
            f"main.taken_{name}",
            f"select * from ({self.records.queries[BY_ROW, name]}) as record where {' or '.join(ways)}",
        )
        self.taken = (*self.taken, name)

    def _measure(self, name: str, by_row: dict[str, str], which: str | None) -> None:
        variant, indicator, leaf = self.wanted[name]
        progress.report(say("step_score", indicator=leaf.title), 0, len(self.wanted))
        model, engine, which = self._model(name), self.engine, which or "true"
        sums = next(each for each in self.planned.scores if each.name == large_scoring.EVIDENCE_SUM)
        kept = f"kept.evidence_sum where evidence = {literal(name)} and {which}"
        engine.append("main.before_evidence_sum", f"select * from {kept}")
        if name not in self.one_by_one:
            large_scoring.add_sums(engine, name, variant, indicator, model, sums, by_row, which)
            return
        kept = f"kept.measured where indicator = {literal(name)} and {which}"
        engine.append("main.before_measured", f"select * from {kept}")
        scoring.measure(engine, name, variant, indicator, model)
        engine.delete("main.measured", f"indicator = {literal(name)} and not coalesce({which}, false)")
        engine.append("main.evidence_sum", f"select * from ({sums.sql}) as added where evidence = {literal(name)}")

    # ---- who handed in what

    def _reports(self) -> None:
        engine, changed = self.engine, self.renewal.changed
        for name in ("report", "before_report"):
            engine.make(f"main.{name}", "select * from kept.report limit 0")
        for name, contract in self.contracts.items():
            through = {name, contract.owner[1]} if not contract.reference and contract.owner else {name}
            if contract.reference or contract.restricted or not through & changed:
                continue
            tables = ", ".join(map(literal, sorted(through)))
            engine.make("main.units_now", f"select distinct unit_id from main.touched where table_name in ({tables})")
            ours = "in (select unit_id from main.units_now)"
            engine.append(
                "main.before_report",
                f"select * from kept.report where table_name = {literal(name)} and unit_id {ours}",
            )
            engine.append(
                "main.report", scoring.reporting(contract, self.contracts, self.scheme.year, f"{{unit}} {ours}")
            )

    # ---- what came out otherwise

    def _compare(self) -> None:
        """Put what came out otherwise into what is kept; ``main.assessed_unit``: the units for which it did."""
        engine = self.engine
        told = {"evidence_sum": "unit_id, evidence", "measured": "unit_id, indicator", "report": "unit_id, table_name"}
        rows = {"measured": "unit_id, indicator, item, due, done"}
        for table, key in told.items():
            cells = rows.get(table, "*")
            now, before = f"select {cells} from main.{table}", f"select {cells} from main.before_{table}"
            engine.make(
                f"main.differs_{table}",
                f"select distinct {key} from (({now} except all {before}) "
                f"union all ({before} except all {now})) as row",
            )
            these = f"({key}) in (select ({key}) from main.differs_{table})"
            engine.delete(f"kept.{table}", these)
            engine.append(f"kept.{table}", f"select * from main.{table} where {these}")
        units = " union ".join(f"select unit_id from main.differs_{table}" for table in told)
        engine.make(f"main.{_ASSESSED}", f"select * from main.every_{_ASSESSED} where unit_id in ({units})")

    # ---- scores

    def score(self, models: Iterable[Model]) -> None:
        """Score the units of ``main.assessed_unit``; the totals of all are ready to be ranked then."""
        engine, models = self.engine, list(models)
        ours = f"where unit_id in (select unit_id from main.{_ASSESSED})"
        for table in ("evidence_sum", "measured", "report"):
            engine.make(f"main.{table}", f"select * from kept.{table} {ours}")
        self._make_base(self._base_of(models))
        large_scoring.add_up(engine, models)
        for table in ("unit_total", "unit_tie"):
            engine.delete(f"kept.{table}", ours.removeprefix("where "))
            engine.append(f"kept.{table}", f"select * from main.{table}")
            engine.drop(f"main.{table}")
            engine.view(f"main.{table}", f"select * from kept.{table}")
        engine.make("main.place", PLACE)

    def keep(self) -> None:
        """Let the next run go on from this one: what is not kept as it comes out."""
        self.engine.keep(PROBLEMS)
