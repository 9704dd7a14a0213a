"""强基固本: what was due and what was done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.golden.oracle.bureau import ZERO, Bureau, Item, Measure, item, months_after
from tests.golden.oracle.records import Development, Election, Meeting, Unit
from tests.golden.oracle.scheme import Node


def in_time(done_on: date | None, due_on: date) -> bool:
    """Whether something was done by its date."""
    return done_on is not None and done_on <= due_on


def tasks_on_time(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A task fallen due: done if it was done by its date."""
    tasks = bureau.of(unit, bureau.records.task_breakdown)
    return [item(t.task_id, 1, in_time(t.done_on, t.due_on)) for t in tasks if t.due_on <= bureau.as_of]


def election_on_time(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A term that ran out: done if its election was held in time, or within an approved extension of limited length, or
    if that extension still runs."""

    def kept(term: Election) -> bool:
        if in_time(term.held_on, term.due_on):
            return True
        until = term.extension_approved_to
        if until is None or not term.approval_no:
            return False
        allowed = until <= months_after(term.due_on, 12 * int(node.number("extension_years")))
        return allowed and (in_time(term.held_on, until) or bureau.as_of <= until)

    terms = bureau.of(unit, bureau.records.election)
    return [item(f"{term.term_start:%Y-%m-%d}", 1, kept(term)) for term in terms if term.due_on <= bureau.as_of]


# --- Development of members ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """A limit on a step: the day it falls due, and whether it was kept."""

    step: str
    due_on: date
    kept: bool


def _limits(person: Development, node: Node) -> Iterator[Limit]:
    """Every limit of a person. The text of the rules in force when the step began says how long it is; a step that
    began under none has no limit."""
    soon = {
        "talk": (person.applied_on, person.talked_on),
        "meeting": (person.prereview_on, person.meeting_on),
        "approval": (person.meeting_on, person.approved_on),
    }
    for step, (start, end) in soon.items():
        if start is not None and (text := node.on(start)):
            limit = months_after(start, int(text.number("limit", step)))
            yield Limit(step, limit, in_time(end, limit))
    not_before = {
        "activist": (person.activist_on, person.object_on),
        "probation": (person.meeting_on, person.regular_on),
    }
    for step, (start, end) in not_before.items():
        if end is not None and (text := node.on(start or end)):
            kept = start is not None and end >= months_after(start, int(text.number("limit", step)))
            yield Limit(step, end, kept)
    if person.meeting_on is not None and (text := node.on(person.meeting_on)):
        hours = Fraction(person.training_hours or 0)
        yield Limit("training", person.meeting_on, hours >= text.number("limit", "training"))


def development_steps(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A person and a limit that fell due: done if it was kept."""
    return [
        item(f"{person.person_id} {limit.step}", 1, limit.kept)
        for person in bureau.records.member_development
        if person.unit_id == unit.unit_id
        for limit in _limits(person, node)
        if bureau.fell_due(limit.due_on)
    ]


# --- Secretaries -----------------------------------------------------------------------------------------------------


def secretary_meetings(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A meeting of the secretaries: how the unit's attended."""
    meetings = bureau.of(unit, bureau.records.secretary_meeting)
    return [item(meeting.meeting_id, 1, node.number("attended", meeting.attended)) for meeting in meetings]


def annual_report(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """The year: done if the secretary reported."""
    return [item("year", 1, any(m.reported for m in bureau.of(unit, bureau.records.secretary_meeting)))]


# --- Organisational life ---------------------------------------------------------------------------------------------


def valid_meetings(bureau: Bureau, unit: Unit, kind: str) -> list[Meeting]:
    """The unit's meetings of a kind, of the year, with all they need, that are not copies.

    A copy has the text of a meeting of the same unit on an earlier day, of whatever kind and year.
    """
    own = [meeting for meeting in bureau.records.org_life_record if meeting.unit_id == unit.unit_id]
    first: dict[str, date] = {}
    for meeting in own:
        if meeting.text_hash:
            first[meeting.text_hash] = min(meeting.held_on, first.get(meeting.text_hash, meeting.held_on))
    return [
        meeting
        for meeting in own
        if kind in meeting.types
        and meeting.assessed_in == bureau.year
        and meeting.topic
        and meeting.host
        and meeting.recorder
        and (meeting.resolutions or meeting.text_hash)
        and not (meeting.text_hash and first[meeting.text_hash] < meeting.held_on)
    ]


def attended_meetings(bureau: Bureau, unit: Unit, node: Node, kind: str) -> list[Meeting]:
    """Valid meetings that enough of those due attended."""
    enough = node.number("attendance")
    meetings = valid_meetings(bureau, unit, kind)
    return [m for m in meetings if m.due_count > 0 and Fraction(m.attend_count, m.due_count) >= enough]


def _covered(meetings: Iterable[Meeting], periods: Iterable[tuple[str, date, date]]) -> list[Item]:
    days = [meeting.held_on for meeting in meetings]
    return [item(name, 1, any(first <= day <= last for day in days)) for name, first, last in periods]


def meeting_quarters(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A quarter: done if a meeting of the type was held."""
    return _covered(attended_meetings(bureau, unit, node, node.params["type"]), bureau.quarters(unit))


def meeting_months(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A month: done if a meeting of the type was held."""
    return _covered(attended_meetings(bureau, unit, node, node.params["type"]), bureau.months(unit))


def committee_months(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A month of a unit that has a committee: done if the committee met."""
    return _covered(attended_meetings(bureau, unit, node, "支委会"), bureau.months(unit) if unit.has_committee else ())


def group_months(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A group and a month: done if the group met. The groups are those that the records of its group meetings name; as many as are
    still missing reported nothing."""
    records = bureau.of(unit, bureau.records.org_life_record)
    named = {meeting.group_id for meeting in records if meeting.group_id and "党小组会" in meeting.types}
    groups = sorted(named)[: unit.group_count]
    groups += [f"未报小组{n}" for n in range(1, unit.group_count - len(groups) + 1)]
    meetings = attended_meetings(bureau, unit, node, "党小组会")
    return [
        item(f"{group} {name}", 1, any(m.group_id == group and first <= m.held_on <= last for m in meetings))
        for group in groups
        for name, first, last in bureau.months(unit)
    ]


def org_life_meeting(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A rectification fallen due: done by its date, if the meeting was held. Without any, the meeting itself."""
    held = bool(valid_meetings(bureau, unit, "组织生活会"))
    rows = bureau.of(unit, bureau.records.rectification)
    due = [row for row in rows if row.origin in node.params["origin"] and row.due_on <= bureau.as_of]
    return [item(r.item_id, 1, held and in_time(r.done_on, r.due_on)) for r in due] or [item("none", 1, held)]


def democratic_review(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """The year: done if the members were reviewed, in part if too many of them were found excellent."""
    for review in bureau.of(unit, bureau.records.democratic_review):
        graded = review.excellent + review.qualified + review.basic + review.unqualified
        too_many = review.excellent * node.number("excellent_one_in") > graded
        return [item("year", 1, node.number("above") if too_many else 1)]
    return [item("year", 1, 0)]


def members_talked_with(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A member: done if somebody talked with him or her in the year."""
    talked = {talk.member_id for talk in bureau.records.talk_record if talk.assessed_in == bureau.year}
    members = [member.member_id for member in bureau.members(unit, bureau.period_end)]
    return [item(name, 1, name in talked, recorded=name in talked) for name in members]


# --- Spot checks -----------------------------------------------------------------------------------------------------


def spot_check(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A check of the round: 25 for each of the four musts, less the penalties of its findings, never below 0."""
    penalties: dict[str, Fraction] = defaultdict(Fraction)
    for finding in bureau.records.inspection_finding:
        penalties[finding.inspection_id] += node.number("penalty", finding.severity)
    must = node.number("must")
    items = []
    for check in bureau.of(unit, bureau.records.inspection):
        if check.round == node.number("round"):
            musts = sum((check.fixed_time, check.agenda, check.procedure, check.detailed_record))
            items.append(item(check.inspection_id, 4 * must, max(ZERO, must * musts - penalties[check.inspection_id])))
    return items


def findings_closed(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A finding fallen due: its weight, done if it was rechecked in time. Inspected and nothing due: all is done."""
    items = []
    for finding in bureau.of(unit, bureau.records.inspection_finding):
        if finding.due_on <= bureau.as_of:
            weight = node.number("severity", finding.severity)
            items.append(item(finding.finding_id, weight, weight * in_time(finding.rechecked_on, finding.due_on)))
    inspected = bureau.of(unit, bureau.records.inspection)
    return items or ([item("none", 1, 1)] if inspected else [])


def cadre_actions(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A step planned by now: done if it is done by now."""
    actions = bureau.of(unit, bureau.records.cadre_action)
    return [item(a.action_id, 1, in_time(a.done_on, bureau.as_of)) for a in actions if a.planned_on <= bureau.as_of]


GOALS = ("讲政治", "守纪律", "负责任", "有效率")


def model_office(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A goal: what its grade is worth."""
    grades = {row.goal: row.grade for row in bureau.of(unit, bureau.records.model_office)}
    return [item(goal, 1, node.number("grade", grades[goal]) if goal in grades else 0) for goal in GOALS]


MEASURES = {
    "tasks_on_time": Measure(tasks_on_time, ("task_breakdown",)),
    "election_on_time": Measure(election_on_time, ("election",)),
    "development_steps": Measure(development_steps, ("member_development",)),
    "secretary_meetings": Measure(secretary_meetings, ("secretary_meeting",), not_reported=True),
    "annual_report": Measure(annual_report, ("secretary_meeting",)),
    "meeting_quarters": Measure(meeting_quarters, ("org_life_record",)),
    "meeting_months": Measure(meeting_months, ("org_life_record",)),
    "committee_months": Measure(committee_months, ("org_life_record",)),
    "group_months": Measure(group_months, ("org_life_record",)),
    "org_life_meeting": Measure(org_life_meeting, ("org_life_record", "rectification")),
    "democratic_review": Measure(democratic_review, ("democratic_review",)),
    "members_talked_with": Measure(members_talked_with, ("talk_record",)),
    "spot_check": Measure(spot_check, ("inspection", "inspection_finding")),
    "findings_closed": Measure(findings_closed, ("inspection", "inspection_finding")),
    "cadre_actions": Measure(cadre_actions, ("cadre_action",)),
    "model_office": Measure(model_office, ("model_office",)),
}
