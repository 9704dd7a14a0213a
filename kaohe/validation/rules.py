"""Rules: every expectation of a contract, those it writes and those that follow from how its columns are described."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kaohe.contracts import Contract, Contracts, Reference, Severity, quoted
from kaohe.words import listed, say


@dataclass(frozen=True)
class Rule:
    """One expectation of a table, written in its contract or following from a column's description."""

    name: str
    type: str
    arguments: dict[str, Any]
    severity: Severity
    column: str
    sentence: str


def rules_of(contract: Contract, contracts: Contracts) -> list[Rule]:
    """Every rule of a contract: required cells, allowed values, references, and its own expectations."""
    rules: list[Rule] = []
    for name, column in contract.columns.items():
        if column.required:
            rules.append(
                Rule(
                    "required",
                    "expect_column_values_to_not_be_null",
                    {"column": name},
                    "critical",
                    name,
                    say("rule_required"),
                )
            )
        if column.type == "choice" and column.values:
            rules.append(
                Rule(
                    "choice",
                    "expect_column_values_to_be_in_set",
                    {"column": name, "value_set": column.values},
                    "critical",
                    name,
                    say("rule_choice", values=listed(column.values)),
                )
            )
        if column.references:
            rules.append(_reference(name, column.references, contracts))
    for number, rule in enumerate(contract.expectations):
        pointed = rule.column or (rule.columns[0] if rule.columns else contract.key[0])
        arguments = {key: _plain(value) for key, value in rule.arguments.items()}
        if rule.column and rule.type != "unexpected_rows_expectation":
            arguments["column"] = rule.column
        rules.append(Rule(f"rule_{number + 1}", rule.type, arguments, rule.severity, pointed, rule.sentence))
    return rules


def _reference(name: str, reference: Reference, contracts: Contracts) -> Rule:
    other = contracts[reference.table]
    query = (
        f"select _rec from (select * from {{batch}}) as referring where {quoted(name)} is not null and not exists "
        f"(select 1 from {other.table} as referred where referred.{quoted(other.key[0])} = referring.{quoted(name)})"
    )
    return Rule(
        "reference",
        "unexpected_rows_expectation",
        {"unexpected_rows_query": query},
        reference.severity,
        name,
        say("rule_reference", table=other.title),
    )


def _plain(value: Any) -> Any:
    """Great Expectations takes no Decimal."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
