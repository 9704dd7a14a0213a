"""Records for the oracle's own tests: everything that a test does not care about is given here."""

from datetime import date
from decimal import Decimal
from functools import partial

from tests.golden.oracle import records

UNIT = "J01"

unit = partial(
    records.Unit,
    unit_id=UNIT,
    category="机关处室",
    has_committee=True,
    group_count=0,
    valid_from=date(2015, 1, 1),
    valid_to=None,
)
member = partial(
    records.Member,
    unit_id=UNIT,
    status="正式",
    role="党员",
    exempt=False,
    valid_from=date(2015, 1, 1),
    valid_to=None,
)
check = partial(
    records.Inspection,
    unit_id=UNIT,
    inspected_on=date(2023, 5, 5),
    round=1,
    fixed_time=True,
    agenda=True,
    procedure=True,
    detailed_record=True,
)
finding = partial(
    records.Finding,
    unit_id=UNIT,
    inspection_id="CC1",
    severity="一般",
    category="签到缺失",
    found_on=date(2023, 3, 1),
    due_on=date(2023, 3, 31),
    rechecked_on=None,
)
study = partial(
    records.StudyStat,
    unit_id=UNIT,
    platform="学习强国",
    enrolled=10,
    participation_rate=Decimal(1),
    passed=None,
)
topic = partial(records.FirstTopic, unit_id=UNIT, topic_id="YT", is_first_item=True)
session = partial(records.Session, unit_id=UNIT, due_count=10)
campaign = partial(records.CampaignSession, unit_id=UNIT)
training = partial(
    records.Training, unit_id=UNIT, trainee_group="党员", start_on=date(2023, 4, 1), hours=Decimal(8), course_id="KC1"
)
honor = partial(
    records.Honor,
    unit_id=UNIT,
    title="先进党支部",
    level="局",
    granted_on=date(2023, 7, 1),
    publicised_on=None,
    case_key=None,
)
task = partial(records.Task, unit_id=UNIT, done_on=None)
election = partial(
    records.Election,
    unit_id=UNIT,
    term_start=date(2020, 3, 1),
    due_on=date(2023, 3, 1),
    held_on=None,
    extension_approved_to=None,
    approval_no=None,
)
candidate = partial(
    records.Development,
    unit_id=UNIT,
    person_id="甲",
    applied_on=date(2019, 1, 1),
    talked_on=None,
    activist_on=None,
    object_on=None,
    training_hours=None,
    prereview_on=None,
    meeting_on=None,
    approved_on=None,
    regular_on=None,
)
secretaries = partial(records.SecretaryMeeting, unit_id=UNIT, held_on=date(2023, 6, 6), attended="本人", reported=False)
meeting = partial(
    records.Meeting,
    unit_id=UNIT,
    record_id="ZZ1",
    group_id=None,
    types=("支部党员大会",),
    attributed_year=None,
    topic="学习",
    host="甲",
    recorder="乙",
    due_count=10,
    attend_count=10,
    resolutions="形成决议",
    text_hash=None,
    created_on=None,
)
rectification = partial(records.Rectification, unit_id=UNIT, origin="组织生活会", done_on=None)
review = partial(records.Review, unit_id=UNIT, attributed_year=2023, excellent=0, qualified=0, basic=0, unqualified=0)
talk = partial(records.Talk, unit_id=UNIT)
case = partial(records.InnovationCase, unit_id=UNIT, level="局", adopted_on=date(2023, 9, 9))
action = partial(records.CadreAction, unit_id=UNIT, done_on=None)
goal = partial(records.ModelOffice, unit_id=UNIT, year=2023)
post = partial(
    records.FrontlinePost, unit_id=UNIT, member_id="甲", start_on=date(2023, 8, 1), days=5, outcome="调研报告"
)
agreement = partial(
    records.Agreement,
    unit_id=UNIT,
    partner_type="行业",
    signed_on=date(2022, 5, 1),
    expires_on=date(2025, 12, 31),
)
activity = partial(records.Activity, unit_id=UNIT, theme="共护碧水")
line = partial(records.Line, kind="项目", done_on=None)
front = partial(records.UnitedFrontActivity, unit_id=UNIT)
risk = partial(records.Risk, unit_id=UNIT, level="中", measure="双人复核", owner="甲", reviewed_on=None)
round_of_talks = partial(records.IntegrityTalk, unit_id=UNIT, talked_on=date(2023, 9, 1))
request = partial(records.Request, unit_id="D01", handler_unit_id=UNIT, closed_on=None)
notice = partial(records.Notice, unit_id=UNIT, level="局", issued_on=date(2023, 10, 1), finding_id=None)
event = partial(records.AdverseEvent, unit_id=UNIT, level="V1", effective_on=date(2023, 11, 1))
