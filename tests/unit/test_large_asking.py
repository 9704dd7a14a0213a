"""Rules that compare rows, asked at little cost: the same rows fail as by the rule's own query."""

import datetime as dt

import duckdb
import pytest

from kaohe.large.asking import SEVERAL, Alike, Asking, alike_hashes, among, asking, repeated_hashes
from kaohe.validation.checks import condition
from kaohe.validation.rules import rules_of
from tests.large import OURS

COLUMNS = frozenset({"unit_id", "member_id", "day", "theme", "people"})
DAYS = frozenset({"day"})
USUAL = (dt.date(2023, 1, 3), dt.date(2023, 1, 6))
WITH = "with entry as (select * from {batch}) select _rec from entry "
OTHER = "exists (select 1 from entry as o where o.unit_id = entry.unit_id and "
ABOVE = "select _rec from (select * from {batch}) as v where people > (select {count} from member as m where {there})"
DISTINCT = "nullif(count(distinct m.member_id), 0)"
THERE = "m.unit_id = v.unit_id and v.day between m.since and coalesce(m.until, v.day)"

QUERIES = [
    WITH + "where not exists (select 1 from member as m where m.unit_id = entry.unit_id and m.member_id = entry.member_id)",
    WITH + "where exists (select 1 from member as m where m.unit_id = entry.unit_id) and not exists (select 1 from member "
    "as m where m.unit_id = entry.unit_id and entry.day between m.since and coalesce(m.until, entry.day))",
    WITH + "where exists (select 1 from member as m where m.unit_id = entry.unit_id) and people > 2",
    WITH + "where not exists (select 1 from member as m where m.unit_id = entry.unit_id and until is null)",
    WITH + "where not exists (select 1 from entry as o where o.day = entry.day and o._rec <> entry._rec)",
    WITH + "where member_id not in (select member_id from member where member_id is not null) and theme = 'a'",
    WITH + f"where {OTHER}o.day <> entry.day)",
    WITH + f"where {OTHER}o.theme = entry.theme and o.day < entry.day)",
    WITH + f"where {OTHER}o.day = entry.day and o._rec <> entry._rec)",
    WITH + f"where {OTHER}o.people <= entry.people and o.day = entry.day)",
    WITH + f"where {OTHER}o.day < entry.day) and not exists (select 1 from entry as o where o.theme = entry.theme "
    "and o.people > entry.people)",
    "with entry as (select *, people * 2 as twice from {batch}) select _rec from entry "
    f"where {OTHER}o.twice > entry.people and o._rec <> entry._rec)",
    "with entry as (select * from {batch} where people > 1) select _rec from entry where " + OTHER + "o.day <> entry.day)",
    "select a._rec from {batch} as a join member using (unit_id, member_id)".replace("{batch} as a", "(select * from {batch}) as a"),
    ABOVE.format(count=DISTINCT, there=THERE, batch="{batch}"),
    ABOVE.format(count="count(distinct m.member_id)", there=THERE, batch="{batch}") + " and theme = 'a'",
    ABOVE.format(count=DISTINCT, there="m.unit_id = v.unit_id and m.since <= v.day and m.until > v.day", batch="{batch}"),
    ABOVE.format(count=DISTINCT, there="m.unit_id = v.unit_id and m.since <> v.day", batch="{batch}"),
    ABOVE.format(count=DISTINCT, there="m.unit_id = v.unit_id", batch="{batch}"),
    ABOVE.format(count="count(*)", there=THERE, batch="{batch}"),
    "select _rec from {batch} where _rec like '%1' and people > (select min(people) from member)",
]  # fmt: skip


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("select setseed(0.5)")
    con.execute(
        "create table rows_of as select nullif('u' || (random() * 9)::int, 'u0') as unit_id, "
        "nullif('m' || (random() * 9)::int, 'm0') as member_id, "
        "nullif(date '2023-01-01' + (random() * 9)::int, date '2023-01-01') as day, "
        "['a', 'b', 'c', null][1 + (random() * 3)::int] as theme, nullif((random() * 5)::int, 0) as people, "
        "'inbox' as _source, 'f' || number % 2 as _file, '' as _sheet, number // 2 + 1 as _row, null::varchar as _at, "
        "number // 2 as _rec, 2023 as _year from range(120) as t(number)"
    )
    con.execute(
        "create table member as select 'u' || (random() * 7)::int as unit_id, 'm' || (random() * 40)::int as member_id, "
        "date '2023-01-01' + (random() * 5)::int as since, 2 as people, "
        "nullif(date '2023-01-03' + (random() * 6)::int, date '2023-01-04') as until from range(60)"
    )
    return con


