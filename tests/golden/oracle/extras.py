"""What comes on top of the 100 points: bonus, deductions and vetoes, fact by fact."""

from __future__ import annotations

from datetime import timedelta

from tests.golden.oracle.bureau import Bureau, Item, Measure, fact, largest
from tests.golden.oracle.foundation import in_time
from tests.golden.oracle.records import Unit
from tests.golden.oracle.scheme import Node


def innovation_cases(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A case adopted: the points of the highest level."""
    cases = bureau.of(unit, bureau.records.innovation_case)
    return largest((case.case_key, node.number("points", case.level)) for case in cases)


def honors(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """An honour: the points of its title, if that has its own, else of its level; the most for a case."""
    own = node.params.get("title", {})
    return largest(
        (
            honor.case_key or f"荣誉 {honor.honor_id}",
            node.number("title", honor.title) if honor.title in own else node.number("points", honor.level),
        )
        for honor in bureau.of(unit, bureau.records.honor)
    )


def notices(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A notice: the points of its level; the most for a finding."""
    found = bureau.of(unit, bureau.records.notice)
    return largest(
        (notice.finding_id or f"通报 {notice.notice_id}", node.number("points", notice.level)) for notice in found
    )


def overdue_rectifications(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A rectification fallen due and not done by its date."""
    rows = bureau.of(unit, bureau.records.rectification)
    late = [row for row in rows if row.due_on <= bureau.as_of and not in_time(row.done_on, row.due_on)]
    return [fact(f"整改 {row.item_id}", node.number("points")) for row in late]


def late_reports(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A meeting written down too long after it was held."""
    grace = timedelta(days=int(node.number("days")))
    rows = bureau.of(unit, bureau.records.org_life_record)
    late = [row for row in rows if row.created_on is not None and row.created_on > row.held_on + grace]
    return [fact(f"记录 {row.record_id}", node.number("points")) for row in late]


def made_up_records(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A finding that records were made up afterwards."""
    findings = bureau.of(unit, bureau.records.inspection_finding)
    found = [finding for finding in findings if finding.category in node.params["category"]]
    return [fact(finding.finding_id, node.number("points")) for finding in found]


def adverse_events(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """An adverse event of the veto's level."""
    events = bureau.of(unit, bureau.records.adverse_event)
    return [fact(event.event_id, 1) for event in events if event.level == node.params["level"]]


MEASURES = {
    "innovation_cases": Measure(innovation_cases),
    "honors": Measure(honors),
    "notices": Measure(notices),
    "overdue_rectifications": Measure(overdue_rectifications),
    "late_reports": Measure(late_reports),
    "made_up_records": Measure(made_up_records),
    "adverse_events": Measure(adverse_events),
}
