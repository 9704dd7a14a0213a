"""What kaohe/engines/dialect.py mends: the same rows from DuckDB and from Spark, construct by construct."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kaohe.engines.dialect import CannotCarry, macros_in, to_spark
from kaohe.engines.java import NEWEST, OLDEST, java_version
from kaohe.engines.recursion import recursive
from kaohe.warehouse import Engine
from tests.helpers import ROOT

MACROS = ROOT / "sql" / "macros.sql"

#: g: a group; n, m: whole numbers; d: exact; x: DOUBLE; t: text; on: a day; l: a list; yes: a flag.
ROWS = """
select * from (values
  ('a', 7, 2, 1.005000, 0.1, '办', date '2023-01-31', ['b', 'a'], true),
  ('a', -7, 2, -2.500000, 0.3, 'Z', date '2024-02-29', ['é', 'z', 'a'], false),
  ('a', 8, null, 3.333333, 0.2, 'a''\\b', date '2023-12-31', [], null),
  ('b', 1000000000, 3, null, 12345.678901234567, null, null, null, true)
) as given (g, n, m, d, x, t, day_of, l, yes)
"""
TYPED = f"""
select g, cast(n as bigint) as n, cast(m as bigint) as m, cast(d as decimal(18, 6)) as d, cast(x as double) as x, t,
  day_of, cast(l as varchar[]) as l, yes from ({ROWS}) as typed
