"""The records: one frozen dataclass per source table, with its columns as fields.

The class line says what the table is called, what its key is, which column holds the day of the event, and which one
decides the year of assessment where that is not the event's.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """One row of a source table."""

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    EVENT: ClassVar[str | None]
    YEAR: ClassVar[str | None]

    def __init_subclass__(cls, table: str, key: str, event: str | None = None, year: str | None = None) -> None:
        cls.TABLE, cls.KEY, cls.EVENT, cls.YEAR = table, tuple(key.split()), event, year


R = TypeVar("R", bound=Record)


# --- Registries ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unit(Record, table="org_unit", key="unit_id"):
    """A unit (单位名册)."""

    unit_id: str
    name: str
    short_name: str
    category: str
    parent_id: str | None
    party_org_type: str
    has_committee: bool
    group_count: int
    member_count: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Alias(Record, table="unit_alias", key="alias platform"):
    """Another name of a unit, used by one platform or everywhere."""

    alias: str
    platform: str
    unit_id: str


@dataclass(frozen=True)
class Member(Record, table="party_member", key="member_id valid_from"):
    """A Party member's time in one unit with one status; a transfer is a second row."""

    member_id: str
    unit_id: str
    status: str
    role: str
    exempt: bool
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class CalendarDay(Record, table="work_calendar", key="day"):
    """Whether a day is worked."""

    day: date
    is_workday: bool


# --- Theory (立根铸魂) ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FirstTopic(Record, table="first_topic", key="topic_id", event="held_on"):
    """A meeting with a first agenda item (第一议题)."""

    topic_id: str
    unit_id: str
    held_on: date
    meeting: str
    topic: str
    is_first_item: bool
    action: str | None


@dataclass(frozen=True)
class JointStudy(Record, table="joint_study", key="study_id", event="held_on"):
    """A study session held with a partner (联组学习)."""

    study_id: str
    unit_id: str
    held_on: date
    partner: str
    topic: str
    hours: Decimal
    due_count: int
    attend_count: int


@dataclass(frozen=True)
class CampaignSession(Record, table="campaign_session", key="session_id", event="held_on"):
    """A talk or a training of a study campaign (主题教育)."""

    session_id: str
    campaign: str
    unit_id: str
    kind: str
    held_on: date
    covered_count: int


@dataclass(frozen=True)
class StudyStat(Record, table="study_stat", key="platform period unit_id", event="period"):
    """One unit's month on one learning platform; `period` is the first day of the month."""

    platform: str
    period: date
    unit_id: str
    enrolled: int
    active: int
    participation_rate: Decimal
    score_per_head: Decimal | None
    hours: Decimal | None
    passed: int | None


@dataclass(frozen=True)
class Training(Record, table="training_record", key="member_id course_id", event="start_on"):
    """One member's attendance of one course."""

    member_id: str
    course_id: str
    unit_id: str
    trainee_group: str
    start_on: date
    hours: Decimal
    mode: str


@dataclass(frozen=True)
class Honor(Record, table="honor", key="honor_id", event="granted_on"):
    """An honour granted to a member or to the unit."""

    honor_id: str
    unit_id: str
    subject: str
    title: str
    level: str
    granted_on: date
    publicised_on: date | None
    case_key: str | None


@dataclass(frozen=True)
class LoyaltySession(Record, table="loyalty_education", key="session_id", event="held_on"):
    """A session of loyalty education (对党忠诚教育)."""

    session_id: str
    unit_id: str
    held_on: date
    topic: str
    due_count: int
    attend_count: int


# --- Foundation (强基固本) --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task(Record, table="task_breakdown", key="task_id", year="due_on"):
    """A task of the year's plan given to a unit."""

    task_id: str
    unit_id: str
    clause: str
    owner: str
    due_on: date
    done_on: date | None
    evidence: str | None


@dataclass(frozen=True)
class Election(Record, table="election", key="unit_id term_start", year="due_on"):
    """A term of office and the election that ends it."""

    unit_id: str
    term_start: date
    org_type: str
    term_years: int
    due_on: date
    held_on: date | None
    extension_approved_to: date | None
    approval_no: str | None


