-- What the contracts' rules, the dates and the keys find in each table: how many records each refuses or flags, as fast as
-- we could write it by hand. One scan of each table for all rules about single rows; keys by their hashes; rules that compare
-- rows over the few that can fail where there is a cheap way to find them. benchmarks/against_floor.py compares the counts
-- with kaohe's own, and expects records of which none is refused: it does not look up which ones they are.
create or replace table failing (table_name varchar, rule varchar, records bigint);

-- correction
insert into failing
select 'correction', unnest(['required', 'rule_1']),
  unnest([
    count(*) filter (where target_table is null or record_key is null or target_column is null or reason is null or source_doc is null or approver is null),
    count(*) filter (where expect is not distinct from value)
  ])
from correction;

insert into failing select 'correction', 'repeated', count(*) from (select 1 from correction group by hash(target_table, record_key, target_column) having count(*) > 1);

-- org_unit
insert into failing
select 'org_unit', unnest(['required', 'choice', 'rule_2', 'rule_3', 'rule_4', 'rule_5']),
  unnest([
    count(*) filter (where unit_id is null or name is null or category is null or party_org_type is null or has_committee is null or group_count is null or member_count is null or valid_from is null),
    count(*) filter (where category not in ('机关处室', '基层单位') or party_org_type not in ('党委', '总支', '支部')),
    count(*) filter (where group_count < 0),
    count(*) filter (where member_count < 0),
    count(*) filter (where valid_to < valid_from),
    count(*) filter (where party_org_type = '支部' and has_committee <> (member_count >= 7))
  ])
from org_unit;

insert into failing select 'org_unit', 'repeated', count(*) from (select 1 from org_unit group by hash(unit_id) having count(*) > 1);

-- work_calendar
insert into failing
select 'work_calendar', unnest(['required']),
  unnest([
    count(*) filter (where day is null or is_workday is null)
  ])
from work_calendar;

insert into failing select 'work_calendar', 'repeated', count(*) from (select 1 from work_calendar group by hash(day) having count(*) > 1);

