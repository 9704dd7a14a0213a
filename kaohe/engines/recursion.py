"""Recursive queries step by step, for an engine that cannot rank or add up within them, as Spark cannot."""

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from kaohe.engines.dialect import CannotCarry, Written

#: Names of the tables that stand for the parts, so that they hide no other.
_PREFIX = "recursive_"


@dataclass(frozen=True)
class Recursive:
    """A query with one recursive part, in pieces that run one after the other.

    ``before``: parts that come first, name → query. ``name``: the recursive part; ``first`` makes its rows that need
    none of it, ``step`` makes more from those of the step before. ``query``: the rest, from all of them.
    """

    before: dict[str, str]
    name: str
    first: str
    step: str
    query: str


def recursive(sql: str) -> Recursive | None:
    """The pieces of a recursive query, or None if it is not recursive.

    Raises ``CannotCarry`` for one with two recursive parts, or whose rows must differ (``union`` without ``all``).
    """
    if "recursive" not in sql.lower():
        return None
    query = sqlglot.parse_one(sql, dialect=Written)
    parts = {cte.alias: cte.this for cte in query.find_all(exp.CTE)}
    itself = [name for name, part in parts.items() if any(table.name == name for table in part.find_all(exp.Table))]
    if not itself:
        return None
    (name, *others), part = itself, parts[itself[0]]
    if others or not isinstance(part, exp.Union) or part.args.get("distinct") is not False:
        raise CannotCarry(f"with recursive {', '.join(itself)}")
    for table in query.find_all(exp.Table):
        if table.name in parts and not table.db:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=table.this.copy()))
            table.set("this", exp.to_identifier(_PREFIX + table.name))
    query.set("with_", None)
    texts = {_PREFIX + other: _text(parts[other]) for other in parts if other != name}
    return Recursive(texts, _PREFIX + name, _text(part.this), _text(part.expression), _text(query))


def _text(query: exp.Expr) -> str:
    return query.sql(dialect=Written, comments=False)
