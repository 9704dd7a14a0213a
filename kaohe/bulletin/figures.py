"""The figures of a month's study bulletin, from the publication in force.

They are answered in SQL (sql/bulletins, one model per question) on the publication's snapshot. From the year
that the contract of study_stat names (``not_scored``) no unit is set beside another: those questions are not asked.
"""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from kaohe.cleaning import normal_name, told, typed
from kaohe.contracts import Contract, NotScored, load_contracts
from kaohe.errors import KaoheError
from kaohe.models import Model, Models
from kaohe.project import Project
from kaohe.publication import SNAPSHOT, pointed_at
from kaohe.records import EVERYWHERE
from kaohe.sqltext import literal
from kaohe.warehouse import as_sentences

Row = dict[str, Any]

#: The models that tell one unit from another.
_BY_UNIT = {"unit_change", "below_target", "extreme"}
_ANSWERS = ("study_change", "month_unit", "absent", "repeated", *sorted(_BY_UNIT))


@dataclass(frozen=True)
class Figures:
    """What a bulletin says, as rows of the models of the same names; rates and scores are whole tenths."""

    year: int
    month: int
    as_of: dt.date
    publication: str
    platforms: list[str]
    categories: list[str]
    not_ranked: NotScored | None
    #: Records set aside, of the month or of none that can be told, whose unit or month is unknown: to be looked at
    #: before a unit is called one that reported nothing.
    unplaced: int
    study_change: list[Row]
    month_unit: list[Row]
    absent: list[Row]
    repeated: list[Row]
    unit_change: list[Row]
    below_target: list[Row]
    extreme: list[Row]

    @property
    def unfinished(self) -> bool:
        """The figures were collected before the month was over."""
        return self.as_of < _after(self.year, self.month, 1) - dt.timedelta(days=1)

    def total(self, platform: str | None, category: str | None = None) -> Row | None:
        """The total of a platform and category (None: all), None without figures."""
        asked = (platform, category)
        return next((row for row in self.study_change if (row["platform"], row["category"]) == asked), None)

    def lacking(self, status: str, platform: str | None = None) -> list[str]:
        """Names of the units due without figures: on this platform though they have some elsewhere, or on none."""
        units: dict[str, set[str]] = {}
        names = {}
        for row in self.absent:
            if row["everywhere"] == (platform is None) and platform in (None, row["platform"]):
                units.setdefault(row["unit_id"], set()).add(row["status"])
                names[row["unit_id"]] = row["unit_name"]
        # Whoever handed in anything has not "reported nothing".
        found = {unit: "set_aside" if "set_aside" in statuses else "missing" for unit, statuses in units.items()}
        return [names[unit] for unit in sorted(units) if found[unit] == status]


def publication(home: Path, year: int, month: int) -> Path:
    """The publication in force. Raises ``KaoheError`` if the year has none, or it has no figures of the month."""
    found = pointed_at(home / "published" / str(year))
    if found is None:
        raise KaoheError("publication_missing", home=home, year=year)
    with _opened(found) as con:
        as_of = _as_of(con)
        given = "study_stat" in _tables(con)
        rows = "select 1 from study_stat where period = ? limit 1"
        if not given or not con.sql(rows, params=[dt.date(year, month, 1)]).fetchall():
            raise KaoheError("bulletin_no_figures", year=year, month=month, publication=found.name, as_of=as_of)
    return found


def figures_of(project: Project, publication: Path, year: int, month: int, listed: int) -> Figures:
    """The figures of a month; ``listed`` units are named at either end."""
    contracts = load_contracts(project.expectations)
    contract = contracts["study_stat"]
    platforms = contract.columns["platform"].values or []
    rule = contract.not_scored
    not_ranked = rule if rule and year >= rule.from_year else None
    begin = dt.date(year, month, 1)
    models = Models.of(project.sql / "bulletins")
    answers: dict[str, list[Row]] = {name: [] for name in _ANSWERS}
    with _opened(publication) as con:
        order = models.in_order(_tables(con) | {"asked", "compared", "platform", "set_aside"})
        as_of = _as_of(con)
        con.execute((project.sql / "macros.sql").read_text(encoding="utf-8"))
        _lay_out(con, begin, platforms, listed)
        unplaced = _lay_out_set_aside(con, contract, platforms, begin)
        for model in order:
            if not_ranked is None or model.name not in _BY_UNIT:
                answer = _answer(con, model)
                if model.name in answers:
                    answers[model.name] = answer
    return Figures(
        year=year,
        month=month,
        as_of=as_of,
        publication=publication.name,
        platforms=platforms,
        categories=contracts["org_unit"].columns["category"].values or [],
        not_ranked=not_ranked,
        unplaced=unplaced,
        **answers,
    )


