"""The scores as one counts them in workbooks, a loop for each formula: ``python by_openpyxl.py INBOX OUT``.

Reads ``<table>.xlsx`` and writes a workbook; for a bureau, not for a city.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from scheme import AS_OF, GRADES, LEAVES, MONTHS, MUSTS, PENALTY, PERIOD_END, SEVERITY, STREET, TARGET, YEAR, weights

INBOX, OUT = map(Path, sys.argv[1:])
MICRO = 1_000_000


def table(name: str) -> list[dict[str, Any]]:
    def rows() -> Iterator[dict[str, Any]]:
        book = load_workbook(INBOX / f"{name}.xlsx", read_only=True)
        lines = book.worksheets[0].iter_rows(values_only=True)
        headings = [str(cell) for cell in next(lines)]
        for line in lines:
            yield {h: cell.date() if hasattr(cell, "date") else cell for h, cell in zip(headings, line, strict=True)}
        book.close()

    return list(rows())


def there(row: dict[str, Any], first: Any, last: Any) -> bool:
    return bool(row["valid_from"] <= first and (row["valid_to"] is None or row["valid_to"] >= last))


units = {row["unit_id"]: row for row in table("org_unit") if there(row, PERIOD_END, PERIOD_END)}
meetings, stats, talks = table("org_life_record"), table("study_stat"), table("talk_record")
inspections, found = table("inspection"), table("inspection_finding")
agreements, items = {row["agreement_id"]: row for row in table("pairing_agreement")}, table("pairing_item")
months = {unit: [first for first, last in MONTHS if there(row, first, last)] for unit, row in units.items()}
sums: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
reported = {row["unit_id"] for row in agreements.values()}


def count(unit: str, leaf: str, due: int, done: int) -> None:
    if unit in units:
        sums[unit][leaf][0] += due
        sums[unit][leaf][1] += done


first: dict[tuple[str, str], Any] = {}
for row in meetings:
    if row["text_hash"]:
        key = row["unit_id"], row["text_hash"]
        first[key] = min(first.get(key, row["held_on"]), row["held_on"])
held = set()
for row in meetings:
    if (row["attributed_year"] or row["held_on"].year) != YEAR:
        continue
    reported.add(row["unit_id"])
    recorded = row["resolutions"] or row["text_hash"]
    copied = row["text_hash"] and first[row["unit_id"], row["text_hash"]] != row["held_on"]
    if "主题党日" in row["types"].split("、") and row["due_count"] > 0 and recorded and not copied:
        held.add((row["unit_id"], row["held_on"].replace(day=1)))
for unit, due in months.items():
    for month in due:
        count(unit, "themed_day_months", MICRO, MICRO * ((unit, month) in held))

studied = {}
for row in stats:
    if row["period"].year == YEAR:
        reported.add(row["unit_id"])
    if row["platform"] == "学习强国":
        studied[row["unit_id"], row["period"]] = row["enrolled"], round(float(row["participation_rate"]) * MICRO)
for unit, due in months.items():
    for month in due:
        enrolled, rate = studied.get((unit, month), (None, 0))
        if enrolled is None or enrolled > 0:
            count(unit, "study_xuexi", MICRO, min(MICRO, (2 * MICRO * rate + TARGET) // (2 * TARGET)))

talked = {row["member_id"] for row in talks if row["talked_on"].year == YEAR}
reported |= {row["unit_id"] for row in talks if row["talked_on"].year == YEAR}
members = {}
for row in sorted(table("party_member"), key=lambda row: row["valid_from"]):
    if there(row, PERIOD_END, PERIOD_END):
        members[row["member_id"]] = row["unit_id"]
for member, unit in members.items():
    count(unit, "members_talked_with", MICRO, MICRO * (member in talked))

with_findings = set()
penalty: dict[str, int] = defaultdict(int)
for row in found:
    penalty[row["inspection_id"]] += PENALTY[row["severity"]]
    if row["found_on"].year == YEAR:
        reported.add(row["unit_id"])
        if row["due_on"] <= AS_OF:
            with_findings.add(row["unit_id"])
            closed = row["rechecked_on"] is not None and row["rechecked_on"] <= row["due_on"]
            count(row["unit_id"], "findings_closed", SEVERITY[row["severity"]], SEVERITY[row["severity"]] * closed)
inspected = [row for row in inspections if row["inspected_on"].year == YEAR]
reported |= {row["unit_id"] for row in inspected}
for unit in {row["unit_id"] for row in inspected} - with_findings:
    count(unit, "findings_closed", MICRO, MICRO)

for row in items:
    agreement, due_on = agreements.get(row["agreement_id"]), row["due_on"]
    is_due = row["kind"] == "项目" and due_on and due_on.year == YEAR and due_on <= AS_OF
    if is_due and agreement and agreement["partner_type"] in STREET:
        done = row["done_on"] is not None and row["done_on"] <= AS_OF
        count(agreement["unit_id"], "street_projects", MICRO, MICRO * done)

for row in inspected:
    if row["round"] == 1:
        points = max(0, 25 * sum(row[must] for must in MUSTS) - penalty[row["inspection_id"]])
        count(row["unit_id"], "spot_check_round_1", 100 * MICRO, points * MICRO)

weight = {(present, leaf): part for present, leaf, part in weights()}
cents: dict[str, int] = {}
for unit, leaves in sums.items():
    if unit in reported:
        present = sum(1 << LEAVES.index(leaf) for leaf in leaves)
        parts = [(weight[present, leaf], due, done) for leaf, (due, done) in leaves.items()]
        cents[unit] = sum((2 * part * done + due) // (2 * due) for part, due, done in parts)

book = Workbook(write_only=True)
sheet = book.create_sheet("scores")
sheet.append(["unit_id", "cents", "rank", "grade"])
for unit, mine in cents.items():
    peers = [cents[other] for other in cents if units[other]["category"] == units[unit]["category"]]
    rank = 1 + sum(theirs > mine for theirs in peers)
    best = max(1, round(GRADES[0][2] * 10_000) * len(peers) // 10_000)
    grade = next(title for title, at_least, quota in GRADES if mine >= at_least and (not quota or rank <= best))
    sheet.append([unit, mine, rank, grade])
book.save(OUT)
