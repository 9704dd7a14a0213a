"""The records the oracle looks at: of every table, the columns that a rule reads.

The attribute names are the tables' columns. A record is about one unit, and belongs to a year: that of its day or of
its year column, if its table has one; otherwise it is of no year in particular.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit of the registry."""

    unit_id: str
    category: str
    has_committee: bool
    group_count: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of the Party and the unit he or she belongs to for a while."""

    member_id: str
    unit_id: str
    status: str
    role: str
    exempt: bool
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, kw_only=True)
class Record:
    """A row that a unit handed in, or that somebody else wrote down about it."""

    unit_id: str

    dated: ClassVar[str] = ""  # the column that says of which year a record is: a day, or the year itself

    @property
    def assessed_in(self) -> int | None:
        """The year it belongs to; None where its table has neither a day nor a year."""
        value = getattr(self, self.dated) if self.dated else None
        return value.year if isinstance(value, date) else value


# --- What inspectors, platforms and others wrote down ----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Inspection(Record):
    """A check of a unit's organisational-life records."""

    inspection_id: str
    round: int
    inspected_on: date
    fixed_time: bool
    agenda: bool
    procedure: bool
    detailed_record: bool
    dated = "inspected_on"


@dataclass(frozen=True, kw_only=True)
class Finding(Record):
    """A problem found by a check."""

    finding_id: str
    inspection_id: str
    severity: str
    category: str
    found_on: date
    due_on: date
    rechecked_on: date | None
    dated = "found_on"


@dataclass(frozen=True, kw_only=True)
class StudyStat(Record):
    """A unit's month on a learning platform."""

    platform: str
    period: date
    enrolled: int
    participation_rate: Decimal
    passed: int | None
    dated = "period"


@dataclass(frozen=True, kw_only=True)
class Notice(Record):
    """A criticism passed round the district or the bureau."""

    notice_id: str
    level: str
    issued_on: date
    finding_id: str | None
    dated = "issued_on"


@dataclass(frozen=True, kw_only=True)
class AdverseEvent(Record):
    """What may cap a unit's grade."""

    event_id: str
    level: str
    effective_on: date
    dated = "effective_on"


@dataclass(frozen=True, kw_only=True)
class Guidance(Record):
    """A visit to a weak unit."""

    guidance_id: str


@dataclass(frozen=True, kw_only=True)
class ClueSummary(Record):
    """How many clues about a unit came in; never scored."""

    quarter: str


# --- Theory ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FirstTopic(Record):
    """A meeting that took up the first agenda item, or did not."""

    topic_id: str
    held_on: date
    is_first_item: bool
    dated = "held_on"


@dataclass(frozen=True, kw_only=True)
class Session(Record):
    """A session: loyalty education, warning education or joint study."""

    held_on: date
    due_count: int
    attend_count: int
    dated = "held_on"


@dataclass(frozen=True, kw_only=True)
class CampaignSession(Record):
    """A session of a campaign."""

    campaign: str
    held_on: date
    covered_count: int
    dated = "held_on"


@dataclass(frozen=True, kw_only=True)
class Training(Record):
    """A course that a member took."""

    member_id: str
    course_id: str
    trainee_group: str
    start_on: date
    hours: Decimal
    dated = "start_on"


@dataclass(frozen=True, kw_only=True)
class Honor(Record):
    """An honour of a person or of the unit."""

    honor_id: str
    title: str
    level: str
    granted_on: date
    publicised_on: date | None
    case_key: str | None
    dated = "granted_on"


# --- Foundation ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Task(Record):
    """A task of the work plan."""

    task_id: str
    due_on: date
    done_on: date | None
    dated = "due_on"


@dataclass(frozen=True, kw_only=True)
class Election(Record):
    """A term of the unit's leadership and the election that ends it."""

    term_start: date
    due_on: date
    held_on: date | None
    extension_approved_to: date | None
    approval_no: str | None
    dated = "due_on"


@dataclass(frozen=True, kw_only=True)
class Development(Record):
    """How far a person has come on the way to membership."""

    person_id: str
    applied_on: date
    talked_on: date | None
    activist_on: date | None
    object_on: date | None
    training_hours: Decimal | None
    prereview_on: date | None
    meeting_on: date | None
    approved_on: date | None
    regular_on: date | None


@dataclass(frozen=True, kw_only=True)
class SecretaryMeeting(Record):
    """A unit at a meeting of the secretaries."""

    meeting_id: str
    held_on: date
    attended: str
    reported: bool
    dated = "held_on"


@dataclass(frozen=True, kw_only=True)
class Meeting(Record):
    """A meeting of a unit's organisational life."""

    record_id: str
    group_id: str | None
    types: tuple[str, ...]
    held_on: date
    attributed_year: int | None
    topic: str | None
    host: str | None
    recorder: str | None
    due_count: int
    attend_count: int
    resolutions: str | None
    text_hash: str | None
    created_on: date | None

    @property
    def assessed_in(self) -> int:
        """The year it is said to belong to, else that of its day."""
        return self.held_on.year if self.attributed_year is None else self.attributed_year


