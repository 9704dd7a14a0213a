"""DuckDB's SQL as Spark's, with the same rows: what sqlglot does not carry over, or carries over wrong, is mended here.

``to_spark`` parses a query, puts the values and the macros into it, mends it from the innermost expression outwards,
and writes it for Spark. A function that is not known to mean the same on both engines is refused. docs/engines.md lists
what is mended and why; tests/unit/test_dialect.py runs every entry on both engines.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

#: Macros by name: their parameters and body.
Macros = Mapping[str, tuple[list[str], exp.Expr]]

_INTEGERS = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
_HUGE = {exp.DType.INT128, exp.DType.UINT128}
_WHOLE = "decimal(38, 0)"
#: Spark's own div drops, in silence, what of a quotient exceeds 64 bits. This is exact up to 20 digits, and fails after
_QUOTIENT = f"cast((cast(a as {_WHOLE}) - cast(a as {_WHOLE}) % cast(b as {_WHOLE})) / cast(b as {_WHOLE}) as {_WHOLE})"


class CannotCarry(Exception):
    """A query says something that Spark cannot do, or would do otherwise."""


class Written(DuckDB):
    """DuckDB's SQL just as written: places in a list count from 1, and ``len`` is that of a list."""

    INDEX_OFFSET = 0

    class Parser(DuckDB.Parser):  # type: ignore[valid-type,misc]
        FUNCTIONS = {**DuckDB.Parser.FUNCTIONS, "LEN": exp.ArraySize.from_arg_list}  # noqa: RUF012


def macros_in(text: str) -> Macros:
    """The macros that a file of ``create or replace macro …`` statements defines."""
    found = {}
    for create in sqlglot.parse(text, dialect=Written):
        if create is not None:
            asked = [parameter.name for parameter in create.this.expressions]
            found[create.this.this.name.lower()] = (asked, create.expression)
    return found


def to_spark(sql: str, macros: Macros, values: Sequence[Any] = (), ordered: bool = True) -> str:
    """A query of DuckDB as one of Spark. ``values`` stand for its question marks. ``ordered``: without, the order of
    its rows does not matter, and is dropped.

    Raises ``CannotCarry`` for what has no equal, sqlglot's errors for what is no SQL.
    """
    query = sqlglot.parse_one(sql, dialect=Written)
    _put_in(query, values)
    _expand(query, macros)
    for function in query.find_all(exp.Func):
        if type(function) not in _SAME and type(function) not in _MENDED:
            raise CannotCarry(function.sql(dialect="duckdb"))
    if not ordered and isinstance(query, exp.Query) and not query.args.get("limit"):
        query.set("order", None)
    for select in query.find_all(exp.Select):
        _inline_windows(select)
    for node in reversed(list(query.dfs())):
        mended = _MENDED[type(node)](node) if type(node) in _MENDED else node
        if mended is not node:
            if node is query:
                query = mended
            else:
                node.replace(mended)
    return query.sql(dialect="spark", comments=False)


def _put_in(query: exp.Expr, values: Sequence[Any]) -> None:
    places = list(query.find_all(exp.Placeholder, bfs=False))
    if len(places) != len(values):
        raise CannotCarry(f"{len(places)} ? for {len(values)} values")
    for place, value in zip(places, values, strict=True):
        written = exp.convert(value)
        place.replace(exp.cast(written, "double") if isinstance(value, float) else written)


def _expand(query: exp.Expr, macros: Macros) -> None:
    """Put the bodies of macros in the places where they are called, also those within bodies."""
    while calls := [call for call in query.find_all(exp.Anonymous) if call.name.lower() in macros]:
        for call in calls:
            asked, body = macros[call.name.lower()]
            given = call.expressions
            if len(asked) != len(given):
                raise CannotCarry(call.sql(dialect="duckdb"))
            call.replace(exp.paren(_filled(body, dict(zip(asked, given, strict=True))), copy=False))


def _filled(body: exp.Expr, parts: Mapping[str, exp.Expr]) -> exp.Expr:
    """A copy of ``body`` with each of its columns that is named in ``parts`` replaced."""
    root = exp.Paren(this=body.copy())
    for column in list(root.find_all(exp.Column)):
        if not column.table and column.name in parts:
            part = parts[column.name].copy()
            wrapped = isinstance(part, exp.Binary | exp.Unary | exp.Between | exp.In | exp.Is) and not isinstance(
                column.parent, exp.Func | exp.Cast | exp.Paren | exp.Ordered
            )
            column.replace(exp.paren(part, copy=False) if wrapped else part)
    filled: exp.Expr = root.this
    filled.pop()
    return filled


@cache
def _template(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect="spark")


def _spark(text: str, **parts: exp.Expr) -> exp.Expr:
    """An expression of Spark's, with ``parts`` in the places of their names."""
    return _filled(_template(text), parts)


