"""How a rule that compares rows is asked at little cost, read off its SQL; the rows that fail are the same.

- Of the rule's own table only the columns that it names are read, and a row is told by where it stands.
- A row for which another does ``not exist`` is what an ``anti join`` leaves over, which takes a quarter of the time;
  what must ``exist`` is looked for last, when few rows are left.
- Where a row fails because another of its own table is alike in some columns and unlike in one, only rows whose hash of
  these columns several rows share can fail; of most tables, few.
- A number above ``count(distinct …)`` of rows that are there on a day is also above how many are there on every usual
  day, of values that stand in no other row: the rule itself is asked only of the rows where that is so.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from kaohe.contracts import PROVENANCE
from kaohe.large.narrowing import BATCH, conjuncts
from kaohe.sqltext import literal, quoted

#: Stands for a table of hashes of values that stand in several rows.
AGAIN = "the_values_again"
#: Stand for the first and last of the days for which it is known how many rows of another table there are at least, and
#: for the table that has these numbers (``least``) by the column that binds them (``key``).
FIRST, LAST, LEAST = "the_first_day", "the_last_day", "the_least"
#: That rows are several, in SQL over all of them.
SEVERAL = "count(*) > 1"
_PARTS = ("joins", "group", "having", "qualify", "distinct", "limit", "offset")


@dataclass(frozen=True)
class Alike:
    """Only rows with the same ``columns`` matter to one another; ``differing``: and only where some are unlike, in SQL
    over all of these rows."""

    columns: tuple[str, ...]
    differing: str


@dataclass(frozen=True)
class Above:
    """``query``: which rows can fail at all, by the numbers (``LEAST``) that ``certain`` gives, with ``AGAIN`` for the
    values of a ``column`` of a ``table`` that stand in several rows."""

    query: str
    certain: str
    table: str
    column: str

    def least(self, again: str, days: tuple[dt.date, dt.date]) -> str:
        """A query for ``key`` and ``least``, for all days between two."""
        return _between(self.certain.replace(AGAIN, again), days)


@dataclass(frozen=True)
class Asking:
    """A rule's ``query``, with ``BATCH`` for its table, of which it reads ``columns``. ``by_place``: all that it does
    with ``_rec`` is to give it, and to see whether two are the same."""

    query: str
    columns: tuple[str, ...]
    by_place: bool
    alike: Alike | None = None
    above: Above | None = None

    def of(self, rows: str, which: str = "true") -> str:
        """The query of ``rows`` that are like those of ``main.row_<table>``, as far as ``which`` is true of them."""
        return self._filled(self.query, rows, which)

    def can_fail(self, rows: str, least: str, days: tuple[dt.date, dt.date]) -> str:
        """A query like the rule's own, of the rows that can fail where a number is above another."""
        query = self.above.query.replace(LEAST, least) if self.above else self.query
        return self._filled(_between(query, days), rows, "true")

    def _filled(self, query: str, rows: str, which: str) -> str:
        rec = "{'_path': _file, '_place': _rec} as _rec" if self.by_place else "_rec"
        read = ", ".join([*map(quoted, self.columns), rec])
        return query.replace(BATCH, f"(select {read} from {rows} as the_rows where {which}) as subselect")


def _between(query: str, days: tuple[dt.date, dt.date]) -> str:
    first, last = (f"date {literal(day)}" for day in days)
    return query.replace(FIRST, first).replace(LAST, last)


@cache
def asking(query: str, columns: frozenset[str], days: frozenset[str] = frozenset()) -> Asking:
    """How a rule's query (``{batch}`` for its table, which has ``columns``, of which some are ``days``) is asked."""
    query = query.replace("{batch}", BATCH)
    parsed = sqlglot.parse_one(query, dialect="duckdb")
    named = {name.this.lower() for name in parsed.find_all(exp.Identifier)}
    read = tuple(sorted(named & {*columns, *PROVENANCE, "_year"} - {"_rec"}))
    by_place = all(_is_given_or_compared(name) for name in parsed.find_all(exp.Identifier) if name.this == "_rec")
    if not isinstance(parsed, exp.Select):
        return Asking(query, read, by_place)
    alike = _alike(parsed, columns) if by_place else None
    above = _above(parsed, days) if by_place else None
    joined = _joined(parsed)
    return Asking(joined.sql(dialect="duckdb") if joined else query, read, by_place, alike, above)


def repeated_hashes(rows: str, columns: Sequence[str], differing: str = SEVERAL) -> str:
    """A query for ``key_hash``: the hashes of columns that several rows share, where these differ."""
    return f"select {_hash(columns)} as key_hash from {rows} group by 1 having {differing}"


