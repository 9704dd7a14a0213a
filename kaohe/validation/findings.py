"""Findings: which records fail which rule, asked of Great Expectations once and remembered while nothing changes.

A rule's findings hold as long as the rule, the rows of its table and those of the trusted tables it looks at are the
same; so a night judges again only what changed, and imports Great Expectations only if something did.
"""

import hashlib
import importlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl

from kaohe.contracts import Contract, Contracts, tables_named
from kaohe.project import code_hashes
from kaohe.validation.checks import failing_rows, wants_any_rows
from kaohe.validation.rules import Rule
from kaohe.warehouse import Warehouse

_TABLE = """
create table if not exists meta.finding (table_name varchar, digest varchar, whole boolean, recs varchar[])
"""
#: What finds: the versions of the two libraries and of our own way of asking them.
_MADE_BY = (duckdb.__version__, version("great_expectations"), code_hashes()["validation/gx.py"])
_COLUMNS: dict[str, Any] = {
    "table_name": pl.String, "digest": pl.String, "whole": pl.Boolean, "recs": pl.List(pl.String)
}  # fmt: skip

#: The rule fails for the table as a whole, and else the records that fail it.
_Found = tuple[bool, list[str]]

#: A rule of the list → the ``_rec`` of the records that fail it; None if it fails for the table as a whole.
Failing = dict[int, list[str] | None]


class Findings:
    """Judges tables by their rules; a context manager. ``seconds``: how long Great Expectations took."""

    def __init__(self, warehouse: Warehouse, contracts: Contracts) -> None:
        self.warehouse, self.contracts = warehouse, contracts
        self.seconds = 0.0
        self._validator: Any = None
        self._rows: dict[str, str] = {}
        self._open = ExitStack()
        warehouse.con.execute(_TABLE)
        self._known: dict[str, dict[str, _Found]] = {}
        for table, digest, whole, recs in warehouse.rows("select table_name, digest, whole, recs from meta.finding"):
            self._known.setdefault(table, {})[digest] = (whole, recs)
        self._new: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Whatever happened, what was found is remembered."""
        self._open.__exit__(kind, error, trace)
        rows = [(table, digest, *found) for table in sorted(self._new) for digest, found in self._known[table].items()]
        if self._new:
            with self.warehouse.transaction():
                self.warehouse.con.execute(
                    "delete from meta.finding where list_contains(?, table_name)", [[*self._new]]
                )
                self.warehouse.write("meta.finding", pl.DataFrame(rows, _COLUMNS, orient="row"))

    def failing(self, contract: Contract, rules: Sequence[Rule]) -> Failing:
        """The rules that fail on ``main.<table>``, by their place in the list."""
        table = contract.table
        digests = [self._digest(contract, rule) for rule in rules]
        self._rows.pop(table, None)  # the failing ones are about to leave it
        before = self._known.get(table, {})
        new = [number for number, digest in enumerate(digests) if digest not in before]
        judged = self._judge(contract, [rules[number] for number in new]) if new else {}
        found = dict(before)
        for place, number in enumerate(new):
            recs = judged.get(place, [])
            found[digests[number]] = (recs is None, recs or [])
        known = self._known[table] = {digest: found[digest] for digest in digests}
        if known.keys() != before.keys():
            self._new.add(table)
        failing: Failing = {}
        for number, digest in enumerate(digests):
            whole, recs = known[digest]
            if whole or recs:
                failing[number] = None if whole else recs
        return failing

    def _judge(self, contract: Contract, rules: Sequence[Rule]) -> Failing:
        with self._timed():
            gx = importlib.import_module("kaohe.validation.gx")
            if self._validator is None:
                self._validator = self._open.enter_context(gx.Validator(self.warehouse.con))
            asked = [gx.expectation(rule.type, rule.arguments) for rule in rules]
            found: Failing = self._validator.failing(contract.table, asked)
            return found

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begin

    def _digest(self, contract: Contract, rule: Rule) -> str:
        """Of all that a rule's findings depend on."""
        rows = {table: self._digest_of_rows(table) for table in self._tables(contract, rule)}
        text = json.dumps([*_MADE_BY, rule.type, rule.arguments, rows], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _tables(self, contract: Contract, rule: Rule) -> list[str]:
        """The tables a rule looks at."""
        return sorted({contract.table} | (tables_named(rule.arguments) & self.contracts.keys()))

    def _digest_of_rows(self, table: str) -> str:
        """A digest of a table's rows, in any order."""
        if table not in self._rows:
            query = f"select (count(*), bit_xor(hash(_t)), sum(hash(_t))) from main.{table} as _t"
            self._rows[table] = str(self.warehouse.rows(query)[0][0])
        return self._rows[table]


class QuickFindings(Findings):
    """The same findings asked in SQL, as far as rules have a form in it; only for others is Great Expectations
    imported, which takes longer than to check a file."""

    def _judge(self, contract: Contract, rules: Sequence[Rule]) -> Failing:
        failing: Failing = {}
        others = []
        for number, rule in enumerate(rules):
            if query := failing_rows(contract, rule):
                failing[number] = sorted(rec for (rec,) in self.warehouse.rows(query))
            elif wants_any_rows(rule):
                if not self.warehouse.rows(f"select 1 from main.{contract.table} limit 1"):
                    failing[number] = None
            else:
                others.append(number)
        if others:
            judged = super()._judge(contract, [rules[number] for number in others])
            failing |= {others[place]: recs for place, recs in judged.items()}
        return failing
