"""强基固本, beside organisational life: tasks, elections, new members, secretaries, cadres, model offices."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from make_sample import stories
from make_sample.bureau.books import Books
from make_sample.chance import AS_OF, YEAR, does, months_after, person, pick_some, workday
from make_sample.records import (
    CadreAction,
    Candidate,
    Election,
    Guidance,
    InnovationCase,
    ModelOffice,
    SecretaryMeeting,
    Task,
    Unit,
)
from make_sample.vocabulary import (
    CADRE_ITEMS,
    CADRE_PLANS,
    CASE_TITLES,
    CLAUSES,
    GOALS,
    HARD_POINTS,
    TIER_ACTIONS,
    TIER_REASONS,
)

_ELECTED: Final = {  # units whose term ended in the year, with a story: due, held, extended to, approval
    stories.ON_TIME_AFTER_EXTENSION: ((6, 30), date(2023, 12, 12), date(2023, 12, 31), "沪浦环党〔2023〕15号"),
    stories.EXTENSION_TOO_LONG: ((3, 31), date(2024, 3, 20), date(2024, 9, 30), "沪浦环党〔2023〕9号"),
    stories.EXTENSION_RUNS: ((9, 30), None, date(2024, 9, 29), "沪浦环党〔2023〕31号"),
    stories.ELECTED_LATE: ((5, 31), date(2023, 6, 19), None, None),
    stories.OVERDUE[0]: ((4, 30), None, None, None),
    stories.OVERDUE[1]: ((10, 31), None, None, None),
}


def fill(books: Books) -> None:
    """Write these tables into the books."""
    books.file(Task, _tasks(books, books.rng("task_breakdown")))
    books.file(Election, _elections(books, books.rng("election")))
    books.file(Candidate, _candidates(books, books.rng("member_development")))
    books.file(SecretaryMeeting, _secretary_meetings(books, books.rng("secretary_meeting")))
    books.file(Guidance, _guidance(books, books.rng("guidance_log")))
    books.file(InnovationCase, _innovation_cases(books, books.rng("innovation_case")))
    books.file(CadreAction, _cadre_actions(books, books.rng("cadre_action")))
    books.file(ModelOffice, _model_offices(books, books.rng("model_office")))


def _tasks(books: Books, rng: random.Random) -> Iterator[Task]:
    number = 0
    for unit in books.reporting(Task):
        good = books.quality[unit.unit_id]
        for clause in pick_some(rng, CLAUSES, 3, 5):
            number += 1
            due = workday(YEAR if rng.random() < 0.94 else YEAR + 1, rng.randint(3, 12), rng)
            late = 0 if does(rng, good, 0.75) else 1
            done: date | None = due + timedelta(days=rng.randint(3, 60) if late else -rng.randint(0, 30))
            if (late and rng.random() < 0.5) or (done and done > AS_OF):
                done = None
            yield Task(
                task_id=f"RW{number:03}",
                unit_id=unit.unit_id,
                clause=clause,
                owner=person(rng),
                due_on=due,
                done_on=done,
                evidence=f"党建台账第{rng.randint(1, 60)}页" if done and rng.random() < 0.7 else None,
            )


def _elections(books: Books, rng: random.Random) -> Iterator[Election]:
    for unit in books.reporting(Election):
        years = 5 if unit.party_org_type == "党委" else 3
        held: date | None = None
        until: date | None = None
        approval: str | None = None
        if story := _ELECTED.get(unit.unit_id):
            (month, day), held, until, approval = story
            due = date(YEAR, month, day)
        elif unit.unit_id in stories.DUE_SOON:
            due = AS_OF + timedelta(days=stories.DUE_SOON[unit.unit_id])
        elif unit.unit_id == stories.SET_UP_IN_MAY:
            due = months_after(unit.valid_from, 12 * years)
        elif unit.unit_id == stories.OVERDUE_NOW:
            due = date(2024, 2, 28)
        elif rng.random() < 0.25 or unit.unit_id in stories.PERFECT:
            due = workday(YEAR, rng.randint(3, 12), rng)
            held = due - timedelta(days=rng.randint(0, 40))
        else:
            due = workday(rng.choice((2025, 2026)), rng.randint(1, 12), rng)
        term = Election(
            unit_id=unit.unit_id,
            term_start=due.replace(year=due.year - years, day=min(due.day, 28)),
            org_type=unit.party_org_type,
            term_years=years,
            due_on=due,
            held_on=held,
            extension_approved_to=until,
            approval_no=approval,
        )
        yield term
        if held and held <= AS_OF and rng.random() < 0.8:  # the term that follows
            next_due = held.replace(year=held.year + years)
            yield replace(
                term, term_start=held, due_on=next_due, held_on=None, extension_approved_to=None, approval_no=None
            )


# --- New members -----------------------------------------------------------------------------------------------------


def _candidates(books: Books, rng: random.Random) -> Iterator[Candidate]:
    """People on their way into the Party, each stopped where the year's end found them."""
    number = 0
    for unit in books.reporting(Candidate):
        good = books.quality[unit.unit_id]
        if unit.member_count < 9:
            continue
        for _ in range(rng.choice((0, 1, 1, 2))):
            number += 1
            yield _candidate(f"FZ{number:03}", unit, good, rng)


