"""Parts: so many units at a time, so that memory is bounded however many there are in all.

A measure works per unit, from the records that concern it: those that name it in any unit column, that refer to a
record of its own, or that are about one of its members. Records whose own unit is in another part are few, and kept
aside; the rest of a part is a range of unit ids. What a measure must see of every unit is named in its header
(``Whole:``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kaohe.contracts import Contract, Contracts, literal, quoted
from kaohe.large.records import BY_ROW, Records
from kaohe.models import Models
from kaohe.warehouse import Engine

#: The registry of members: a record with its key column is about that member.
MEMBERS, MEMBER = "party_member", "member_id"
WHOLE = "whole_"
#: So many units are measured and scored at a time.
UNITS_PER_PART = 250_000


@dataclass(frozen=True)
class Concern:
    """A way in which records of a table concern a unit beside their own: ``join`` finds it, ``unit`` is it, both for a
    ``record``."""

    join: str
    unit: str


def concerns(contract: Contract, contracts: Contracts, prefix: str = BY_ROW) -> Iterator[Concern]:
    """The ways in which the records of a table with a unit of its own concern others. ``prefix``: of the tables to look
    at."""
    for name in contract.unit_columns:
        if name != "unit_id":
            yield Concern("", f"record.{quoted(name)}")
    for name, column in contract.columns.items():
        if column.references and "unit_id" in contracts[column.references.table].columns:
            other = contracts[column.references.table]
            yield Concern(
                f"join main.{prefix}{other.table} as other on other.{quoted(other.key[0])} = record.{quoted(name)}",
                "other.unit_id",
            )
    if MEMBER in contract.columns and MEMBERS in contracts:
        yield Concern(f"join main.{prefix}{MEMBERS} as other on other.{MEMBER} = record.{MEMBER}", "other.unit_id")


def keep_whole(engine: Engine, records: Records, measures: Models) -> None:
    """Let the tables of which a measure must see every unit's records be there whole, whatever part is looked at."""
    for table in sorted({table for model in measures.values() for table in model.whole}):
        for prefix in ("", BY_ROW):
            engine.view(f"main.{prefix}{WHOLE}{table}", records.queries[prefix, table])


class Parts:
    """The parts of an assessment. ``bounds``: the first and the last unit id of each, in their order."""

    def __init__(self, engine: Engine, contracts: Contracts, records: Records, measures: Models, size: int) -> None:
        self.engine, self.contracts, self.records = engine, contracts, records
        self.bounds: list[tuple[str, str]] = engine.rows(
            "select min(unit_id), max(unit_id) from (select unit_id, (row_number() over (order by unit_id) - 1) "
            f"// {size:d} as part from main.org_unit) as numbered group by part order by part"
        )
        self.elsewhere: set[str] = set()
        keep_whole(engine, records, measures)
        if len(self.bounds) > 1:
            self._find_elsewhere()

    def _find_elsewhere(self) -> None:
        """``main.elsewhere``: the records that concern a unit of another part than their own's."""
        rows = [(lo, hi, number) for number, (lo, hi) in enumerate(self.bounds)]
        values = ", ".join(f"({literal(lo)}, {literal(hi)}, {number})" for lo, hi, number in rows)
        self.engine.make("main.part", f"select * from (values {values}) as bound (first_unit, last_unit, number)")
        self.engine.empty("main.elsewhere", "table_name varchar, _file varchar, _row integer, number integer")
        for name, contract in self.contracts.items():
            if "unit_id" not in contract.columns or name == "org_unit":
                continue
            for concern in concerns(contract, self.contracts):
                self.engine.append(
                    "main.elsewhere",
                    f"select distinct '{name}', record._file, record._row, theirs.number "
                    f"from main.{BY_ROW}{name} as record {concern.join} "
                    "join main.part as ours on record.unit_id between ours.first_unit and ours.last_unit "
                    f"join main.part as theirs on {concern.unit} between theirs.first_unit and theirs.last_unit "
                    f"where {concern.unit} <> record.unit_id and ours.number <> theirs.number",
                )
        for (name,) in self.engine.rows("select distinct table_name from main.elsewhere order by 1"):
            self.elsewhere.add(name)
            for prefix in ("", BY_ROW):
                self.engine.make(
                    f"main.elsewhere_{prefix}{name}",
                    "select distinct record.*, place.number as _part "
                    f"from ({self.records.queries[prefix, name]}) as record "
                    f"join main.elsewhere as place on place.table_name = '{name}' and place._file = record._file "
                    "and place._row = record._row",
                )

    def turn_to(self, number: int) -> None:
        """From now on the trusted tables hold what concerns the units of a part."""
        if len(self.bounds) == 1:
            return
        lo, hi = map(literal, self.bounds[number])
        for name, contract in self.contracts.items():
            for prefix in ("", BY_ROW):
                query = self.records.queries[prefix, name]
                if "unit_id" in contract.columns:
                    query = f"select * from ({query}) as record where record.unit_id between {lo} and {hi}"
                    if name in self.elsewhere:
                        query += f" union all select * exclude (_part) from main.elsewhere_{prefix}{name} "
                        query += f"where _part = {number:d}"
                elif not contract.reference and contract.owner:
                    column, table = contract.owner
                    key = quoted(self.contracts[table].key[0])
                    query = (
                        f"select * from ({query}) as record where exists (select 1 from main.{prefix}{table} as owner "
                        f"where owner.{key} = record.{quoted(column)})"
                    )
                self.engine.view(f"main.{prefix}{name}", query)
