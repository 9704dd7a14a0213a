"""强基固本, organisational life: 三会一课, 主题党日, the year's meeting and review, the talks before it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from make_sample import stories
from make_sample.bureau.books import Books, is_there
from make_sample.chance import AS_OF, YEAR, attendance, does, person, workday
from make_sample.records import Meeting, Rectification, Review, Talk, Unit
from make_sample.vocabulary import ABSENCES, AGENDAS, RECTIFIED, RESOLUTIONS

ASSEMBLY: Final = "支部党员大会"
COMMITTEE: Final = "支委会"
GROUP: Final = "党小组会"
LECTURE: Final = "党课"
THEMED_DAY: Final = "主题党日"
ORG_LIFE: Final = "组织生活会"
REVIEW: Final = "民主评议"


def fill(books: Books) -> None:
    """Write the tables of organisational life into the books."""
    books.file(Review, _reviews(books, books.rng("democratic_review")))
    books.file(Meeting, _numbered(_meetings(books, books.rng("org_life_record"))))
    books.file(Rectification, _rectifications(books, books.rng("rectification")))
    books.file(Talk, _talks(books, books.rng("talk_record")))


# --- Meetings --------------------------------------------------------------------------------------------------------


def _numbered(meetings: Iterator[Meeting]) -> Iterator[Meeting]:
    """The meetings under the numbers that a careful clerk gives them: by unit, in order of date."""
    by_day = sorted(meetings, key=lambda m: (m.unit_id, m.held_on, m.types, m.group_id or ""))
    for number, meeting in enumerate(by_day, 1):
        yield replace(meeting, record_id=f"DJ{meeting.held_on:%y%m}-{number:04}")


def _meetings(books: Books, rng: random.Random) -> Iterator[Meeting]:
    for unit in books.reporting(Meeting):
        meetings = [meeting for meeting in _year(books, unit, rng) if is_there(unit, meeting.held_on)]
        if unit.unit_id in stories.COPIES:
            meetings = _copied(meetings, THEMED_DAY if unit.unit_id == stories.COPIES[0] else COMMITTEE)
        yield from meetings


def _year(books: Books, unit: Unit, rng: random.Random) -> Iterator[Meeting]:
    """One unit's meetings: the year's, and at its edges those of the years before and after."""
    good = books.quality[unit.unit_id]
    for year, months in ((YEAR, range(1, 13)), (YEAR + 1, range(1, 4))):
        if year > YEAR and rng.random() < 0.6:
            continue  # has not handed in the new year's yet
        for number in months:
            for types in _types_of(number, good, year, rng):
                day = workday(year, number, rng)
                if unit.unit_id == stories.ALL_IN_DECEMBER and THEMED_DAY in types and year == YEAR:
                    types, day = (THEMED_DAY,), workday(YEAR, 12, rng)
                yield _meeting(books, unit, types, day, rng)
            if unit.has_committee and does(rng, good, 0.75):
                yield _meeting(books, unit, (COMMITTEE,), workday(year, number, rng), rng)
            for group in range(1, unit.group_count + 1):
                silent = unit.unit_id == stories.GROUP_MISSING and group == unit.group_count
                if not silent and does(rng, good, 0.8):
                    yield _meeting(books, unit, (GROUP,), workday(year, number, rng), rng, group)
    yield from _org_life_meetings(books, unit, rng)


def _types_of(number: int, good: float, year: int, rng: random.Random) -> Iterator[tuple[str, ...]]:
    """What the whole branch holds in a month: a themed day, with which assembly or lecture are often combined."""
    assembly = number % 3 == 2 and does(rng, good, 0.8)
    lecture = number % 3 == 0 and does(rng, good, 0.8)
    themed_day = does(rng, good, 0.8)
    combined = rng.random()
    if themed_day and (assembly or lecture) and combined < 0.6:
        yield (ASSEMBLY, THEMED_DAY) if assembly else (LECTURE, THEMED_DAY)
        return
    if themed_day:
        yield (THEMED_DAY,)
    if assembly:
        yield (ASSEMBLY,) if combined < 0.8 or year > YEAR else (ASSEMBLY, LECTURE)
    if lecture:
        yield (LECTURE,)


def _org_life_meetings(books: Books, unit: Unit, rng: random.Random) -> Iterator[Meeting]:
    """The meeting of the year before, held in spring, and the year's own, held in December or in the new year."""
    if rng.random() < 0.7:
        yield _meeting(books, unit, (ORG_LIFE, REVIEW), workday(YEAR, rng.randint(1, 3), rng), rng, year=YEAR - 1)
    review = next((r for r in books.of(Review) if r.unit_id == unit.unit_id and r.attributed_year == YEAR), None)
    if review:
        types = (ORG_LIFE, REVIEW) if rng.random() < 0.8 else (ORG_LIFE,)
        yield _meeting(books, unit, types, review.held_on, rng, year=YEAR)


