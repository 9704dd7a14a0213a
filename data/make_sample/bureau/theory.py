"""立根铸魂: what is studied, by whom, and who stands out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from make_sample import stories
from make_sample.bureau.books import Books
from make_sample.chance import AS_OF, YEAR, attendance, does, last_day, month, rate, tenths, workday
from make_sample.records import (
    CampaignSession,
    FirstTopic,
    Honor,
    JointStudy,
    LoyaltySession,
    Member,
    StudyStat,
    Training,
    Unit,
)
from make_sample.vocabulary import (
    ACTIONS,
    CADRE,
    CAMPAIGNS,
    FIRST_MEETINGS,
    HONOR_TITLES,
    LOYALTY_TOPICS,
    PLATFORMS,
    STUDY_PARTNERS,
    TOPICS,
    XUEXI,
    YOUTH,
)

OVER_100_MONTHS: Final = (1, 2, 5, 6, 8)  # months whose rates are written with a per cent sign or as bare per cents

# Courses by trainee group: number, hours, how it is taught.
_COURSES: Final = {
    "党员": (("PX-01", 16, "线下"), ("PX-02", 12, "线上"), ("PX-03", 8, "线上")),
    "书记班子": (("SJ-01", 24, "线下"), ("SJ-02", 20, "线上"), ("SJ-03", 16, "线下")),
    "党务干部": (("DW-01", 20, "线下"),),
    "预备党员": (("YB-01", 24, "线下"),),
}


def fill(books: Books) -> None:
    """Write the tables of this dimension into the books."""
    books.file(FirstTopic, _first_topics(books, books.rng("first_topic")))
    books.file(JointStudy, _joint_studies(books, books.rng("joint_study")))
    books.file(CampaignSession, _campaign_sessions(books, books.rng("campaign_session")))
    books.rows[StudyStat] = list(_study_stats(books, books.rng("study_stat")))
    books.file(Training, _trainings(books, books.rng("training_record")))
    books.file(Honor, _honors(books, books.rng("honor")))
    books.file(LoyaltySession, _loyalty_sessions(books, books.rng("loyalty_education")))


def _first_topics(books: Books, rng: random.Random) -> Iterator[FirstTopic]:
    number = 0
    for unit in books.reporting(FirstTopic):
        good = books.quality[unit.unit_id]
        for month_number in range(1, 13):
            if not does(rng, good, 0.75):
                continue
            number += 1
            yield FirstTopic(
                topic_id=f"YT{number:04}",
                unit_id=unit.unit_id,
                held_on=workday(YEAR, month_number, rng),
                meeting=rng.choice(FIRST_MEETINGS),
                topic=rng.choice(TOPICS),
                is_first_item=does(rng, good, 0.93),
                action=rng.choice(ACTIONS) if rng.random() < 0.4 else None,
            )


def _joint_studies(books: Books, rng: random.Random) -> Iterator[JointStudy]:
    number = 0
    for unit in books.reporting(JointStudy):
        good = books.quality[unit.unit_id]
        for session in range(5):
            if not does(rng, good, 0.6) or (session == 4 and rng.random() < 0.7):
                continue
            number += 1
            day = workday(YEAR, rng.randint(3 * session + 1, 3 * session + 3) if session < 4 else 11, rng)
            due = len(books.roster(unit.unit_id, day))
            yield JointStudy(
                study_id=f"LZ{number:04}",
                unit_id=unit.unit_id,
                held_on=day,
                partner=rng.choice(STUDY_PARTNERS),
                topic=rng.choice(TOPICS),
                hours=Decimal(rng.choice((2, 2, 3, 4))),
                due_count=due,
                attend_count=attendance(rng, good, due),
            )


def _campaign_sessions(books: Books, rng: random.Random) -> Iterator[CampaignSession]:
    number = 0
    for unit in books.reporting(CampaignSession):
        for campaign, months in zip(CAMPAIGNS, ((4, 8), (1, 3)), strict=True):
            for kind in ("宣讲", "培训"):
                day = workday(YEAR, rng.randint(*months), rng)
                members = len(books.roster(unit.unit_id, day))
                number += 1
                yield CampaignSession(
                    session_id=f"ZT{number:04}",
                    campaign=campaign,
                    unit_id=unit.unit_id,
                    kind=kind,
                    held_on=day,
                    covered_count=round(members * rng.uniform(0.3, 0.6)),
                )


# --- Learning platforms ----------------------------------------------------------------------------------------------


def _study_stats(books: Books, rng: random.Random) -> Iterator[StudyStat]:
    for unit in books.units:
        members = unit.member_count
        people = {
            XUEXI: members + rng.randint(0, 6),
            CADRE: max(2, round(members * rng.uniform(0.5, 0.9))),
            YOUTH: max(2, round(members * rng.uniform(0.2, 0.5))),
        }
        people[YOUTH] = 0 if unit.unit_id == stories.NO_YOUTH else people[YOUTH]
        for period in (month(year, number) for year in (YEAR - 1, YEAR) for number in range(1, 13)):
            if last_day(period) < unit.valid_from or period > (unit.valid_to or period):
                continue
            if period.year == YEAR and unit.unit_id in (stories.NO_DATA, stories.STUDY_UNREPORTED):
                continue
            for platform in PLATFORMS:
                if platform == YOUTH and unit.unit_id == stories.YOUTH_UNREPORTED and period.year == YEAR:
                    continue
                yield _study_stat(platform, period, unit, people[platform], books.quality[unit.unit_id], rng)


def _study_stat(platform: str, period: date, unit: Unit, people: int, good: float, rng: random.Random) -> StudyStat:
    share = 1.0 if good == 1 else min(1.0, rng.triangular(0.62 + 0.3 * good, 1.04, 0.78 + 0.24 * good))
    active = min(people, round(people * share))
    if platform == YOUTH and people and good < 1 and period.month in OVER_100_MONTHS and rng.random() < 0.02:
        active = people + rng.randint(1, 2)  # somebody took the same lesson twice
    passed = None
    if platform == CADRE:
        passed = active if good == 1 or rng.random() < good else max(0, active - rng.randint(0, 1 + people // 10))
    return StudyStat(
        platform=platform,
        period=period,
        unit_id=unit.unit_id,
        enrolled=people,
        active=active,
        participation_rate=rate(active, people),
        score_per_head=tenths(rng.uniform(500, 1150) * (0.8 + 0.4 * good)) if platform == XUEXI else None,
        hours=tenths(active * rng.uniform(3, 14)) if platform == CADRE else None,
        passed=passed,
    )


# --- Training --------------------------------------------------------------------------------------------------------


def _trainings(books: Books, rng: random.Random) -> Iterator[Training]:
    """What each member took, filed by the unit of the day; who moves does not take a course again."""
    units = {unit.unit_id: unit for unit in books.reporting(Training)}
    courses = [course for group in _COURSES.values() for course, _, _ in group]
    days = {unit_id: {course: workday(YEAR, rng.randint(3, 11), rng) for course in courses} for unit_id in units}
    offered: set[tuple[str, str]] = set()
    for member in books.of(Member):
        if member.unit_id not in units or (member.exempt and rng.random() < 0.8):
            continue
        for group in _groups(member):
            for course, hours, mode in _COURSES[group]:
                joined = min(member.valid_from + timedelta(days=15), date(YEAR, 12, 29))
                day = max(days[member.unit_id][course], joined)  # the next class
                if day > (member.valid_to or day) or (member.member_id, course) in offered:
                    continue
                offered.add((member.member_id, course))
                if does(rng, books.quality[member.unit_id], 0.86):
                    yield Training(member.member_id, course, member.unit_id, group, day, Decimal(hours), mode)


def _groups(member: Member) -> tuple[str, ...]:
    """The groups a member is trained with."""
    if member.role in ("书记", "班子"):
        return ("书记班子",)
    if member.role == "党务干部":
        return ("党员", "党务干部")
    return ("党员", "预备党员") if member.status == "预备" else ("党员",)


# --- Standing out ----------------------------------------------------------------------------------------------------


def _honors(books: Books, rng: random.Random) -> Iterator[Honor]:
    number = 0
    for unit in books.reporting(Honor):
        good = books.quality[unit.unit_id]
        levels: tuple[str, ...] = ("局",) if does(rng, good, 0.6) else ()
        levels += ("区",) if rng.random() < 0.3 * max(0.0, good) else ()
        if unit.unit_id in stories.PERFECT:
            levels = ("局", "国家")
        elif unit.unit_id == stories.CAPPED_BONUS:
            levels = ("局", "市", "国家")
        for level in levels:
            number += 1
            subject = rng.choice(tuple(HONOR_TITLES))
            granted = workday(YEAR, rng.choice((6, 6, 7, 12)), rng)
            shown = granted + timedelta(days=rng.randint(3, 40))
            yield Honor(
                honor_id=f"RY{number:03}",
                unit_id=unit.unit_id,
                subject=subject,
                title=rng.choice(HONOR_TITLES[subject]),
                level=level,
                granted_on=granted,
                publicised_on=min(shown, AS_OF) if does(rng, good, 0.8) else None,
                case_key=None,
            )
    for unit_id, title, level, day, key in (
        ("J03", "模范机关", "区", date(YEAR, 7, 1), None),
        ("J11", "模范机关", "区", date(YEAR, 7, 1), None),
        ("J08", "河长制创新奖", "区", date(YEAR, 11, 15), "AL-hezhang"),
        ("D11", "优质工程团队", "局", date(YEAR, 5, 10), "RY-team"),
        ("D11", "优质工程团队", "市", date(YEAR, 9, 20), "RY-team"),
        ("D05", "先进基层党组织", "局", date(YEAR - 1, 7, 1), None),
    ):
        number += 1
        yield Honor(f"RY{number:03}", unit_id, "集体", title, level, day, day + timedelta(days=10), key)


def _loyalty_sessions(books: Books, rng: random.Random) -> Iterator[LoyaltySession]:
    number = 0
    for unit in books.reporting(LoyaltySession):
        good = books.quality[unit.unit_id]
        for first, last in ((2, 6), (7, 11), (3, 12)):
            if not does(rng, good, 0.75) or ((first, last) == (3, 12) and rng.random() < 0.7):
                continue
            number += 1
            day = workday(YEAR, rng.randint(first, last), rng)
            due = len(books.roster(unit.unit_id, day))
            yield LoyaltySession(
                session_id=f"ZC{number:03}",
                unit_id=unit.unit_id,
                held_on=day,
                topic=rng.choice(LOYALTY_TOPICS),
                due_count=due,
                attend_count=attendance(rng, good, due),
            )
