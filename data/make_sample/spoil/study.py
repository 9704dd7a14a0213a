"""Bad rows of the registries and of the learning platforms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from make_sample import stories
from make_sample.bureau.books import Books
from make_sample.chance import YEAR, rate
from make_sample.records import Alias, StudyStat
from make_sample.vocabulary import CADRE, EVERYWHERE, XUEXI, YOUTH


def spoil_aliases(books: Books) -> None:
    books.add(Alias("局机关食堂", EVERYWHERE, "局机关食堂"), "unknown_unit", "alias of a unit nobody knows")
    books.add(books.of(Alias)[4], "duplicate", "the same alias given twice")


def spoil_study_stats(books: Books) -> None:
    rows = books.of(StudyStat)

    def take(platform: str, *months: int) -> StudyStat:
        row = books.pick(rows, lambda r: r.platform == platform and (not months or r.period.month in months))
        rows.remove(row)
        return row

    add = books.add
    add(take(XUEXI, 4), "bad_cell", "month 13", period="2023年13月")
    add(take(CADRE, 7), "bad_cell", "a number with 约", active="约12")
    add(take(YOUTH, 11), "bad_cell", "a number with 约", enrolled="约12")
    add(take(XUEXI, 6), "bad_cell", "a rate in words", participation_rate="九成以上")
    add(take(CADRE, 2), "bad_cell", "a letter among the digits", enrolled="1O")
    add(take(XUEXI, 8), "unknown_unit", "misspelt unit", unit_id="水务管理事物中心")
    add(take(CADRE, 3), "unknown_unit", "misspelt unit", unit_id="浦东新区川纱水务管理站")
    add(take(YOUTH, 12), "unknown_unit", "a unit of another bureau", unit_id="浦东新区城管执法局")
    for platform, month in ((XUEXI, 10), (YOUTH, 7)):
        row = take(platform, month)
        other = replace(row, active=row.active - 1, participation_rate=rate(row.active - 1, row.enrolled))
        add(row, "conflict", "also reported late, with other numbers")
        add(other, "conflict", "contradicts the monthly file", slot="study/late")
    for platform, month, share in ((XUEXI, 1, "1.12"), (XUEXI, 5, "1.25"), (CADRE, 8, "1.0833")):
        row = replace(take(platform, month), participation_rate=Decimal(share))
        row = replace(row, active=round(row.enrolled * row.participation_rate))
        add(row, "rule", "participation above 100 %")
    for month in (2, 9 + 2):
        add(replace(take(CADRE, month), passed=None), "rule", "no number of those who met their hours")
    row = take(CADRE, 5)
    add(replace(row, passed=row.enrolled + 3), "rule", "more met their hours than were enrolled")
    add(take(XUEXI, 12), "rule", "a required cell that only looks filled", active="　")
    add(take(XUEXI, 5), "rule", "a platform that does not exist", platform="学习强园")
    for _ in range(6):  # reported late, each once: good
        row = books.pick(rows)
        books.remark(row, "reported late, in the supplement")
    for _ in range(2):
        row = books.pick(rows, lambda r: r.platform == XUEXI)
        rows[rows.index(row)] = high = replace(row, score_per_head=Decimal("2310.5"))
        books.remark(high, "warning: score per head above 66 a day")
    for row in rows:
        if row.participation_rate > 1:
            books.remark(row, "warning: participation above 100 %, counted as 100 %")
        elif row.unit_id == stories.SET_UP_IN_MAY and row.period == date(YEAR, 5, 1):
            books.remark(row, "the unit's first month is not a whole one: nothing was due")
