"""Bad rows of the spot checks and their findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from make_sample.bureau.books import Books
from make_sample.chance import YEAR
from make_sample.records import Finding, Inspection, key_of, table_of


def spoil_inspections(books: Books) -> None:
    rows, add = books.of(Inspection), books.add

    def take(*months: int) -> Inspection:
        row = books.pick(rows, lambda r: r.inspected_on.year == YEAR and (not months or r.inspected_on.month in months))
        rows.remove(row)
        return row

    def extra(row: Inspection, number: int) -> Inspection:
        return replace(row, inspection_id=f"{row.inspection_id[:7]}9{number:02}")

    add(take(2), "bad_cell", "month 13", inspected_on="2023年13月")
    add(take(4), "bad_cell", "30 February", inspected_on="2023.2.30")
    add(extra(books.pick(rows), 1), "bad_cell", "neither yes nor no", agenda="基本有")
    add(extra(books.pick(rows), 2), "unknown_unit", "misspelt unit", unit_id="排水管理事物中心")
    add(take(9), "unknown_unit", "no such office", unit_id="环境督察处")
    with_findings = {finding.inspection_id for finding in books.of(Finding)}
    row = books.pick(rows, lambda r: r.inspection_id in with_findings and r.inspected_on.month == 5)
    rows.remove(row)
    add(row, "conflict", "the same check, reported twice with different flags; its findings lose their check (warning)")
    add(replace(row, agenda=not row.agenda), "conflict", "contradicts the monthly file", slot="inspection/late")
    row = take(8)
    for slot in (None, "inspection/late"):
        add(row, "conflict", "three reports of one check, two of them the same: all three go", slot)
    add(replace(row, fixed_time=not row.fixed_time), "conflict", "the third report, which differs", "inspection/late")
    for number, day in enumerate((date(2024, 6, 13), date(2024, 6, 20)), 3):
        future = extra(books.pick(rows, lambda r: r.inspected_on.month == 6), number)
        rows.append(future := replace(future, inspected_on=day))
        books.remark(future, "after the as-of date (the year was mistyped): quarantined while the day has not come")
    add(take(7), "rule", "a check without an opinion", opinion="　")
    add(take(11), "rule", "a check without an opinion", opinion="")
    add(take(10), "rule", "there is no third round", round="3")
    row = books.pick(rows, lambda r: r.unit_id > "J03" and r.inspected_on.year == YEAR)
    rows[rows.index(row)] = own = replace(row, inspector_unit=row.unit_id)
    books.remark(own, "warning: the inspector is of the unit's own")
    row = books.pick(rows, lambda r: r.inspected_on.month == 12 and r.inspected_on.year == YEAR)
    add(row, "duplicate", "the same check, filed again in the supplement", slot="inspection/late")


def spoil_findings(books: Books) -> None:
    rows, add = books.of(Finding), books.add
    checks = {check.inspection_id: check for check in books.of(Inspection)}

    def pick(fits: Callable[[Finding], bool] = lambda _: True) -> Finding:
        return books.pick(rows, lambda r: r.found_on.year == YEAR and r.inspection_id in checks and fits(r))

    def take(fits: Callable[[Finding], bool] = lambda _: True) -> Finding:
        row = pick(fits)
        rows.remove(row)
        return row

    def change(row: Finding, changed: Finding, note: str) -> None:
        rows[rows.index(row)] = changed
        books.remark(changed, note)

    add(take(), "bad_cell", "a date in words", due_on="月底前")
    add(take(), "bad_cell", "a date in words", rectified_on="已整改")
    add(take(), "unknown_unit", "misspelt unit", unit_id="河道管理事物中心")
    for _ in range(2):
        row = take(lambda r: r.rectified_on is not None)
        due = checks[row.inspection_id].inspected_on - timedelta(days=10)
        add(replace(row, due_on=due), "rule", "due before the check took place")
    for _ in range(2):
        row = take(lambda r: r.rectified_on is not None)
        add(replace(row, rectified_on=row.found_on - timedelta(days=3)), "rule", "rectified before it was found")
    add(take(), "rule", "a severity that does not exist", severity="较重")
    add(take(), "rule", "no category", category="　")
    add(pick(), "duplicate", "the same row twice in one sheet")
    row = take(lambda r: r.rechecked_on is not None)
    add(row, "conflict", "the same finding twice, open and closed")
    add(replace(row, rechecked_on=None, status="已整改"), "conflict", "the same finding twice, open and closed")
    row = pick()
    change(row, replace(row, inspection_id="CC2313-001"), "warning: there is no such check")
    row = pick(lambda r: r.unit_id != "J01")
    change(row, replace(row, unit_id="J01"), "warning: another unit than its check's")
    row = pick(lambda r: r.rechecked_on is not None and r.rectified_on is not None and r.rechecked_on > r.found_on)
    rectified = row.rechecked_on + timedelta(days=2) if row.rechecked_on else None
    change(row, replace(row, rectified_on=rectified), "warning: rechecked before it was rectified")
    row = pick(lambda r: r.found_on.month == 12)
    moved = replace(row, found_on=date(2024, 1, 5), due_on=date(2024, 1, 31), rectified_on=None, rechecked_on=None)
    change(row, replace(moved, status="逾期"), "found in 2024: costs its check of 2023 points, but is not due in 2023")
    for row in rows:
        if row.inspection_id not in checks and (table_of(row), key_of(row)) not in books.remarks:
            books.remark(row, "warning: its check is in quarantine")
