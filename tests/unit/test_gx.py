"""kaohe/validation/gx.py: what Great Expectations is asked of a table, in how many queries, and what it finds."""

from collections.abc import Iterator

import duckdb
import pytest
import sqlalchemy

RULES: list[tuple[str, dict[str, object], list[str]]] = [
    ("expect_column_values_to_not_be_null", {"column": "low"}, ["r4"]),
    ("expect_column_values_to_be_between", {"column": "low", "min_value": 0}, ["r3"]),
    ("expect_column_values_to_be_in_set", {"column": "name", "value_set": ["a", "50%"]}, ["r3"]),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "high", "column_B": "low", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        ["r2"],
    ),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "high", "column_B": "low", "ignore_row_if": "either_value_is_missing"},
        ["r1", "r2"],
    ),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "select _rec from {batch} where low > 7"}, ["r2"]),
    (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "select _rec from {batch} where name like '5%' or name = ':x'"},
        ["r2", "r3"],
    ),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "select _rec from {batch} where low > 9"}, []),
]
#: It looks at other rows: asked on its own.
COMPARING: dict[str, object] = {
    "unexpected_rows_query": "select _rec from {batch} where name in "
    "(select name from records group by name having count(*) > 1)"
}


@pytest.fixture
def con(libraries: None) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(
            "create table records as from (values ('r1', 1, 1, 'a'), ('r2', 8, 2, '50%'), ('r3', -1, null, ':x'), "
            "('r4', null, 5, 'a')) as given (_rec, low, high, name)"
        )
        yield con


def asked() -> list[tuple[str, dict[str, object]]]:
    return [*((kind, given) for kind, given, _ in RULES), ("unexpected_rows_expectation", COMPARING)]


def test_failing_rows_are_those_that_break_the_rule(con: duckdb.DuckDBPyConnection) -> None:
    from kaohe.validation import gx

    expected = [found for _, _, found in RULES] + [["r1", "r4"]]
    with gx.Validator(con) as validator:
        found = validator.failing("records", [gx.expectation(*each) for each in asked()])
    assert found == {place: rows for place, rows in enumerate(expected) if rows}


def test_single_rows_are_asked_about_in_one_scan(con: duckdb.DuckDBPyConnection) -> None:
    """Column rules, pairs and conditions together; another counts the rows, and one more each rule that compares. Nothing
    fails in a table without rows."""
    from kaohe.validation import gx

    con.execute("delete from records")
    sent: list[str] = []
    with gx.Validator(con) as validator:
        engine = validator._source.get_execution_engine().engine
        sqlalchemy.event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
        assert validator.failing("records", [gx.expectation(*each) for each in asked()]) == {}
    scans = sorted(query for query in sent if "pragma_table_info" not in query)
    assert len(scans) == 3, scans
    counted, of_rows, compared = scans[1], scans[2], scans[0]
    assert "group by name" in compared and counted.count("count(") == 1
    assert of_rows.count("failing_rows.") == 5 and all(
        f"{kind}." in of_rows for kind in ("nonnull", "between", "in_set")
    )
