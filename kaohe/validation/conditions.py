"""What a rule's query says of each row alone, so that many rules can be asked in one scan."""

import sqlglot
from sqlglot import exp

from kaohe.contracts import PROVENANCE


def row_condition(query: str) -> str | None:
    """The condition of an ``unexpected_rows_query`` that looks at each row alone; None if it looks at others."""
    parsed = sqlglot.parse_one(query.replace("{batch}", "batch"), dialect="duckdb")
    if not isinstance(parsed, exp.Select) or len(list(parsed.find_all(exp.Select))) > 1:
        return None
    if any(parsed.args.get(part) for part in ("joins", "group", "having", "qualify", "distinct", "limit")):
        return None
    if not isinstance(where := parsed.args.get("where"), exp.Where) or list(parsed.find_all(exp.Window, exp.AggFunc)):
        return None
    if any(column.table or column.name in PROVENANCE for column in where.find_all(exp.Column)):
        return None  # a scan of the contract's columns has no such names
    return str(where.this.sql(dialect="duckdb"))
