"""立根铸魂: what was due and what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from tests.golden.oracle.bureau import ONE, Bureau, Item, Measure, item, slots
from tests.golden.oracle.records import Member, Session, StudyStat, Unit
from tests.golden.oracle.scheme import Node


def first_topic_months(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A month: done if a first agenda item was taken up in it."""
    days = [topic.held_on for topic in bureau.of(unit, bureau.records.first_topic) if topic.is_first_item]
    return [item(name, 1, any(first <= day <= last for day in days)) for name, first, last in bureau.months(unit)]


def attendance(session: Session) -> Fraction:
    """The part of those due who came; nobody was due, nobody came."""
    return Fraction(session.attend_count, session.due_count) if session.due_count else Fraction(0)


def joint_study_sessions(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A slot for each session wanted, filled with its attendance; a session that too few attended does not count."""
    rates = [attendance(session) for session in bureau.of(unit, bureau.records.joint_study)]
    return slots(node.number("target"), [rate for rate in rates if rate >= node.number("attendance")])


def sessions(bureau: Bureau, unit: Unit, node: Node, rows: Iterable[Session]) -> list[Item]:
    """A slot for each session wanted, filled with its attendance."""
    return slots(node.number("target"), map(attendance, bureau.of(unit, rows)))


def loyalty_sessions(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """Sessions of loyalty education."""
    return sessions(bureau, unit, node, bureau.records.loyalty_education)


def campaign_cover(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A campaign that anybody held in the year: how many of the unit's members were covered, counted on the unit's last
    session of it, or at the end of the period if it held none. A unit without members owed nothing."""
    held = bureau.of(unit, bureau.records.campaign_session)
    everybodys = {s.campaign for s in bureau.records.campaign_session if s.assessed_in == bureau.year}
    items = []
    for campaign in everybodys:
        own = [session for session in held if session.campaign == campaign]
        members = len(bureau.members(unit, max((s.held_on for s in own), default=bureau.period_end)))
        items.append(item(campaign, members, min(members, sum(s.covered_count for s in own))))
    return [campaign for campaign in items if campaign.due]


def _study(bureau: Bureau, unit: Unit, node: Node, rate: Callable[[StudyStat], Fraction]) -> list[Item]:
    stats = bureau.of(unit, bureau.records.study_stat)
    rows = {stat.period: stat for stat in stats if stat.platform == node.params["platform"]}
    items = []
    for name, first, _ in bureau.months(unit):
        stat = rows.get(first)
        if stat is None:
            items.append(item(name, 1, 0))
        elif stat.enrolled > 0:
            items.append(item(name, 1, min(ONE, rate(stat) / node.number("target"))))
    return items


def study_participation(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A month on a platform: its participation rate, measured against the target."""
    return _study(bureau, unit, node, lambda stat: Fraction(stat.participation_rate))


def study_hours_met(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A month on a platform: those who met their hours, of those enrolled, against the target."""
    return _study(bureau, unit, node, lambda stat: Fraction(stat.passed or 0, stat.enrolled))


FULL = "正式"
GROUPS: dict[str, Callable[[Member], bool]] = {
    "书记班子": lambda member: member.role in {"书记", "班子"} and member.status == FULL,
    "党务干部": lambda member: member.role == "党务干部" and member.status == FULL,
    "党员": lambda member: member.role == "党员" and member.status == FULL,
    "预备党员": lambda member: member.status == "预备",
}


def training_met(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A member of the group who is not exempt: done if hours and courses are met, whichever unit filed them.

    The hours are those of all courses, the courses those filed under the group.
    """
    group = node.params["trainee_group"]
    items = []
    for member in bureau.members(unit, bureau.period_end):
        if member.exempt or not GROUPS[group](member):
            continue
        taken = [
            course
            for course in bureau.records.training_record
            if course.member_id == member.member_id and course.assessed_in == bureau.year
        ]
        hours = sum((Fraction(course.hours) for course in taken), Fraction(0))
        courses = sum(course.trainee_group == group for course in taken)
        met = hours >= node.number("hours") and courses >= node.number("courses")
        items.append(item(member.member_id, 1, met, recorded=bool(taken)))
    return items


def role_models(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """The year: done if somebody was honoured and it was made public."""
    honors = bureau.of(unit, bureau.records.honor)
    public = any(honor.publicised_on is not None and honor.publicised_on <= bureau.as_of for honor in honors)
    return [item("year", 1, public)]


MEASURES = {
    "first_topic_months": Measure(first_topic_months, ("first_topic",)),
    "joint_study_sessions": Measure(joint_study_sessions, ("joint_study",)),
    "campaign_cover": Measure(campaign_cover, ("campaign_session",), not_reported=True),
    "study_participation": Measure(study_participation, ("study_stat",)),
    "study_hours_met": Measure(study_hours_met, ("study_stat",)),
    "training_met": Measure(training_met, ("training_record",)),
    "role_models": Measure(role_models, ("honor",)),
    "loyalty_sessions": Measure(loyalty_sessions, ("loyalty_education",)),
}
