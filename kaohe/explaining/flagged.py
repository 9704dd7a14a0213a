"""What rules warn of among the records behind indicators: which were taken, and may count for nothing all the same."""

from collections.abc import Iterable

from kaohe.contracts import Contract, Contracts
from kaohe.explaining.facts import Facts
from kaohe.publication.snapshot import Snapshot
from kaohe.scheme import Scheme
from kaohe.sqltext import literal, quoted

#: Unit → (table, what a rule says) → the ``_rec`` of its records, in the order of their places.
Warned = dict[str, dict[tuple[str, str], list[str]]]


def warned_of(
    snapshot: Snapshot, contracts: Contracts, scheme: Scheme, facts: Facts, units: list[str], asked: str | None
) -> Warned:
    """The warnings on records of units from which the leaves are measured, or those below the node that is ``asked``
    for; first the tables of what lost most.

    Records of the year, and others that stand behind an item. Tables that alerts alone read are the bureau's; so are
    registries where an indicator is asked for, since nearly all look into them.
    """
    leaves = _leaves(scheme, asked)
    behind: dict[str, set[str]] = {}
    for indicator, table in snapshot.rows(
        "select indicator, table_name from main.measure_table "
        "where table_name in (select distinct table_name from main.flagged)"
    ):
        if indicator in leaves:
            behind.setdefault(table, set()).add(indicator)
    found: Warned = {}
    for table in contracts:
        contract = contracts[table]
        if table in behind and not contract.restricted and not (asked and contract.reference):
            for unit, rec, sentence in _rows(snapshot, contracts, contract, units, scheme.year):
                found.setdefault(unit, {}).setdefault((table, sentence), []).append(rec)
    return {unit: _dearest_first(facts, unit, of_unit, behind) for unit, of_unit in found.items()}


def _leaves(scheme: Scheme, asked: str | None) -> set[str]:
    parents = {entry.name: entry.parent for entry in scheme.entries}
    found = {entry.name for entry, _ in scheme.leaves}
    if asked is None:
        return found
    above = {name: {name} for name in found}
    for name, names in above.items():
        while name := parents[name]:
            names.add(name)
    return {name for name in found if asked in above[name]}


def _rows(
    snapshot: Snapshot, contracts: Contracts, contract: Contract, units: list[str], year: int
) -> Iterable[tuple[str, str, str]]:
    unit, joined = "record.unit_id", ""
    if "unit_id" not in contract.columns:
        if contract.reference:
            return []  # nobody's, like the calendar
        assert contract.owner
        column, table = contract.owner
        key = quoted(contracts[table].key[0])
        unit, joined = "owner.unit_id", f"join main.{table} as owner on owner.{key} = record.{quoted(column)}"
    return snapshot.rows(
        f"select {unit}, record._rec, warned.sentence from main.{contract.table} as record {joined} "
        "join main.flagged as warned on warned._rec = record._rec "
        f"where warned.table_name = {literal(contract.table)} and {unit} in (select unnest(?)) "
        f"and (record._year is null or record._year = {year:d} or record._rec in "
        f"(select unnest(records) from main.evidence where unit_id in (select unnest(?)))) "
        "order by record._file, record._sheet, record._row, record._at, warned.sentence",
        [units, units],
    )


def _dearest_first(
    facts: Facts, unit: str, warned: dict[tuple[str, str], list[str]], behind: dict[str, set[str]]
) -> dict[tuple[str, str], list[str]]:
    lost = {name: row["lost"] for name, row in facts.leaves[unit].items()}
    dear = {table: max((lost.get(name, 0) for name in behind[table]), default=0) for table, _ in warned}
    return dict(sorted(warned.items(), key=lambda each: -dear[each[0][0]]))
