"""Which rows a rule that compares rows must be asked of again, as its SQL says."""

import pytest

from kaohe.contracts import load_contracts
from kaohe.large.narrowing import Narrow, narrowed
from kaohe.project import Project
from kaohe.validation.checks import condition
from kaohe.validation.rules import rules_of

COLUMNS = frozenset({"unit_id", "member_id", "day", "theme"})
WITH = "with entry as (select * from {batch}) select _rec from entry "


def bound(own: str | None, *others: tuple[str, str, str]) -> Narrow:
    return Narrow(frozenset(others), own)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (WITH + "where exists (select 1 from m where m.unit = entry.unit_id)", bound(None, ("m", "unit", "unit_id"))),
        (WITH + "where exists (select 1 from m where m.unit = entry.unit_id or m.day = entry.day)", None),
        (WITH + "where exists (select 1 from m where m.unit > entry.unit_id)", None),
        (WITH + "where theme not in (select name from m)", bound(None, ("m", "name", "theme"))),
        (WITH + "where exists (select 1 from entry as o where o.day = entry.day and o.theme <> entry.theme)", bound("day")),
        (WITH + "where exists (select 1 from entry as o where o.day = entry.theme)", None),
        ("select _rec from {batch} join m using (unit_id) where m.day < theme", bound(None, ("m", "unit_id", "unit_id"))),
        ("select _rec from (select * from {batch}) as b left join m on m.unit = b.unit_id", None),
        ("select _rec from {batch} cross join m", None),
        ("select _rec from {batch} qualify count(*) over (partition by day) > 1", None),
        ("select any_value(_rec) from {batch} group by day having count(*) > 1", None),
        ("select a._rec from {batch} as a join {batch} as b on a.day = b.day", bound("day")),
        (WITH + "where exists (select 1 from m join n on n.x = m.x where m.unit = entry.unit_id)", None),
    ],
)  # fmt: skip
def test_narrowed(query: str, found: Narrow | None) -> None:
    assert narrowed(query, COLUMNS) == found


def test_all_of_our_rules_say_what_they_look_at() -> None:
    contracts = load_contracts(Project.find().expectations)
    unbound = [
        (name, rule.name)
        for name, contract in contracts.items()
        for rule in rules_of(contract, contracts)
        if not rule.type.startswith("expect_table_") and (query := condition(contract, rule).query)
        if narrowed(query, frozenset(contract.columns)) is None
    ]
    assert not unbound
