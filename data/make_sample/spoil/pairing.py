"""Bad rows of the pairing agreements, their activities and their lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from make_sample.bureau.books import Books
from make_sample.chance import YEAR
from make_sample.records import Activity, Agreement, Item
from make_sample.vocabulary import INDUSTRY


def spoil_agreements(books: Books) -> None:
    rows, add = books.of(Agreement), books.add

    def take(note: str) -> Agreement:
        """Take an agreement out, and with it all that hangs on it."""
        held = Counter(activity.agreement_id for activity in books.of(Activity))
        row = books.pick(rows, lambda r: 0 < held[r.agreement_id] < 4)
        rows.remove(row)
        for activity in [a for a in books.of(Activity) if a.agreement_id == row.agreement_id]:
            books.of(Activity).remove(activity)
            add(activity, "rule", note)
        for item in [i for i in books.of(Item) if i.agreement_id == row.agreement_id]:
            books.of(Item).remove(item)
            add(item, "rule", note)
        return row

    row = take("its agreement is in quarantine (conflict)")
    add(row, "conflict", "one agreement, two expiry dates")
    add(replace(row, expires_on=date(2026, 12, 31)), "conflict", "one agreement, two expiry dates")
    row = take("its agreement is in quarantine (expires before it was signed)")
    add(replace(row, expires_on=row.signed_on - timedelta(days=30)), "rule", "expires before it was signed")
    fresh = replace(books.pick(rows), agreement_id="XY2023-901")
    add(fresh, "bad_cell", "a date that is not one", signed_on="2023年春")
    add(replace(books.pick(rows), agreement_id="XY2023-902"), "unknown_unit", "misspelt unit", unit_id="海糖所")
    add(replace(books.pick(rows), agreement_id="XY2023-903"), "rule", "no such kind of partner", partner_type="企业")
    add(books.pick(rows), "duplicate", "the same agreement twice in one sheet")


def spoil_activities(books: Books) -> None:
    rows, add = books.of(Activity), books.add
    kind_of = {agreement.agreement_id: agreement.partner_type for agreement in books.of(Agreement)}
    live = {a.agreement_id: (a.signed_on, a.expires_on) for a in books.of(Agreement)}

    def in_life(row: Activity) -> bool:
        return live[row.agreement_id][0] <= row.held_on <= live[row.agreement_id][1]

    def fresh(number: int, fits: Callable[[Activity], bool] = lambda _: True) -> Activity:
        return replace(books.pick(rows, lambda r: r.held_on.year == YEAR and fits(r)), activity_id=f"HD9{number:03}")

    def take() -> Activity:
        row = books.pick(rows)
        rows.remove(row)
        return row

    add(take(), "bad_cell", "a number with 约", own_count="约30")
    add(take(), "bad_cell", "a day that does not exist", held_on="2023.6.31")
    add(fresh(1), "unknown_unit", "misspelt unit", unit_id="执法大对")
    add(replace(fresh(2), agreement_id="XY2019-404"), "rule", "there is no such agreement", "activity/industry")
    row = fresh(3)
    other = books.pick(books.of(Agreement), lambda a: a.unit_id != row.unit_id)
    add(replace(row, agreement_id=other.agreement_id), "rule", "the agreement belongs to another unit")
    add(replace(take(), own_count=-5), "rule", "a negative number of people")
    row = take()
    add(row, "conflict", "one activity, two numbers of people")
    add(replace(row, own_count=row.own_count + 7), "conflict", "one activity, two numbers of people", "activity/late")
    for number in (4, 5):
        rows.append(future := replace(fresh(number), held_on=date(2024, 5, 10 + number)))
        books.remark(future, "after the as-of date: quarantined while the day has not come")
    for number in (6, 7):  # before the agreement was signed: does not count
        row = fresh(number, lambda r: live[r.agreement_id][0].year == YEAR)
        rows.append(early := replace(row, held_on=live[row.agreement_id][0] - timedelta(days=3 + number)))
        books.remark(early, "outside its agreement's life: kept, but does not count")
    other_kind: dict[tuple[str, bool], Agreement] = {}
    for agreement in books.of(Agreement):
        other_kind.setdefault((agreement.unit_id, agreement.partner_type != INDUSTRY), agreement)

    def twice(number: int, first: Activity, again: Activity, note: str) -> None:
        """File an activity a second time, under a number of its own."""
        again = replace(again, activity_id=f"HD9{number:03}")
        rows.append(again)
        for one, twin in ((first, again), (again, first)):
            books.remark(one, f"{note}, also as {twin.activity_id}; counts once")

    def side(row: Activity) -> tuple[str, bool]:
        return row.unit_id, kind_of[row.agreement_id] == INDUSTRY

    for number, industry in ((8, True), (9, False), (10, False)):
        first = books.pick(rows, lambda r: in_life(r) and side(r) == (r.unit_id, industry) and side(r) in other_kind)  # noqa: B023
        again = replace(first, agreement_id=other_kind[side(first)].agreement_id)
        twice(number, first, again, "warning: claimed under both kinds of pairing")
    first = books.pick(rows, in_life)
    twice(11, first, first, "listed twice under two numbers")


def spoil_items(books: Books) -> None:
    rows, add = books.of(Item), books.add

    def take(kind: str = "项目") -> Item:
        row = books.pick(rows, lambda r: r.kind == kind)
        rows.remove(row)
        return row

    add(take(), "bad_cell", "a date in words", done_on="已完成")
    add(replace(take(), agreement_id="XY2019-404"), "rule", "there is no such agreement", "item/grassroots/项目")
    add(take("资源"), "rule", "a list that does not exist", kind="其他")
    add(take("需求"), "rule", "no content", content="　")
    for _ in range(2):
        row = books.pick(rows, lambda r: r.kind == "项目")
        rows[rows.index(row)] = undated = replace(row, due_on=None)
        books.remark(undated, "warning: a project without a planned date is not counted as due")
