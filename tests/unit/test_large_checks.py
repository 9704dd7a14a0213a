"""The rules of contracts in SQL: each finds what Great Expectations finds, in rows with and without blanks."""

from collections import defaultdict
from typing import Any

import duckdb
import pytest

from kaohe.cleaning import typed_cell
from kaohe.contracts import Contract
from kaohe.errors import KaoheError
from kaohe.large.engine import LargeEngine
from kaohe.large.records import Records
from kaohe.project import Project
from kaohe.sources.parquet import source_of
from kaohe.validation.checks import condition, counts, failing_rows
from kaohe.validation.rules import Rule, rules_of
from tests.flows.test_rules import CASES, Found
from tests.helpers import AS_OF
from tests.large import OURS, write_table

#: Large runs carry out no corrections, so that a table of them has no rows.
WITHOUT = "correction"


def as_typed(contract: Contract, cells: dict[str, object]) -> dict[str, object]:
    """Cells as offices write them, typed."""
    typed: dict[str, object] = {}
    for name, cell in cells.items():
        column = contract.columns[name]
        if column.type in ("unit", "code") or column.type == "text":
            typed[name] = str(cell) or None
            continue
        text, good = typed_cell(column, str(cell))
        assert good, (contract.table, name, cell)
        typed[name] = text.strip("[]").split(", ") if text and column.type == "list" else text
    return typed


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What the rules say of all rows that break one, and of good ones."""
    folder = tmp_path_factory.mktemp("large-rules")
    inbox = folder / "inbox"
    inbox.mkdir()
    for name, contract in OURS.items():
        rows = [as_typed(contract, cells) for (table, _), (_, cells) in CASES.items() if table == name != WITHOUT]
        write_table(inbox / f"{name}.parquet", contract, rows)
    with LargeEngine(folder / "engine") as engine:
        records = Records(engine, Project.find(), OURS, AS_OF)
        for name, contract in OURS.items():
            files = (inbox / f"{name}.parquet",)
            records.trust(source_of(contract, files, engine.read_files(name, inbox, files)))
        places = {name: dict(engine.rows(f"select _rec, _row from ({records.given(name)})")) for name in OURS}
        said = {(table, rule, column): sentence for table, rule, column, sentence in records.said}
        found: Found = defaultdict(set)
        for table, rec, rule, column, severity in engine.rows(
            "select table_name, _rec, rule, column_name, severity from main.problem"
        ):
            found[table, places[table][rec] + 1].add((severity, said[table, rule, column]))
        return found


ASKED = [case for case in CASES if case[0] != WITHOUT]


@pytest.mark.parametrize("table", sorted({table for table, _ in ASKED}))
def test_each_row_is_found_out_by_its_rule_alone(found: Found, table: str) -> None:
    """As by Great Expectations: tests/flows/test_rules.py asks the same of it."""
    severity = {rule.say: rule.severity for rule in OURS[table].expectations}
    for case in (case for case in ASKED if case[0] == table):
        said, _ = CASES[case]
        if "找不到" in said:
            severity[said] = "warning"
        assert found.get(case, set()) == ({(severity.get(said, "critical"), said)} if said else set()), case


GRID = """create table main.visit as select row_number() over () as _rec_number, 'r' || row_number() over () as _rec, *
  from (values (null), (-1), (0), (1), (2)) as a(a), (values (null), (0), (1)) as b(b),
       (values (null), ('2023Q1'), ('x2023Q1'), ('甲'), ('')) as t(t),
       (values (null), (date '2023-01-01'), (date '2024-12-31')) as d(d)"""
RULES: list[tuple[str, dict[str, Any]]] = [
    *[("expect_column_values_to_not_be_null", {"column": name}) for name in "abtd"],
    ("expect_column_values_to_be_in_set", {"column": "a", "value_set": [1, 2]}),
    ("expect_column_values_to_be_in_set", {"column": "t", "value_set": ["甲", "it's"]}),
    *[("expect_column_values_to_be_between", {"column": "a", **bounds}) for bounds in (
        {"min_value": 0}, {"max_value": 1}, {"min_value": 0, "max_value": 1}, {"min_value": 0.5},
        {"min_value": 0, "strict_min": True}, {"max_value": 1, "strict_max": True},
        {"min_value": -1, "max_value": 1, "strict_min": True, "strict_max": True},
    )],
    *[("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b", **more})
      for more in ({}, {"or_equal": True})],
    ("expect_column_values_to_match_regex", {"column": "t", "regex": "2023Q[1-4]"}),
    ("expect_column_values_to_match_regex", {"column": "t", "regex": "^[0-9]{4}Q[1-4]$"}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "select _rec from {batch} where a > b and not (t = '甲')"}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "select _rec from {batch} where _rec like 'r1%' and a = 1"}),
    ("unexpected_rows_expectation", {
        "unexpected_rows_query": "select _rec from (select *, count(*) over (partition by a, t) as n from {batch}) as x "
                                 "where n > 1 and d is null"}),
]  # fmt: skip


def rule_of(kind: str, given: dict[str, Any]) -> Rule:
    return Rule("rule", kind, given, "critical", str(given.get("column", "a")), "")


@pytest.fixture(scope="module")
def by_great_expectations(libraries: None) -> dict[int, list[str] | None]:
    """Rule → the rows that fail it, as Great Expectations finds them."""
    from kaohe.validation.gx import Validator, expectation

    con = duckdb.connect()
    con.execute(GRID)
    with Validator(con) as validator:
        return validator.failing("visit", [expectation(kind, dict(given)) for kind, given in RULES])


@pytest.mark.parametrize("number", range(len(RULES)), ids=[f"{kind} {n}" for n, (kind, _) in enumerate(RULES)])
def test_a_rule_finds_what_great_expectations_finds(
    by_great_expectations: dict[int, list[str] | None], number: int
) -> None:
    con = duckdb.connect()
    con.execute(GRID)
    asked = condition(OURS["notice"], rule_of(*RULES[number]))
    query = f"select _rec from visit where {asked.rows}" if asked.rows else str(asked.query).format(batch="visit as s")
    rows = sorted(rec for (rec,) in con.sql(query).fetchall())
    assert rows == sorted(by_great_expectations[number] or [])
    assert 0 < len(rows) < 225
    if asked.rows:
        assert con.sql(f"select {', '.join(counts([asked]))} from visit").fetchall() == [(len(rows),)]


def test_which_queries_are_asked_in_the_scan() -> None:
    kinds = [bool(condition(OURS["notice"], rule_of(*rule)).rows) for rule in RULES[-3:]]
    assert kinds == [True, False, False]
    for query in ("select _rec from {batch} where a in (select b from other)", "select _rec from {batch} limit 1",
                  "select a.x from {batch} join b using (y) where a > 1",
                  "select _rec from {batch} where a > 1 group by a having count(*) > 1",
                  "select min(_rec) from {batch} where a > 1", "select _rec from {batch} where batch.a > 1",
                  "select _rec from {batch} qualify row_number() over () > 1"):  # fmt: skip
        asked = condition(OURS["notice"], rule_of("unexpected_rows_expectation", {"unexpected_rows_query": query}))
        assert (asked.rows, asked.query) == (None, query)


def test_most_of_our_rules_are_asked_in_one_scan() -> None:
    asked = [condition(contract, rule) for contract in OURS.values() for rule in rules_of(contract, OURS)
             if not rule.type.startswith("expect_table_")]  # fmt: skip
    assert len([each for each in asked if each.rows]) > 4 * len([each for each in asked if not each.rows])


def test_a_rule_without_a_form_in_sql_is_refused_by_name() -> None:
    for kind, given in (
        ("expect_column_values_to_be_unique", {"column": "level"}),
        ("expect_column_values_to_be_between", {"column": "level"}),
    ):
        with pytest.raises(KaoheError, match=f"{kind}.*unexpected_rows_expectation") as refused:
            condition(OURS["notice"], rule_of(kind, given))
        assert OURS["notice"].label in str(refused.value)


def test_quotes_in_values_and_names_stay_what_they_are() -> None:
    con = duckdb.connect()
    con.execute("""create table t as select 'it''s' as "a""b", 1 as one""")
    rule = rule_of(
        "expect_column_values_to_be_in_set", {"column": 'a"b', "value_set": ["it's", "'); drop table t; --"]}
    )
    asked = condition(OURS["notice"], rule)
    assert con.sql(f"select count(*) from t where {asked.rows}").fetchall() == [(0,)]
    assert con.sql("select count(*) from t").fetchall() == [(1,)]


def test_a_rule_with_an_argument_that_sql_takes_no_account_of_has_no_form_in_it() -> None:
    contract = OURS["honor"]
    rule = rule_of("expect_column_values_to_be_between", {"column": "score", "min_value": 0, "mostly": 0.9})
    assert failing_rows(contract, rule) is None
    with pytest.raises(KaoheError):
        condition(contract, rule)