def _inline_windows(select: exp.Select) -> None:
    """Spark knows named windows, but not ``over (name order by …)``."""
    named = {window.name: window for window in select.args.get("windows") or []}
    select.set("windows", None)
    for window in select.find_all(exp.Window):
        if (name := window.alias) and window.parent_select is select:
            known = named[name]
            for key in ("partition_by", "order", "spec"):
                if (said := known.args.get(key)) and not window.args.get(key):
                    window.set(key, [part.copy() for part in said] if isinstance(said, list) else said.copy())
            window.set("alias", None)


# Aggregates.


def _aggregate(node: exp.Expr) -> exp.Expr:
    """An aggregate, perhaps with a filter, perhaps over a window."""
    if isinstance(node.parent, exp.Filter | exp.IgnoreNulls):
        return node
    call, condition = (node.this, node.expression.this) if isinstance(node, exp.Filter) else (node, None)
    over = isinstance(node.parent, exp.Window)
    special = _special(call, condition)
    if special is not None:
        if over:
            raise CannotCarry(node.sql(dialect="duckdb"))
        return special
    if condition is None:
        return node
    if over:
        return _only_where(call, condition)
    return node


def _only_where(call: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """Spark has no filter on an aggregate over a window."""
    counted = exp.Literal.number(1) if isinstance(call.this, exp.Star) else call.this
    call.set("this", exp.Case(ifs=[exp.If(this=condition.copy(), true=counted.copy())]))
    return call


def _special(call: exp.Expr, condition: exp.Expr | None) -> exp.Expr | None:
    """Aggregates whose rows have an order, or whose result Spark works out otherwise."""
    if isinstance(call, exp.ArrayAgg):
        listed, keys = _in_order(call.this)
        return _spark("if(size(rows) = 0, null, rows)", rows=_rows(listed, keys, condition))
    if isinstance(call, exp.Sum) and isinstance(call.this, exp.Order):
        added, keys = _in_order(call.this)
        rows = _rows(added, keys, _both(condition, _spark("x is not null", x=added)))
        folded = "aggregate(rows, cast(0 as double), (total, each) -> total + cast(each as double))"
        return _spark(f"if(size(rows) = 0, null, {folded})", rows=rows)
    if isinstance(call, exp.Median):
        rows = _rows(call.this, [(call.this, False)], _both(condition, _spark("x is not null", x=call.this)))
        low, high = "rows[(size(rows) - 1) div 2]", "rows[size(rows) div 2]"
        half = "cast(0.5 as double)"
        return _spark(f"if(size(rows) = 0, null, {low} * {half} + {high} * {half})", rows=rows)
    if isinstance(call, exp.ArgMin | exp.ArgMax):
        known = _spark("x is not null and y is not null", x=call.this, y=call.expression)
        return _filtered(call, _both(condition, known))
    if isinstance(call, exp.IgnoreNulls):  # which in Spark stands after a filter
        return _filtered(call.this, _both(condition, _spark("x is not null", x=call.this.this)))
    return None


def _filtered(call: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=call.copy(), expression=exp.Where(this=condition.copy()))


def _both(condition: exp.Expr | None, other: exp.Expr) -> exp.Expr:
    return exp.and_(condition, other, copy=True) if condition is not None else other


def _in_order(node: exp.Expr) -> tuple[exp.Expr, list[tuple[exp.Expr, bool]]]:
    """What an aggregate takes, and the keys that order it, each with whether it falls."""
    if isinstance(node, exp.Distinct):
        raise CannotCarry(node.sql(dialect="duckdb"))
    if not isinstance(node, exp.Order):
        return node, []
    return node.this, [(key.this, bool(key.args.get("desc"))) for key in node.expressions]


def _rows(listed: exp.Expr, keys: list[tuple[exp.Expr, bool]], condition: exp.Expr | None) -> exp.Expr:
    """The list of what an aggregate takes, in order, with its nulls; keys that are null come last. Spark drops nulls
    from a list and does not keep an order, so that each goes into a record with its keys."""
    fields = [field for number, _ in enumerate(keys) for field in (f"k{number} is null", f"k{number}")]
    texts = [f"{text} as {'n' if number % 2 == 0 else 'v'}{number // 2}" for number, text in enumerate(fields)]
    parts = {f"k{number}": key for number, (key, _) in enumerate(keys)}
    collected = _spark(f"collect_list(struct({', '.join([*texts, 'listed as x'])}))", listed=listed, **parts)
    if condition is not None:
        collected = _filtered(collected, condition)
    if any(falls for _, falls in keys):
        steps = " ".join(
            f"when a.n{n} < b.n{n} then -1 when a.n{n} > b.n{n} then 1 "
            f"when a.v{n} {before} b.v{n} then -1 when a.v{n} {after} b.v{n} then 1"
            for n, (before, after) in enumerate(("><" if falls else "<>") for _, falls in keys)
        )
        text = f"transform(array_sort(collected, (a, b) -> case {steps} else 0 end), each -> each.x)"
    else:
        text = f"transform({'array_sort(collected)' if keys else 'collected'}, each -> each.x)"
    return _spark(text, collected=collected)


# Single expressions: a template of Spark's with the operands' names, or a function that makes it.


def _cast(node: exp.Expr) -> exp.Expr:
    kind = node.args["to"].this
    inner = node.this.unnest()
    if kind in _HUGE:
        if isinstance(inner, exp.Round) and not inner.args.get("decimals"):
            # Spark would go by the shortest text of a DOUBLE, which above 2⁵³ is not the number itself
            high, low = "cast(x / 4294967296 as bigint)", "cast(4294967296 as double)"
            return _spark(
                f"case when abs(x) < 9e18 then cast(cast(x as bigint) as {_WHOLE}) else cast({high} as {_WHOLE}) "
                f"* 4294967296 + cast(cast(x - {high} * {low} as bigint) as {_WHOLE}) end",
                x=node.this,
            )
        return _spark(f"cast(x as {_WHOLE})", x=node.this)
    if kind in _INTEGERS and not isinstance(inner, exp.Literal | exp.Floor | exp.Ceil | exp.Count | exp.Null):
        rounded = _spark("round(cast(x as decimal(38, 10)))", x=node.this)
        node.set("this", rounded)
        return node
    if kind in (exp.DType.ENUM, exp.DType.INTERVAL):
        raise CannotCarry(node.sql(dialect="duckdb"))
    return node


def _bracket(node: exp.Expr) -> exp.Expr:
    (place,) = node.expressions
    if isinstance(place, exp.Slice) or place.is_string:
        raise CannotCarry(node.sql(dialect="duckdb"))
    return _spark("try_element_at(list, nullif(cast(place as int), 0))", list=node.this, place=place)


def _series(node: exp.Expr) -> exp.Expr:
    start, end, step = node.args["start"], node.args["end"], node.args.get("step")
    if isinstance(step, exp.Interval):
        return _spark("sequence(a, b, step)", a=start, b=end, step=step)
    if step is not None:
        raise CannotCarry(node.sql(dialect="duckdb"))
    return _spark(
        "if(b >= a, sequence(cast(a as bigint), cast(b as bigint)), cast(array() as array<bigint>))", a=start, b=end
    )


def _difference(node: exp.Expr) -> exp.Expr:
    if node.args.get("unit") is None or node.args["unit"].name.upper() != "DAY":
        raise CannotCarry(node.sql(dialect="duckdb"))
    return node


def _try(node: exp.Expr) -> exp.Expr:
    """Spark has a function for each thing that may be tried."""
    tried = node.this
    if isinstance(tried, exp.DateFromParts):
        text = "try_cast(concat(cast(y as string), '-', cast(m as string), '-', cast(d as string)) as date)"
        return _spark(text, y=tried.args["year"], m=tried.args["month"], d=tried.args["day"])
    if isinstance(tried, exp.Add) and isinstance(tried.expression, exp.Interval | exp.Anonymous):
        return _spark("try_add(a, b)", a=tried.this, b=tried.expression)
    raise CannotCarry(node.sql(dialect="duckdb"))


def _join(node: exp.Expr) -> exp.Expr:
    """``cross join unnest(…)``: as Spark writes it where more tables are joined after it."""
    if isinstance(node.this, exp.Unnest):
        if node.args.get("side") or node.args.get("on"):
            raise CannotCarry(node.sql(dialect="duckdb"))
        node.set("this", _exploded(node.this))
    return node


def _unnest(node: exp.Expr) -> exp.Expr:
    """In a list of columns: joined, since Spark takes it there only if it is a column by itself."""
    select = node.parent_select
    if select is None or any(call.parent_select is select for call in select.find_all(exp.AggFunc, exp.Group)):
        raise CannotCarry(node.sql(dialect="duckdb"))
    name = f"unnested_{len(select.args.get('joins') or [])}"
    alias = exp.TableAlias(this=exp.to_identifier(name), columns=[exp.to_identifier("item")])
    select.append("joins", exp.Join(this=exp.Lateral(this=node.copy(), alias=alias), kind="CROSS"))
    return exp.column("item", name)


def _sorted(node: exp.Expr) -> exp.Expr:
    """Rising, nulls last."""
    if any(isinstance(said, exp.Expr) and said != known for said, known in _sortings(node)):
        raise CannotCarry(node.sql(dialect="duckdb"))
    return exp.ArraySort(this=node.this.copy())


def _sortings(node: exp.Expr) -> list[tuple[object, exp.Expr]]:
    return [(node.args.get("asc"), exp.true()), (node.args.get("nulls_first"), exp.false())]


def _exploded(unnest: exp.Expr) -> exp.Expr:
    explode = exp.Explode(this=unnest.expressions[0].copy())
    return exp.Lateral(this=explode, alias=unnest.args["alias"].copy())


def _concat(node: exp.Expr) -> exp.Expr:
    parts = [_spark("coalesce(cast(x as string), '')", x=part) for part in node.expressions]
    return exp.Anonymous(this="concat", expressions=parts)


def _lists(node: exp.Expr) -> exp.Expr:
    lists = [_spark("coalesce(x, array())", x=part) for part in (node.this, *node.expressions)]
    return exp.Anonymous(this="concat", expressions=lists)


def _table(node: exp.Expr) -> exp.Expr:
    if node.args.get("db") and node.text("db") != "main":
        raise CannotCarry(node.sql(dialect="duckdb"))
    node.set("db", None)
    return node


def _anonymous(node: exp.Expr) -> exp.Expr:
    name = node.name.lower()
    if name == "to_years" and isinstance(node.parent, exp.Add):
        return _spark("try_make_interval(years)", years=node.expressions[0])
    if name == "list_has_all":
        listed, wanted = node.expressions
        text = "case when a is not null and b is not null then size(array_except(b, a)) = 0 end"
        return _spark(text, a=listed, b=wanted)
    if name == "to_json":
        return _spark("to_json(a, map('ignoreNullFields', 'false'))", a=node.expressions[0])
    if name == "strlen":  # how many bytes
        return exp.Anonymous(this="octet_length", expressions=[node.expressions[0].copy()])
    if name == "hash":  # another number than DuckDB's, but the same for the same
        return exp.Anonymous(this="xxhash64", expressions=[part.copy() for part in node.expressions])
    raise CannotCarry(node.sql(dialect="duckdb"))


def _by(text: str) -> Callable[[exp.Expr], exp.Expr]:
    """``a`` and ``b`` of the template are what the expression is made from."""

    def made(node: exp.Expr) -> exp.Expr:
        parts = {"a": node.this}
        if isinstance(node.args.get("expression"), exp.Expr):
            parts["b"] = node.args["expression"]
        return _spark(text, **parts)

    return made


_MENDED: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Div: _by("cast(a as double) / cast(b as double)"),
    exp.IntDiv: _by(_QUOTIENT),
    exp.Sign: _by("case when a > 0 then 1 when a < 0 then -1 when a = 0 then 0 end"),
    exp.IsNan: _by("case when a is not null then isnan(a) end"),
    exp.ArrayContains: _by("case when a is not null and b is not null then coalesce(array_contains(a, b), false) end"),
    exp.Cast: _cast,
    exp.Bracket: _bracket,
    exp.GenerateSeries: _series,
    exp.DateDiff: _difference,
    exp.Try: _try,
    exp.Join: _join,
    exp.Concat: _concat,
    exp.ArrayConcat: _lists,
    exp.Table: _table,
    exp.Anonymous: _anonymous,
    exp.ArraySort: _sorted,
    exp.Explode: _unnest,
    exp.Filter: _aggregate,
    exp.ArrayAgg: _aggregate,
    exp.Sum: _aggregate,
    exp.ArgMin: _aggregate,
    exp.ArgMax: _aggregate,
    exp.IgnoreNulls: _aggregate,
    exp.Median: _aggregate,
}