def _hash(columns: Iterable[str]) -> str:
    return f"hash({', '.join(map(quoted, columns))})"


def alike_hashes(alike: Alike, rows: str) -> str:
    """A query for ``key_hash``: of the rows that can matter to one another."""
    there = " and ".join(f"{quoted(name)} is not null" for name in alike.columns)
    return repeated_hashes(f"(select * from {rows} where {there}) as the_rows", alike.columns, alike.differing)


def among(alike: Alike, hashes: str) -> str:
    """The condition that rows can matter to one another, by a table of ``alike_hashes``."""
    return f"{_hash(alike.columns)} in (select key_hash from {hashes})"


def _is_given_or_compared(rec: exp.Identifier) -> bool:
    """All that is done with a ``_rec`` is to give it, or to see whether it is another."""
    column = rec.parent
    test = column.parent if isinstance(column, exp.Column) else None
    if isinstance(test, exp.EQ | exp.NEQ):
        return all(isinstance(side, exp.Column) and side.name == "_rec" for side in (test.this, test.expression))
    return isinstance(test, exp.Select)


def _source(select: exp.Expression) -> Any:
    return select.args["from_" if "from_" in select.args else "from"].this


def _plain(select: Any) -> exp.Select | None:
    """A ``select … from one where …`` without more; None if it is anything else."""
    if not isinstance(select, exp.Select) or any(select.args.get(part) for part in (*_PARTS, "with_", "with")):
        return None
    if len(list(select.find_all(exp.Select))) > 1 or not select.args.get("where"):
        return None
    return select if isinstance(_source(select), exp.Table) else None


def _tests(select: exp.Select) -> list[exp.Expression]:
    return list(conjuncts(select.args["where"].this)) if select.args.get("where") else []


# ---- what does not exist


def _joined(parsed: exp.Select) -> exp.Select | None:
    """The query with joins instead of ``not exists``, and ``exists`` looked at last; None if it is that already."""
    if any(parsed.args.get(part) for part in _PARTS):
        return None
    stays, joins = [], []
    for test in _tests(parsed):
        inner = _plain(test.this.this) if isinstance(test, exp.Not) and isinstance(test.this, exp.Exists) else None
        if inner and all(column.table for column in inner.args["where"].find_all(exp.Column)):
            joins.append((_source(inner).copy(), inner.args["where"].this.copy()))
        else:
            stays.append(test.copy())
    stays = sorted(stays, key=lambda test: isinstance(test, exp.Exists))
    if not joins and stays == _tests(parsed):
        return None
    made = parsed.copy()
    for table, test in joins:
        made = made.join(table, on=test, join_type="anti")
    made.set("where", exp.Where(this=exp.and_(*stays)) if stays else None)
    return made


# ---- rows of the same table


def _alike(parsed: exp.Select, columns: frozenset[str]) -> Alike | None:
    """In which columns another row of the rule's own table must be alike, and in which not; None if it need not, or the
    rule looks at other rows in other ways, too."""
    ctes, own = list(parsed.find_all(exp.CTE)), _source(parsed)
    tables = [table.name for table in parsed.find_all(exp.Table)]
    if len(ctes) != 1 or own.name != ctes[0].alias_or_name or not _is_whole(ctes[0].this, columns):
        return None
    if tables.count(own.name) != 2 or tables.count(BATCH) != 1 or any(parsed.args.get(part) for part in _PARTS):
        return None
    for test in _tests(parsed):
        inner = _plain(test.this) if isinstance(test, exp.Exists) else None
        if inner and _source(inner).name == own.name:
            return _alike_in(_tests(inner), _source(inner).alias_or_name, own.alias_or_name, columns)
    return None


def _is_whole(select: exp.Expression, columns: frozenset[str]) -> bool:
    """The query gives all rows of the rule's table, with the same values in its columns."""
    return (
        isinstance(select, exp.Select)
        and not any(select.args.get(part) for part in (*_PARTS, "where"))
        and _source(select).name == BATCH
        and isinstance(select.expressions[0], exp.Star)
        and not any(each.alias_or_name.lower() in columns or each.find(exp.Window) for each in select.expressions[1:])
    )


def _alike_in(tests: list[exp.Expression], other: str, own: str, columns: frozenset[str]) -> Alike | None:
    same: set[str] = set()
    unlike: set[str] = set()
    for test in tests:
        sides = {side.table: side.name for side in (test.this, test.expression) if isinstance(side, exp.Column)} \
            if isinstance(test, exp.EQ | exp.NEQ | exp.LT | exp.GT) else {}  # fmt: skip
        if sides.keys() == {other, own} and len(set(sides.values())) == 1:
            (same if isinstance(test, exp.EQ) else unlike).add(sides[own])
    differing = [f"min({quoted(name)}) <> max({quoted(name)})" for name in sorted(unlike & columns)]
    if not same & columns or not (differing or "_rec" in unlike):
        return None
    return Alike(tuple(sorted(same & columns)), " and ".join(differing) or SEVERAL)


