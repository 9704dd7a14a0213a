"""What the day of an assessment does to a measure, read off its SQL: which dates of records it is compared with."""

from functools import cache

import sqlglot
from sqlglot import exp

#: The columns of ``assessment`` that move from one night to the next.
_MOVING = ("as_of", "period_end")
_COMPARED = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)


@cache
def compared(sql: str, dates: frozenset[str]) -> frozenset[str] | None:
    """The date columns that a query compares with the day of the assessment; between two days, only what records with
    such a date between them say can change. ``dates``: date columns of tables.

    None if the query does anything else with that day: then what it gives may change for any record.
    """
    query = sqlglot.parse_one(sql, dialect="duckdb")
    found: set[str] = set()
    for column in query.find_all(exp.Column):
        if column.name in _MOVING:
            if not isinstance(column.parent, _COMPARED):
                return None
            others = [each for each in column.parent.args.values() if each is not None and each is not column]
            if not all(isinstance(other, exp.Column) for other in others):
                return None
            found |= {other.name for other in others if other.name not in _MOVING}
    if any(not _same_names(each) for each in query.find_all(exp.SetOperation)):
        return None
    remade = {name.name for alias in query.find_all(exp.TableAlias) for name in alias.columns}
    remade |= {alias.alias for alias in query.find_all(exp.Alias)
              if not (isinstance(alias.this, exp.Column) and alias.this.name == alias.alias)}  # fmt: skip
    return frozenset(found) if found <= dates - remade else None


def _same_names(union: exp.SetOperation) -> bool:
    """The columns of both sides have the same names, so that none gets another's."""
    ours, theirs = union.left.named_selects, union.right.named_selects
    return ours == theirs and "*" not in ours