@dataclass(frozen=True)
class Candidate(Record, table="member_development", key="person_id"):
    """One person's way into the Party."""

    person_id: str
    unit_id: str
    applied_on: date
    talked_on: date | None
    activist_on: date | None
    object_on: date | None
    training_hours: Decimal | None
    prereview_on: date | None
    meeting_on: date | None
    approved_on: date | None
    regular_on: date | None


@dataclass(frozen=True)
class SecretaryMeeting(Record, table="secretary_meeting", key="meeting_id unit_id", event="held_on"):
    """A unit's part in a meeting of the secretaries."""

    meeting_id: str
    unit_id: str
    held_on: date
    attended: str
    reported: bool


@dataclass(frozen=True)
class Guidance(Record, table="guidance_log", key="guidance_id"):
    """Guidance given to a unit by its tier."""

    guidance_id: str
    unit_id: str
    tier: str
    reason: str
    action: str
    followed_up_on: date | None


@dataclass(frozen=True)
class Meeting(Record, table="org_life_record", key="record_id", event="held_on", year="attributed_year"):
    """A record of organisational life (三会一课, 主题党日, 组织生活会); one meeting may be of several types."""

    record_id: str
    unit_id: str
    group_id: str | None
    types: tuple[str, ...]
    held_on: date
    attributed_year: int | None
    topic: str
    host: str
    recorder: str
    due_count: int
    attend_count: int
    leave_count: int
    absent_reason: str | None
    resolutions: str | None
    text_hash: str | None
    created_on: date | None


@dataclass(frozen=True)
class Rectification(Record, table="rectification", key="item_id", year="due_on"):
    """Something to be put right after an organisational life meeting, a review or an inspection tour."""

    item_id: str
    unit_id: str
    origin: str
    content: str
    due_on: date
    done_on: date | None


@dataclass(frozen=True)
class Review(Record, table="democratic_review", key="unit_id attributed_year", event="held_on", year="attributed_year"):
    """A unit's democratic review of its members (民主评议党员)."""

    unit_id: str
    attributed_year: int
    held_on: date
    due_count: int
    attend_count: int
    excellent: int
    qualified: int
    basic: int
    unqualified: int


@dataclass(frozen=True)
class Talk(Record, table="talk_record", key="talk_id", event="talked_on"):
    """A heart-to-heart talk with a member (谈心谈话)."""

    talk_id: str
    unit_id: str
    member_id: str
    talked_on: date
    kind: str


@dataclass(frozen=True)
class InspectionPlan(Record, table="inspection_plan", key="year month unit_id", year="year"):
    """A unit drawn for a month's spot check."""

    year: int
    month: int
    unit_id: str
    round: int
    drawn_on: date
    seed: str


@dataclass(frozen=True)
class Inspection(Record, table="inspection", key="inspection_id", event="inspected_on"):
    """One check of a unit's organisational-life records (四必有)."""

    inspection_id: str
    unit_id: str
    round: int
    inspected_on: date
    inspector: str
    inspector_unit: str | None
    record_id: str | None
    fixed_time: bool
    agenda: bool
    procedure: bool
    detailed_record: bool
    opinion: str
    guidance: str
    follow_up: str


@dataclass(frozen=True)
class Finding(Record, table="inspection_finding", key="finding_id", event="found_on"):
    """One problem found by a check, until it is closed."""

    finding_id: str
    inspection_id: str
    unit_id: str
    severity: str
    category: str
    found_on: date
    due_on: date
    rectified_on: date | None
    rechecked_on: date | None
    status: str


@dataclass(frozen=True)
class InnovationCase(Record, table="innovation_case", key="case_id", event="adopted_on"):
    """An innovation of organisational life adopted as an example."""

    case_id: str
    unit_id: str
    title: str
    level: str
    adopted_on: date
    case_key: str


@dataclass(frozen=True)
class CadreAction(Record, table="cadre_action", key="action_id", year="planned_on"):
    """A planned step for the cadres (两计划一行动)."""

    action_id: str
    unit_id: str
    plan: str
    item: str
    planned_on: date
    done_on: date | None


