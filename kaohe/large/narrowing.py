"""Which rows of a table a rule that compares rows can judge otherwise after a change, read off the rule's SQL.

A rule looks at other rows by equality: ``member.unit_id = entry.unit_id``, ``join inspection using (inspection_id)``,
``member_id not in (select member_id from party_member)``. A row that changed can then only matter to rows with the same
value there.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

BATCH = "the_batch"


@dataclass(frozen=True)
class Narrow:
    """``others``: (table, its column, the rule's table's column) that must be equal for a row of another table to
    matter; ``own``: the column in which rows of the rule's own table must be equal to matter to one another, if they
    do at all."""

    others: frozenset[tuple[str, str, str]]
    own: str | None


@cache
def narrowed(query: str, columns: frozenset[str]) -> Narrow | None:
    """How a rule's query (``{batch}`` for its table, which has ``columns``) is bound to other rows; None if that cannot
    be told."""
    parsed = sqlglot.parse_one(query.replace("{batch}", BATCH), dialect="duckdb")
    if not isinstance(parsed, exp.Select) or list(parsed.find_all(exp.Window, exp.SetOperation)):
        return None
    if any(select.args.get(part) for select in parsed.find_all(exp.Select)
           for part in ("group", "having", "qualify", "distinct", "limit", "offset")):  # fmt: skip
        return None
    try:
        return _Query(parsed, columns).narrow()
    except _Unbound:
        return None


class _Unbound(Exception):
    pass


class _Query:
    def __init__(self, query: exp.Select, columns: frozenset[str]) -> None:
        self.query, self.columns = query, columns
        self.ctes = {cte.alias_or_name: cte.this for cte in query.find_all(exp.CTE)}
        self.main = set(self._main(query))

    def narrow(self) -> Narrow:
        others, own = set(), set()
        for table in self.query.find_all(exp.Table):
            if id(table) in self.main:
                continue
            mine, theirs = self._bound(table)
            if table.name in self.ctes or table.name == BATCH:
                if mine != theirs or not self._is_batch(table):
                    raise _Unbound
                own.add(mine)
            else:
                others.add((table.name, mine, theirs))
            if theirs not in self.columns:
                raise _Unbound
        if len(own) > 1:
            raise _Unbound
        return Narrow(frozenset(others), next(iter(own), None))

    def _main(self, select: exp.Select) -> Iterator[int]:
        """The table whose rows are judged, where it stands in the query."""
        source = select.args["from_" if "from_" in select.args else "from"].this
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Select):
            yield from self._main(source.this)
        elif isinstance(source, exp.Table):
            yield id(source)
            if source.name in self.ctes:
                yield from self._main(self.ctes[source.name])
            elif source.name != BATCH:
                raise _Unbound
        else:
            raise _Unbound

    def _is_batch(self, table: exp.Table) -> bool:
        """A name for the table that is judged: itself, or a query that begins with it."""
        return table.name == BATCH or id(table) in self.main or bool(set(self._main(self.ctes[table.name])) & self.main)

    def _bound(self, table: exp.Table) -> tuple[str, str]:
        """The column of a table, and that of the judged row, that must be equal."""
        select = table.find_ancestor(exp.Select)
        if select is None:
            raise _Unbound
        joins = select.args.get("joins") or []
        for join in joins:
            if join.this is table and join.args.get("using"):
                name = join.args["using"][0].name
                return name, name
        tests = [join.args["on"] for join in joins if join.args.get("on") is not None and not join.side]
        if where := select.args.get("where"):
            tests.append(where.this)
        for test in itertools.chain.from_iterable(map(conjuncts, tests)):
            for mine, theirs in _equal(test):
                if mine.table == table.alias_or_name and theirs.table and self._is_judged(theirs, select):
                    return mine.name, theirs.name
        inside = select.parent.parent if isinstance(select.parent, exp.Subquery) else select.parent
        if isinstance(inside, exp.In) and isinstance(inside.this, exp.Column) and len(select.expressions) == 1:
            made = select.expressions[0]
            if isinstance(made, exp.Column) and not joins:
                return made.name, inside.this.name
        raise _Unbound

    def _is_judged(self, column: exp.Column, select: exp.Select) -> bool:
        """The column is of the row that is judged."""
        ahead: exp.Select | None = select
        while ahead is not None:
            source = ahead.args["from_" if "from_" in ahead.args else "from"].this
            for each in [source, *(join.this for join in ahead.args.get("joins") or [])]:
                if each.alias_or_name == column.table:
                    inner = each.this if isinstance(each, exp.Subquery) else None
                    return id(each) in self.main or (
                        isinstance(inner, exp.Select) and bool(set(self._main(inner)) & self.main)
                    )
            ahead = ahead.find_ancestor(exp.Select)
        return False


def _equal(test: exp.Expression) -> Iterator[tuple[exp.Column, exp.Column]]:
    """The two columns that a test holds to be equal, either way round."""
    if isinstance(test, exp.EQ):
        one, other = test.this, test.expression
        if isinstance(one, exp.Column) and isinstance(other, exp.Column):
            yield one, other
            yield other, one


def conjuncts(test: exp.Expression) -> Iterator[exp.Expression]:
    """The conditions that all must be true for a condition to be."""
    if isinstance(test, exp.Paren):
        yield from conjuncts(test.this)
    elif isinstance(test, exp.And):
        yield from conjuncts(test.this)
        yield from conjuncts(test.expression)
    else:
        yield test
