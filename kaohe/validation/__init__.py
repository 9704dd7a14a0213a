"""Validate: every trusted row meets its contract, proved by Great Expectations on the warehouse's tables.

Every failing row is listed: critical ones go to quarantine, warnings stay and are flagged. A critical rule about a
table as a whole stops the run.
"""

import datetime as dt
from pathlib import Path

import duckdb
import polars as pl

from kaohe import corrections, progress, records
from kaohe.contracts import Contract, Contracts
from kaohe.errors import KaoheError
from kaohe.people import MASK
from kaohe.sqltext import literal, quoted
from kaohe.validation.checks import failing_rows, wants_any_rows
from kaohe.validation.findings import Findings, QuickFindings
from kaohe.validation.rules import Rule, rules_of
from kaohe.warehouse import Warehouse
from kaohe.words import listed, say
from kaohe.yamlfile import line_of, misplaced

#: Digests of contracts whose rules were found to run.
_CHECKED: set[str] = set()
SAID = "table_name varchar, rule varchar, column_name varchar, sentence varchar"
SET_ASIDE = (
    "table_name varchar, _source varchar, _file varchar, _sheet varchar, _row integer, _at varchar, _rec varchar, "
    "record varchar"
)
_PROBLEM = ["table_name", "_rec", "reason", "rule", "column_name", "severity"]


def check_rules(contracts: Contracts, folder: Path, checking: bool = False) -> None:
    """Refuse, with file and place, a contract whose rule Great Expectations does not know or cannot take, or whose
    SQL does not run. Once a process for the same contracts. ``checking``: Great Expectations is not asked about rules
    that are asked in SQL."""
    if contracts.digest in _CHECKED:
        return
    empty = duckdb.connect()
    for contract in contracts.values():
        empty.execute(f"create table {contract.table} ({contract.definition()}, _year bigint)")
        rules = rules_of(contract, contracts)
        written = len(rules) - len(contract.expectations)
        for number, rule in enumerate(rules):
            try:
                if checking and wants_any_rows(rule):
                    continue
                if checking and (asked := failing_rows(contract, rule)):
                    empty.sql(asked).fetchall()
                    continue
                from kaohe.validation.gx import expectation  # brings in Great Expectations

                expectation(rule.type, rule.arguments)
                if query := rule.arguments.get("unexpected_rows_query"):
                    empty.sql(query.format(batch=f"{contract.table} as subselect")).fetchall()
            except (LookupError, ValueError, duckdb.Error) as error:
                problem = say("contract_bad_rule", type=rule.type, problem=" ".join(str(error).split()))
                path, at = folder / f"{contract.table}.yml", ("expectations", number - written)
                raise misplaced(path, at, line_of(path, at), problem) from error
    if not checking:
        _CHECKED.add(contracts.digest)


def validate(warehouse: Warehouse, contracts: Contracts, sql: Path, as_of: dt.date, checking: bool = False) -> float:
    """Make the trusted tables ``main.<table>``, ``main.problem`` with every finding, and ``main.quarantine``; carry out
    what is ordered in corrections. ``checking``: nothing is corrected, and a record with one problem stays until the
    rules have found all others.

    Gives the seconds that Great Expectations took of it. Raises ``KaoheError`` when a critical rule about a whole
    table fails, two units share a name, or a correction cannot be carried out.
    """
    records.begin(warehouse)
    corrections.begin(warehouse)
    ordered: dict[str, list[corrections.Correction]] = {}
    said: list[tuple[str, str, str, str]] = []
    with (QuickFindings if checking else Findings)(warehouse, contracts) as findings:
        for done, (table, contract) in enumerate(contracts.items()):
            progress.report(say("step_validate", table=contract.title), done, len(contracts))
            with warehouse.transaction():  # one, for speed; Great Expectations sees what is committed
                if records.resolve(warehouse, contract, sql, ordered.get(table, []), checking):
                    said += _set_aside_future(warehouse, contract, as_of, checking)
            rules = rules_of(contract, contracts)
            if not warehouse.rows(f"select 1 from main.{table} limit 1"):
                rules = [rule for rule in rules if rule.type.startswith("expect_table_")]
            said += [(table, rule.name, rule.column, rule.sentence) for rule in rules]
            if failing := findings.failing(contract, rules):
                problems = [row for number, recs in failing.items() for row in _found(contract, rules[number], recs)]
                with warehouse.transaction():
                    warehouse.write("main.problem", pl.DataFrame(problems, _PROBLEM, orient="row"))
                    records.remove_problems(warehouse, table)
            elif checking:
                records.remove_problems(warehouse, table)
            if table == "org_unit":
                records.know_units(warehouse)
            elif table == "unit_alias" and records.know_aliases(warehouse):
                records.remove_problems(warehouse, table)
            elif table == corrections.TABLE and not checking:
                ordered = corrections.known(warehouse, contracts)
    _quarantine(warehouse, contracts, sql, said)
    return findings.seconds


