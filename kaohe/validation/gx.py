"""Great Expectations on DuckDB: the one module that imports it (slowly; so import this one late).

Its stock SQL datasource closes the connection before it fetches from DuckDB; the small datasource below keeps it.
"""

import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Self

import duckdb
import duckdb_engine
import sqlalchemy
import sqlalchemy.dialects.postgresql
from sqlalchemy.pool import StaticPool

from kaohe.contracts import quoted
from kaohe.validation.conditions import row_condition


@contextmanager
def _beside_spark() -> Iterator[None]:
    """Great Expectations imports Spark where that is installed. It warns of a pandas that nothing here puts through it,
    and ends a program that has no file (``python -c``), which it takes for doctests of its own."""
    main = sys.modules["__main__"]
    nameless = not hasattr(main, "__file__")
    if nameless:
        main.__file__ = ""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)
            yield
    finally:
        if nameless:
            del main.__file__


with _beside_spark():
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.datasource.fluent import SQLDatasource
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.expectation import BatchExpectation
    from great_expectations.expectations.metrics.map_metric_provider import (
        ColumnMapMetricProvider,
        column_condition_partial,
    )
    from great_expectations.expectations.registry import get_expectation_impl

#: So many failing rows are listed as there are.
_ALL = 10**9


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection open, and borrows PostgreSQL's regular expressions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dialect_module = sqlalchemy.dialects.postgresql

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        if not getattr(self, "_connection", None) or self._connection.closed:
            self._connection: Any = self.engine.connect()
        yield self._connection

    def get_inspector(self) -> Any:
        """One for all batches. It looks into the schema ``main`` alone, where the stock one mixes in the columns of the
        same table in ``raw`` and ``typed``, and asks DuckDB itself: its copy of PostgreSQL's catalogue is slow."""
        if getattr(self, "_inspector", None) is None:
            self._inspector: Any = sqlalchemy.inspect(self.engine)
            self._inspector.get_columns = self._columns
            self._inspector.get_pk_constraint = lambda *_, **__: {"constrained_columns": []}
        return self._inspector

    def _columns(self, table_name: str, **_: Any) -> list[dict[str, Any]]:
        with self.get_connection() as connection:
            rows = connection.exec_driver_sql(f"select name, type from pragma_table_info('main.{table_name}')").all()
        types = [getattr(sqlalchemy.types, kind.split("(")[0], sqlalchemy.types.NullType) for _, kind in rows]
        return [{"name": name, "type": kind()} for (name, _), kind in zip(rows, types, strict=True)]

    def end_transaction(self) -> None:
        """Let go of the snapshot of the tables that the queries so far have seen."""
        if getattr(self, "_connection", None):
            self._connection.rollback()

    def let_go(self) -> None:
        """Give the connection back, before the warehouse is closed under it."""
        if getattr(self, "_connection", None):
            self._connection.close()
        self.engine.dispose()


_EngineType = type[SqlAlchemyExecutionEngine]


class DuckDBDatasource(SQLDatasource):
    """Registers ``add_duckdb`` with Great Expectations."""

    type: Literal["duckdb"] = "duckdb"
    connection_string: str

    @property
    def execution_engine_type(self) -> _EngineType:
        return DuckDBExecutionEngine

    def _save_context_project_config(self) -> None:
        """There is no file to save to, and writing it out takes time."""


class FailingRows(ColumnMapMetricProvider):
    """How many rows meet a condition in SQL. Great Expectations takes it for one about a single column (any will do),
    and counts it in the same query as those."""

    condition_metric_name = "column_values.failing_rows"
    condition_value_keys = ("condition",)
    filter_column_isnull = False

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
    def _sqlalchemy(cls, column: Any, condition: str, **_: Any) -> Any:
        return sqlalchemy.literal_column(f"not coalesce(({condition}), false)")


