"""Corrections (更正): a cell is read otherwise than it stands in its file, because a document says so.

A correction says what it expects to find. It is applied to the typed records of its table before repeated keys and
rules are judged, and listed in ``main.corrected``. One that is not complete (no document says so) is no order and goes
to quarantine. One that cannot be carried out stops the run, because nobody can say what the scores would be.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from kaohe.cleaning import typed_cell
from kaohe.contracts import SQL_TYPES, Column, Contract, Contracts, quoted
from kaohe.errors import KaoheError, nearest
from kaohe.people import MASK, is_hash
from kaohe.sources.forms import normal_heading
from kaohe.sources.inbox import LEDGERS
from kaohe.warehouse import Warehouse
from kaohe.words import listed, say

TABLE = "correction"
#: The typed records of a table as they are after its corrections, for the time of one resolution.
RECORDS = "corrected_record"

_CORRECTED = """
create or replace table main.corrected (
  table_name varchar, _rec varchar, record_key varchar, column_name varchar, before varchar, after varchar,
  applied boolean, reason varchar, source_doc varchar, approver varchar, _file varchar, _sheet varchar, _row integer)
"""

Query = Callable[[str, list[Any]], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Correction:
    """One cell, what it should say now and what it should say after.

    ``record_key`` is as it was written; ``key`` (its parts), ``expect`` and ``value`` are as tables hold them.
    ``place``: where the correction stands, in words; ``mend``: what to do if it cannot be carried out; ``rec``: its own
    record.
    """

    contract: Contract
    record_key: str
    key: tuple[str, ...]
    column: str
    expect: str | None
    value: str | None
    place: str
    mend: str
    rec: str = ""

    @property
    def spec(self) -> Column:
        return self.contract.columns[self.column]

    @property
    def heading(self) -> str:
        return self.spec.headings[0]

    def refused(self, why: str, /, **values: object) -> KaoheError:
        """The error of this correction; ``why`` is a sentence of the catalogue."""
        return KaoheError("correction_refused", place=self.place, problem=say(why, **values), mend=self.mend)

    def differs(self, said: str | None) -> KaoheError:
        """The error of a record that says something else, which is given as people write it."""
        texts = said, self.readable(self.expect), self.readable(self.value)
        found, expect, value = (say("blank_cell") if text is None else text for text in texts)
        table, key = self.contract.title, self.record_key
        return self.refused(
            "correction_differs", table=table, key=key, column=self.heading, expect=expect, value=value, found=found
        )

    def readable(self, text: str | None) -> str | None:
        """A canonical cell of the column as people write it."""
        if text is None:
            return None
        match self.spec.type:
            case "flag":
                return "是" if text == "true" else "否"
            case "percent":
                return f"{(Decimal(text) * 100).normalize():f}%"
            case "number":
                return f"{Decimal(text).normalize():f}"
            case "month":
                return text[:7]
            case "list":
                return text.strip("[]").replace(", ", "、")
            case _:
                return text


@dataclass(frozen=True)
class Found:
    """A record that a correction names, and what it says."""

    rec: str
    said: str | None
    expected: bool
    done: bool


def checked(
    contracts: Contracts,
    table: str,
    key: str,
    column: str,
    expect: str | None,
    value: str | None,
    place: str,
    mend: str,
    rec: str = "",
) -> Correction:
    """A correction whose table, column and values the contracts know; names may be those of a heading or a title.

    Raises ``KaoheError`` for a table or column that is not there or may not be corrected, a key with too few or too
    many parts, or a value that is none of the column's.
    """

    def refuse(why: str, /, **values: object) -> NoReturn:
        raise KaoheError("correction_refused", place=place, problem=say(why, **values), mend=mend)

    names = {name: name for name in contracts} | {normal_heading(c.title): name for name, c in contracts.items()}
    if (found := names.get(normal_heading(table))) is None:
        refuse("correction_no_table", table=table, near=nearest(table, [c.title for c in contracts.values()]))
    contract = contracts[found]
    if contract.restricted or found in (TABLE, "score_appeal"):
        refuse("correction_not_this_table", table=contract.title)
    headings = {normal_heading(text): name for name, c in contract.columns.items() for text in c.headings}
    named = column if column in contract.columns else headings.get(normal_heading(column))
    if named is None:
        near = nearest(column, [c.headings[0] for c in contract.columns.values()])
        refuse("correction_no_column", table=contract.title, column=column, near=near)
    spec = contract.columns[named]
    if named in contract.key or spec.type == "person":
        refuse("correction_not_this_column", column=spec.headings[0])
    parts = key.split("/") if len(contract.key) > 1 else [key]
    wanted = "/".join(contract.columns[name].headings[0] for name in contract.key)
    shown = _without_people(contract, parts)
    if len(parts) != len(contract.key):
        refuse("correction_key_parts", key=shown, wanted=wanted)
    typed_parts = []
    for name, part in zip(contract.key, parts, strict=True):
        text, _ = typed_cell(contract.columns[name], part)
        if text is None or (contract.columns[name].type == "person" and not is_hash(text)):
            person = contract.columns[name].type == "person"
            refuse("correction_key_person" if person else "correction_key_parts", key=shown, wanted=wanted)
        typed_parts.append(text)
    values = []
    for given in (expect, value):
        text, good = typed_cell(spec, given)
        if not good:
            refuse("correction_bad_value", value=given, column=spec.headings[0], problem=say(f"bad_{spec.type}"))
        values.append(text)
    if spec.type == "choice" and values[1] not in (None, *(spec.values or [])):
        problem = say("rule_choice", values=listed(spec.values or []))
        refuse("correction_bad_value", value=value, column=spec.headings[0], problem=problem)
    if values[1] is None and spec.required:
        refuse("correction_bad_value", value="", column=spec.headings[0], problem=say("rule_required"))
    return Correction(contract, key, tuple(typed_parts), named, values[0], values[1], place, mend, rec)


def _without_people(contract: Contract, parts: Sequence[str]) -> str:
    """A key to be repeated in a sentence, which may go far: what is or may be a person's name in it is not."""
    people = [contract.columns[name].type == "person" for name in contract.key]
    if len(people) != len(parts):
        return MASK if any(people) else "/".join(parts)
    return "/".join(MASK if person and not is_hash(part) else part for person, part in zip(people, parts, strict=True))


