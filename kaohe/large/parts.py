"""Parts: so many units at a time, so that memory is bounded however many there are in all.

A measure works per unit, from the records that concern it: those that name it in any unit column, that refer to a
record of its own, or that are about one of its members. Records whose own unit is in another part are few, and kept
aside; the rest of a part is a range of unit ids. What a model must see of every unit is named in its header
(``Whole:``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaohe.contracts import Contract, Contracts
from kaohe.large.engine import LargeEngine, Span
from kaohe.large.records import Records
from kaohe.large.rows import BY_ROW, by_record
from kaohe.models import Model
from kaohe.sqltext import literal, quoted
from kaohe.warehouse import Engine

#: The registry of members: a record with its key column is about that member.
MEMBERS, MEMBER = "party_member", "member_id"
WHOLE = "whole_"
#: Before a table's name: its records, and the same told apart by where they stand.
_PREFIXES = ("", BY_ROW)
#: So many units are measured and scored at a time.
UNITS_PER_PART = 250_000


@dataclass(frozen=True)
class Concern:
    """A way in which records of a table concern a unit beside their own: a ``column`` names it, or refers to the
    ``key`` of a record of ``table`` that has it."""

    column: str
    table: str = ""
    key: str = ""

    def join(self, prefix: str = BY_ROW) -> str:
        """What finds the unit, for a ``record``. ``prefix``: of the tables to look at."""
        if not self.table:
            return ""
        return f"join main.{prefix}{self.table} as other on other.{quoted(self.key)} = record.{quoted(self.column)}"

    @property
    def unit(self) -> str:
        """The unit, for a ``record`` and what ``join`` finds."""
        return "other.unit_id" if self.table else f"record.{quoted(self.column)}"


def concerns(contract: Contract, contracts: Contracts) -> Iterator[Concern]:
    """The ways in which the records of a table with a unit of its own concern others."""
    for name in contract.unit_columns:
        if name != "unit_id":
            yield Concern(name)
    for name, column in contract.columns.items():
        if column.references and "unit_id" in contracts[column.references.table].columns:
            yield Concern(name, column.references.table, contracts[column.references.table].key[0])
    if MEMBER in contract.columns and MEMBERS in contracts:
        yield Concern(MEMBER, MEMBERS, MEMBER)


def keep_whole(engine: Engine, records: Records, models: Iterable[Model]) -> set[str]:
    """Let the tables of which a model must see every unit's records be there whole, whatever part is looked at; gives
    their names."""
    whole = {table for model in models for table in model.whole}
    for table in sorted(whole):
        for prefix in _PREFIXES:
            engine.view(f"main.{prefix}{WHOLE}{table}", records.queries[prefix, table])
    return whole


class Parts:
    """The parts of an assessment. ``bounds``: the first and the last unit id of each, in their order."""

    def __init__(
        self, engine: LargeEngine, contracts: Contracts, records: Records, models: Iterable[Model], size: int,
        inbox: Path, files: Mapping[str, Sequence[Path]],
    ) -> None:  # fmt: skip
        self.engine, self.contracts, self.records = engine, contracts, records
        self.inbox, self.files = inbox, files
        self.bounds: list[tuple[str, str]] = engine.rows(
            "select min(unit_id), max(unit_id) from (select unit_id, (row_number() over (order by unit_id) - 1) "
            f"// {size:d} as part from main.org_unit) as numbered group by part order by part"
        )
        self.elsewhere: set[str] = set()
        self.whole = keep_whole(engine, records, models)
        if len(self.bounds) > 1:
            self.spans: dict[str, list[Span]] = {}
            self.read: dict[str, list[Path]] = {}
            self._find_elsewhere()

    def _find_elsewhere(self) -> None:
        """``main.elsewhere``: the records that concern a unit of another part than their own's. In each part, those
        are noted that concern nobody of it; only of these, which are few, it is asked whom they concern."""
        engine = self.engine
        rows = [(lo, hi, number) for number, (lo, hi) in enumerate(self.bounds)]
        values = ", ".join(f"({literal(lo)}, {literal(hi)}, {number})" for lo, hi, number in rows)
        engine.make("main.part", f"select * from (values {values}) as bound (first_unit, last_unit, number)")
        engine.empty(
            "main.stray",
            "table_name varchar, refers_to varchar, value varchar, _file varchar, _row integer, number integer",
        )
        found = {
            name: list(concerns(contract, self.contracts))
            for name, contract in self.contracts.items()
            if "unit_id" in contract.columns and name != "org_unit"
        }
        referred = {each.table: each.key for ways in found.values() for each in ways if each.table}
        for table, key in referred.items():
            engine.make(f"main.several_{table}", self._several(table, quoted(key)))
        for number in range(len(self.bounds)):
            self._turn_to(number)
            for name, ways in found.items():
                for each in ways:
                    engine.append(
                        "main.stray",
                        f"select {literal(name)}, {literal(each.table)}, record.{quoted(each.column)}, record._file, "
                        f"record._row, {number:d} from main.{BY_ROW}{name} as record "
                        f"where {self._strays(name, each, number)}",
                    )
        self.turn_to_all()
        engine.empty("main.elsewhere", "table_name varchar, _file varchar, _row integer, number integer")
        for table in ("", *referred):
            way = Concern("value", table, referred.get(table, ""))
            engine.append(
                "main.elsewhere",
                "select distinct record.table_name, record._file, record._row, theirs.number "
                f"from main.stray as record {way.join()} join main.part as theirs "
                f"on {way.unit} between theirs.first_unit and theirs.last_unit "
                f"where record.refers_to = {literal(table)} and record.number <> theirs.number",
            )
        for (name,) in engine.rows("select distinct table_name from main.elsewhere order by 1"):
            self.elsewhere.add(name)
            engine.make(
                f"main.elsewhere_{BY_ROW}{name}",
                "select distinct record.*, place.number as _part "
                f"from ({self.records.queries[BY_ROW, name]}) as record "
                f"join main.elsewhere as place on place.table_name = {literal(name)} and place._file = record._file "
                "and place._row = record._row",
            )
            engine.view(f"main.elsewhere_{name}", by_record(f"main.elsewhere_{BY_ROW}{name}"))

    def _several(self, table: str, key: str) -> str:
        """A query of the values that stand in the key of several records of a table, which may be in several parts."""
        several = "false" if len(self.contracts[table].key) == 1 else (
            f"hash({key}) in (select hash({key}) from main.{BY_ROW}{table} group by hash({key}) having count(*) > 1)"
        )  # fmt: skip
        return f"select distinct {key} as value from main.{BY_ROW}{table} where {several}"

    def _strays(self, name: str, concern: Concern, number: int) -> str:
        """The condition that a ``record`` of a table of a part may concern a unit of another."""
        value = f"record.{quoted(concern.column)}"
        if not concern.table:
            return f"{value} not between {' and '.join(map(literal, self.bounds[number]))}"
        elsewhere = "" if (name, concern.column) == (concern.table, concern.key) else (
            f" or not exists (select 1 from main.{BY_ROW}{concern.table} as other "
            f"where other.{quoted(concern.key)} = {value})"
        )  # fmt: skip
        return f"{value} is not null and ({value} in (select value from main.several_{concern.table}){elsewhere})"

    def turn_to(self, number: int) -> None:
        """From now on the trusted tables hold what concerns the units of a part."""
        if len(self.bounds) > 1:
            self._turn_to(number)

    def turn_to_all(self) -> None:
        """From now on the trusted tables hold everything."""
        if len(self.bounds) > 1:
            for name in self.read:
                self.engine.read_files(name, self.inbox, self.files[name])
            self.read.clear()
            for (prefix, name), query in self.records.queries.items():
                if prefix in _PREFIXES:
                    self.engine.view(f"main.{prefix}{name}", query)

    def _turn_to(self, number: int) -> None:
        lo, hi = self.bounds[number]
        for name, contract in self.contracts.items():
            if "unit_id" in contract.columns:
                self._narrow(name, "unit_id", lo, hi)
                here = f"record.unit_id between {literal(lo)} and {literal(hi)}"
                self._view(name, number, dict.fromkeys(_PREFIXES, here))
        for name, contract in self.contracts.items():
            if "unit_id" not in contract.columns and not contract.reference and contract.owner:
                self._turn_owned(name, number, *contract.owner)

    def _turn_owned(self, name: str, number: int, column: str, table: str) -> None:
        """Records that belong to the units of a part through those of another table, which has turned to it."""
        key = quoted(self.contracts[table].key[0])
        first, last = self.engine.rows(f"select min({key}), max({key}) from main.{BY_ROW}{table}")[0]
        if first is None:
            return self._view(name, number, dict.fromkeys(_PREFIXES, "false"))
        self._narrow(name, column, first, last)
        value = f"record.{quoted(column)}"
        between = f"{value} between {literal(first)} and {literal(last)}"
        owned = "exists (select 1 from main.{}{} as owner where owner.{} = {})"
        which = {prefix: f"{between} and {owned.format(prefix, table, key, value)}" for prefix in _PREFIXES}
        return self._view(name, number, which)

    def _view(self, name: str, number: int, which: Mapping[str, str]) -> None:
        """``which``: the condition that a record is of the part, by the prefix of the tables to look at."""
        for prefix in _PREFIXES:
            query = f"select * from ({self.records.queries[prefix, name]}) as record where {which[prefix]}"
            if name in self.elsewhere:
                query += (
                    f" union all select * exclude (_part) from main.elsewhere_{prefix}{name} where _part = {number:d}"
                )
            self.engine.view(f"main.{prefix}{name}", query)

    def _narrow(self, name: str, column: str, first: str, last: str) -> None:
        """From now on of a table's files only those are looked at that can have a text between two in a column."""
        how = self.records.how[name]
        if (
            name in self.whole
            or self.records.types[name].get(column) != "VARCHAR"
            or column in (*how.mended, *how.names)
        ):
            return
        if name not in self.spans:
            self.spans[name] = self.engine.spans(self.files[name], column)
        spans = self.spans[name]
        if not spans:  # no records
            return
        files = [path for path, lowest, highest in spans if lowest <= last and first <= highest] or [spans[0][0]]
        if files != self.read.get(name):
            self.read[name] = files
            if self.engine.read_files(name, self.inbox, files) != self.records.types[name]:  # they are not all alike
                self.read[name] = [path for path, *_ in spans]
                self.engine.read_files(name, self.inbox, self.read[name])
