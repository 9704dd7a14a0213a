"""Who there is: units and their other names, members, the working calendar."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from make_sample import stories
from make_sample.bureau.books import Books
from make_sample.chance import YEAR, days, is_workday
from make_sample.records import Alias, CalendarDay, Member, Unit
from make_sample.vocabulary import EVERYWHERE, GRASSROOTS, GRASSROOTS_NAMES, OFFICE, OFFICE_NAMES, XUEXI, YOUTH

_SIZES: Final = {
    "D01": 104, "D02": 57, "D03": 38, "D05": 54, "D09": 20, "D20": 9, "D37": 6, "J03": 15, "J11": 13, "D11": 26,
    stories.ODD_COMMITTEE[0]: 6, stories.ODD_COMMITTEE[1]: 19,
    **dict.fromkeys(stories.NO_COMMITTEE, 5),
}  # fmt: skip
_YEAR_END: Final = date(YEAR, 12, 31)
_CLOSING_DAY: Final = date(YEAR, 6, 30)


def fill(books: Books) -> None:
    """Write the registries into the books."""
    units = _units(books.rng("units"))
    books.rows[Unit] = list(units)
    books.judge(units)
    books.rows[Member] = list(_members(units, books.rng("members")))
    books.rows[Unit] = [_counted(unit, books) for unit in units]
    books.file(Alias, _aliases(books.units))
    books.file(CalendarDay, (CalendarDay(day, is_workday(day)) for day in days(date(2023, 1, 1), date(2024, 12, 31))))


def _units(rng: random.Random) -> list[Unit]:
    names = [(f"J{n:02}", f"浦东新区生态环境局{name}", name, OFFICE) for n, name in enumerate(OFFICE_NAMES, 1)]
    for number, pair in enumerate(GRASSROOTS_NAMES, 1):
        name, _, short = pair.partition("/")
        names.append((f"D{number:02}", f"浦东新区{name}", short, GRASSROOTS))
    units = []
    for unit_id, name, short_name, category in names:
        drawn = rng.randint(5, 24) if category == OFFICE else round(rng.triangular(6, 44, 12))
        members = _SIZES.get(unit_id, drawn)
        kind = "党委" if members > 100 else "总支" if members > 50 else "支部"
        units.append(
            Unit(
                unit_id=unit_id,
                name=name,
                short_name=short_name,
                category=category,
                parent_id=None if category == OFFICE or kind == "党委" else "J03",
                party_org_type=kind,
                has_committee=(members >= 7) != (unit_id in stories.ODD_COMMITTEE),
                group_count=0,
                member_count=members,
                valid_from=date(YEAR, 5, 15)
                if unit_id == stories.SET_UP_IN_MAY
                else date(rng.randint(2009, 2017), 3, 1),
                valid_to={stories.ENDS_LATER: date(2025, 12, 31), stories.CLOSED_IN_JUNE: _CLOSING_DAY}.get(unit_id),
            )
        )
    return units


def _counted(unit: Unit, books: Books) -> Unit:
    """The unit with the full members it has at the end of the year, and a group for every dozen of them."""
    members = len(books.roster(unit.unit_id, min(_YEAR_END, unit.valid_to or _YEAR_END), full=True))
    odd = unit.unit_id in stories.ODD_COMMITTEE
    committee = (members >= 7) != odd
    groups = members // 12 if committee and not odd else 0
    return replace(unit, member_count=members, has_committee=committee, group_count=groups)


def _members(units: Sequence[Unit], rng: random.Random) -> Iterator[Member]:
    """The roll of every unit, then what moved in the year."""
    number = 0
    roll: list[Member] = []
    for unit in units:
        for role in _roles(unit.member_count, unit.has_committee):
            number += 1
            joined = date(rng.randint(2005, 2022), rng.randint(1, 12), rng.choice((1, 10, 20)))
            roll.append(
                Member(
                    member_id=f"DY{number:04}",
                    unit_id=unit.unit_id,
                    status="正式",
                    role=role,
                    exempt=role == "党员" and rng.random() < 0.06,
                    valid_from=max(joined, unit.valid_from),
                    valid_to=None,
                )
            )
        for _ in range(rng.choice((0, 0, 1, 1, 2)) if unit.member_count >= 9 else 0):
            number += 1
            day = date(rng.choice((2022, 2023)), rng.randint(1, 12), rng.randint(1, 28))
            start = max(day, unit.valid_from + timedelta(days=30))
            roll.append(Member(f"DY{number:04}", unit.unit_id, "预备", "党员", False, start, None))
    for member in roll:
        yield from _moved(member, roll)


def _roles(members: int, committee: bool) -> list[str]:
    deputies = 2 + (members > 15) + 2 * (members > 40) if committee else 0
    clerks = 0 if members < 9 else 1 if members < 40 else 2
    roles = ["书记"] + ["班子"] * deputies + ["党务干部"] * clerks
    return roles + ["党员"] * (members - len(roles))


def _moved(member: Member, roll: Sequence[Member]) -> Iterator[Member]:
    """The rows of one member: two where the unit or the status changed in the year."""

    def movers(unit_id: str, number: int = 1) -> list[Member]:
        return [other for other in roll if other.unit_id == unit_id and other.role == "党员"][:number]

    def until(day: date) -> Member:
        return replace(member, valid_to=day - timedelta(days=1))

    if member.status == "预备" and member.valid_from.year == 2022:  # becomes a full member a year later
        day = member.valid_from.replace(year=2023)
        yield until(day)
        yield replace(member, status="正式", valid_from=day)
        return
    if member.unit_id == stories.CLOSED_IN_JUNE:  # all go to the unit that takes over
        day = _CLOSING_DAY + timedelta(days=1)
        yield until(day)
        yield replace(member, unit_id=stories.TAKES_OVER, role="党员", valid_from=day)
        return
    for (source, target), when in stories.TRANSFERRED.items():
        if member in movers(source):
            day = date(*when)
            yield until(day)
            yield replace(member, unit_id=target, valid_from=day)
            return
    if member in movers(stories.SECONDED[0]):
        yield until(date(YEAR, 4, 1))
        yield replace(member, unit_id=stories.SECONDED[1], valid_from=date(YEAR, 4, 1), valid_to=date(YEAR, 10, 31))
        yield replace(member, valid_from=date(YEAR, 11, 1))
        return
    if any(member in movers(unit_id) for unit_id in stories.LEAVES):
        yield replace(member, valid_to=date(YEAR, 8, 31))
        return
    yield member
    if member in movers(stories.OVERLAPS[0], 2)[1:]:  # never signed off where it came from
        yield replace(member, unit_id=stories.OVERLAPS[1], valid_from=date(YEAR, 10, 1))


def _aliases(units: Sequence[Unit]) -> Iterator[Alias]:
    """Everyday names for some units, and platform names, which are cut to 20 characters."""
    for number, unit in enumerate(units):
        if unit.name == "浦东新区水务管理事务中心":
            yield Alias("区水务管理中心", EVERYWHERE, unit.unit_id)
        elif number % 3 == 0:
            everyday = f"局{unit.short_name}" if unit.category == OFFICE else f"区{unit.name.removeprefix('浦东新区')}"
            yield Alias(everyday, EVERYWHERE, unit.unit_id)
    for platform, pattern in (
        (XUEXI, "中共上海市{name}机关支部委员会"),
        (YOUTH, "共青团上海市{name}支部委员会"),
    ):
        cut = {unit.unit_id: pattern.format(name=unit.name)[:20] for unit in units}
        times = Counter(cut.values())
        yield from (Alias(name, platform, unit_id) for unit_id, name in cut.items() if times[name] == 1)