def _candidate(person_id: str, unit: Unit, good: float, rng: random.Random) -> Candidate:
    def on_time(start: date, limit: date) -> date:
        """A day within the limit, or, where the unit is careless, after it."""
        if does(rng, good, 0.85):
            return start + timedelta(days=rng.randint(0, (limit - start).days))
        return limit + timedelta(days=rng.randint(5, 60))

    def not_before(earliest: date) -> date:
        """A day from the earliest on, or, where the unit is careless, too early."""
        return earliest + timedelta(days=rng.randint(0, 90) if does(rng, good, 0.85) else -rng.randint(10, 60))

    applied = workday(rng.choice((2020, 2021, 2021, 2022, 2023)), rng.randint(1, 12), rng)
    applied = max(applied, unit.valid_from + timedelta(days=rng.randint(5, 60)))
    talked = on_time(applied, months_after(applied, 1))
    activist = talked + timedelta(days=rng.randint(90, 240))
    chosen = not_before(months_after(activist, 12))
    prereview = chosen + timedelta(days=rng.randint(60, 150))
    meeting = on_time(prereview, months_after(prereview, 1))
    approved = on_time(meeting, months_after(meeting, 3))
    regular = not_before(months_after(meeting, 12))
    hours = Decimal(rng.choice((24, 24, 28, 32)) if does(rng, good, 0.85) else 16)

    def known(day: date, *before: date) -> date | None:
        return day if max(day, *before) <= AS_OF else None

    return Candidate(
        person_id=person_id,
        unit_id=unit.unit_id,
        applied_on=applied,
        talked_on=known(talked, talked),
        activist_on=known(activist, talked),
        object_on=known(chosen, activist),
        training_hours=hours if prereview <= AS_OF else None,
        prereview_on=known(prereview, chosen),
        meeting_on=known(meeting, prereview),
        approved_on=known(approved, meeting),
        regular_on=known(regular, approved),
    )


# --- Secretaries, cadres, offices ------------------------------------------------------------------------------------


def _secretary_meetings(books: Books, rng: random.Random) -> Iterator[SecretaryMeeting]:
    """Every second month, and the reports on the year at the last one."""
    days = [workday(YEAR, number, rng) for number in (2, 4, 6, 8, 10, 12)] + [workday(YEAR + 1, 2, rng)]
    for number, day in enumerate(days, 1):
        for unit in books.reporting(SecretaryMeeting):
            good = books.quality[unit.unit_id]
            attended = "本人" if does(rng, good, 0.7) else "代会" if rng.random() < 0.7 else "缺席"
            reported = day.month == 12 and attended != "缺席" and does(rng, good, 0.85)
            yield SecretaryMeeting(f"LH{day.year}-{number:02}", unit.unit_id, day, attended, reported)


def _guidance(books: Books, rng: random.Random) -> Iterator[Guidance]:
    """Every unit in its tier; of the weak ones some have not been visited."""
    for number, unit in enumerate(books.reporting(Guidance), 1):
        good = books.quality[unit.unit_id]
        tier = "A" if good > 0.7 else "B" if good > 0.2 else "C"
        visited = tier != "A" and (rng.random() < 0.8 if unit.unit_id not in stories.WEAK else False)
        yield Guidance(
            guidance_id=f"ZD{number:03}",
            unit_id=unit.unit_id,
            tier=tier,
            reason=TIER_REASONS[tier],
            action=TIER_ACTIONS[tier],
            followed_up_on=workday(YEAR, rng.randint(6, 12), rng) if visited else None,
        )


def _innovation_cases(books: Books, rng: random.Random) -> Iterator[InnovationCase]:
    given = [
        ("J08", "河长制支部联席法", "局", date(YEAR, 5, 18), "AL-hezhang"),
        ("J08", "河长制支部联席法", "市", date(YEAR, 10, 20), "AL-hezhang"),
        (stories.CAPPED_BONUS, "清水议事厅", "国家", date(YEAR, 9, 8), "AL-qingshui"),
        (stories.CAPPED_BONUS, "流动课堂", "市", date(YEAR, 11, 2), "AL-liudong"),
    ]
    others = [unit for unit in books.reporting(InnovationCase) if unit.unit_id not in stories.STORIES]
    for number, unit in enumerate(rng.sample(others, 9), 1):
        year = YEAR if number < 9 else YEAR - 1
        level = rng.choice(("局", "局", "区"))
        given.append(
            (unit.unit_id, rng.choice(CASE_TITLES), level, workday(year, rng.randint(4, 12), rng), f"AL-{number:02}")
        )
    for number, (unit_id, title, level, day, key) in enumerate(given, 1):
        yield InnovationCase(f"CX{number:03}", unit_id, title, level, day, key)


def _cadre_actions(books: Books, rng: random.Random) -> Iterator[CadreAction]:
    number = 0
    for unit in books.reporting(CadreAction):
        good = books.quality[unit.unit_id]
        for _ in range(rng.randint(1, 4)):
            number += 1
            planned = workday(YEAR if rng.random() < 0.93 else YEAR + 1, rng.randint(2, 12), rng)
            done = planned + timedelta(days=rng.randint(-20, 40))
            yield CadreAction(
                action_id=f"GB{number:03}",
                unit_id=unit.unit_id,
                plan=rng.choice(CADRE_PLANS),
                item=rng.choice(CADRE_ITEMS),
                planned_on=planned,
                done_on=done if does(rng, good, 0.75) and done <= AS_OF else None,
            )


def _model_offices(books: Books, rng: random.Random) -> Iterator[ModelOffice]:
    for unit in books.reporting(ModelOffice):
        good = books.quality[unit.unit_id]
        for goal in GOALS:
            worse = 0 if good == 1 else min(3, max(0, round(rng.triangular(-0.6, 2.6 - 2 * good, 0.2))))
            yield ModelOffice(
                unit_id=unit.unit_id,
                year=YEAR,
                goal=goal,
                grade="ABCD"[worse],
                hard_points=rng.choice(HARD_POINTS) if rng.random() < 0.8 else None,
                evidence=f"模范机关台账{GOALS.index(goal) + 1}" if rng.random() < 0.6 else None,
            )
