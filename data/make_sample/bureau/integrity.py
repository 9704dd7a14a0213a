"""正风肃纪: risks, warning education, integrity talks, members' requests, and clues, which are never scored."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from make_sample.bureau.books import Books
from make_sample.chance import AS_OF, YEAR, attendance, does, person, pick_some, workday
from make_sample.records import ClueSummary, IntegrityTalk, Request, Risk, WarningSession
from make_sample.vocabulary import MEASURES, RISKS, WARNING_TOPICS

_HANDLERS: Final = ("J24", "J24", "J02", "D13")


def fill(books: Books) -> None:
    """Write the tables of this dimension into the books."""
    books.file(Risk, _risks(books, books.rng("integrity_risk")))
    books.file(WarningSession, _warning_sessions(books, books.rng("warning_education")))
    books.file(IntegrityTalk, _integrity_talks(books, books.rng("integrity_talk")))
    books.file(Request, _requests(books, books.rng("appeal_request")))
    books.file(ClueSummary, _clues(books, books.rng("clue_summary")))


def _risks(books: Books, rng: random.Random) -> Iterator[Risk]:
    number = 0
    for unit in books.reporting(Risk):
        good = books.quality[unit.unit_id]
        for category in pick_some(rng, tuple(RISKS), 3, 5):
            number += 1
            level = rng.choice(("高", "中", "中", "低", "低"))
            reviewed: date | None = workday(YEAR, rng.randint(10, 12), rng)
            if not does(rng, good, 0.8):
                reviewed = workday(YEAR, rng.randint(1, 9), rng) if rng.random() < 0.7 else None
            yield Risk(
                risk_id=f"FX{number:03}",
                unit_id=unit.unit_id,
                category=category,
                point=RISKS[category],
                level=level,
                measure=rng.choice(MEASURES) if does(rng, good, 0.94) else None,
                owner=person(rng) if does(rng, good, 0.94) else None,
                leader=person(rng) if rng.random() < 0.8 else None,
                reviewed_on=reviewed,
            )


def _warning_sessions(books: Books, rng: random.Random) -> Iterator[WarningSession]:
    number = 0
    for unit in books.reporting(WarningSession):
        good = books.quality[unit.unit_id]
        for months in ((2, 6), (7, 12), (4, 11)):
            if not does(rng, good, 0.8) or (months == (4, 11) and rng.random() < 0.7):
                continue
            number += 1
            day = workday(YEAR, rng.randint(*months), rng)
            due = len(books.roster(unit.unit_id, day))
            yield WarningSession(
                session_id=f"JS{number:03}",
                unit_id=unit.unit_id,
                held_on=day,
                topic=rng.choice(WARNING_TOPICS),
                due_count=due,
                attend_count=attendance(rng, good, due),
            )


def _integrity_talks(books: Books, rng: random.Random) -> Iterator[IntegrityTalk]:
    number = 0
    for unit in books.reporting(IntegrityTalk):
        good = books.quality[unit.unit_id]
        for place, kind in enumerate(("例行", "例行", "提醒", "专项")):
            if place > 1 and rng.random() < 0.6:
                continue
            number += 1
            day = workday(YEAR, rng.randint(1, 6) if place == 0 else rng.randint(7, 12), rng)
            due = rng.randint(1, max(2, unit.member_count // (2 if kind == "例行" else 6)))
            yield IntegrityTalk(
                talk_id=f"YT{YEAR}-{number:03}",
                unit_id=unit.unit_id,
                talked_on=day,
                kind=kind,
                form=rng.choice(("个别", "集体")),
                due_count=due,
                talked_count=due if does(rng, good, 0.6) else max(0, due - rng.randint(1, 3)),
            )


def _requests(books: Books, rng: random.Random) -> Iterator[Request]:
    """Members of any unit ask; the unit that handles the request is judged by when it closes it."""
    for number, unit in enumerate(rng.sample(books.reporting(Request), 24), 1):
        year = YEAR if number > 3 else YEAR + 1
        received = workday(YEAR, rng.randint(1, 10), rng) if year == YEAR else workday(YEAR, 12, rng)
        due = received + timedelta(days=60)
        late = rng.random() < 0.2
        closed = due + timedelta(days=rng.randint(3, 30) if late else -rng.randint(1, 50))
        yield Request(
            request_id=f"SQ{number:03}",
            unit_id=unit.unit_id,
            handler_unit_id=rng.choice(_HANDLERS),
            received_on=received,
            due_on=due,
            closed_on=closed if closed <= AS_OF and rng.random() < 0.92 else None,
        )


def _clues(books: Books, rng: random.Random) -> Iterator[ClueSummary]:
    units = rng.sample(books.reporting(ClueSummary), 9)
    for quarter in range(1, 5):
        for unit in units:
            yield ClueSummary(unit.unit_id, f"{YEAR}Q{quarter}", rng.choice((0, 0, 0, 1, 1, 2)))
