"""正风肃纪: what was due and what was done."""

from __future__ import annotations

from tests.golden.oracle.bureau import Bureau, Item, Measure, item, months_after
from tests.golden.oracle.foundation import in_time
from tests.golden.oracle.records import Risk, Unit
from tests.golden.oracle.scheme import Node
from tests.golden.oracle.theory import sessions


def integrity_risks(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A risk: done if it has an owner and a measure and was reviewed not too long ago."""

    def watched(risk: Risk) -> bool:
        if risk.reviewed_on is None or not risk.owner or not risk.measure:
            return False
        valid_to = months_after(risk.reviewed_on, int(node.number("months", risk.level)))
        return risk.reviewed_on <= bureau.as_of <= valid_to

    own = [risk for risk in bureau.records.integrity_risk if risk.unit_id == unit.unit_id]
    return [item(risk.risk_id, 1, watched(risk)) for risk in own]


def warning_education(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """Sessions of warning education."""
    return sessions(bureau, unit, node, bureau.records.warning_education)


def integrity_talks(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A round of talks: those talked with, of those who should have been."""
    talks = bureau.of(unit, bureau.records.integrity_talk)
    return [item(t.talk_id, t.due_count, min(t.due_count, t.talked_count)) for t in talks if t.due_count > 0]


def requests_closed(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A request that the unit handles, fallen due: done if it was closed by its date."""
    return [
        item(request.request_id, 1, in_time(request.closed_on, request.due_on), recorded=True)
        for request in bureau.records.appeal_request
        if request.handler_unit_id == unit.unit_id and bureau.fell_due(request.due_on)
    ]


MEASURES = {
    "integrity_risks": Measure(integrity_risks, ("integrity_risk",), not_reported=True),
    "warning_education": Measure(warning_education, ("warning_education",)),
    "integrity_talks": Measure(integrity_talks, ("integrity_talk",)),
    "requests_closed": Measure(requests_closed, ("appeal_request",)),
}
