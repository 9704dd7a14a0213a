"""Measures as sums: the same as their items added up, whatever way they list records; what cannot be counted is refused."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from kaohe.errors import KaoheError
from kaohe.large.scoring import add_sums, renamed
from kaohe.large.sums import counted, orders_by_record, summed
from kaohe.models import Model, Models
from kaohe.scheme import load_scheme
from kaohe.scheme.tables import IN_FORCE
from kaohe.warehouse import Engine
from tests.helpers import ROOT, YEAR, Result

MEASURES = Models.of(ROOT / "sql" / "measures")
SUMS = Model(ROOT / "sql" / "scores" / "evidence_sum.sql")
LEAVES = [(entry.name, leaf) for entry, leaf in load_scheme(ROOT / "data" / "schemes" / f"{YEAR}.yml").leaves]
PARAM = (
    "create or replace temp table param as select name, key, text, number, effective_from, effective_to "
    "from main.scheme_param where variant = ? and indicator = ?"
)


@pytest.fixture(scope="module")
def con(sample: Result) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the sample, to look at."""
    with duckdb.connect(str(sample.home / "warehouse" / "kaohe.duckdb"), read_only=True) as opened:
        yield opened


@pytest.mark.parametrize("measure", MEASURES)
def test_sums_of_a_measure_are_its_items_added_up(con: duckdb.DuckDBPyConnection, measure: str) -> None:
    asked = [name for name, leaf in LEAVES if leaf.measure == measure]
    assert asked, "no indicator of the scheme asks for it"
    for indicator in asked:
        con.execute(PARAM, [IN_FORCE, indicator])
        sums = con.sql(summed(MEASURES[measure].sql, SUMS.sql), params=[indicator]).order("unit_id").fetchall()
        added = "select * from main.evidence_sum where evidence = ? order by unit_id"
        assert sums == con.execute(added, [indicator]).fetchall()


def test_the_sample_has_items_of_every_kind(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql("select distinct evidence from main.evidence_sum where records > 0").fetchall()
    assert {name for (name,) in found} == {name for name, _ in LEAVES}, "the others would be compared with nothing"


def sums_of(items: str) -> list[tuple[object, ...]]:
    return duckdb.sql(summed(items, SUMS.sql), params=["e"]).order("unit_id").fetchall()


def test_each_way_to_list_records_is_counted() -> None:
    given = "(values ('u', 1, 'r1'), ('u', 2, 'r2'), ('v', 3, null)) as t(unit_id, n, _rec)"
    ways = {
        "list(_rec order by n desc)": [2, 1],
        "list(_rec) filter (where n < 2)": [1, 0],
        "[any_value(_rec), 'and one more']": [2, 2],
        "list_concat(list(_rec), ['x'])": [3, 2],
        "coalesce(list(_rec) filter (where n > 3), [])": [0, 0],
        "case when count(*) > 1 then list(_rec) when min(n) = 9 then ['x'] else [] end": [2, 0],
        "case when count(*) > 1 then list(_rec) end": [2, 0],
        "list_concat(case when count(*) > 1 then list(_rec) end, ['x'])": [3, 1],
        "null": [0, 0],
    }
    for way, expected in ways.items():
        rows = sums_of(
            f"select unit_id, 'i' as item, 1 as due, 0.5 as done, {way} as records from {given} group by unit_id"
        )
        assert rows == [(unit, "e", 1, 1000000, 500000, n) for unit, n in zip("uv", expected, strict=True)], way


def test_parts_put_together_are_all_counted() -> None:
    union = """with a as (select 'u' as unit_id, list(x) as records from range(3) as t(x))
        select unit_id, 'i' as item, 1 as due, 1 as done, records from a
        union all select 'u', 'j' as item, 1, 0, ['x'] as records union all select 'w', 'k', 1, 0, null as records"""
    assert sums_of(union) == [("u", "e", 2, 2000000, 1000000, 4), ("w", "e", 1, 1000000, 0, 0)]


def test_due_may_be_missing_and_what_is_beyond_whole_numbers_is_refused() -> None:
    assert sums_of("select 'u' as unit_id, 1 as item, null::decimal as due, 2 as done, [] as records") == [
        ("u", "e", 1, None, 2000000, 0)
    ]
    with pytest.raises(duckdb.Error):
        sums_of("select 'u' as unit_id, 1 as item, 1 as due, 9e12::decimal(18,2) * 1.1 as done, [] as records")


@pytest.mark.parametrize(
    "way", ["list_distinct(list(_rec))", "string_split('a', ',')", "(select list(1))", "array_agg(_rec)[1:2]"]
)
def test_what_cannot_be_counted_is_refused_with_its_file(way: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.sql"
    path.write_text(f"select 'u' as unit_id, 'i' as item, 1 as due, 1 as done, {way} as records from t", "utf-8")
    engine = Engine(duckdb.connect())
    with pytest.raises(KaoheError) as refused:
        add_sums(engine, "e", IN_FORCE, "e", Model(path), SUMS, {})
    assert refused.value.key == "measure_not_summed"
    assert str(path) in str(refused.value)


def test_which_measures_need_records_as_they_are() -> None:
    assert orders_by_record("select min(_rec) as item, list(_rec) as records from t")
    assert orders_by_record(
        "select row_number() over (partition by u order by _rec) as n, list(_rec) as records from t"
    )
    assert orders_by_record("select 1 from t join s on t._rec < s._rec")
    assert not orders_by_record("select unit_id, list(_rec) as records from t group by unit_id")
    assert not orders_by_record("select t._rec, 1 as due from t")
    assert not orders_by_record("select case when t._rec is null then [] else [t._rec] end as records from t")
    assert orders_by_record("select _rec as item, [_rec] as records from t")


def test_a_list_is_never_made(con: duckdb.DuckDBPyConnection) -> None:
    for model in MEASURES.values():
        assert "list(" not in counted(model.sql).sql(dialect="duckdb").lower(), model.name


def test_tables_are_renamed_but_not_parts_of_the_query_itself() -> None:
    query = "with a as (select * from t) select a.x, t.x from a join t on t.x = a.x join main.b as c using (x)"
    assert renamed(query, {"t": "row_t", "a": "row_a", "b": "row_b"}) == (
        "WITH a AS (SELECT * FROM row_t AS t) SELECT a.x, t.x FROM a JOIN row_t AS t ON t.x = a.x "
        "JOIN main.row_b AS c USING (x)"
    )