def failing(con: duckdb.DuckDBPyConnection, asked: Asking) -> list[tuple[str, int]]:
    """As ``Table.ask`` does it."""
    which = "true"
    if asked.alike:
        con.execute(f"create or replace table alike as {alike_hashes(asked.alike, 'rows_of')}")
        which = among(asked.alike, "alike")
    elif asked.above:
        con.execute(f"create or replace table again as {repeated_hashes(asked.above.table, [asked.above.column])}")
        con.execute(f"create or replace table known_least as {asked.above.least('again', USUAL)}")
        con.execute(f"create or replace table can_fail as {asked.can_fail('rows_of', 'known_least', USUAL)}")
        which = "{'_path': _file, '_place': _rec} in (select _rec from can_fail)"
    found = f"select distinct found._rec._path, found._rec._place from ({asked.of('rows_of', which)}) as found"
    return sorted(con.sql(found).fetchall())


@pytest.mark.parametrize("query", QUERIES)
def test_the_same_rows_fail(con: duckdb.DuckDBPyConnection, query: str) -> None:
    own = "(select * replace (concat(_file, ' ', _rec) as _rec) from rows_of) as subselect"
    expected = {rec for (rec,) in con.sql(query.format(batch=own)).fetchall()}
    asked = asking(query, COLUMNS, DAYS)
    if not asked.by_place:
        assert "like" in query
        rows = "(select * replace (concat(_file, ' ', _rec) as _rec) from rows_of)"
        assert {rec for (rec,) in con.sql(asked.of(rows)).fetchall()} == expected
        return
    assert {f"{path} {place}" for path, place in failing(con, asked)} == expected
    assert 0 < len(expected) < 120


def test_what_can_be_told_of_a_query() -> None:
    told = [asking(query, COLUMNS, DAYS) for query in QUERIES]
    assert [number for number, asked in enumerate(told) if "ANTI JOIN" in asked.query] == [0, 1, 4, 10]
    assert {number: asked.alike for number, asked in enumerate(told) if asked.alike} == {
        6: Alike(("unit_id",), 'min("day") <> max("day")'),
        7: Alike(("theme", "unit_id"), 'min("day") <> max("day")'),
        8: Alike(("day", "unit_id"), SEVERAL),
        11: Alike(("unit_id",), SEVERAL),
    }
    assert [number for number, asked in enumerate(told) if asked.above] == [14, 15, 16]
    assert asking(QUERIES[14], COLUMNS).above is None  # nobody knows that it is a day


def test_our_rules_are_asked_at_little_cost() -> None:
    told = {}
    for name, contract in OURS.items():
        days = frozenset(each for each, column in contract.columns.items() if column.type == "date")
        for rule in rules_of(contract, OURS):
            if not rule.type.startswith("expect_table_") and (query := condition(contract, rule).query):
                told[name, rule.name] = asking(query, frozenset(contract.columns), days)
    assert all(asked.by_place for asked in told.values())
    assert {name for (name, _), asked in told.items() if asked.alike} == {
        "innovation_case", "party_member", "secretary_meeting", "org_life_record",
    }  # fmt: skip
    assert len([asked for asked in told.values() if asked.above]) == 6