@dataclass(frozen=True)
class ModelOffice(Record, table="model_office", key="unit_id year goal", year="year"):
    """A grade for one of the goals of a model office (模范机关)."""

    unit_id: str
    year: int
    goal: str
    grade: str
    hard_points: str | None
    evidence: str | None


# --- Synergy (聚力融合) -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FrontlinePost(Record, table="frontline_post", key="post_id", event="start_on"):
    """A member's spell of work at the front line (一线去)."""

    post_id: str
    member_id: str
    unit_id: str
    host_unit: str
    start_on: date
    days: int
    role: str
    outcome: str | None


@dataclass(frozen=True)
class Agreement(Record, table="pairing_agreement", key="agreement_id"):
    """A pairing agreement with an industry partner, or with a street, town or village."""

    agreement_id: str
    unit_id: str
    partner: str
    partner_type: str
    signed_on: date
    expires_on: date
    contact: str | None
    planned_activities: int | None


@dataclass(frozen=True)
class Activity(Record, table="pairing_activity", key="activity_id", event="held_on"):
    """One activity held under an agreement."""

    activity_id: str
    agreement_id: str
    unit_id: str
    held_on: date
    theme: str
    form: str | None
    own_count: int
    partner_count: int | None
    outcome: str


@dataclass(frozen=True)
class Item(Record, table="pairing_item", key="item_id"):
    """One line of the three lists of an agreement: resources, needs, projects."""

    item_id: str
    agreement_id: str
    kind: str
    content: str
    owner: str | None
    due_on: date | None
    done_on: date | None
    status: str


@dataclass(frozen=True)
class UnitedFrontActivity(Record, table="united_front_activity", key="activity_id", event="held_on"):
    """An activity of the united front or of a mass organisation."""

    activity_id: str
    unit_id: str
    kind: str
    held_on: date
    attend_count: int


# --- Integrity (正风肃纪) ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Risk(Record, table="integrity_risk", key="risk_id"):
    """A point where power could be abused, and who watches it."""

    risk_id: str
    unit_id: str
    category: str
    point: str
    level: str
    measure: str | None
    owner: str | None
    leader: str | None
    reviewed_on: date | None


@dataclass(frozen=True)
class WarningSession(Record, table="warning_education", key="session_id", event="held_on"):
    """A session of warning education (警示教育)."""

    session_id: str
    unit_id: str
    held_on: date
    topic: str
    due_count: int
    attend_count: int


@dataclass(frozen=True)
class IntegrityTalk(Record, table="integrity_talk", key="talk_id", event="talked_on"):
    """A round of integrity talks (廉政约谈): how many should have been talked with, and how many were."""

    talk_id: str
    unit_id: str
    talked_on: date
    kind: str
    form: str
    due_count: int
    talked_count: int


@dataclass(frozen=True)
class Request(Record, table="appeal_request", key="request_id", event="received_on", year="due_on"):
    """A member's request, and the unit that handles it."""

    request_id: str
    unit_id: str
    handler_unit_id: str
    received_on: date
    due_on: date
    closed_on: date | None


@dataclass(frozen=True)
class ClueSummary(Record, table="clue_summary", key="unit_id quarter"):
    """How many clues to breaches of discipline came in; never scored, never published."""

    unit_id: str
    quarter: str
    clues: int


# --- Decisions: notices, events, appeals, corrections ----------------------------------------------------------------


@dataclass(frozen=True)
class Notice(Record, table="notice", key="notice_id", event="issued_on"):
    """A notice of criticism (通报)."""

    notice_id: str
    unit_id: str
    level: str
    issued_on: date
    fact: str
    finding_id: str | None


@dataclass(frozen=True)
class AdverseEvent(Record, table="adverse_event", key="event_id", event="effective_on"):
    """An event that limits the unit's grade."""

    event_id: str
    unit_id: str
    level: str
    fact: str
    source_doc: str
    approver: str
    effective_on: date
    finding_id: str | None


@dataclass(frozen=True)
class ScoreAppeal(Record, table="score_appeal", key="appeal_id"):
    """A unit's appeal against a published score."""

    appeal_id: str
    unit_id: str
    publication: str
    indicator: str
    filed_on: date
    claim: str
    evidence: str | None
    decided_on: date | None
    decision: str | None
    decided_by: str | None


