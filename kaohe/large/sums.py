"""A measure as sums: the same SQL file, but each list of records becomes how many records it holds, and the items of a
unit are added up as they come; so that millions of units need no items stored."""

from collections.abc import Callable
from functools import cache
from typing import cast

import sqlglot
from sqlglot import exp

#: What stands for a record in a measure, and what tells its place in the file, which costs nothing to read.
_REC, _ROW = "_rec", "_row"
RECORDS = "records"


@cache
def summed(measure: str, evidence_sum: str) -> str:
    """One indicator's rows of ``evidence_sum``, from the SQL of its measure: columns unit_id, evidence, items, due,
    done, records. ``?`` stands for the name of the evidence.

    Raises ``ValueError`` for a measure that makes its lists of records in a way that cannot be counted.
    """
    items = counted(measure)
    number = exp.alias_(exp.Coalesce(this=exp.column(RECORDS), expressions=[exp.Literal.number(0)]), RECORDS)
    columns = [*(exp.column(column) for column in ("unit_id", "due", "done")), number]
    measured = exp.select(*columns).from_(items.subquery("evidence"))
    query = cast(exp.Select, counting(cast(exp.Expression, sqlglot.parse_one(evidence_sum, dialect="duckdb"))))
    for column in list(query.find_all(exp.Column)):
        if column.name == "indicator":  # of one alone it need not be grouped by
            column.pop() if isinstance(column.parent, exp.Group) else column.replace(exp.Placeholder())
    return query.with_("measured", as_=measured, copy=False).sql(dialect="duckdb")


def counted(measure: str) -> exp.Query:
    """A measure's query with the number of its records in place of each list of them."""
    query = sqlglot.parse_one(measure, dialect="duckdb")
    for select in query.find_all(exp.Select):
        for made in select.expressions:
            if made.alias_or_name == RECORDS:
                value = made.this if isinstance(made, exp.Alias) else made
                value.replace(_count(value))
    return cast(exp.Query, query)


def counting(query: exp.Expression) -> exp.Expression:
    """A query over items that asks how long their lists are, over items that hold the number itself."""
    for length in list(query.find_all(exp.ArraySize, exp.Length)):
        if isinstance(length.this, exp.Column) and length.this.name == RECORDS:
            length.replace(length.this)
    return query


@cache
def orders_by_record(measure: str) -> bool:
    """The measure puts records in order by ``_rec``, or compares them: then it needs them as they are. Else where a row
    stands serves as well, and is cheaper."""
    return any(
        column.name == _REC and not isinstance(column.parent, exp.Is) and not _is_passed_on(column)
        for column in counted(measure).find_all(exp.Column)
    )


def _is_passed_on(column: exp.Column) -> bool:
    """The column is an output of its query, by its own name."""
    made = column.parent if isinstance(column.parent, exp.Alias) else column
    return isinstance(made.parent, exp.Select) and made.arg_key == "expressions" and made.alias_or_name == _REC


def _count(value: exp.Expression) -> exp.Expression:
    for kind, count in _COUNTS.items():
        if isinstance(value, kind):
            return count(value)
    raise ValueError(value.sql(dialect="duckdb"))


def _of_group(value: exp.Expression) -> exp.Expression:
    return exp.Count(this=exp.Star())


def _filtered(value: exp.Expression) -> exp.Expression:
    return exp.Filter(this=_count(value.this), expression=value.expression.copy())


def _of_literal(value: exp.Expression) -> exp.Expression:
    return exp.Literal.number(len(value.expressions))


def _of_several(value: exp.Expression) -> exp.Expression:
    parts = [value.this, *value.expressions] if value.this else list(value.expressions)
    zero = exp.Literal.number(0)
    total: exp.Expression
    total, *more = [exp.Coalesce(this=_count(part), expressions=[zero.copy()]) for part in parts]
    for part in more:
        total = exp.Add(this=total, expression=part)
    return exp.Paren(this=total)


def _of_first(value: exp.Expression) -> exp.Expression:
    return exp.Coalesce(this=_count(value.this), expressions=[_count(part) for part in value.expressions])


def _of_case(value: exp.Expression) -> exp.Expression:
    case = value.copy()
    for branch in case.args["ifs"]:
        branch.set("true", _count(branch.args["true"]))
    if default := case.args.get("default"):
        case.set("default", _count(default))
    return case


def _same(value: exp.Expression) -> exp.Expression:
    return value.copy()


_COUNTS: dict[type[exp.Expression], Callable[[exp.Expression], exp.Expression]] = {
    exp.Filter: _filtered,
    exp.ArrayAgg: _of_group,
    exp.Array: _of_literal,
    exp.ArrayConcat: _of_several,
    exp.Coalesce: _of_first,
    exp.Case: _of_case,
    exp.Column: _same,
    exp.Null: _same,
}
