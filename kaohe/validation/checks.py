"""A table's rules in SQL, as many as can be in one scan of it: what Great Expectations would find, without its copies.

A rule about single rows is a condition that failing rows meet; these are counted together. A rule that compares rows is
asked on its own. Only where something fails are the rows themselves looked up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kaohe.contracts import Contract, literal, quoted
from kaohe.errors import KaoheError
from kaohe.validation.conditions import row_condition
from kaohe.validation.rules import Rule

_NOT_NULL = "expect_column_values_to_not_be_null"


@dataclass(frozen=True)
class Condition:
    """A rule as SQL over the contract's columns: ``rows``, a condition that failing rows meet, or ``query``, which
    gives the ``_rec`` of failing rows, with ``{batch}`` for the table. ``count``: how many rows fail, in a scan."""

    rule: Rule
    rows: str | None = None
    query: str | None = None

    @property
    def count(self) -> str:
        if self.rule.type == _NOT_NULL:  # where files say that no cell is null, their cells are not read
            return f"count(*) - count({quoted(self.rule.arguments['column'])})"
        return f"count(*) filter (where {self.rows})"


def condition(contract: Contract, rule: Rule) -> Condition:
    """A rule of a contract in SQL. Null cells fail only the rule that they must not be null.

    Raises ``KaoheError`` for an expectation that has no form in SQL here.
    """
    given = rule.arguments
    if query := given.get("unexpected_rows_query"):
        plain = row_condition(query)
        return Condition(rule, rows=plain) if plain else Condition(rule, query=query)
    if rule.type in _ROWS:
        taken, in_sql = _ROWS[rule.type]
        if given.keys() <= taken and (rows := in_sql(given)) is not None:
            return Condition(rule, rows=rows)
    raise KaoheError("large_rule_unknown", table=contract.label, type=rule.type)


def failing_rows(contract: Contract, rule: Rule) -> str | None:
    """A query for the ``_rec`` of the rows of ``main.<table>`` that fail a rule; None if it has no form in SQL here."""
    try:
        asked = condition(contract, rule)
    except KaoheError:
        return None
    table = f"main.{contract.table}"
    return (asked.query or f"select _rec from {{batch}} where {asked.rows}").replace("{batch}", f"{table} as subselect")


def wants_any_rows(rule: Rule) -> bool:
    """A rule says that its table has records, and no more."""
    return rule.type == "expect_table_row_count_to_be_between" and rule.arguments == {"min_value": 1}


def counts(conditions: Iterable[Condition]) -> list[str]:
    """SQL that counts the failing rows of each, in the same scan."""
    return [each.count for each in conditions]


def _not_null(given: Mapping[str, Any]) -> str | None:
    return f"{quoted(given['column'])} is null"


def _in_set(given: Mapping[str, Any]) -> str | None:
    return f"{quoted(given['column'])} not in ({', '.join(_literal(value) for value in given['value_set'])})"


def _between(given: Mapping[str, Any]) -> str | None:
    column, bounds = quoted(given["column"]), []
    if (least := given.get("min_value")) is not None:
        bounds.append(f"{column} {'<=' if given.get('strict_min') else '<'} {_literal(least)}")
    if (most := given.get("max_value")) is not None:
        bounds.append(f"{column} {'>=' if given.get('strict_max') else '>'} {_literal(most)}")
    return " or ".join(bounds) or None


def _pair(given: Mapping[str, Any]) -> str | None:
    sign = "<" if given.get("or_equal") else "<="
    return f"{quoted(given['column_A'])} {sign} {quoted(given['column_B'])}"


def _matches(given: Mapping[str, Any]) -> str | None:
    return f"not regexp_matches({quoted(given['column'])}, {_literal(given['regex'])})"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else literal(value)


#: Expectation → the arguments that its form in SQL takes account of, and that form. With others it would mean less.
_ROWS: dict[str, tuple[set[str], Callable[[Mapping[str, Any]], str | None]]] = {
    _NOT_NULL: ({"column"}, _not_null),
    "expect_column_values_to_be_in_set": ({"column", "value_set"}, _in_set),
    "expect_column_values_to_be_between": ({"column", "min_value", "max_value", "strict_min", "strict_max"}, _between),
    "expect_column_pair_values_a_to_be_greater_than_b": ({"column_A", "column_B", "or_equal", "ignore_row_if"}, _pair),
    "expect_column_values_to_match_regex": ({"column", "regex"}, _matches),
}
