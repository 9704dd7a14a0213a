"""What is kept but flagged: every trusted record that is worth a look, and the column that says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TypeAlias

from make_sample.chance import last_day, month, months_after
from make_sample.records import Member, Records
from make_sample.vocabulary import INDUSTRY, XUEXI

Flag: TypeAlias = tuple[str, str]  # table, column


def flagged(records: Records) -> Iterator[Flag]:
    """(table, column) of every flag on a trusted record."""
    yield from _registries(records)
    yield from _study(records)
    yield from _spot_checks(records)
    yield from _pairing(records)
    yield from _organisational_life(records)
    yield from _elections(records)
    yield from _people(records)
    yield from _others(records)


class _Register:
    """Who was a member of what, and when."""

    def __init__(self, records: Records) -> None:
        self.of_unit: dict[str, list[Member]] = defaultdict(list)
        for member in records.members:
            self.of_unit[member.unit_id].append(member)
        self.known = {member.member_id for member in records.members}

    def there(self, unit_id: str, day: date) -> set[str]:
        """The members of a unit on a day."""
        return {m.member_id for m in self.of_unit[unit_id] if m.valid_from <= day <= (m.valid_to or day)}

    def fewer(self, unit_id: str, day: date, people: int) -> bool:
        """Whether more people are named than the unit had members; a unit without any that day is not judged."""
        members = len(self.there(unit_id, day))
        return 0 < members < people

    def stranger(self, unit_id: str, day: date, member_id: str) -> bool:
        """Whether somebody was not a member of the unit that day; a unit without register is not judged."""
        return bool(self.of_unit[unit_id]) and member_id not in self.there(unit_id, day)


def _registries(records: Records) -> Iterator[Flag]:
    for unit in records.units:
        if unit.party_org_type == "支部" and unit.has_committee != (unit.member_count >= 7):
            yield "org_unit", "has_committee"
    rows: dict[str, list[Member]] = defaultdict(list)
    for member in records.members:
        rows[member.member_id].append(member)
    for spells in rows.values():
        for spell in spells:
            if any(
                other is not spell
                and other.valid_from < (spell.valid_to or date.max)
                and spell.valid_from < (other.valid_to or date.max)
                for other in spells
            ):
                yield "party_member", "unit_id"


def _study(records: Records) -> Iterator[Flag]:
    for stat in records.study_stats:
        if stat.participation_rate > 1:
            yield "study_stat", "participation_rate"
        if stat.platform == XUEXI and (stat.score_per_head or 0) > 66 * last_day(stat.period).day:
            yield "study_stat", "score_per_head"


def _spot_checks(records: Records) -> Iterator[Flag]:
    checks = {check.inspection_id: check for check in records.inspections}
    for check in records.inspections:
        if check.inspector_unit == check.unit_id:
            yield "inspection", "inspector_unit"
    for finding in records.findings:
        if finding.inspection_id not in checks:
            yield "inspection_finding", "inspection_id"
        elif finding.unit_id != checks[finding.inspection_id].unit_id:
            yield "inspection_finding", "unit_id"
        if finding.rechecked_on and finding.rectified_on and finding.rechecked_on < finding.rectified_on:
            yield "inspection_finding", "rechecked_on"
    for plan in records.inspection_plans:
        if plan.drawn_on > last_day(month(plan.year, plan.month)):
            yield "inspection_plan", "drawn_on"


def _pairing(records: Records) -> Iterator[Flag]:
    industry = {agreement.agreement_id: agreement.partner_type == INDUSTRY for agreement in records.agreements}
    claims: dict[tuple[str, date, str], list[bool]] = defaultdict(list)
    for act in records.activities:
        claims[act.unit_id, act.held_on, act.theme].append(industry[act.agreement_id])
    for kinds in claims.values():
        if len(set(kinds)) == 2:
            yield from (("pairing_activity", "theme") for _ in kinds)
    for item in records.items:
        if item.kind == "项目" and item.due_on is None:
            yield "pairing_item", "due_on"


def _organisational_life(records: Records) -> Iterator[Flag]:
    register = _Register(records)
    first: dict[tuple[str, str], date] = {}
    for meeting in sorted(records.meetings, key=lambda m: m.held_on):
        if meeting.text_hash:
            first.setdefault((meeting.unit_id, meeting.text_hash), meeting.held_on)
    for meeting in records.meetings:
        if meeting.attend_count + meeting.leave_count > meeting.due_count:
            yield "org_life_record", "leave_count"
        if "支部党员大会" in meeting.types and register.fewer(meeting.unit_id, meeting.held_on, meeting.due_count):
            yield "org_life_record", "due_count"
        if "党小组会" in meeting.types and meeting.group_id is None:
            yield "org_life_record", "group_id"
        if meeting.attributed_year and meeting.held_on.year - meeting.attributed_year not in (0, 1):
            yield "org_life_record", "attributed_year"
        if meeting.created_on and not timedelta(0) <= meeting.created_on - meeting.held_on <= timedelta(7):
            yield "org_life_record", "created_on"
        if meeting.text_hash and first[meeting.unit_id, meeting.text_hash] < meeting.held_on:
            yield "org_life_record", "text_hash"
        if not (meeting.resolutions or meeting.text_hash):
            yield "org_life_record", "resolutions"
    for review in records.reviews:
        if register.fewer(review.unit_id, review.held_on, review.due_count):
            yield "democratic_review", "due_count"
        if review.held_on.year - review.attributed_year not in (0, 1):
            yield "democratic_review", "attributed_year"


def _elections(records: Records) -> Iterator[Flag]:
    for term in records.elections:
        if abs(term.due_on - months_after(term.term_start, 12 * term.term_years)) > timedelta(31):
            yield "election", "due_on"
        if term.extension_approved_to and term.approval_no is None:
            yield "election", "approval_no"
        if term.extension_approved_to and term.extension_approved_to > months_after(term.due_on, 12):
            yield "election", "extension_approved_to"


def _people(records: Records) -> Iterator[Flag]:
    """More people than members, and people who are no members."""
    register = _Register(records)
    for session in records.joint_studies:
        if session.hours > 24:
            yield "joint_study", "hours"
    for table, sessions in (
        ("joint_study", records.joint_studies),
        ("loyalty_education", records.loyalty_sessions),
        ("warning_education", records.warning_sessions),
    ):
        yield from ((table, "due_count") for s in sessions if register.fewer(s.unit_id, s.held_on, s.due_count))
    for talk in records.campaign_sessions:
        if register.fewer(talk.unit_id, talk.held_on, talk.covered_count):
            yield "campaign_session", "covered_count"
    for course in records.trainings:
        if register.of_unit[course.unit_id] and course.member_id not in register.known:
            yield "training_record", "member_id"
        if course.hours > 120:
            yield "training_record", "hours"
    for heart in records.talks:
        if register.stranger(heart.unit_id, heart.talked_on, heart.member_id):
            yield "talk_record", "member_id"
    for post in records.frontline_posts:
        if register.stranger(post.unit_id, post.start_on, post.member_id):
            yield "frontline_post", "member_id"
        if post.host_unit == post.unit_id:
            yield "frontline_post", "host_unit"


def _others(records: Records) -> Iterator[Flag]:
    days: dict[str, set[date]] = defaultdict(set)
    for meeting in records.secretary_meetings:
        days[meeting.meeting_id].add(meeting.held_on)
    for meeting in records.secretary_meetings:
        if len(days[meeting.meeting_id]) > 1:
            yield "secretary_meeting", "held_on"
    units: dict[str, set[str]] = defaultdict(set)
    for case in records.innovation_cases:
        units[case.case_key].add(case.unit_id)
    for case in records.innovation_cases:
        if len(units[case.case_key]) > 1:
            yield "innovation_case", "case_key"
    findings = {finding.finding_id for finding in records.findings}
    for table, decisions in (("notice", records.notices), ("adverse_event", records.adverse_events)):
        for decision in decisions:
            if decision.finding_id and decision.finding_id not in findings:
                yield table, "finding_id"
    for appeal in records.score_appeals:
        filled = [appeal.decided_on is None, appeal.decision is None, appeal.decided_by is None]
        if any(filled) and not all(filled):
            yield "score_appeal", "decision"
    for correction in records.corrections:
        if correction.expect == correction.value:
            yield "correction", "value"
