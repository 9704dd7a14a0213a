"""强基固本, spot checks: who was drawn, what was checked, what was found and put right."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from make_sample import stories
from make_sample.bureau.books import Books, is_there
from make_sample.chance import AS_OF, YEAR, last_day, month, person, workday
from make_sample.records import Finding, Inspection, InspectionPlan, Meeting
from make_sample.vocabulary import CATEGORIES, FOLLOW_UPS, GUIDANCE, MADE_UP, OPINIONS, OUTSIDE_INSPECTORS

_ROUNDS: Final = ((1, range(2, 7)), (2, range(7, 13)))  # nobody is checked in January


def fill(books: Books) -> None:
    """Write the tables of the spot checks into the books."""
    books.file(InspectionPlan, _plans(books, books.rng("inspection_plan")))
    books.file(Inspection, _inspections(books, books.rng("inspection")))
    books.file(Finding, _findings(books, books.rng("inspection_finding")))


def _plans(books: Books, rng: random.Random) -> Iterator[InspectionPlan]:
    """Every unit is drawn once a round, but one whose second round was forgotten; some are drawn twice."""
    for unit in books.units:
        for number, months in _ROUNDS:
            there = [m for m in months if is_there(unit, month(YEAR, m)) and is_there(unit, last_day(month(YEAR, m)))]
            if not there or (unit.unit_id == stories.NOT_IN_ROUND_2 and number == 2):
                continue
            for drawn in sorted(rng.sample(there, min(len(there), rng.choice((1, 1, 1, 2))))):
                day = min(
                    day for day in (month(YEAR, drawn) + timedelta(days=n) for n in range(9)) if day.weekday() < 5
                )
                yield InspectionPlan(YEAR, drawn, unit.unit_id, number, day, f"{YEAR}{drawn:02}01")


def _inspections(books: Books, rng: random.Random) -> Iterator[Inspection]:
    """The checks of the months for which a unit was drawn, two or three in each."""
    drawn: list[tuple[date, str, int]] = []
    for plan in books.of(InspectionPlan):
        if plan.unit_id not in (stories.NEVER_INSPECTED, stories.NO_DATA):
            checks = rng.randint(2, 4)
            drawn += [(workday(YEAR, plan.month, rng), plan.unit_id, plan.round) for _ in range(checks)]
    others = [unit.unit_id for unit in books.units if unit.unit_id not in stories.STORIES]
    drawn += [(workday(YEAR - 1, rng.randint(9, 12), rng), unit_id, 2) for unit_id in rng.sample(others, 10)]
    drawn += [(workday(YEAR + 1, rng.randint(1, 3), rng), unit_id, 1) for unit_id in rng.sample(others, 8)]
    held: dict[str, list[Meeting]] = {}
    for meeting in books.of(Meeting):
        held.setdefault(meeting.unit_id, []).append(meeting)
    number_in_month: Counter[str] = Counter()
    for day, unit_id, number in sorted(drawn):
        month_of = f"{day:%y%m}"
        number_in_month[month_of] += 1
        good = books.quality[unit_id]
        musts = [rng.random() < 0.78 + 0.22 * good for _ in range(4)]
        seen = [m.record_id for m in held.get(unit_id, ()) if day - timedelta(days=90) <= m.held_on < day]
        yield Inspection(
            inspection_id=f"CC{month_of}-{number_in_month[month_of]:03}",
            unit_id=unit_id,
            round=number,
            inspected_on=day,
            inspector=person(rng),
            inspector_unit=rng.choice([None, "J02", "J03", *OUTSIDE_INSPECTORS]) if unit_id > "J03" else None,
            record_id=rng.choice(seen) if seen and rng.random() < 0.8 else None,
            fixed_time=musts[0],
            agenda=musts[1],
            procedure=musts[2],
            detailed_record=musts[3],
            opinion=OPINIONS[min(4, 4 - sum(musts))] if sum(musts) < 4 else rng.choice(OPINIONS[:2]),
            guidance=rng.choice(GUIDANCE),
            follow_up=rng.choice(FOLLOW_UPS),
        )


def _findings(books: Books, rng: random.Random) -> Iterator[Finding]:
    number = 0
    made_up = {stories.ONE_FACT_THRICE: 1, stories.MOST_DEDUCTIONS: 3}
    for check in books.of(Inspection):
        good = books.quality[check.unit_id]
        for _ in range(sum(rng.random() < 0.14 + 0.36 * (1 - good) for _ in range(4)) if good < 1 else 0):
            number += 1
            yield _finding(f"WT{check.inspection_id[2:6]}-{number:04}", check, good, rng.choice(CATEGORIES), rng)
        if check.inspected_on.year == YEAR and made_up.get(check.unit_id, 0) > 0:
            made_up[check.unit_id] -= 1
            number += 1
            yield _finding(f"WT{check.inspection_id[2:6]}-{number:04}", check, good, MADE_UP, rng)


def _finding(finding_id: str, check: Inspection, good: float, category: str, rng: random.Random) -> Finding:
    found = check.inspected_on + timedelta(days=rng.choice((0, 0, 0, 1, 2)))
    due = found + timedelta(days=rng.choice((15, 20, 30, 30, 45) if rng.random() < 0.97 else (120, 150)))
    days = (due - found).days
    chance = rng.random()
    rectified: date | None = None
    rechecked: date | None = None
    if chance < 0.55 + 0.43 * good:  # closed on time
        rectified = found + timedelta(days=rng.randint(1, days - 5))
        rechecked = rectified + timedelta(days=rng.randint(0, 5))
    elif chance < 0.80 + 0.18 * good:  # closed late
        rectified = due + timedelta(days=rng.randint(1, 20))
        rechecked = rectified + timedelta(days=rng.randint(1, 10))
    elif chance < 0.90 + 0.08 * good:  # done, but never checked again
        rectified = due - timedelta(days=rng.randint(1, 5))
    rectified = rectified if rectified and rectified <= AS_OF else None
    rechecked = rechecked if rechecked and rechecked <= AS_OF else None
    return Finding(
        finding_id=finding_id,
        inspection_id=check.inspection_id,
        unit_id=check.unit_id,
        severity=rng.choice(("严重", "一般", "一般", "一般", "轻微", "轻微", "轻微", "轻微")),
        category=category,
        found_on=found,
        due_on=due,
        rectified_on=rectified,
        rechecked_on=rechecked,
        status="已销号" if rechecked else "已整改" if rectified else "逾期" if due <= AS_OF else "待整改",
    )