def begin(warehouse: Warehouse) -> None:
    """Start the run's list of what was corrected."""
    warehouse.con.execute(_CORRECTED)


def known(warehouse: Warehouse, contracts: Contracts) -> dict[str, list[Correction]]:
    """The run's corrections by table, from the trusted rows of ``correction``.

    Raises ``KaoheError`` for one that ``checked`` refuses, or two that disagree.
    """
    for file, sheet, row, source in warehouse.rows(
        "select record._file, record._sheet, record._row, record._source from main.problem as problem "
        "join raw.correction as record on record._rec = problem._rec "
        "where problem.table_name = ? and problem.reason = 'conflict' order by all limit 1",
        [TABLE],
    ):
        refused = say("correction_two")
        raise KaoheError("correction_refused", place=_place(file, sheet, row), problem=refused, mend=_mend(source))
    found = defaultdict(list)
    for table, key, column, expect, value, rec, source, file, sheet, row in warehouse.rows(
        "select target_table, record_key, target_column, expect, value, _rec, _source, _file, _sheet, _row "
        "from main.correction order by _source, _file, _sheet, _row"
    ):
        place = _place(file, sheet, row)
        correction = checked(contracts, table, key, column, expect, value, place, _mend(source), rec)
        found[correction.contract.table].append(correction)
    return dict(found)


def _place(file: str, sheet: str, row: int) -> str:
    return say("correction_at", file=" · ".join(part for part in (file, sheet) if part), row=row)


def _mend(source: str) -> str:
    return say("correction_mend_ledger" if source == LEDGERS else "correction_mend_inbox")


def find(correction: Correction, query: Query, records: str) -> list[Found]:
    """The records a correction names among the resolved ones in ``main.<table>``; ``records`` holds their cells."""
    contract, column = correction.contract, correction.contract.columns[correction.column]
    cells = [column, column, *(contract.columns[name] for name in contract.key)]
    names = [correction.column, correction.column, *contract.key]
    texts = [correction.expect, correction.value, *correction.key]
    tests = [_says(*test) for test in zip(names, cells, texts, strict=True)]
    rows = query(
        f"select resolved._rec, cast(given.{quoted(correction.column)} as varchar), {tests[0][0]}, {tests[1][0]} "
        f"from main.{contract.table} as resolved join {records} as given on given._rec = resolved._rec "
        f"where {' and '.join(test for test, _ in tests[2:])} order by resolved._rec",
        [value for _, values in tests for value in values],
    )
    return [Found(*row) for row in rows]


def _says(name: str, column: Column, text: str | None) -> tuple[str, list[str | None]]:
    """SQL, with its values: the cell says just this; a unit may go by any of its names."""
    same = f"given.{quoted(name)} is not distinct from cast(? as {SQL_TYPES[column.type]})"
    if column.type != "unit":
        return same, [text]
    by_any_name = f"coalesce(resolved.{quoted(name)} in (select unit_id from unit_name where name = ?), false)"
    return f"({same} or {by_any_name})", [text, text]


def apply(warehouse: Warehouse, contract: Contract, corrections: list[Correction]) -> None:
    """Make ``corrected_record`` from the typed records, and note in ``main.corrected`` what was changed.

    Raises ``KaoheError`` if a record is not there or says something else, or two corrections disagree about a cell.
    """
    con, given = warehouse.con, f"typed.{contract.table}"
    found = [(correction, find(correction, warehouse.rows, given)) for correction in corrections]
    recs = sorted({record.rec for _, records in found for record in records})
    con.execute(
        f"create or replace temp table changed_record as select * from {given} where list_contains(?, _rec)", [recs]
    )
    by_cell: dict[tuple[str, str], Correction] = {}
    for correction, records in found:
        if not records:
            raise correction.refused("correction_no_record", table=contract.title, key=correction.record_key)
        for record in records:
            first = by_cell.setdefault((record.rec, correction.column), correction)
            if first.value != correction.value:
                raise correction.refused("correction_two_at", place=first.place)
            if first is correction:
                _apply(warehouse, correction, record)
    con.execute(
        f"create or replace temp view {RECORDS} as select * from {given} where _rec not in (select _rec from "
        "changed_record) union all by name select * from changed_record"
    )


def _apply(warehouse: Warehouse, correction: Correction, record: Found) -> None:
    contract, name = correction.contract, correction.column
    if not record.expected and not record.done:
        raise correction.differs(correction.readable(record.said))
    sql_type = SQL_TYPES[correction.spec.type]
    if not record.done:
        warehouse.con.execute(
            f"update changed_record set {quoted(name)} = cast(? as {sql_type}) where _rec = ?",
            [correction.value, record.rec],
        )
    warehouse.con.execute(
        "insert into main.corrected select ?, ?, ?, ?, ?, ?, ?, reason, source_doc, approver, _file, _sheet, _row "
        "from main.correction where _rec = ?",
        [
            contract.table,
            record.rec,
            correction.record_key,
            name,
            correction.readable(record.said),
            correction.readable(correction.value),
            not record.done,
            correction.rec,
        ],
    )