def _set_aside_future(
    warehouse: Warehouse, contract: Contract, as_of: dt.date, stay: bool
) -> list[tuple[str, str, str, str]]:
    """Take out what has not happened by ``as_of``, before the rules: none of them may look into the future. ``stay``:
    only say so."""
    if contract.event_date is None:
        return []
    found = warehouse.con.execute(
        "insert into main.problem select ?, _rec, 'rule', 'future', ?, 'critical', null "
        f"from main.{contract.table} where {quoted(contract.event_date)} > ? order by _rec",
        [contract.table, contract.event_date, as_of],
    ).fetchone()
    if found and found[0] and not stay:
        records.remove_problems(warehouse, contract.table)
    return [(contract.table, "future", contract.event_date, say("rule_future", as_of=as_of))]


def _found(contract: Contract, rule: Rule, recs: list[str] | None) -> list[tuple[str, ...]]:
    """Rows of ``main.problem``: one for each record that fails the rule, or one for the table as a whole."""
    if recs is None and rule.severity == "critical":
        raise KaoheError("table_rule", table=contract.label, sentence=rule.sentence)
    return [(contract.table, rec, "rule", rule.name, rule.column, rule.severity) for rec in recs or [""]]


def _quarantine(warehouse: Warehouse, contracts: Contracts, sql: Path, said: list[tuple[str, str, str, str]]) -> None:
    """``main.quarantine``: one row per record set aside, with its cells (people masked) and where it stands."""
    common = {
        "error_cell": say("bad_error_cell"),
        "formula_cell": say("bad_formula_cell"),
        "layout_year": say("bad_layout_year"),
        "among_shares": say("bad_among_shares"),
        "among_percentages": say("bad_among_percentages"),
        "unknown_unit": say("rule_unknown_unit"),
        "conflict": say("rule_conflict"),
        "duplicate": say("rule_duplicate"),
        "alias_taken": say("rule_alias_taken"),
    }
    for table, contract in contracts.items():
        for name, column in contract.columns.items():
            allowed = say("in_brackets", text=listed(column.values or [])) if column.type == "list" else ""
            said.append((table, "bad_cell", name, say(f"bad_{column.type}") + allowed))
            said += [(table, rule, name, sentence) for rule, sentence in common.items()]
    con = warehouse.con
    warehouse.empty("main.said", SAID)
    warehouse.write("main.said", pl.DataFrame(said, ["table_name", "rule", "column_name", "sentence"], orient="row"))
    warehouse.empty("main.set_aside", SET_ASIDE)
    for (table,) in warehouse.rows(
        "select distinct table_name from main.problem where severity = 'critical' order by 1"
    ):
        contract = contracts[table]
        names = [quoted(name) for name in contract.columns]
        people = {quoted(name) for name in (*contract.person_columns, *contract.private_columns)}
        if table == corrections.TABLE:
            people.add(quoted("record_key"))  # it may name a person
        masked = [
            f"case when {name} is not null then {literal(MASK)} end" if name in people else name for name in names
        ]
        cells = ", ".join(f"{name} := {value}" for name, value in zip(names, masked, strict=True))
        con.execute(
            f"insert into main.set_aside select {literal(table)}, _source, _file, _sheet, _row, _at, _rec, "
            f"cast(to_json(struct_pack({cells})) as varchar) from raw.{table} where _rec in "
            "(select _rec from main.problem where table_name = ? and severity = 'critical') order by _rec",
            [table],
        )
    con.execute("create or replace view main.position as select * from meta.position")
    con.execute(f"create or replace table main.quarantine as {(sql / 'records' / 'quarantine.sql').read_text('utf-8')}")