@contextmanager
def _opened(publication: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The publication's snapshot, read-only, with a database in memory to work in; plain names mean the tables of
    both. Raises ``KaoheError`` if it cannot be opened."""
    path = publication / SNAPSHOT
    with duckdb.connect() as con:
        with as_sentences(path):
            con.execute(f"attach {literal(path)} as publication (read_only)")
        con.execute("set search_path = 'memory,publication'")
        yield con


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables of the snapshot."""
    query = "select table_name from duckdb_tables() where database_name = 'publication'"
    return {name for (name,) in con.sql(query).fetchall()}


def _as_of(con: duckdb.DuckDBPyConnection) -> dt.date:
    found: dt.date = con.sql("select as_of from assessment").fetchall()[0][0]
    return found


def _after(year: int, month: int, months: int) -> dt.date:
    """The first day of the month that many months later."""
    number = year * 12 + month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


def _answer(con: duckdb.DuckDBPyConnection, model: Model) -> list[Row]:
    try:
        con.execute(f"create table {model.name} as {model.sql}")
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise KaoheError("sql_failed", file=model.path, problem=str(error).splitlines()[0]) from error
    frame: pl.DataFrame = con.sql(f"select * from {model.name}").pl()
    return frame.to_dicts()


def _lay_out(con: duckdb.DuckDBPyConnection, begin: dt.date, platforms: list[str], listed: int) -> None:
    """``asked``: the month, and how many units to name. ``compared``: it and the months before. ``platform``: in
    the contract's order."""
    end = _after(begin.year, begin.month, 1) - dt.timedelta(days=1)
    con.execute(
        "create table asked as select ? as month_start, ? as month_end, cast(? as bigint) as listed",
        [begin, end, listed],
    )
    months = {"month": 0, "last_month": -1, "last_year": -12}
    con.execute("create table compared (name varchar, month_start date)")
    for name, later in months.items():
        con.execute("insert into compared values (?, ?)", [name, _after(begin.year, begin.month, later)])
    con.execute("create table platform (platform varchar, position integer)")
    for position, name in enumerate(platforms):
        con.execute("insert into platform values (?, ?)", [name, position])


def _lay_out_set_aside(con: duckdb.DuckDBPyConnection, contract: Contract, platforms: list[str], begin: dt.date) -> int:
    """``set_aside``: unit, platform and month of the study records in quarantine, so that a unit whose record could
    not be used is not said to have handed in nothing. Gives the number of records that nobody can place."""
    found = con.sql(
        "select record from quarantine where table_name = 'study_stat' and reason <> 'duplicate'"
    ).fetchall()
    records = [json.loads(record) for (record,) in found]
    raw = pl.DataFrame(
        [{name: record.get(name) for name in contract.columns} for record in records],
        schema=dict.fromkeys(contract.columns, pl.String),
    ).with_columns(pl.lit("").alias(name) for name in ("_file", "_sheet", "_table"))
    names = con.sql(
        "select unnest([name, short_name, unit_id]) as name, ? as platform, unit_id from org_unit "
        "union all select alias, platform, unit_id from unit_alias",
        params=[EVERYWHERE],
    ).pl()
    known = {
        (name, platform): unit
        for name, platform, unit in names.with_columns(normal_name(pl.col("name"))).rows()
        if name
    }
    con.execute("create table set_aside (unit_id varchar, platform varchar, period date)")
    unplaced = 0
    for row in typed(contract, told(contract, raw)).iter_rows(named=True):
        platform = row["platform"] if row["platform"] in platforms else None
        unit = known.get((row["unit_id"], platform)) or known.get((row["unit_id"], EVERYWHERE))
        if unit and row["period"]:
            con.execute("insert into set_aside values (?, ?, ?)", [unit, platform, row["period"]])
        elif row["period"] in (None, begin.isoformat()):
            unplaced += 1
    return unplaced