class NoRowsWhere(BatchExpectation):
    """No row meets the condition. It stands for another expectation while only whether that fails is asked."""

    condition: str
    column: str = "_rec"
    metric_dependencies = ("column_values.failing_rows.unexpected_count",)
    domain_keys = ("batch_id", "column")
    success_keys = ("condition",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return {"success": not metrics["column_values.failing_rows.unexpected_count"]}


class NoRowsFrom(gxe.UnexpectedRowsExpectation):
    """The query gives no rows: they are counted, and not fetched as well."""

    metric_dependencies = ("unexpected_rows_query.row_count",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return {"success": not metrics["unexpected_rows_query.row_count"]}


def expectation(type_: str, arguments: dict[str, Any]) -> gxe.Expectation:
    """The expectation of this name with these arguments.

    Raises ``LookupError`` for a name that Great Expectations does not know, ``ValueError`` for wrong arguments.
    """
    try:
        made: gxe.Expectation = get_expectation_impl(type_)(**arguments)
    except ExpectationNotFoundError as error:
        raise LookupError(type_) from error
    return made


def quiet_context() -> Any:
    """A context that keeps no files and says nothing."""
    logger = logging.getLogger("great_expectations")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False  # it tells the console of a temporary folder that it does not make
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


class Validator:
    """Runs expectations over the committed tables of an open DuckDB connection; a context manager."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._source = quiet_context().data_sources.add_duckdb(
            "warehouse",
            connection_string="duckdb://",
            kwargs={"creator": lambda: duckdb_engine.ConnectionWrapper(con.cursor()), "poolclass": StaticPool},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.get_execution_engine().let_go()

    def failing(self, table: str, expectations: Sequence[gxe.Expectation]) -> dict[int, list[str] | None]:
        """The expectations that fail, by their place in the list, each with the ``_rec`` of every failing row.

        None instead of a list: the expectation speaks of the table as a whole.
        """
        if not expectations:
            return {}
        batch = self._batch(table)
        failed = self._failed(batch, expectations)
        found = self._rows(batch, {n: rule for n, rule in failed.items() if not _is_query(rule)})
        for number, rule in failed.items():
            if _is_query(rule):
                query = rule.unexpected_rows_query.format(batch=f"{table} as subselect")
                found[number] = sorted(row[0] for row in self._asked(query))
        self._let_go(batch)
        return dict(sorted(found.items()))

    def _batch(self, table: str) -> Any:
        """All rows of a table."""
        asset = self._source.add_table_asset(table, table_name=table)
        return asset.add_batch_definition_whole_table("whole").get_batch()

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._con.sql(query).fetchall()

    def _let_go(self, batch: Any) -> None:
        batch.data.execution_engine.end_transaction()

    def _asks(self, rule: gxe.Expectation) -> gxe.Expectation:
        """What stands for a rule while only whether it fails is asked: in DuckDB one scan answers nearly all."""
        return _as_asked(rule)

    def _failed(self, batch: Any, expectations: Sequence[gxe.Expectation]) -> dict[int, gxe.Expectation]:
        asked = [self._asks(rule) for rule in expectations]
        for number, (rule, asks) in enumerate(zip(expectations, asked, strict=True)):
            rule.meta = asks.meta = {"number": number}
        suite = gx.ExpectationSuite("all", expectations=asked)
        results = batch.validate(suite, result_format="BOOLEAN_ONLY").results
        for result in results:
            _raise_if_broken(result)
        numbers = sorted(result.expectation_config.meta["number"] for result in results if not result.success)
        return {number: expectations[number] for number in numbers}

    @staticmethod
    def _rows(batch: Any, failed: dict[int, gxe.Expectation]) -> dict[int, list[str] | None]:
        """The failing rows of expectations that are known to fail."""
        if not failed:
            return {}
        suite = gx.ExpectationSuite("failed", expectations=list(failed.values()))
        wanted = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["_rec"],
            "partial_unexpected_count": _ALL,
            "return_unexpected_index_query": False,
        }
        found: dict[int, list[str] | None] = {}
        for result in batch.validate(suite, result_format=wanted).results:
            _raise_if_broken(result)
            rows = result.result.get("unexpected_index_list")
            number = result.expectation_config.meta["number"]
            found[number] = None if rows is None else sorted(row["_rec"] for row in rows)
        return found


def _as_asked(rule: gxe.Expectation) -> gxe.Expectation:
    """The expectation that costs least and fails just when this one does."""
    if _is_query(rule):
        query = rule.unexpected_rows_query
        condition = row_condition(query)
        return NoRowsWhere(condition=condition) if condition else NoRowsFrom(unexpected_rows_query=query)
    pair = isinstance(rule, gxe.ExpectColumnPairValuesAToBeGreaterThanB)
    if pair and rule.ignore_row_if == "either_value_is_missing":
        sign = "<" if rule.or_equal else "<="
        return NoRowsWhere(condition=f"{quoted(rule.column_A)} {sign} {quoted(rule.column_B)}")
    return rule


def _is_query(rule: gxe.Expectation) -> bool:
    return isinstance(rule, gxe.UnexpectedRowsExpectation)


def _raise_if_broken(result: Any) -> None:
    for info in (result.exception_info or {}).values():
        if isinstance(info, dict) and info.get("raised_exception"):
            raise RuntimeError(f"{result.expectation_config.type}: {info['exception_message']}")