"""

EXPRESSIONS = [
    "n // m", "-n // 3", "cast(n as hugeint) * 100000000000 // 7", "n % m", "d % 2", "n / 2", "d / 3",
    "n / nullif(m, 2)", "cast(d * 1000000 as hugeint)", "cast(round(x * 1e15) as hugeint)",
    "cast(round(x * 1e21) as hugeint)", "cast(round(-x * 1e17) as hugeint)", "cast(d as bigint)", "cast(d as integer)",
    "cast(yes as integer)", "round(x)", "round(d, 2)", "sign(n) * cast(9007199254740993 as hugeint)", "sign(d)", "abs(n)", "n & 6", "m | 8", "n & m = 2", "cast(1 as bigint) << cast(m as integer)", "(n >> 1) & 1", "floor(d)", "ceil(x)",
    "isnan(x)", "isnan(case when m is null then cast(null as double) else cast('NaN' as double) end)",
    "len(l)", "length(t)", "list_sort(l)", "list_contains(l, 'a')", "list_contains(l, t)", "list_contains([t, 'q'], 'a')", "list_concat(l, ['x'])",
    "list_concat(l, null)", "coalesce(l, [])", "l[1]", "l[n]", "l[m]", "l[cast(x as integer) + 1]", "[t, g]",
    "string_split(t, '''')", "concat(t, '|', n, '|', day_of)", "t || g", "concat(g, cast(d as varchar))", "t < 'b'",
    "t is not distinct from null", "m is not distinct from 2", "yes is not true", "nullif(g, 'a')",
    "greatest(n, m)", "least(d, m)", "strftime(day_of, '%Y-%m')", "cast(date_trunc('quarter', day_of) as date)",
    "last_day(day_of)", "quarter(day_of)", "year(day_of) - 1", "day_of + 7",
    "cast(day_of + cast(m as integer) * interval 1 month as date)", "cast(day_of + interval 1 year as date)",
    "datediff('day', date '2023-01-01', day_of)", "try(make_date(2023, m, 1))", "try(make_date(2023, m + 28, 31))",
    "cast(try(day_of + to_years(n)) as date)", "day_of > date '2023-06-30'", "t ~ '[A-Z]'", "{a: n, b: t}.b",
    "micro(d)", "share(abs(n), 3)", "ratio(7, 3, 1000)", "rounded(n, 2, 'half_even')", "rounded(n, 2, 'half_up')",
    "rounded(n, 4, 'down')", "points(n)", "within_unit(x, yes)", "ratio_or_nan(x, coalesce(m, 0))",
    "extended_to(day_of, date '2024-01-31', t, 1)", "quantile_of([0.1, 0.2, 0.4], 3, 0.35)", "whole(x * 1e12)",
    "md5(concat_ws(chr(31), 'inbox', t, '', cast(n as varchar)))", "list_has_all(['a', 'b'], l)", "left(t, 1)",
    "hash(n) = hash(n + 0)", "strlen(t)", "strlen('é一')", "hash(n, t) = hash(n, g)", "try_cast(t as date)", "try_cast('2023-05-01' as date)",
    "try_cast(concat(n, '.5') as decimal(18, 6))", "to_json({a: t, b: g})", "nullif(trim(concat(' ', t, ' ')), '')",
]  # fmt: skip

AGGREGATES = [
    "list(t order by n desc)", "list(m order by day_of)", "list(t order by m desc, t)", "list(n order by n) filter (n > 0)",
    "list(n) filter (n > 100000000)", "string_agg(t, ' ' order by n) filter (yes is not true)",
    "string_agg(g, '' order by t desc)", "sum(x order by t)", "sum(x order by n desc) filter (m is not null)", "median(x)",
    "median(m)", "median(x) filter (n > 7)", "min_by(m, n)", "max_by(t, n)", "min_by(t, m) filter (n <> 7)", "any_value(m)", "any_value(m) filter (n > 7)", "max_by(m, d)", "min_by(m, -d)",
    "bool_or(yes)", "sum(n)", "sum(d)", "max(day_of)", "count(distinct m)", "count(*) filter (yes)", "max(x) filter (n < 8)",
    "mean_of(x, t)", "sum(micro(d))", "bit_or(m)", "bit_and(n)",
]  # fmt: skip

QUERIES = {
    "a filter over a window": "select n, count(*) filter (m is not null) over (partition by g), "
    "sum(n) filter (yes) over (partition by g) from typed",
    "named windows, one of them longer": "select n, row_number() over (w order by m, n desc), count(*) over w from typed "
    "window w as (partition by g)",
    "nulls last, rising and falling": "select n, row_number() over (order by m, n), row_number() over (order by m desc, n) "
    "from typed",
    "lists are compared place by place": "select n, rank() over (order by coalesce(l, []) desc) from typed",
    "unnest before another join": "select typed.n, each.item, other.n as k from typed cross join unnest(typed.l) as each (item) "
    "left join typed as other on other.t = each.item or other.g = each.item",
    "unnest in a list of columns": "select n, unnest(string_split(concat(g, ',x'), ',')) as part from typed",
    "unnest within a column": "with most as (select max(n) as n from typed group by g) select distinct n + 1 as k, cast(unnest(string_split('3 4', ' ')) as integer) as part "
    "from typed join (select 'a' as h) as other on other.h = g where n > 0",
    "numbers up to one": "select typed.n, numbers.k from typed cross join unnest(generate_series(1, typed.m - 2)) "
    "as numbers (k)",
    "days up to one": "select cast(s.d as date) as d from unnest(generate_series(date '2023-01-28', date '2023-12-01', "
    "interval 1 month)) as s (d)",
    "the median of two": "select median(v) as v from (values (0.4453871940548014e0), (7.215400323407826e0)) as two (v)",
    "exclude": "select * exclude (l) from typed",
    "group by all, order by all": "select g, m, count(*) as k from typed group by all order by all",
    "not exists with an inequality": "select n from typed where not exists (select 1 from typed as o where o.n > typed.n "
    "and o.g = typed.g)",
    "a scalar query with an inequality": "select n from typed where m < (select count(distinct o.n) from typed as o "
    "where o.g = typed.g and o.n <= typed.n)",
    "recursion that ranks": "with recursive part as (select n, g from typed where n > 0), down as ("
    "select 0 as depth, cast(100 as hugeint) as whole, 1 as place union all "
    "select depth + 1, whole // 3, cast(row_number() over (order by p.n) as integer) from down join part as p "
    "on p.g = 'a' where down.depth < 3 and down.place = 1) select depth, whole, place from down",
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="pyspark is not installed: make .venv/spark")
    if not OLDEST <= (java_version() or 0) <= NEWEST:
        pytest.skip("Java 17 is missing")
    from kaohe.engines.spark import SparkEngine
    from tests.spark_cluster import SMALL

    folder = tmp_path_factory.mktemp("spark")
    with duckdb.connect() as con:
        con.execute(f"copy ({TYPED}) to '{folder / 'typed.parquet'}' (format parquet)")
    with SparkEngine("local[1]", folder / "scratch", SMALL) as engine:
        engine.macros(MACROS)
        engine.read("main.typed", folder / "typed.parquet")
        yield engine


@pytest.fixture(scope="module")
def duck() -> Iterator[Engine]:
    with duckdb.connect() as con:
        engine = Engine(con)
        engine.macros(MACROS)
        engine.make("main.typed", TYPED)
        yield engine


def test_expressions(spark: Any, duck: Engine) -> None:
    assert_same(duck, spark, "select n, {} from main.typed order by n", EXPRESSIONS)


def test_aggregates(spark: Any, duck: Engine) -> None:
    assert_same(duck, spark, "select g, {} from main.typed group by g order by g", AGGREGATES)


def test_queries(spark: Any, duck: Engine) -> None:
    for name, query in QUERIES.items():
        duck.make("main.made", query)
        spark.make("main.made", query)
        ours, theirs = (sorted(map(plain, engine.rows("select * from main.made"))) for engine in (duck, spark))
        assert ours == theirs, name


def test_a_number_that_does_not_fit_is_an_error(spark: Any) -> None:
    """Spark's own div would leave out what exceeds 64 bits, and say nothing."""
    for query in (
        "cast(n as hugeint) * 1000000000000000 // 1 * 1000000000000000",
        "n * 9223372036854775807",
        "n // (m - m)",
    ):
        with pytest.raises(spark.sql_errors):
            spark.rows(f"select {query} from main.typed")


