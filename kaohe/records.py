"""From typed rows to trusted ones: units resolved by name, repeated keys set aside, rules left to validation.py.

``main.problem`` collects why a record was set aside (critical) or flagged (warning); nothing is dropped.
``main.repeated`` has, for each record whose key stands elsewhere too, where.
"""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
from rapidfuzz import fuzz, process

from kaohe import corrections
from kaohe.cleaning import normal_names
from kaohe.contracts import PROVENANCE, Contract
from kaohe.corrections import Correction
from kaohe.errors import KaoheError
from kaohe.sqltext import literal, quoted
from kaohe.warehouse import Engine, Warehouse
from kaohe.words import clauses, listed, say

EVERYWHERE = "通用"
#: So many records in two files make the one a version of the other, and no slip.
_FEWEST = 3

_PROBLEM = """
create or replace table main.problem (
  table_name varchar, _rec varchar, reason varchar, rule varchar, column_name varchar, severity varchar, hint varchar)
"""
_REPEATED = """
create or replace table main.repeated (
  table_name varchar, _rec varchar, rule varchar, _file varchar, other_rec varchar, other_file varchar,
  other_sheet varchar, other_row integer)
"""


def begin(warehouse: Engine) -> None:
    """Start the run's list of problems with the cells that could not be typed when their files were read."""
    warehouse.con.execute(_PROBLEM)
    warehouse.con.execute(_REPEATED)
    warehouse.con.execute(
        "insert into main.problem select table_name, _rec, 'bad_cell', rule, column_name, 'critical', null "
        "from meta.cell_problem order by _rec, column_name"
    )
    warehouse.con.execute("create or replace table main.unit_name (name varchar, platform varchar, unit_id varchar)")


def resolve(warehouse: Warehouse, contract: Contract, sql: Path, ordered: list[Correction], stay: bool) -> bool:
    """Make ``main.<table>`` from the typed rows: what was ordered is corrected, unit columns hold unit ids, unknown
    units and repeated keys are out (with ``stay``, the latter are only said). Gives whether there are any rows at all.

    Adds ``_year``: the year whose assessment the record belongs to, null if the contract names none.
    """
    table = contract.table
    _candidates(warehouse, contract, f"typed.{table}")
    if ordered:
        corrections.apply(warehouse, contract, ordered)
        _candidates(warehouse, contract, corrections.RECORDS)
    if not warehouse.rows(f"select 1 from main.{table} limit 1"):
        return False
    _set_aside_unknown_units(warehouse, contract)
    key = ", ".join(f"cast({quoted(name)} as varchar)" for name in contract.key)
    cells = ", ".join(f"coalesce(cast({quoted(name)} as varchar), chr(0))" for name in contract.columns)
    complete = " and ".join(f"{quoted(name)} is not null" for name in contract.key)
    repeated = (sql / "records" / "repeated.sql").read_text(encoding="utf-8")
    found = warehouse.con.execute(
        f"with record as (select _rec, case when {complete} then concat_ws(chr(31), {key}) end as _key, "
        f"md5(concat_ws(chr(31), {cells})) as _cells from main.{table}) "
        "insert into main.repeated select ?, found._rec, found.rule, here._file, "
        "other._rec, other._file, other._sheet, other._row "
        f"from ({repeated}\n) as found join main.{table} as here on here._rec = found._rec "
        f"join main.{table} as other on other._rec = found.other_rec order by found._rec",
        [table],
    ).fetchone()
    before_row, after_row = say("row", row="\0").split("\0")
    warehouse.con.execute(
        "insert into main.problem select table_name, _rec, rule, rule, ?, 'critical', "
        "concat_ws(' ', ?, nullif(other_file, ''), nullif(other_sheet, ''), concat(?, other_row, ?)) "
        "from main.repeated where table_name = ?",
        [contract.key[0], say("colon"), before_row, after_row, table],
    )
    if found and found[0] and not stay:
        remove_problems(warehouse, table)
    return True