#: Functions that sqlglot carries over with the same meaning.
_SAME = {
    exp.Abs, exp.And, exp.AnyValue, exp.Array, exp.ArraySize, exp.ArraySort, exp.BitwiseAndAgg, exp.BitwiseCount,
    exp.BitwiseOrAgg, exp.Case, exp.Ceil, exp.Chr, exp.Coalesce, exp.ConcatWs, exp.Count, exp.DateFromParts,
    exp.DateStrToDate, exp.DateTrunc, exp.Day, exp.DenseRank, exp.Exists, exp.Exp, exp.Floor, exp.Greatest,
    exp.GroupConcat, exp.If, exp.Lag, exp.LastDay, exp.Lead, exp.Least, exp.Left, exp.Length, exp.Ln,
    exp.LogicalAnd, exp.LogicalOr, exp.Lower, exp.MD5, exp.Max, exp.Min, exp.Month, exp.Nullif, exp.Or, exp.Pow,
    exp.Quarter, exp.Rank, exp.RegexpLike, exp.Replace, exp.Round, exp.RowNumber, exp.Split, exp.Sqrt,
    exp.StartsWith, exp.Struct, exp.Substring, exp.TimeToStr, exp.TimestampTrunc, exp.Trim, exp.TryCast,
    exp.TsOrDsToDate, exp.Unnest, exp.Upper, exp.Xor, exp.Year,
}  # fmt: skip