@dataclass(frozen=True, kw_only=True)
class Rectification(Record):
    """Something to be put right."""

    item_id: str
    origin: str
    due_on: date
    done_on: date | None
    dated = "due_on"


@dataclass(frozen=True, kw_only=True)
class Review(Record):
    """The year's democratic review of the members."""

    attributed_year: int
    excellent: int
    qualified: int
    basic: int
    unqualified: int
    dated = "attributed_year"


@dataclass(frozen=True, kw_only=True)
class Talk(Record):
    """A talk with a member."""

    member_id: str
    talked_on: date
    dated = "talked_on"


@dataclass(frozen=True, kw_only=True)
class InnovationCase(Record):
    """A case of innovation that a level of government adopted."""

    level: str
    adopted_on: date
    case_key: str
    dated = "adopted_on"


@dataclass(frozen=True, kw_only=True)
class CadreAction(Record):
    """A planned step for the cadres."""

    action_id: str
    planned_on: date
    done_on: date | None
    dated = "planned_on"


@dataclass(frozen=True, kw_only=True)
class ModelOffice(Record):
    """The grade a unit got for one goal of the model office."""

    goal: str
    grade: str
    year: int
    dated = "year"


# --- Synergy ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FrontlinePost(Record):
    """Somebody's days at the front line."""

    post_id: str
    member_id: str
    start_on: date
    days: Decimal | int
    outcome: str | None
    dated = "start_on"


@dataclass(frozen=True, kw_only=True)
class Agreement(Record):
    """A pairing agreement."""

    agreement_id: str
    partner_type: str
    signed_on: date
    expires_on: date


@dataclass(frozen=True, kw_only=True)
class Activity(Record):
    """An activity held under an agreement."""

    activity_id: str
    agreement_id: str
    held_on: date
    theme: str
    dated = "held_on"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of an agreement's lists; its unit is the agreement's."""

    item_id: str
    agreement_id: str
    kind: str
    due_on: date | None
    done_on: date | None


@dataclass(frozen=True, kw_only=True)
class UnitedFrontActivity(Record):
    """An activity of the united front or a mass organisation."""

    activity_id: str
    held_on: date
    dated = "held_on"


# --- Integrity -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Risk(Record):
    """A risk to integrity, and what is done about it."""

    risk_id: str
    level: str
    measure: str | None
    owner: str | None
    reviewed_on: date | None


@dataclass(frozen=True, kw_only=True)
class IntegrityTalk(Record):
    """A round of talks: how many people should have been talked with, and how many were."""

    talk_id: str
    talked_on: date
    due_count: int
    talked_count: int
    dated = "talked_on"


@dataclass(frozen=True, kw_only=True)
class Request(Record):
    """A member's request, of the unit that asked, to the unit that handles it."""

    request_id: str
    handler_unit_id: str
    due_on: date
    closed_on: date | None
    dated = "due_on"


# --- All of them -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Records:
    """Clean records that may count, by table."""

    org_unit: tuple[Unit, ...] = ()
    party_member: tuple[Member, ...] = ()
    inspection: tuple[Inspection, ...] = ()
    inspection_finding: tuple[Finding, ...] = ()
    study_stat: tuple[StudyStat, ...] = ()
    notice: tuple[Notice, ...] = ()
    adverse_event: tuple[AdverseEvent, ...] = ()
    guidance_log: tuple[Guidance, ...] = ()
    clue_summary: tuple[ClueSummary, ...] = ()
    first_topic: tuple[FirstTopic, ...] = ()
    joint_study: tuple[Session, ...] = ()
    campaign_session: tuple[CampaignSession, ...] = ()
    training_record: tuple[Training, ...] = ()
    honor: tuple[Honor, ...] = ()
    loyalty_education: tuple[Session, ...] = ()
    task_breakdown: tuple[Task, ...] = ()
    election: tuple[Election, ...] = ()
    member_development: tuple[Development, ...] = ()
    secretary_meeting: tuple[SecretaryMeeting, ...] = ()
    org_life_record: tuple[Meeting, ...] = ()
    rectification: tuple[Rectification, ...] = ()
    democratic_review: tuple[Review, ...] = ()
    talk_record: tuple[Talk, ...] = ()
    cadre_action: tuple[CadreAction, ...] = ()
    model_office: tuple[ModelOffice, ...] = ()
    frontline_post: tuple[FrontlinePost, ...] = ()
    pairing_agreement: tuple[Agreement, ...] = ()
    pairing_activity: tuple[Activity, ...] = ()
    pairing_item: tuple[Line, ...] = ()
    united_front_activity: tuple[UnitedFrontActivity, ...] = ()
    integrity_risk: tuple[Risk, ...] = ()
    warning_education: tuple[Session, ...] = ()
    integrity_talk: tuple[IntegrityTalk, ...] = ()
    appeal_request: tuple[Request, ...] = ()
    innovation_case: tuple[InnovationCase, ...] = ()
