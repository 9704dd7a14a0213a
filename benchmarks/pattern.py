"""The pattern from which ``generate.py`` makes units: the made-up bureau as the pipeline trusts it, with fewer people
and years, head counts to match, and numbers that go behind a unit's id, so that any made unit can take them over.

A table of the pattern has the contract's columns and ``_unit`` (which unit of the sample), ``_row`` (a number that no
other row of any table has) and ``_kin`` (the ``_row`` of the record that it belongs to: it comes and goes with it).
"""

import datetime as dt
from pathlib import Path

import duckdb

from kaohe.contracts import SQL_TYPES, Contract, Contracts
from kaohe.sqltext import quoted

YEAR, AS_OF = 2023, dt.date(2024, 3, 31)
SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
#: Of the members of a unit so many stay, those with duties first, and of the records of earlier years.
PEOPLE, PAST = 0.3, 0.03
#: Tables of people: who is left out takes his records along.
MEMBERS = ("party_member", "training_record", "talk_record", "frontline_post")
#: Codes that mean something within their unit only, and the letter that they get.
LOCAL = {"group_id": "G", "case_key": "c", "text_hash": "h"}
#: Numbers of other records, beside the references that the contracts name.
ALSO_REFERS = {("inspection", "record_id"): "org_life_record"}
LEFT_EMPTY = ("correction", "score_appeal")


def read_sample(home: Path) -> Path:
    """Read and check the sample in the home folder ``home``; gives the warehouse."""
    from kaohe.run import Run  # takes long to import, and the processes that make tables need none of it

    with Run(SAMPLE, YEAR, AS_OF, None, home, strict=False) as run:
        run.pull()
        run.validate()
    return home / "warehouse" / "kaohe.duckdb"


def make_pattern(warehouse: Path, pattern: Path, contracts: Contracts) -> None:
    """Write the pattern of the judged sample in ``warehouse`` into the new DuckDB file ``pattern``."""
    con = duckdb.connect(str(pattern))
    con.execute("set threads = 1")
    con.execute(f"attach '{warehouse}' as sample (read_only)")
    con.execute("""create table unit as
        select row_number() over (order by unit_id) as _unit, unit_id from sample.main.org_unit""")
    _find_owners(con, contracts)
    _number_people(con, contracts)
    _number_rows(con, contracts)
    _number_codes(con, contracts)
    for name, contract in contracts.items():
        con.execute(f"create table {name} as {_table(contract)}")
    for table in ("owned", "numbered", "person", "local_code"):
        con.execute(f"drop table {table}")
    con.execute("detach sample")
    con.close()


