"""Great Expectations on Spark: the same expectations on the same tables, with the same findings. Slow to import."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import great_expectations.expectations as gxe

from kaohe.engines.dialect import to_spark
from kaohe.engines.spark import SparkEngine
from kaohe.validation.gx import Validator, quiet_context

#: Stands for the rows in a rule's query while it is carried over.
_BATCH = "rows_of_the_batch"


class SparkValidator(Validator):
    """Runs expectations over the tables that an engine knows; a context manager."""

    def __init__(self, engine: SparkEngine) -> None:
        self._engine = engine
        with _versions_unsaid():
            self._source = quiet_context().data_sources.add_spark("spark")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The session is the engine's to stop."""

    def failing(self, table: str, expectations: Sequence[gxe.Expectation]) -> dict[int, list[str] | None]:
        """The expectations that fail, by their place in the list, each with the ``_rec`` of every failing row.

        None instead of a list: the expectation speaks of the table as a whole. Raises ``CannotCarry`` for a rule whose
        SQL Spark cannot run.
        """
        with _versions_unsaid():
            return super().failing(table, [_carried(rule) for rule in expectations])

    def _batch(self, table: str) -> Any:
        asset = self._source.add_dataframe_asset(table)
        whole = asset.add_batch_definition_whole_dataframe("whole")
        return whole.get_batch(batch_parameters={"dataframe": self._engine.session.table(table)})

    def _asks(self, rule: gxe.Expectation) -> gxe.Expectation:
        return rule

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._engine.session.sql(query).collect()]

    def _let_go(self, batch: Any) -> None:
        batch.data.dataframe.unpersist()


@contextmanager
def _versions_unsaid() -> Iterator[None]:
    """Spark warns of new versions of pandas, which nothing here puts through it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        yield


def _carried(rule: gxe.Expectation) -> gxe.Expectation:
    """The rule with its SQL in Spark's words."""
    if not isinstance(rule, gxe.UnexpectedRowsExpectation):
        return rule
    query = to_spark(rule.unexpected_rows_query.format(batch=_BATCH), {})
    return gxe.UnexpectedRowsExpectation(unexpected_rows_query=query.replace(_BATCH, "{batch}"))