@dataclass(frozen=True)
class Correction(Record, table="correction", key="target_table record_key target_column"):
    """An approved correction of one cell of another table."""

    target_table: str
    record_key: str
    target_column: str
    expect: str
    value: str
    reason: str
    source_doc: str
    approver: str


# --- All of them -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Records:
    """A set of clean records, table by table."""

    units: tuple[Unit, ...] = ()
    aliases: tuple[Alias, ...] = ()
    members: tuple[Member, ...] = ()
    calendar: tuple[CalendarDay, ...] = ()
    first_topics: tuple[FirstTopic, ...] = ()
    joint_studies: tuple[JointStudy, ...] = ()
    campaign_sessions: tuple[CampaignSession, ...] = ()
    study_stats: tuple[StudyStat, ...] = ()
    trainings: tuple[Training, ...] = ()
    honors: tuple[Honor, ...] = ()
    loyalty_sessions: tuple[LoyaltySession, ...] = ()
    tasks: tuple[Task, ...] = ()
    elections: tuple[Election, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    secretary_meetings: tuple[SecretaryMeeting, ...] = ()
    guidance: tuple[Guidance, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    rectifications: tuple[Rectification, ...] = ()
    reviews: tuple[Review, ...] = ()
    talks: tuple[Talk, ...] = ()
    inspection_plans: tuple[InspectionPlan, ...] = ()
    inspections: tuple[Inspection, ...] = ()
    findings: tuple[Finding, ...] = ()
    innovation_cases: tuple[InnovationCase, ...] = ()
    cadre_actions: tuple[CadreAction, ...] = ()
    model_offices: tuple[ModelOffice, ...] = ()
    frontline_posts: tuple[FrontlinePost, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    activities: tuple[Activity, ...] = ()
    items: tuple[Item, ...] = ()
    united_front_activities: tuple[UnitedFrontActivity, ...] = ()
    risks: tuple[Risk, ...] = ()
    warning_sessions: tuple[WarningSession, ...] = ()
    integrity_talks: tuple[IntegrityTalk, ...] = ()
    requests: tuple[Request, ...] = ()
    clue_summaries: tuple[ClueSummary, ...] = ()
    notices: tuple[Notice, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    score_appeals: tuple[ScoreAppeal, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @classmethod
    def of(cls, rows: Mapping[type[Record], list[Any]]) -> Records:
        """Records from lists by kind."""
        tables: dict[str, tuple[Any, ...]] = {name: tuple(rows.get(kind, ())) for name, kind in kinds().items()}
        return cls(**tables)

    def __iter__(self) -> Iterator[Record]:
        for table in fields(self):
            yield from getattr(self, table.name)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@functools.cache
def kinds() -> Mapping[str, type[Record]]:
    """The kind of record in each field of `Records`."""
    return {name: typing.get_args(hint)[0] for name, hint in typing.get_type_hints(Records).items()}


TABLES: Final[Mapping[type[Record], str]] = {kind: kind.TABLE for kind in kinds().values()}
KEYS: Final[Mapping[str, tuple[str, ...]]] = {kind.TABLE: kind.KEY for kind in kinds().values()}
EVENT_DATE: Final[Mapping[str, str]] = {kind.TABLE: kind.EVENT for kind in kinds().values() if kind.EVENT}
YEAR_COLUMN: Final[Mapping[str, str]] = {kind.TABLE: kind.YEAR for kind in kinds().values() if kind.YEAR}


def table_of(record: Record) -> str:
    """The table a record belongs to."""
    return record.TABLE


def key_of(record: Record) -> Key:
    """The record's key, as text."""
    return tuple(str(getattr(record, column)) for column in record.KEY)


def event_of(record: Record) -> date | None:
    """The day the record tells about, where its table has such a day."""
    value = getattr(record, record.EVENT) if record.EVENT else None
    return value if isinstance(value, date) else None


def year_of(record: Record) -> int | None:
    """The year whose assessment the record belongs to: what its year column says, else its event's year."""
    value = getattr(record, record.YEAR) if record.YEAR else None
    if value is None:
        value = event_of(record)
    return value.year if isinstance(value, date) else value
