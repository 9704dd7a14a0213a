"""聚力融合: work at the front line, pairing with industry and with streets and villages, the united front."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from make_sample import stories
from make_sample.bureau.books import Books
from make_sample.chance import AS_OF, YEAR, does, person, workday
from make_sample.records import Activity, Agreement, FrontlinePost, Item, UnitedFrontActivity
from make_sample.vocabulary import (
    CONTENTS,
    FORMS,
    INDUSTRY,
    INDUSTRY_PARTNERS,
    INDUSTRY_THEMES,
    OFFICE,
    OUTCOMES,
    POST_OUTCOMES,
    POST_ROLES,
    STREET_PARTNERS,
    STREET_THEMES,
    UNITED_KINDS,
)

_ENDS_SOON: Final = date(2024, 5, 31)
_EXPIRED: Final = (date(2022, 6, 30), date(2022, 12, 30), date(2023, 6, 30), date(2023, 12, 30))


def fill(books: Books) -> None:
    """Write the tables of this dimension into the books."""
    books.file(FrontlinePost, _frontline_posts(books, books.rng("frontline_post")))
    books.file(Agreement, _agreements(books, books.rng("pairing_agreement")))
    books.file(Activity, _activities(books, books.rng("pairing_activity")))
    books.file(Item, _items(books, books.rng("pairing_item")))
    books.file(UnitedFrontActivity, _united_front(books, books.rng("united_front_activity")))


def _frontline_posts(books: Books, rng: random.Random) -> Iterator[FrontlinePost]:
    number = 0
    for unit in books.reporting(FrontlinePost):
        good = books.quality[unit.unit_id]
        target = 2 if unit.category == OFFICE else 3
        people = target + rng.randint(0, 2) if does(rng, good, 0.6) else rng.randint(1, target)
        members = [
            member
            for member in books.roster(unit.unit_id, date(YEAR, 9, 1), full=True)
            if not member.exempt and member.valid_to is None
        ]
        for member in rng.sample(members, min(people, len(members))):
            number += 1
            yield FrontlinePost(
                post_id=f"YX{number:03}",
                member_id=member.member_id,
                unit_id=unit.unit_id,
                host_unit=rng.choice(STREET_PARTNERS[rng.choice(("街道", "镇"))]),
                start_on=workday(YEAR, rng.randint(3 if member.valid_from < date(YEAR, 3, 1) else 10, 11), rng),
                days=rng.choice((5, 5, 8, 10, 20)) if does(rng, good, 0.85) else rng.randint(1, 4),
                role=rng.choice(POST_ROLES),
                outcome=rng.choice(POST_OUTCOMES) if does(rng, good, 0.9) else None,
            )


def _agreements(books: Books, rng: random.Random) -> Iterator[Agreement]:
    number = 0
    for unit in books.reporting(Agreement):
        good = books.quality[unit.unit_id]
        if unit.unit_id == stories.PAIRING_UNREPORTED:
            continue
        kinds = [INDUSTRY] * (1 + (rng.random() < 0.3))
        if unit.unit_id != stories.INDUSTRY_ONLY:
            kinds += rng.choices(tuple(STREET_PARTNERS), k=1 + (rng.random() < 0.5))
        for kind in kinds:
            number += 1
            signed = date(rng.choice((2021, 2022, 2022, 2023)), rng.randint(1, 4), rng.randint(5, 25))
            if unit.unit_id == stories.SET_UP_IN_MAY:
                signed = date(2023, 6, rng.randint(1, 25))
            elif good == 1:
                signed = signed.replace(year=2022)
            expired = good < 1 and signed.year == 2021 and rng.random() < 0.6 * (1 - good)
            expires = rng.choice(_EXPIRED) if expired else date(signed.year + 3, 12, 31)
            if unit.unit_id == stories.EXPIRES_SOON[kind != INDUSTRY]:  # one of either kind
                expires = _ENDS_SOON
            yield Agreement(
                agreement_id=f"XY{signed.year}-{number:03}",
                unit_id=unit.unit_id,
                partner=rng.choice(INDUSTRY_PARTNERS if kind == INDUSTRY else STREET_PARTNERS[kind]),
                partner_type=kind,
                signed_on=signed,
                expires_on=expires,
                contact=person(rng) if rng.random() < 0.8 else None,
                planned_activities=rng.randint(2, 4) if rng.random() < 0.8 else None,
            )


def _activities(books: Books, rng: random.Random) -> Iterator[Activity]:
    number = 0
    taken: set[tuple[str, date]] = set()  # one activity a day and unit, so that no two are the same by chance
    for agreement in books.of(Agreement):
        good = books.quality[agreement.unit_id]
        for place in range(4 if good == 1 else max(0, round(rng.triangular(0, 5, max(0.1, 0.8 + 3.4 * good))))):
            early = good == 1 and place < 2
            day = workday(YEAR, rng.randint(1, 6) if early else rng.randint(1, 12), rng)
            day = max(day, agreement.signed_on + timedelta(days=place + 1))
            while (agreement.unit_id, day) in taken:
                day += timedelta(days=1)
            taken.add((agreement.unit_id, day))
            number += 1
            yield Activity(
                activity_id=f"HD{number:04}",
                agreement_id=agreement.agreement_id,
                unit_id=agreement.unit_id,
                held_on=day,
                theme=rng.choice(INDUSTRY_THEMES if agreement.partner_type == INDUSTRY else STREET_THEMES),
                form=rng.choice(FORMS) if rng.random() < 0.9 else None,
                own_count=rng.randint(3, 40),
                partner_count=rng.randint(5, 60) if rng.random() < 0.95 else rng.randint(1000, 1800),
                outcome=rng.choice(OUTCOMES),
            )


def _items(books: Books, rng: random.Random) -> Iterator[Item]:
    number = 0
    for agreement in books.of(Agreement):
        good = books.quality[agreement.unit_id]
        projects = 0 if agreement.unit_id in stories.NO_PROJECTS else rng.randint(1, 4)
        for kind in ["资源"] * rng.randint(1, 2) + ["需求"] * rng.randint(1, 2) + ["项目"] * projects:
            number += 1
            due: date | None = None
            done: date | None = None
            if kind == "项目" or rng.random() < 0.4:
                due = workday(YEAR if rng.random() < 0.93 else YEAR + 1, rng.randint(4, 12), rng)
                due = max(due, agreement.signed_on + timedelta(days=60))
                late = rng.randint(-40, 0) if good == 1 or rng.random() < 0.8 else rng.randint(1, 90)
                done = due + timedelta(days=late) if rng.random() < 0.55 + 0.45 * good else None
                done = done if done and done <= AS_OF else None
            yield Item(
                item_id=f"QD{number:04}",
                agreement_id=agreement.agreement_id,
                kind=kind,
                content=rng.choice(CONTENTS[kind]),
                owner=person(rng) if rng.random() < 0.8 else None,
                due_on=due,
                done_on=done,
                status="已完成" if done else "推进中",
            )


def _united_front(books: Books, rng: random.Random) -> Iterator[UnitedFrontActivity]:
    number = 0
    for unit in books.reporting(UnitedFrontActivity):
        good = books.quality[unit.unit_id]
        for place in range(4):
            if does(rng, good, 0.65) and (place < 2 or rng.random() < 0.35):
                number += 1
                day = workday(YEAR, rng.randint(2, 12), rng)
                yield UnitedFrontActivity(
                    activity_id=f"TZ{number:03}",
                    unit_id=unit.unit_id,
                    kind=rng.choice(UNITED_KINDS),
                    held_on=day,
                    attend_count=rng.randint(3, max(4, unit.member_count)),
                )