def _find_owners(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> None:
    """``owned``: for each record the unit that it is of, none for the calendar."""
    parts = []
    for order, (name, contract) in enumerate(contracts.items()):
        unit, via = "record.unit_id" if "unit_id" in contract.columns else "null::varchar", ""
        if not contract.reference and contract.owner:
            column, owner = contract.owner
            unit, via = "owner.unit_id", f"left join sample.main.{owner} as owner using ({column})"
        key = " || '/' || ".join(f"record.{quoted(column)}::varchar" for column in contract.key)
        parts.append(
            f"select {order} as t, '{name}' as table_name, {unit} as unit_id, {key} as key, record._rec"
            f" from sample.main.{name} as record {via}"
        )
    con.execute(f"""create table owned as
        select t, table_name, _unit, key, _rec from ({" union all ".join(parts)}) left join unit using (unit_id)""")


def _number_rows(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> None:
    """``numbered``: the records that stay, with ``_row`` and their number ``n`` in their table and unit."""
    parts = " union all ".join(
        f"select owned.* from owned join sample.main.{name} as record using (_rec)"
        f" where owned.table_name = '{name}' and {_stays(contract)}"
        for name, contract in contracts.items()
        if name not in LEFT_EMPTY
    )
    con.execute(f"""create table numbered as
        select *, row_number() over (order by t, _unit, key, _rec) as _row,
          row_number() over (partition by t, _unit order by key, _rec) as n
        from ({parts})""")


def _number_people(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> None:
    """``person``: whom a unit's records name; its members first, by their duties. ``kept``: stays in the pattern."""
    named = " union ".join(
        f"select _unit, record.{quoted(column)} as code from sample.main.{name} as record join owned"
        f" on table_name = '{name}' and owned._rec = record._rec where record.{quoted(column)} is not null"
        for name, contract in contracts.items()
        for column in contract.person_columns
    )
    con.execute(f"""create table person as
        with member as (
          select _unit, member_id as code, min(list_position(['书记', '班子', '党务干部', '党员'], role)) as duty
          from sample.main.party_member join unit using (unit_id) group by all
        ), everyone as (
          select _unit, code, duty, row_number() over (partition by _unit order by duty nulls last, md5(code)) as n,
            count(duty) over (partition by _unit) as members
          from ({named}) left join member using (_unit, code)
        )
        select _unit, code, '-p' || n as suffix,
          case when duty is null then hash(code) % 100 < {PEOPLE * 100} else n <= ceil(members * {PEOPLE}) end
            as kept
        from everyone""")


def _number_codes(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> None:
    found = " union ".join(
        f"select '{column}' as column_name, {column} as value from sample.main.{name} where {column} is not null"
        for name, contract in contracts.items()
        for column in LOCAL
        if column in contract.columns
    )
    con.execute(f"""create table local_code as
        select *, dense_rank() over (partition by column_name order by value) as n from ({found})""")


def refers(contract: Contract, column: str) -> str | None:
    """The table whose number stands in a column."""
    references = contract.columns[column].references
    return references.table if references else ALSO_REFERS.get((contract.table, column))


def is_own_number(contract: Contract, column: str) -> bool:
    return contract.key == [column] and contract.columns[column].type == "code" and column != "unit_id"


def _table(contract: Contract) -> str:
    """The query for a table of the pattern, in the order of its units and rows."""
    columns = [f"{_cell(contract, name)} as {quoted(name)}" for name in contract.columns]
    return f"""
        select coalesce(numbered._unit, 0) as _unit, numbered._row, {_kin(contract)} as _kin, {", ".join(columns)}
        from numbered join sample.main.{contract.table} as record on numbered._rec = record._rec
        cross join lateral ({_ratio(contract)}) as share
        where numbered.table_name = '{contract.table}'
        order by numbered._row"""


def _stays(contract: Contract) -> str:
    """Whether a record is part of the pattern at all."""
    past = f"hash(record._rec) % 1000 >= {PAST * 1000}"
    tests = [f"not coalesce(record._year < {YEAR} and {past}, false)"]
    if contract.table in MEMBERS:
        tests.append("(select kept from person where person._unit = owned._unit and code = record.member_id)")
    return " and ".join(tests)


def _kin(contract: Contract) -> str:
    """The ``_row`` of the inspection or agreement that a record belongs to."""

    def parent(table: str, column: str) -> str:
        return f"(select _row from numbered as p where p.table_name = '{table}' and p.key = {column})"

    if contract.table == "inspection_finding":
        return parent("inspection", "record.inspection_id")
    if contract.table in ("pairing_activity", "pairing_item"):
        return parent("pairing_agreement", "record.agreement_id")
    if "finding_id" in contract.columns:
        finding = (
            "(select inspection_id from sample.main.inspection_finding as f where f.finding_id = record.finding_id)"
        )
        return parent("inspection", finding)
    return "null::bigint"


def _ratio(contract: Contract) -> str:
    """``ratio``: the share of the unit's members on the day of a meeting who stay in the pattern."""
    if "held_on" not in contract.columns or not {"due_count", "covered_count"} & set(contract.columns):
        return "select 1.0 as ratio"
    return """
        select coalesce(count(distinct member_id) filter (kept) / nullif(count(distinct member_id), 0), 1.0) as ratio
        from sample.main.party_member as m join person on person._unit = numbered._unit and code = m.member_id
        where m.unit_id = record.unit_id
          and record.held_on between m.valid_from and coalesce(m.valid_to, record.held_on)"""


def _cell(contract: Contract, name: str) -> str:
    """A column of the pattern: what makes sense in any unit, or what is put behind the unit's id."""
    column, cell = contract.columns[name], f"record.{quoted(name)}"
    if is_own_number(contract, name):
        return "'-' || numbered.n"
    if table := refers(contract, name):
        number = (
            f"(select '-' || o.n from numbered as o where o.table_name = '{table}' and o.key = {cell}"
            f" and o._unit = numbered._unit)"
        )
        return f"coalesce({number}, '-0')" if column.required else number
    if name in LOCAL:
        return (
            f"(select '-{LOCAL[name]}' || c.n from local_code as c where c.column_name = '{name}' and c.value = {cell})"
        )
    if column.type == "person":
        return f"(select suffix from person where person._unit = numbered._unit and code = {cell})"
    if column.type == "unit" and name != "unit_id":  # '' is a unit of the same region
        return f"case when {cell} in (select unit_id from unit) then '' else {cell} end"
    return f"cast({_count(contract, name, cell)} as {SQL_TYPES[column.type]})"


def _count(contract: Contract, name: str, cell: str) -> str:
    """Head counts of meetings as they are with fewer members; what was right or wrong stays so."""
    if "held_on" not in contract.columns or "due_count" not in contract.columns:
        return f"round({cell} * share.ratio)" if name == "covered_count" else cell
    due = "greatest(least(record.due_count, 1), round(record.due_count * share.ratio))"
    chance = "hash(record._rec) % 1000 / 1000"
    absent = f"least({due}, floor((record.due_count - record.attend_count) * share.ratio + {chance}))"
    counts = {
        "due_count": due,
        "attend_count": f"{due} - {absent}",
        "leave_count": f"case when {cell} <= record.due_count - record.attend_count then least({cell}, {absent})"
        f" else {cell} end",
    }
    graded = ("excellent", "qualified", "basic", "unqualified")
    return f"floor({cell} * share.ratio)" if name in graded else counts.get(name, cell)