def _meeting(
    books: Books,
    unit: Unit,
    types: tuple[str, ...],
    day: date,
    rng: random.Random,
    group: int = 0,
    year: int | None = None,
) -> Meeting:
    good = books.quality[unit.unit_id]
    members = len(books.roster(unit.unit_id, day))
    due = members
    if types == (COMMITTEE,):
        due = len(books.committee(unit.unit_id, day))
    elif group:
        due = members // unit.group_count + (group <= members % unit.group_count)
    attended = attendance(rng, good, due)
    if unit.unit_id == stories.LOW_TURNOUT and ASSEMBLY in types:
        attended = round(due * 0.7)
    elif unit.unit_id == stories.HALF_A_COMMITTEE and types == (COMMITTEE,):
        attended = (due + 1) // 2
    away = rng.randint(0, due - attended)
    text_hash = f"{rng.getrandbits(48):012x}" if rng.random() < 0.6 else None
    resolutions = rng.choice(RESOLUTIONS) if text_hash is None or rng.random() < 0.7 else None
    if good < 1 and rng.random() < (0.25 if unit.unit_id == stories.NO_RECORD else 0.01):
        text_hash = resolutions = None  # held, but nothing was written down
    late = rng.random() < (0.3 if unit.unit_id == stories.LATE_REPORTS else 0.004 if good < 1 else 0)
    return Meeting(
        record_id="",
        unit_id=unit.unit_id,
        group_id=f"{unit.unit_id}-{group}" if group else None,
        types=types,
        held_on=day,
        attributed_year=year,
        topic=rng.choice(AGENDAS[types[0]]),
        host=person(rng),
        recorder=person(rng),
        due_count=due,
        attend_count=attended,
        leave_count=away,
        absent_reason=rng.choice(ABSENCES) if away else None,
        resolutions=resolutions,
        text_hash=text_hash,
        created_on=day + timedelta(days=rng.randint(9, 30) if late else rng.randint(0, 7))
        if rng.random() < 0.9
        else None,
    )


def _copied(meetings: list[Meeting], kind: str) -> list[Meeting]:
    """The meetings, three of which are written off from an earlier one."""
    alike = sorted((m for m in meetings if kind in m.types and m.held_on.year == YEAR), key=lambda m: m.held_on)
    first = alike[1]
    text_hash = first.text_hash or "5f1d0c2ab97e"
    copies = {first.held_on: replace(first, text_hash=text_hash)}
    copies |= {m.held_on: replace(m, text_hash=text_hash, topic=first.topic) for m in alike[3:9:2]}
    return [copies.get(m.held_on, m) if kind in m.types else m for m in meetings]


# --- The year's review, and what it left to do -----------------------------------------------------------------------


def _reviews(books: Books, rng: random.Random) -> Iterator[Review]:
    for unit in books.reporting(Review):
        good = books.quality[unit.unit_id]
        for year in (YEAR - 1, YEAR):
            if year < YEAR and rng.random() < 0.6:
                continue
            early = rng.random() < 0.35
            number = 12 if early else rng.randint(1, 3)
            day = workday(year if early else year + 1, number, rng)
            due = len(books.roster(unit.unit_id, day, full=True))
            attended = attendance(rng, good, due)
            excellent = attended // 3
            if year == YEAR and (unit.unit_id in stories.TOO_MANY_EXCELLENT or not does(rng, good, 0.9)):
                excellent = attended // 2
            basic = rng.randint(0, 1) if attended > 8 else 0
            yield Review(
                unit_id=unit.unit_id,
                attributed_year=year,
                held_on=day,
                due_count=due,
                attend_count=attended,
                excellent=excellent,
                qualified=attended - excellent - basic,
                basic=basic,
                unqualified=0,
            )


def _rectifications(books: Books, rng: random.Random) -> Iterator[Rectification]:
    number = 0
    for unit in books.reporting(Rectification):
        good = books.quality[unit.unit_id]
        late_ones = 2 if unit.unit_id in stories.LATE_RECTIFICATION else 0
        for place in range(max(late_ones, rng.choice((0, 0, 1, 2, 3)), unit.unit_id == stories.ORG_LIFE_UNREPORTED)):
            number += 1
            due = workday(YEAR, rng.randint(3, 12), rng)
            if place >= late_ones and rng.random() < 0.15:
                due = workday(YEAR + 1, rng.randint(1, 9), rng)
            done: date | None = due - timedelta(days=rng.randint(0, 60))
            if place < late_ones or not does(rng, good, 0.85):
                done = due + timedelta(days=rng.randint(5, 90)) if rng.random() < 0.6 else None
            yield Rectification(
                item_id=f"ZG{number:03}",
                unit_id=unit.unit_id,
                origin=rng.choice((ORG_LIFE, REVIEW, "巡察")),
                content=rng.choice(RECTIFIED),
                due_on=due,
                done_on=done if done and done <= AS_OF else None,
            )


def _talks(books: Books, rng: random.Random) -> Iterator[Talk]:
    """Talks with the members: most in the weeks before the year's meeting, a few in spring."""
    number = 0
    for unit in books.reporting(Talk):
        good = books.quality[unit.unit_id]
        for member in books.roster(unit.unit_id, min(date(YEAR, 12, 31), unit.valid_to or AS_OF)):
            if not does(rng, good, 0.8):
                continue
            number += 1
            spring = unit.unit_id in stories.INACTIVE or rng.random() < 0.15
            day = workday(YEAR, rng.randint(3, 5) if spring else rng.randint(11, 12), rng)
            if day < max(member.valid_from, unit.valid_from):
                day = workday(YEAR, 12, rng)
            kind = "谈心谈话" if rng.random() < 0.8 else "任职谈话" if rng.random() < 0.5 else "提醒谈话"
            yield Talk(f"TH{number:04}", unit.unit_id, member.member_id, day, kind)