def assert_same(duck: Engine, spark: Any, query: str, texts: list[str]) -> None:
    asked = query.format(", ".join(f"{text} as c{number}" for number, text in enumerate(texts)))
    ours, theirs = duck.rows(asked), spark.rows(asked)
    for number, text in enumerate(texts, start=1):
        assert [plain(row[number]) for row in ours] == [plain(row[number]) for row in theirs], text


def plain(value: Any) -> Any:
    """Values as they compare: a whole number is one whatever its type."""
    if isinstance(value, list | tuple):
        return repr([plain(each) for each in value])
    if isinstance(value, Decimal | float) and value == value // 1:
        return repr(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return repr(value.date())
    return repr(float(value)) if isinstance(value, float) else repr(value)


@pytest.mark.parametrize(
    "sql",
    [
        "select list_transform(l, lambda x: x) from typed",
        "select try(n + 1) from typed",
        "select datediff('month', day_of, day_of) from typed",
        "select l[1:2] from typed",
        "select g, unnest(l) as item, count(*) as k from typed group by g, l",
        "select list(distinct t) from typed",
        "select list_sort(l, 'desc') from typed",
        "select quantile_cont(x, 0.3) from typed",
        "select list(t order by n) over (partition by g) from typed",
        "select share(1) from typed",
        "select * from raw.typed",
        "select no_such_function(n) from typed",
        "select cast(t as enum('a')) from typed",
    ],
)
def test_what_is_not_carried_over_is_refused(sql: str) -> None:
    with pytest.raises(CannotCarry):
        to_spark(sql, macros_in(MACROS.read_text(encoding="utf-8")))


def test_recursion_that_drops_repeated_rows_is_refused() -> None:
    with pytest.raises(CannotCarry):
        recursive("with recursive a as (select 1 as n union select n + 1 from a where n < 3) select n from a")


def test_values_are_no_sql() -> None:
    text = "'; drop table x; --\\"
    assert to_spark("select ? as a, ? as b", {}, [text, Decimal("1.50")]) == (
        "SELECT '\\'; drop table x; --\\\\' AS a, 1.50 AS b"
    )
    with pytest.raises(CannotCarry):
        to_spark("select ?", {}, [])


@pytest.mark.parametrize("folder", ["base", "measures", "scores", "results"])
def test_every_model_is_carried_over(folder: str) -> None:
    macros = macros_in(MACROS.read_text(encoding="utf-8"))
    for path in sorted(Path(ROOT / "sql" / folder).glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        steps = recursive(sql)
        for query in [sql] if steps is None else [*steps.before.values(), steps.first, steps.step, steps.query]:
            assert to_spark(query, macros).startswith(("SELECT", "WITH")), path.name