def versions(warehouse: Warehouse, contracts: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of files that look like two versions of one: most records of one of them stand in the other, too."""
    all_records = " union all ".join(f"select _file from raw.{table}" for table in contracts)
    found = warehouse.rows(
        f"with file as (select _file, count(*) as records from ({all_records}) as record group by _file), "
        "twice as (select _rec, _file, other_file from main.repeated "
        "union select other_rec, other_file, _file from main.repeated) "
        "select twice._file, twice.other_file from twice join file on file._file = twice._file "
        "where twice._file <> twice.other_file group by twice._file, twice.other_file, file.records "
        "having count(*) >= ? and 2 * count(*) > file.records",
        [_FEWEST],
    )
    return sorted({(min(pair), max(pair)) for pair in found})


def remove_problems(warehouse: Warehouse, table: str) -> None:
    """Take the records with a critical problem out of ``main.<table>``."""
    warehouse.con.execute(
        f"delete from main.{table} where _rec in "
        "(select _rec from main.problem where table_name = ? and severity = 'critical')",
        [table],
    )


def _candidates(warehouse: Warehouse, contract: Contract, records: str) -> None:
    """The rows of ``records`` with unit ids; ``_name_<column>`` keeps the name as it was written until it is known to
    be known."""
    chosen, joins = [], []
    has_platform = "platform" in contract.columns
    for name, column in contract.columns.items():
        cell = f"record.{quoted(name)}"
        if column.type != "unit":
            chosen.append(cell)
            continue
        found = f"{name}_anywhere.unit_id"
        joins.append(
            f"left join main.unit_name as {name}_anywhere on {name}_anywhere.name = {cell} "
            f"and {name}_anywhere.platform = {literal(EVERYWHERE)}"
        )
        if has_platform and contract.table != "unit_alias":
            found = f"{name}_here.unit_id, {found}"
            joins.append(
                f"left join main.unit_name as {name}_here on {name}_here.name = {cell} "
                f"and {name}_here.platform = record.platform"
            )
        kept = f", {cell}" if column.unknown == "keep" else ", null"
        chosen.append(f"coalesce({found}{kept}) as {quoted(name)}, {cell} as _name_{name}")
    warehouse.con.execute(
        f"create or replace table main.{contract.table} as select {', '.join(chosen)}, {year_of(contract)} as _year, "
        f"{', '.join('record.' + name for name in PROVENANCE)} from {records} as record "
        f"{' '.join(joins)} order by _file, _sheet, _row"
    )


def year_of(contract: Contract) -> str:
    """The year of a ``record`` in SQL: what its ``year`` column says, else the year of its event."""
    years = ["cast(null as bigint)"]
    if contract.event_date:
        years.insert(0, f"year(record.{quoted(contract.event_date)})")
    if column := contract.year:
        is_date = contract.columns[column].type == "date"
        years.insert(0, f"year(record.{quoted(column)})" if is_date else f"record.{quoted(column)}")
    return f"coalesce({', '.join(years)})"


def _set_aside_unknown_units(warehouse: Warehouse, contract: Contract) -> None:
    for name in contract.unit_columns:
        unknown = warehouse.frame(
            f"select _rec, _name_{name} as name from main.{contract.table} "
            f"where {quoted(name)} is null and _name_{name} is not null order by _rec"
        )
        if unknown.height:
            hints = nearest_names(warehouse, unknown["name"].unique().to_list())
            warehouse.write(
                "main.problem",
                unknown.select(
                    pl.lit(contract.table).alias("table_name"),
                    "_rec",
                    pl.lit("unknown_unit").alias("reason"),
                    pl.lit("unknown_unit").alias("rule"),
                    pl.lit(name).alias("column_name"),
                    pl.lit("critical").alias("severity"),
                    pl.col("name").replace_strict(hints, return_dtype=pl.String).alias("hint"),
                ),
            )
            remove_problems(warehouse, contract.table)
        warehouse.con.execute(f"alter table main.{contract.table} drop column _name_{name}")


def nearest_names(warehouse: Warehouse, names: list[str]) -> dict[str, str]:
    """For each unknown name the three nearest known units, by their names in the registry, joined by 、."""
    known = warehouse.rows("select u.name, r.name from main.unit_name as u join main.org_unit as r using (unit_id)")
    official = dict(sorted(known))
    hints = {}
    for name in names:
        near: list[str] = []
        for match, _, _ in process.extract(name, sorted(official), scorer=fuzz.WRatio, limit=None):
            if official[match] not in near:
                near.append(official[match])
            if len(near) == 3:
                break
        hints[name] = listed(near)
    return hints


def know_units(warehouse: Engine) -> None:
    """Names under which each unit of the registry is known: its full name, its short name, and its id.

    Raises ``KaoheError`` if two units share a name: then no record under that name could be given to either.
    """
    names = names_of_units(warehouse)
    twice = names.filter(pl.col("unit_id").n_unique().over("name") > 1).sort("name", "unit_id", "_file", "_row")
    if twice.height:
        first = twice.filter(pl.col("name") == twice["name"][0])
        rows = first.select("unit_id", "_file", "_row").unique(maintain_order=True).rows()
        places = clauses(say("unit_at_row", unit=unit, file=file, row=row) for unit, file, row in rows)
        raise KaoheError("units_same_name", name=first["written"][0], places=places)
    known = names.select("name", pl.lit(EVERYWHERE).alias("platform"), "unit_id").unique().sort("name")
    warehouse.write("main.unit_name", known)


def names_of_units(warehouse: Engine) -> pl.DataFrame:
    """unit_id, _file, _row, written, name (as it is matched): a row for each name of each unit of the registry."""
    registry = warehouse.frame("select unit_id, name, short_name, _file, _row from main.org_unit")
    names = pl.concat(
        registry.select("unit_id", "_file", "_row", written=pl.col(column))
        for column in ("name", "short_name", "unit_id")
    ).drop_nulls("written")
    return names.with_columns(name=normal_names(names["written"]))


def know_aliases(warehouse: Engine) -> bool:
    """Add the aliases; one that is another unit's own name is a problem, since it would take that unit's records. Gives
    whether there are any such."""
    good, any_bad = names_by_alias(warehouse, warehouse.frame("select name, unit_id from main.unit_name"))
    warehouse.write("main.unit_name", good.sort("name", "platform"))
    return any_bad


def names_by_alias(warehouse: Engine, names: pl.DataFrame) -> tuple[pl.DataFrame, bool]:
    """name, platform, unit_id by the aliases, beside the units' own ``names`` (name, unit_id), and whether there are
    aliases that are a problem; these are noted."""
    aliases = warehouse.frame("select _rec, alias, platform, unit_id from main.unit_alias order by _rec")
    named = aliases.with_columns(name=normal_names(aliases["alias"]))
    joined = named.join(names.select("name", owner="unit_id"), on="name", how="left")
    stolen = joined.filter(pl.col("owner").is_not_null() & (pl.col("owner") != pl.col("unit_id")))
    clashing = joined.filter(pl.col("unit_id").n_unique().over("name", "platform") > 1)
    bad = pl.concat([stolen, clashing])["_rec"].unique(maintain_order=True)
    if len(bad):
        warehouse.write(
            "main.problem",
            pl.DataFrame(
                {
                    "table_name": "unit_alias",
                    "_rec": bad,
                    "reason": "rule",
                    "rule": "alias_taken",
                    "column_name": "alias",
                    "severity": "critical",
                    "hint": None,
                },
                schema_overrides={"hint": pl.String},
            ),
        )
    good = joined.filter(~pl.col("_rec").is_in(bad.to_list()) & pl.col("owner").is_null())
    return good.select("name", "platform", "unit_id").unique(), len(bad) > 0