-- unit_alias
insert into failing
select 'unit_alias', unnest(['required', 'unknown_unit']),
  unnest([
    count(*) filter (where alias is null or platform is null or unit_id is null),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from unit_alias;

insert into failing select 'unit_alias', 'repeated', count(*) from (select 1 from unit_alias group by hash(alias, platform) having count(*) > 1);

-- appeal_request
insert into failing
select 'appeal_request', unnest(['required', 'future', 'unknown_unit', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where request_id is null or unit_id is null or handler_unit_id is null or received_on is null or due_on is null),
    count(*) filter (where received_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(handler_unit_id) filter (where handler_unit_id not in (select unit_id from org_unit)),
    count(*) filter (where due_on < received_on),
    count(*) filter (where closed_on < received_on)
  ])
from appeal_request;

insert into failing select 'appeal_request', 'repeated', count(*) from (select 1 from appeal_request group by hash(request_id) having count(*) > 1);

-- cadre_action
insert into failing
select 'cadre_action', unnest(['required', 'choice', 'unknown_unit']),
  unnest([
    count(*) filter (where action_id is null or unit_id is null or plan is null or item is null or planned_on is null),
    count(*) filter (where item not in ('调研', '选拔', '培训', '交流', '援外帮扶', '后备', '挂职')),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from cadre_action;

insert into failing select 'cadre_action', 'repeated', count(*) from (select 1 from cadre_action group by hash(action_id) having count(*) > 1);

-- clue_summary
insert into failing
select 'clue_summary', unnest(['required', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where unit_id is null or quarter is null or clues is null),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where not regexp_matches(quarter, '^[0-9][0-9][0-9][0-9]Q[1-4]$')),
    count(*) filter (where clues < 0)
  ])
from clue_summary;

insert into failing select 'clue_summary', 'repeated', count(*) from (select 1 from clue_summary group by hash(unit_id, quarter) having count(*) > 1);

-- election
insert into failing
select 'election', unnest(['required', 'unknown_unit', 'rule_1', 'rule_2', 'rule_3', 'rule_4', 'rule_5', 'rule_6', 'rule_7']),
  unnest([
    count(*) filter (where unit_id is null or term_start is null or org_type is null or term_years is null or due_on is null),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where term_years not in (3, 5)),
    count(*) filter (where due_on <= term_start),
    count(*) filter (where held_on < term_start),
    count(*) filter (where extension_approved_to < due_on),
    count(*) filter (where due_on > term_start and abs(date_diff('day', try(term_start + to_years(term_years)), due_on)) > 31),
    count(*) filter (where extension_approved_to is not null and approval_no is null),
    count(*) filter (where extension_approved_to > due_on + interval '1' year)
  ])
from election;

insert into failing select 'election', 'repeated', count(*) from (select 1 from election group by hash(unit_id, term_start) having count(*) > 1);

-- first_topic
insert into failing
select 'first_topic', unnest(['required', 'future', 'unknown_unit']),
  unnest([
    count(*) filter (where topic_id is null or unit_id is null or held_on is null or meeting is null or topic is null or is_first_item is null),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from first_topic;

insert into failing select 'first_topic', 'repeated', count(*) from (select 1 from first_topic group by hash(topic_id) having count(*) > 1);

-- guidance_log
insert into failing
select 'guidance_log', unnest(['required', 'choice', 'unknown_unit']),
  unnest([
    count(*) filter (where guidance_id is null or unit_id is null or tier is null or reason is null or action is null),
    count(*) filter (where tier not in ('A', 'B', 'C')),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from guidance_log;

insert into failing select 'guidance_log', 'repeated', count(*) from (select 1 from guidance_log group by hash(guidance_id) having count(*) > 1);

-- honor
insert into failing
select 'honor', unnest(['required', 'choice', 'future', 'unknown_unit']),
  unnest([
    count(*) filter (where honor_id is null or unit_id is null or subject is null or title is null or level is null or granted_on is null),
    count(*) filter (where subject not in ('个人', '集体') or level not in ('局', '区', '市', '国家')),
    count(*) filter (where granted_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from honor;

insert into failing select 'honor', 'repeated', count(*) from (select 1 from honor group by hash(honor_id) having count(*) > 1);

-- innovation_case
insert into failing
select 'innovation_case', unnest(['required', 'choice', 'future', 'unknown_unit']),
  unnest([
    count(*) filter (where case_id is null or unit_id is null or title is null or level is null or adopted_on is null or case_key is null),
    count(*) filter (where level not in ('局', '区', '市', '国家')),
    count(*) filter (where adopted_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from innovation_case;

insert into failing select 'innovation_case', 'repeated', count(*) from (select 1 from innovation_case group by hash(case_id) having count(*) > 1);

-- inspection
insert into failing
select 'inspection', unnest(['required', 'future', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where inspection_id is null or unit_id is null or round is null or inspected_on is null or inspector is null or fixed_time is null or agenda is null or "procedure" is null or detailed_record is null or opinion is null or guidance is null or follow_up is null),
    count(*) filter (where inspected_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where round not in (1, 2)),
    count(*) filter (where inspector_unit = unit_id)
  ])
from inspection;

insert into failing select 'inspection', 'repeated', count(*) from (select 1 from inspection group by hash(inspection_id) having count(*) > 1);

-- inspection_plan
insert into failing
select 'inspection_plan', unnest(['required', 'unknown_unit', 'rule_1', 'rule_2', 'rule_3']),
  unnest([
    count(*) filter (where "year" is null or "month" is null or unit_id is null or round is null or drawn_on is null or seed is null),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where "month" < 1 or "month" > 12),
    count(*) filter (where round not in (1, 2)),
    count(*) filter (where drawn_on > last_day(try(make_date(year, month, 1))))
  ])
from inspection_plan;

insert into failing select 'inspection_plan', 'repeated', count(*) from (select 1 from inspection_plan group by hash(year, month, unit_id) having count(*) > 1);

-- integrity_risk
insert into failing
select 'integrity_risk', unnest(['required', 'choice', 'unknown_unit']),
  unnest([
    count(*) filter (where risk_id is null or unit_id is null or category is null or point is null or level is null),
    count(*) filter (where level not in ('高', '中', '低')),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from integrity_risk;

insert into failing select 'integrity_risk', 'repeated', count(*) from (select 1 from integrity_risk group by hash(risk_id) having count(*) > 1);

-- integrity_talk
insert into failing
select 'integrity_talk', unnest(['required', 'choice', 'future', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where talk_id is null or unit_id is null or talked_on is null or kind is null or form is null or due_count is null or talked_count is null),
    count(*) filter (where kind not in ('例行', '提醒', '专项') or form not in ('个别', '集体')),
    count(*) filter (where talked_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where talked_count < 0),
    count(*) filter (where due_count < talked_count)
  ])
from integrity_talk;

insert into failing select 'integrity_talk', 'repeated', count(*) from (select 1 from integrity_talk group by hash(talk_id) having count(*) > 1);

-- member_development
insert into failing
select 'member_development', unnest(['required', 'unknown_unit', 'rule_1', 'rule_2', 'rule_3', 'rule_4', 'rule_5', 'rule_6', 'rule_7', 'rule_8']),
  unnest([
    count(*) filter (where person_id is null or unit_id is null or applied_on is null),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where talked_on < applied_on),
    count(*) filter (where activist_on < applied_on),
    count(*) filter (where object_on < activist_on),
    count(*) filter (where prereview_on < object_on),
    count(*) filter (where meeting_on < prereview_on),
    count(*) filter (where approved_on < meeting_on),
    count(*) filter (where regular_on < meeting_on),
    count(*) filter (where training_hours < 0)
  ])
from member_development;

insert into failing select 'member_development', 'repeated', count(*) from (select 1 from member_development group by hash(person_id) having count(*) > 1);

-- model_office
insert into failing
select 'model_office', unnest(['required', 'choice', 'unknown_unit']),
  unnest([
    count(*) filter (where unit_id is null or "year" is null or goal is null or grade is null),
    count(*) filter (where goal not in ('讲政治', '守纪律', '负责任', '有效率') or grade not in ('A', 'B', 'C', 'D')),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from model_office;

insert into failing select 'model_office', 'repeated', count(*) from (select 1 from model_office group by hash(unit_id, year, goal) having count(*) > 1);

-- pairing_agreement
insert into failing
select 'pairing_agreement', unnest(['required', 'choice', 'unknown_unit', 'rule_1']),
  unnest([
    count(*) filter (where agreement_id is null or unit_id is null or partner is null or partner_type is null or signed_on is null or expires_on is null),
    count(*) filter (where partner_type not in ('行业', '街道', '镇', '居委', '村')),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where expires_on < signed_on)
  ])
from pairing_agreement;

insert into failing select 'pairing_agreement', 'repeated', count(*) from (select 1 from pairing_agreement group by hash(agreement_id) having count(*) > 1);

-- party_member
insert into failing
select 'party_member', unnest(['required', 'choice', 'unknown_unit', 'rule_1']),
  unnest([
    count(*) filter (where member_id is null or unit_id is null or status is null or role is null or exempt is null or valid_from is null),
    count(*) filter (where status not in ('正式', '预备') or role not in ('书记', '班子', '党务干部', '党员')),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where valid_to < valid_from)
  ])
from party_member;

insert into failing select 'party_member', 'repeated', count(*) from (select 1 from party_member group by hash(member_id, valid_from) having count(*) > 1);

-- rectification
insert into failing
select 'rectification', unnest(['required', 'choice', 'unknown_unit']),
  unnest([
    count(*) filter (where item_id is null or unit_id is null or origin is null or content is null or due_on is null),
    count(*) filter (where origin not in ('组织生活会', '民主评议', '巡察')),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from rectification;

insert into failing select 'rectification', 'repeated', count(*) from (select 1 from rectification group by hash(item_id) having count(*) > 1);

-- score_appeal
insert into failing
select 'score_appeal', unnest(['required', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where appeal_id is null or unit_id is null or publication is null or indicator is null or filed_on is null or claim is null),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where decided_on < filed_on),
    count(*) filter (where not (decided_on is null and decision is null and decided_by is null) and (decided_on is null or decision is null or decided_by is null))
  ])
from score_appeal;

insert into failing select 'score_appeal', 'repeated', count(*) from (select 1 from score_appeal group by hash(appeal_id) having count(*) > 1);

-- secretary_meeting
insert into failing
select 'secretary_meeting', unnest(['required', 'choice', 'future', 'unknown_unit']),
  unnest([
    count(*) filter (where meeting_id is null or unit_id is null or held_on is null or attended is null or reported is null),
    count(*) filter (where attended not in ('本人', '代会', '缺席')),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from secretary_meeting;

insert into failing select 'secretary_meeting', 'repeated', count(*) from (select 1 from secretary_meeting group by hash(meeting_id, unit_id) having count(*) > 1);

-- study_stat
insert into failing
select 'study_stat', unnest(['required', 'choice', 'future', 'unknown_unit', 'rule_1', 'rule_2', 'rule_3', 'rule_4', 'rule_5', 'rule_6', 'rule_7', 'rule_8', 'rule_9']),
  unnest([
    count(*) filter (where platform is null or period is null or unit_id is null or enrolled is null or active is null or participation_rate is null),
    count(*) filter (where platform not in ('学习强国', '上海干部在线学习城', '青年大学习')),
    count(*) filter (where period > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where enrolled < 0),
    count(*) filter (where active < 0),
    count(*) filter (where participation_rate < 0),
    count(*) filter (where platform <> '青年大学习' and participation_rate > 1),
    count(*) filter (where platform <> '青年大学习' and active > enrolled and enrolled >= 0),
    count(*) filter (where platform = '青年大学习' and participation_rate > 1),
    count(*) filter (where platform = '上海干部在线学习城' and enrolled > 0 and passed is null),
    count(*) filter (where passed < 0 or passed > enrolled),
    count(*) filter (where platform = '学习强国' and score_per_head > 66 * day(last_day(period)))
  ])
from study_stat;

insert into failing select 'study_stat', 'repeated', count(*) from (select 1 from study_stat group by hash(platform, period, unit_id) having count(*) > 1);

-- task_breakdown
insert into failing
select 'task_breakdown', unnest(['required', 'unknown_unit']),
  unnest([
    count(*) filter (where task_id is null or unit_id is null or clause is null or owner is null or due_on is null),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from task_breakdown;

insert into failing select 'task_breakdown', 'repeated', count(*) from (select 1 from task_breakdown group by hash(task_id) having count(*) > 1);

-- united_front_activity
insert into failing
select 'united_front_activity', unnest(['required', 'choice', 'future', 'unknown_unit', 'rule_1']),
  unnest([
    count(*) filter (where activity_id is null or unit_id is null or kind is null or held_on is null or attend_count is null),
    count(*) filter (where kind not in ('统战', '工会', '共青团', '妇联')),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where attend_count < 0)
  ])
from united_front_activity;

insert into failing select 'united_front_activity', 'repeated', count(*) from (select 1 from united_front_activity group by hash(activity_id) having count(*) > 1);

-- inspection_finding
insert into failing
select 'inspection_finding', unnest(['required', 'choice', 'future', 'unknown_unit', 'rule_2', 'rule_3']),
  unnest([
    count(*) filter (where finding_id is null or inspection_id is null or unit_id is null or severity is null or category is null or found_on is null or due_on is null or status is null),
    count(*) filter (where severity not in ('严重', '一般', '轻微') or status not in ('待整改', '已整改', '已销号', '逾期')),
    count(*) filter (where found_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where rectified_on < found_on),
    count(*) filter (where rechecked_on < rectified_on)
  ])
from inspection_finding;

insert into failing select 'inspection_finding', 'repeated', count(*) from (select 1 from inspection_finding group by hash(finding_id) having count(*) > 1);

-- pairing_activity
insert into failing
select 'pairing_activity', unnest(['required', 'future', 'unknown_unit', 'rule_1']),
  unnest([
    count(*) filter (where activity_id is null or agreement_id is null or unit_id is null or held_on is null or theme is null or own_count is null or outcome is null),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where own_count < 0)
  ])
from pairing_activity;

insert into failing select 'pairing_activity', 'repeated', count(*) from (select 1 from pairing_activity group by hash(activity_id) having count(*) > 1);

-- pairing_item
insert into failing
select 'pairing_item', unnest(['required', 'choice', 'rule_1']),
  unnest([
    count(*) filter (where item_id is null or agreement_id is null or kind is null or content is null or status is null),
    count(*) filter (where kind not in ('资源', '需求', '项目')),
    count(*) filter (where kind = '项目' and due_on is null)
  ])
from pairing_item;

insert into failing select 'pairing_item', 'repeated', count(*) from (select 1 from pairing_item group by hash(item_id) having count(*) > 1);

-- campaign_session
insert into failing
select 'campaign_session', unnest(['required', 'choice', 'future', 'unknown_unit', 'rule_1']),
  unnest([
    count(*) filter (where session_id is null or campaign is null or unit_id is null or kind is null or held_on is null or covered_count is null),
    count(*) filter (where kind not in ('宣讲', '培训')),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where covered_count < 0)
  ])
from campaign_session;

insert into failing select 'campaign_session', 'repeated', count(*) from (select 1 from campaign_session group by hash(session_id) having count(*) > 1);

-- democratic_review
insert into failing
select 'democratic_review', unnest(['required', 'future', 'unknown_unit', 'rule_1', 'rule_2', 'rule_3', 'rule_4', 'rule_5', 'rule_6', 'rule_7', 'rule_9']),
  unnest([
    count(*) filter (where unit_id is null or attributed_year is null or held_on is null or due_count is null or attend_count is null or excellent is null or qualified is null or basic is null or unqualified is null),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where attend_count < 0),
    count(*) filter (where due_count < attend_count),
    count(*) filter (where excellent < 0),
    count(*) filter (where qualified < 0),
    count(*) filter (where basic < 0),
    count(*) filter (where unqualified < 0),
    count(*) filter (where excellent + qualified + basic + unqualified > due_count),
    count(*) filter (where not attributed_year between year(held_on) - 1 and year(held_on))
  ])
from democratic_review;

insert into failing select 'democratic_review', 'repeated', count(*) from (select 1 from democratic_review group by hash(unit_id, attributed_year) having count(*) > 1);

-- frontline_post
insert into failing
select 'frontline_post', unnest(['required', 'future', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where post_id is null or member_id is null or unit_id is null or host_unit is null or start_on is null or days is null or role is null),
    count(*) filter (where start_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where days < 0),
    count(*) filter (where host_unit = unit_id)
  ])
from frontline_post;

insert into failing select 'frontline_post', 'repeated', count(*) from (select 1 from frontline_post group by hash(post_id) having count(*) > 1);

-- joint_study
insert into failing
select 'joint_study', unnest(['required', 'future', 'unknown_unit', 'rule_1', 'rule_2', 'rule_3', 'rule_4']),
  unnest([
    count(*) filter (where study_id is null or unit_id is null or held_on is null or partner is null or topic is null or hours is null or due_count is null or attend_count is null),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where attend_count < 0),
    count(*) filter (where due_count < attend_count),
    count(*) filter (where hours < 0),
    count(*) filter (where hours > 24)
  ])
from joint_study;

insert into failing select 'joint_study', 'repeated', count(*) from (select 1 from joint_study group by hash(study_id) having count(*) > 1);

-- loyalty_education
insert into failing
select 'loyalty_education', unnest(['required', 'future', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where session_id is null or unit_id is null or held_on is null or topic is null or due_count is null or attend_count is null),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where attend_count < 0),
    count(*) filter (where due_count < attend_count)
  ])
from loyalty_education;

insert into failing select 'loyalty_education', 'repeated', count(*) from (select 1 from loyalty_education group by hash(session_id) having count(*) > 1);

-- org_life_record
insert into failing
select 'org_life_record', unnest(['required', 'future', 'unknown_unit', 'rule_1', 'rule_2', 'rule_3', 'rule_4', 'rule_6', 'rule_7', 'rule_8', 'rule_9', 'rule_11']),
  unnest([
    count(*) filter (where record_id is null or unit_id is null or types is null or held_on is null or topic is null or host is null or recorder is null or due_count is null or attend_count is null or leave_count is null),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where attend_count < 0),
    count(*) filter (where due_count < attend_count),
    count(*) filter (where leave_count < 0),
    count(*) filter (where due_count between attend_count and attend_count + leave_count - 1),
    count(*) filter (where list_contains(types, '党小组会') and group_id is null),
    count(*) filter (where not attributed_year between year(held_on) - 1 and year(held_on)),
    count(*) filter (where created_on > held_on + 7),
    count(*) filter (where created_on < held_on),
    count(*) filter (where resolutions is null and text_hash is null)
  ])
from org_life_record;

insert into failing select 'org_life_record', 'repeated', count(*) from (select 1 from org_life_record group by hash(record_id) having count(*) > 1);

-- talk_record
insert into failing
select 'talk_record', unnest(['required', 'future', 'unknown_unit']),
  unnest([
    count(*) filter (where talk_id is null or unit_id is null or member_id is null or talked_on is null or kind is null),
    count(*) filter (where talked_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from talk_record;

insert into failing select 'talk_record', 'repeated', count(*) from (select 1 from talk_record group by hash(talk_id) having count(*) > 1);

-- training_record
insert into failing
select 'training_record', unnest(['required', 'choice', 'future', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where member_id is null or course_id is null or unit_id is null or trainee_group is null or start_on is null or hours is null or mode is null),
    count(*) filter (where trainee_group not in ('党员', '书记班子', '党务干部', '预备党员') or mode not in ('线上', '线下')),
    count(*) filter (where start_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where hours < 0),
    count(*) filter (where hours > 120)
  ])
from training_record;

insert into failing select 'training_record', 'repeated', count(*) from (select 1 from training_record group by hash(member_id, course_id) having count(*) > 1);

-- warning_education
insert into failing
select 'warning_education', unnest(['required', 'future', 'unknown_unit', 'rule_1', 'rule_2']),
  unnest([
    count(*) filter (where session_id is null or unit_id is null or held_on is null or topic is null or due_count is null or attend_count is null),
    count(*) filter (where held_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit)),
    count(*) filter (where attend_count < 0),
    count(*) filter (where due_count < attend_count)
  ])
from warning_education;

insert into failing select 'warning_education', 'repeated', count(*) from (select 1 from warning_education group by hash(session_id) having count(*) > 1);

-- adverse_event
insert into failing
select 'adverse_event', unnest(['required', 'choice', 'future', 'unknown_unit']),
  unnest([
    count(*) filter (where event_id is null or unit_id is null or level is null or fact is null or source_doc is null or approver is null or effective_on is null),
    count(*) filter (where level not in ('V1', 'V2')),
    count(*) filter (where effective_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from adverse_event;

insert into failing select 'adverse_event', 'repeated', count(*) from (select 1 from adverse_event group by hash(event_id) having count(*) > 1);

-- notice
insert into failing
select 'notice', unnest(['required', 'choice', 'future', 'unknown_unit']),
  unnest([
    count(*) filter (where notice_id is null or unit_id is null or level is null or issued_on is null or fact is null),
    count(*) filter (where level not in ('区', '局')),
    count(*) filter (where issued_on > date '2024-03-31'),
    count(unit_id) filter (where unit_id not in (select unit_id from org_unit))
  ])
from notice;

insert into failing select 'notice', 'repeated', count(*) from (select 1 from notice group by hash(notice_id) having count(*) > 1);

-- Rules that compare rows.
insert into failing
select 'innovation_case', 'rule_1', sum(records) from (
  select count(*) as records from innovation_case group by case_key having min(unit_id) <> max(unit_id)
);
insert into failing
select 'secretary_meeting', 'rule_1', sum(records) from (
  select count(*) as records from secretary_meeting group by meeting_id having min(held_on) <> max(held_on)
);
insert into failing
select 'org_life_record', 'rule_10', sum(records) from (
  select count(*) filter (held_on > first_on) as records
  from (
    select held_on, min(held_on) over (partition by unit_id, text_hash) as first_on
    from org_life_record
    where text_hash is not null and hash(unit_id, text_hash) in (
      select hash(unit_id, text_hash) from org_life_record where text_hash is not null
      group by 1 having min(held_on) < max(held_on)
    )
  )
);

-- Members who stand in several rows, by hash.
create or replace table moved as select hash(member_id) as member_hash from party_member group by 1 having count(*) > 1;
insert into failing
with member as (
  select *, coalesce(valid_to, date '9999-12-31') as last_day
  from (select *, row_number() over () as rowid_of from party_member where hash(member_id) in (from moved))
)
select 'party_member', 'rule_2', count(*) from member
where exists (
  select 1 from member as other
  where other.member_id = member.member_id and other.rowid_of <> member.rowid_of
    and other.valid_from < member.last_day and member.valid_from < other.last_day
);

-- At least so many members are in a unit on every day from 2023 on: only a number above can be too large.
create or replace table at_least as
select unit_id, count(*) as members
from party_member
where valid_from <= date '2023-01-01' and valid_to is null and hash(member_id) not in (from moved)
group by unit_id;
insert into failing
with meeting as (
  select 'campaign_session' as table_name, 'rule_2' as rule, unit_id, held_on, covered_count as people from campaign_session
  union all select 'democratic_review', 'rule_8', unit_id, held_on, due_count from democratic_review
  union all select 'joint_study', 'rule_5', unit_id, held_on, due_count from joint_study
  union all select 'loyalty_education', 'rule_3', unit_id, held_on, due_count from loyalty_education
  union all select 'warning_education', 'rule_3', unit_id, held_on, due_count from warning_education
  union all select 'org_life_record', 'rule_5', unit_id, held_on, due_count from org_life_record
    where list_contains(types, '支部党员大会')
),
doubtful as materialized (
  select meeting.* from meeting
  left join at_least on at_least.unit_id = meeting.unit_id
  where people > coalesce(members, 0) or held_on < date '2023-01-01'
),
there as (
  select day.unit_id, day.held_on, count(distinct member_id) as members
  from (select distinct unit_id, held_on from doubtful) as day
  join party_member as member
    on member.unit_id = day.unit_id and day.held_on between valid_from and coalesce(valid_to, day.held_on)
  group by day.unit_id, day.held_on
)
select table_name, rule, count(*) from doubtful join there using (unit_id, held_on) where people > members group by all;

insert into failing
select 'frontline_post', 'rule_3', count(*) from frontline_post as entry
where not exists (
    select 1 from party_member as member
    where member.unit_id = entry.unit_id and member.member_id = entry.member_id
      and start_on between valid_from and coalesce(valid_to, start_on)
  )
  and unit_id in (select unit_id from party_member);
insert into failing
select 'talk_record', 'rule_1', count(*) from talk_record as entry
where not exists (
    select 1 from party_member as member
    where member.unit_id = entry.unit_id and member.member_id = entry.member_id
      and talked_on between valid_from and coalesce(valid_to, talked_on)
  )
  and unit_id in (select unit_id from party_member);
insert into failing
select 'training_record', 'rule_3', count(*) from training_record
where member_id not in (select member_id from party_member) and unit_id in (select unit_id from party_member);

insert into failing
select 'inspection_finding', unnest(['reference', 'rule_1', 'rule_4']),
  unnest([
    count(*) filter (inspection.inspection_id is null),
    count(*) filter (finding.due_on < inspected_on),
    count(*) filter (finding.unit_id <> inspection.unit_id)
  ])
from inspection_finding as finding left join inspection using (inspection_id);
insert into failing
select 'pairing_activity', unnest(['reference', 'rule_2']),
  unnest([
    count(*) filter (agreement.agreement_id is null), count(*) filter (activity.unit_id <> agreement.unit_id)
  ])
from pairing_activity as activity left join pairing_agreement as agreement using (agreement_id);
insert into failing
select 'pairing_activity', 'rule_3', sum(records) from (
  select count(*) as records
  from pairing_activity as activity join pairing_agreement as agreement using (agreement_id)
  group by activity.unit_id, held_on, theme
  having min(partner_type = '行业') <> max(partner_type = '行业')
);
insert into failing
select 'pairing_item', 'reference', count(*) from pairing_item
where agreement_id not in (select agreement_id from pairing_agreement);
insert into failing
select 'adverse_event', 'reference', count(finding_id) from adverse_event
where finding_id not in (select finding_id from inspection_finding);
insert into failing
select 'notice', 'reference', count(finding_id) from notice
where finding_id not in (select finding_id from inspection_finding);
delete from failing where coalesce(records, 0) = 0;