# ---- numbers above how many there are


def _above(parsed: exp.Select, days: frozenset[str]) -> Above | None:
    """Which rows can fail a rule that holds a number to be above ``count(distinct …)`` of another table's rows on a day
    of the rule's own."""
    if [table.name for table in parsed.find_all(exp.Table)].count(BATCH) != 1 or parsed.find(exp.CTE):
        return None
    for number, test in enumerate(_tests(parsed)):
        is_above = isinstance(test, exp.GT) and isinstance(test.expression, exp.Subquery)
        inner = _plain(test.expression.this) if is_above else None
        counted = _counted(inner.expressions) if inner else None
        if inner is None or counted is None or counted.table != _source(inner).alias_or_name:
            continue
        bound = _bound(inner, days)
        if bound is None or _source(inner).name == BATCH:
            continue
        key, day, there = bound
        mine, theirs = sorted(key, key=lambda column: column.table == counted.table)
        alone = f"{counted.sql()} is not null and hash({counted.sql()}) not in (select key_hash from {AGAIN})"
        certain = (
            f"select {theirs.sql()} as key, count(*) as least from {_source(inner).sql()} "
            f"where {alone} and {there(FIRST)} and {there(LAST)} group by {theirs.sql()}"
        )
        made = parsed.copy()
        _tests(made)[number].replace(sqlglot.parse_one(
            f"({test.this.sql('duckdb')} > coalesce((select max(known.least) from {LEAST} as known "
            f"where known.key = {mine.sql()}), 0) or {day.sql()} not between {FIRST} and {LAST})", dialect="duckdb"
        ))  # fmt: skip
        return Above(made.sql(dialect="duckdb"), certain, _source(inner).name, counted.name)
    return None


def _bound(
    inner: exp.Select, days: frozenset[str]
) -> tuple[tuple[exp.Column, exp.Column], exp.Column, Callable[[str], str]] | None:
    """How rows of another table are bound to one of the rule's: by two columns that are equal, and by a day, of which
    all conditions are such that they hold on every day between two on which they hold; and what they are on a day."""
    other = _source(inner).alias_or_name
    equal = [test for test in _tests(inner) if isinstance(test, exp.EQ)]
    tests = [test for test in _tests(inner) if not isinstance(test, exp.EQ)]
    key = (equal[0].this, equal[0].expression) if len(equal) == 1 else ()
    of_day = {each for test in tests for each in test.find_all(exp.Column) if each.table != other}
    if len(key) != 2 or not all(isinstance(side, exp.Column) for side in key) or len(of_day) != 1 or not tests:
        return None
    day = of_day.pop()
    if [side.table == other for side in key].count(True) != 1 or day.name not in days or not day.table:
        return None
    if not all(side.table for side in key) or not all(_holds_between(test, day) for test in tests):
        return None

    def there(when: str) -> str:
        told = exp.and_(*(test.copy() for test in tests))
        filled = told.transform(lambda node: exp.column(when) if node == day else node)
        return filled.sql(dialect="duckdb")

    return key, day, there


def _holds_between(test: exp.Expression, day: exp.Column) -> bool:
    """A condition on a day compares it with what does not hang on it, or with that where there is any."""
    if isinstance(test, exp.Between):
        sides = [test.args["low"], test.args["high"]] if test.this == day else []
    elif isinstance(test, exp.LT | exp.LTE | exp.GT | exp.GTE):
        sides = [side for side in (test.this, test.expression) if side != day]
        sides = sides if len(sides) == 1 else []
    else:
        return False
    return bool(sides) and all(_is_apart(side, day) for side in sides)


def _is_apart(side: exp.Expression, day: exp.Column) -> bool:
    if isinstance(side, exp.Coalesce):
        return isinstance(side.this, exp.Column) and side.this != day and side.expressions == [day]
    return day not in side.find_all(exp.Column)


def _counted(given: list[exp.Expression]) -> exp.Column | None:
    """The column whose different values are counted, in a number that is null or no less than they are."""
    count = given[0] if len(given) == 1 else None
    if isinstance(count, exp.Nullif):
        count = count.this
    if not isinstance(count, exp.Count) or not isinstance(count.this, exp.Distinct):
        return None
    values = count.this.expressions
    return values[0] if len(values) == 1 and isinstance(values[0], exp.Column) else None
