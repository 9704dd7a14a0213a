-- What the measures of data/schemes/2023.yml come to as of 31 March 2024, from records that break no rule: evidence_sum of
-- all 43 indicators and of bonus, deductions and vetoes (without the number of records), the items of those, and who handed
-- in what; as fast as we could write it by hand. Each source table is read once for all its indicators where that is
-- cheaper; months and quarters are bits; shares are whole millionths.
-- benchmarks/against_floor.py lets names stand for the Parquet files, and compares every row with kaohe's own.
create or replace table evidence_sum (unit_id varchar, evidence varchar, items bigint, due bigint, done bigint);

-- Assessed units: bits of the months and quarters due. Who came in the year owes those after coming.
create or replace table unit as
select
  unit_id, category, has_committee, group_count, months_before,
  (4095 << months_before) & 4095 as months,
  (15 << ((months_before + 2) // 3)) & 15 as quarters
from (
  select
    *,
    cast(
      case when valid_from <= date '2023-01-01' then 0
        else date_diff('month', date '2023-01-01', cast(valid_from - 1 as date)) + 1 end as integer
    ) as months_before
  from org_unit
  where valid_from <= date '2023-12-31' and (valid_to is null or valid_to >= date '2023-12-31')
) as org_unit;

-- Minutes that stand under several days: looked for by hash, which is cheaper, then among the few as they are.
create or replace table copied as
select unit_id, text_hash, min(held_on) as first_on
from org_life_record
where text_hash is not null and hash(unit_id, text_hash) in (
  select hash(unit_id, text_hash) from org_life_record where text_hash is not null
  group by 1 having min(held_on) < max(held_on)
)
group by unit_id, text_hash
having min(held_on) < max(held_on);

create or replace table meetings as
select
  unit_id,
  group_name,
  bit_or(if(counts and 5 * attend_count >= 4 * due_count and list_contains(types, '支部党员大会'), quarter_bit, 0)) as assembly,
  bit_or(if(counts and 2 * attend_count >= due_count and list_contains(types, '支委会'), month_bit, 0)) as committee,
  bit_or(if(counts and list_contains(types, '党课'), quarter_bit, 0)) as lecture,
  bit_or(if(counts and list_contains(types, '主题党日'), month_bit, 0)) as themed,
  bit_or(if(counts and of_group, month_bit, 0)) as of_group,
  bool_or(whole and list_contains(types, '组织生活会')) as org_life_meeting
from (
  select
    meeting.unit_id, types, attend_count, due_count, whole,
    list_contains(types, '党小组会') as of_group,
    if(of_group, group_id, null) as group_name,
    whole and due_count > 0 and attend_count is not null and held_on between date '2023-01-01' and date '2023-12-31' as counts,
    1 << (month(held_on) - 1) as month_bit,
    1 << (quarter(held_on) - 1) as quarter_bit
  from (
    select
      record.*,
      topic is not null and host is not null and recorder is not null and coalesce(resolutions, record.text_hash) is not null
        and (copied.first_on is null or held_on = copied.first_on) as whole
    from org_life_record as record
    left join copied on copied.unit_id = record.unit_id and copied.text_hash = record.text_hash
    where coalesce(attributed_year, year(held_on)) = 2023
  ) as meeting
) as meeting
group by unit_id, group_name;

insert into evidence_sum
with of_unit as (
  select
    unit_id, bit_or(assembly) as assembly, bit_or(committee) as committee, bit_or(lecture) as lecture,
    bit_or(themed) as themed, bool_or(org_life_meeting) as org_life_meeting
  from meetings group by unit_id
),
groups as (
  select unit_id, group_name, of_group, row_number() over (partition by unit_id order by group_name) as number
  from meetings where group_name is not null
),
of_groups as (
  select unit_id, sum(bit_count(of_group & months))::bigint as held
  from groups join unit using (unit_id) where number <= group_count group by unit_id
),
to_be_rectified as (
  select unit_id, count(*) as items, count(*) filter (done_on <= due_on) as done
  from rectification
  where due_on between date '2023-01-01' and date '2023-12-31' and origin in ('组织生活会', '民主评议', '巡察')
  group by unit_id
),
row as (
  select
    unit.unit_id,
    unnest(['assembly_quarters', 'committee_months', 'group_months', 'lecture_quarters', 'themed_day_months',
            'org_life_meeting']) as evidence,
    unnest([
      bit_count(quarters), if(has_committee, bit_count(months), 0), bit_count(months) * greatest(group_count, 0),
      bit_count(quarters), bit_count(months), coalesce(to_be_rectified.items, 1)
    ]) as items,
    unnest([
      bit_count(assembly & quarters), bit_count(committee & months), of_groups.held, bit_count(lecture & quarters),
      bit_count(themed & months), if(org_life_meeting, coalesce(to_be_rectified.done, 1), 0)
    ]) as done
  from unit
  left join of_unit using (unit_id)
  left join of_groups using (unit_id)
  left join to_be_rectified using (unit_id)
)
select unit_id, evidence, items, items * 1000000, coalesce(done, 0) * 1000000 from row where items > 0;

insert into evidence_sum
with taken_up as (
  select unit_id, bit_or(1 << (month(held_on) - 1)) as months
  from first_topic
  where is_first_item and held_on between date '2023-01-01' and date '2023-12-31'
  group by unit_id
)
select
  unit.unit_id, 'first_topic_months', bit_count(unit.months), bit_count(unit.months) * 1000000,
  coalesce(bit_count(taken_up.months & unit.months), 0) * 1000000
from unit left join taken_up using (unit_id)
where unit.months > 0;

-- Months before a unit came are taken off again by rows of their own: few, and cheaper than asking of each row.
insert into evidence_sum
with stat as (
  select unit_id, platform, period, enrolled, participation_rate, passed, 1 as sign
  from study_stat
  where period between date '2023-01-01' and date '2023-12-31'
  union all
  select study_stat.unit_id, platform, period, enrolled, participation_rate, passed, -1
  from study_stat
  join (from unit where months_before > 0) as unit on unit.unit_id = study_stat.unit_id
  where period between date '2023-01-01' and date '2023-12-31' and month(period) <= months_before
),
of_unit as (
  select
    unit_id,
    sum(if(platform = '学习强国' and enrolled > 0,
      sign * least(1000000, (2000000 * cast(participation_rate * 1000000 as bigint) + 900000) // 1800000), 0))::bigint as xuexi,
    sum(if(platform = '上海干部在线学习城' and enrolled > 0,
      sign * least(1000000, (2000000 * passed + enrolled) // (2 * enrolled)), 0))::bigint as cadre,
    sum(if(platform = '青年大学习' and enrolled > 0,
      sign * least(1000000, (2000000 * cast(participation_rate * 1000000 as bigint) + 950000) // 1900000), 0))::bigint as youth,
    bit_or(if(platform = '学习强国' and enrolled <= 0, 1 << (month(period) - 1), 0)) as no_xuexi,
    bit_or(if(platform = '上海干部在线学习城' and enrolled <= 0, 1 << (month(period) - 1), 0)) as no_cadre,
    bit_or(if(platform = '青年大学习' and enrolled <= 0, 1 << (month(period) - 1), 0)) as no_youth
  from stat
  group by unit_id
),
row as (
  select
    unit.unit_id,
    unnest(['study_xuexi', 'study_cadre', 'study_youth']) as evidence,
    unnest([
      bit_count(months & ~coalesce(no_xuexi, 0)), bit_count(months & ~coalesce(no_cadre, 0)),
      bit_count(months & ~coalesce(no_youth, 0))
    ]) as items,
    unnest([xuexi, cadre, youth]) as done
  from unit left join of_unit using (unit_id)
)
select unit_id, evidence, items, items * 1000000, coalesce(done, 0) from row where items > 0;

-- Members who stand in several rows, by hash: of these alone, what came later is to be looked for.
create or replace table moved as
select hash(member_id) as member_hash from party_member group by 1 having count(*) > 1;

create or replace table of_several as
select * from party_member where hash(member_id) in (from moved);

insert into evidence_sum
with trained as (
  select
    member_id,
    sum(cast(hours * 1000000 as bigint))::bigint as hours,
    bit_or(case trainee_group when '书记班子' then 1 when '党务干部' then 2 when '预备党员' then 4 else 0 end) as courses
  from training_record
  where start_on between date '2023-01-01' and date '2023-12-31'
  group by member_id
),
standing as (
  select member_id, unit_id, status, role, exempt
  from party_member
  where valid_from <= date '2023-12-31' and (valid_to is null or valid_to >= date '2023-12-31')
    and hash(member_id) not in (from moved)
  union all
  select unnest(max_by(struct_pack(member_id, unit_id, status, role, exempt), valid_from))
  from of_several
  where valid_from <= date '2023-12-31' and (valid_to is null or valid_to >= date '2023-12-31')
  group by member_id
),
of_member as (
  select
    unit_id,
    if(exempt, 0, case
      when status = '预备' then 4 when role in ('书记', '班子') then 1 when role = '党务干部' then 2 else 8
    end) as kind,
    case kind
      when 8 then coalesce(hours, 0) >= 32000000
      when 1 then coalesce(hours, 0) >= 56000000 and coalesce(courses, 0) & 1 > 0
      else coalesce(courses, 0) & kind > 0
    end as is_trained,
    standing.member_id in (
      select member_id from talk_record where talked_on between date '2023-01-01' and date '2023-12-31'
    ) as is_talked_with
  from standing
  left join trained on trained.member_id = standing.member_id
),
of_unit as (
  select
    unit_id,
    count(*) filter (kind = 8) as members, count(*) filter (kind = 8 and is_trained) as members_trained,
    count(*) filter (kind = 1) as committee, count(*) filter (kind = 1 and is_trained) as committee_trained,
    count(*) filter (kind = 2) as cadres, count(*) filter (kind = 2 and is_trained) as cadres_trained,
    count(*) filter (kind = 4) as probationary, count(*) filter (kind = 4 and is_trained) as probationary_trained,
    count(*) as people, count(*) filter (is_talked_with) as talked_with
  from of_member
  group by unit_id
),
row as (
  select
    unit_id,
    unnest(['training_members', 'training_committee', 'training_cadres', 'training_probationary',
            'members_talked_with']) as evidence,
    unnest([members, committee, cadres, probationary, people]) as items,
    unnest([members_trained, committee_trained, cadres_trained, probationary_trained, talked_with]) as done
  from of_unit
)
select unit_id, evidence, items, items * 1000000, done * 1000000 from row where items > 0;

-- Members on the day of a unit's last session: those who were there all year are counted once for all its campaigns.
insert into evidence_sum
with covered as (
  select unit_id, campaign, sum(covered_count)::bigint as covered, max(held_on) as last_on
  from campaign_session
  where held_on between date '2023-01-01' and date '2023-12-31'
  group by unit_id, campaign
),
held as (
  select
    unit.unit_id, campaign.campaign, coalesce(covered, 0) as covered, coalesce(last_on, date '2023-12-31') as counted_on
  from unit
  cross join (select distinct campaign from covered) as campaign
  left join covered on covered.unit_id = unit.unit_id and covered.campaign = campaign.campaign
),
steady as (
  select unit_id, count(*) as members
  from party_member
  where valid_from <= date '2023-01-01' and valid_to is null and hash(member_id) not in (from moved)
  group by unit_id
),
changing as (
  select held.unit_id, held.campaign, count(*) as members
  from held
  join (
    select member_id, unit_id, valid_from, valid_to, false as in_several
    from party_member
    where (valid_from > date '2023-01-01' or valid_to is not null) and hash(member_id) not in (from moved)
    union all
    select member_id, unit_id, valid_from, valid_to, true from of_several
  ) as member
    on member.unit_id = held.unit_id and valid_from <= counted_on and (valid_to is null or valid_to >= counted_on)
  where not in_several or not exists (
    select 1 from of_several as later
    where later.member_id = member.member_id and later.valid_from > member.valid_from
      and later.valid_from <= counted_on and (later.valid_to is null or later.valid_to >= counted_on)
  )
  group by held.unit_id, held.campaign
),
row as (
  select
    held.unit_id, covered, coalesce(steady.members, 0) + coalesce(changing.members, 0) as members
  from held
  left join steady on steady.unit_id = held.unit_id
  left join changing on changing.unit_id = held.unit_id and changing.campaign = held.campaign
)
select unit_id, 'campaign_cover', count(*), sum(members) * 1000000, sum(least(covered, members)) * 1000000
from row where members > 0 group by unit_id;

insert into evidence_sum
with best as (
  select 'joint_study_sessions' as evidence, 4 as target, unit_id,
    list_sum(max((2000000 * attend_count + due_count) // (2 * due_count), 4))::bigint as done
  from joint_study
  where held_on between date '2023-01-01' and date '2023-12-31' and due_count > 0 and 5 * attend_count >= 4 * due_count
  group by unit_id
  union all
  select 'loyalty_sessions', 2, unit_id,
    list_sum(max((2000000 * attend_count + due_count) // (2 * due_count), 2))::bigint
  from loyalty_education
  where held_on between date '2023-01-01' and date '2023-12-31' and due_count > 0
  group by unit_id
  union all
  select 'warning_education', 2, unit_id,
    list_sum(max((2000000 * attend_count + due_count) // (2 * due_count), 2))::bigint
  from warning_education
  where held_on between date '2023-01-01' and date '2023-12-31' and due_count > 0
  group by unit_id
  union all
  select 'united_front', 2, unit_id, least(count(*), 2) * 1000000
  from united_front_activity
  where held_on between date '2023-01-01' and date '2023-12-31'
  group by unit_id
  union all
  select 'role_models', 1, unit_id, 1000000
  from honor
  where granted_on between date '2023-01-01' and date '2023-12-31' and publicised_on <= date '2024-03-31'
  group by unit_id
  union all
  select 'democratic_review', 1, unit_id,
    if(excellent * 3 > excellent + qualified + basic + unqualified, 500000, 1000000)
  from democratic_review
  where attributed_year = 2023
  union all
  select 'model_office', 4, unit_id,
    sum(case grade when 'A' then 1000000 when 'B' then 800000 when 'C' then 500000 else 0 end)::bigint
  from model_office
  where year = 2023
  group by unit_id
  union all
  select 'frontline_participants', if(category = '机关处室', 2, 3), unit_id,
    least(if(category = '机关处室', 2, 3), people) * 1000000
  from (
    select unit_id, count(distinct member_id) as people
    from frontline_post where start_on between date '2023-01-01' and date '2023-12-31' group by unit_id
  ) as sent join unit using (unit_id)
),
asked as (
  from (values ('joint_study_sessions', 4, 4), ('loyalty_sessions', 2, 2), ('warning_education', 2, 2),
               ('united_front', 2, 2), ('role_models', 1, 1), ('democratic_review', 1, 1), ('model_office', 4, 4),
               ('frontline_participants', 1, null)) as asked (evidence, items, target)
)
select
  unit.unit_id, asked.evidence, asked.items, coalesce(asked.target, if(category = '机关处室', 2, 3)) * 1000000,
  coalesce(best.done, 0)
from unit
cross join asked
left join best on best.unit_id = unit.unit_id and best.evidence = asked.evidence
where asked.target is not null or category in ('机关处室', '基层单位');

-- Records that are items themselves.
insert into evidence_sum
select unit_id, 'tasks_on_time', count(*), count(*) * 1000000, count(*) filter (done_on <= due_on) * 1000000
from task_breakdown where due_on between date '2023-01-01' and date '2023-12-31' group by unit_id
union all
select unit_id, 'cadre_actions', count(*), count(*) * 1000000, count(*) filter (done_on <= date '2024-03-31') * 1000000
from cadre_action where planned_on between date '2023-01-01' and date '2023-12-31' group by unit_id
union all
select handler_unit_id, 'requests_closed', count(*), count(*) * 1000000, count(*) filter (closed_on <= due_on) * 1000000
from appeal_request where due_on between date '2023-01-01' and date '2023-12-31' group by handler_unit_id
union all
select unit_id, 'integrity_talks', count(*), sum(due_count)::bigint * 1000000,
  sum(least(talked_count, due_count))::bigint * 1000000
from integrity_talk where talked_on between date '2023-01-01' and date '2023-12-31' and due_count > 0 group by unit_id
union all
select
  unit_id, 'integrity_risks', count(*), count(*) * 1000000,
  count(*) filter (
    owner is not null and measure is not null and reviewed_on <= date '2024-03-31'
    and reviewed_on >= if(level = '高', date '2023-09-30', date '2023-03-31')
  ) * 1000000
from integrity_risk group by unit_id
union all
select unit_id, 'frontline_posts_valid', count(*), count(*) * 1000000,
  count(*) filter (days >= 5 and outcome is not null) * 1000000
from frontline_post where start_on between date '2023-01-01' and date '2023-12-31' group by unit_id
union all
select
  unit_id, 'election_on_time', count(*), count(*) * 1000000,
  count(*) filter (held_on <= due_on or held_on <= extended_to or extended_to >= date '2024-03-31') * 1000000
from (
  select *, if(approval_no is not null and extension_approved_to <= cast(due_on + interval 1 year as date),
    extension_approved_to, null) as extended_to
  from election where due_on between date '2023-01-01' and date '2023-12-31'
) as term group by unit_id;

insert into evidence_sum
select unit_id, 'development_steps', items, items * 1000000, done * 1000000
from (
  select
    unit_id,
    count(*) filter (cast(applied_on + interval 1 month as date) between date '2023-01-01' and date '2023-12-31')
    + count(*) filter (object_on between date '2023-01-01' and date '2023-12-31'
        and coalesce(activist_on, object_on) >= date '2014-05-28')
    + count(*) filter (meeting_on between date '2023-01-01' and date '2023-12-31')
    + count(*) filter (cast(prereview_on + interval 1 month as date) between date '2023-01-01' and date '2023-12-31')
    + count(*) filter (cast(meeting_on + interval 3 month as date) between date '2023-01-01' and date '2023-12-31')
    + count(*) filter (regular_on between date '2023-01-01' and date '2023-12-31'
        and coalesce(meeting_on, regular_on) >= date '2014-05-28')
      as items,
    count(*) filter (cast(applied_on + interval 1 month as date) between date '2023-01-01' and date '2023-12-31'
        and talked_on <= applied_on + interval 1 month)
    + count(*) filter (object_on between date '2023-01-01' and date '2023-12-31'
        and activist_on >= date '2014-05-28' and object_on >= activist_on + interval 12 month)
    + count(*) filter (meeting_on between date '2023-01-01' and date '2023-12-31' and training_hours >= 24)
    + count(*) filter (cast(prereview_on + interval 1 month as date) between date '2023-01-01' and date '2023-12-31'
        and meeting_on <= prereview_on + interval 1 month)
    + count(*) filter (cast(meeting_on + interval 3 month as date) between date '2023-01-01' and date '2023-12-31'
        and approved_on <= meeting_on + interval 3 month)
    + count(*) filter (regular_on between date '2023-01-01' and date '2023-12-31'
        and meeting_on >= date '2014-05-28' and regular_on >= meeting_on + interval 12 month)
      as done
  from member_development
  group by unit_id
) as of_unit
where items > 0;

insert into evidence_sum
with attended as (
  select
    unit_id, count(*) as meetings, bool_or(reported) as reported,
    sum(case attended when '本人' then 1000000 when '代会' then 500000 else 0 end)::bigint as attended
  from secretary_meeting where held_on between date '2023-01-01' and date '2023-12-31' group by unit_id
)
select unit_id, 'secretary_meetings', meetings, meetings * 1000000, attended from attended
union all
select unit.unit_id, 'annual_report', 1, 1000000, if(reported, 1000000, 0)
from unit left join attended using (unit_id);

insert into evidence_sum
with penalty as (
  select inspection_id, sum(case severity when '严重' then 10 when '一般' then 5 else 2 end)::bigint as points
  from inspection_finding group by inspection_id
),
checked as (
  select
    unit_id,
    count(*) filter (round = 1) as checks_1, sum(points) filter (round = 1)::bigint as points_1,
    count(*) filter (round = 2) as checks_2, sum(points) filter (round = 2)::bigint as points_2
  from (
    select
      unit_id, round,
      greatest(0, 25 * (fixed_time::integer + agenda::integer + "procedure"::integer + detailed_record::integer)
        - coalesce(points, 0)) as points
    from inspection left join penalty using (inspection_id)
    where inspected_on between date '2023-01-01' and date '2023-12-31'
  ) as inspection
  group by unit_id
),
found as (
  select
    unit_id, count(*) as items,
    sum(case severity when '严重' then 2000000 when '一般' then 1000000 else 500000 end)::bigint as due,
    coalesce(sum(case severity when '严重' then 2000000 when '一般' then 1000000 else 500000 end)
      filter (rechecked_on <= due_on), 0)::bigint as done
  from inspection_finding
  where found_on between date '2023-01-01' and date '2023-12-31' and due_on <= date '2024-03-31'
  group by unit_id
)
select unit_id, 'spot_check_round_1', checks_1, checks_1 * 100000000, points_1 * 1000000 from checked where checks_1 > 0
union all
select unit_id, 'spot_check_round_2', checks_2, checks_2 * 100000000, points_2 * 1000000 from checked where checks_2 > 0
union all
select unit_id, 'findings_closed', items, due, done from found
union all
select unit_id, 'findings_closed', 1, 1000000, 1000000 from checked where unit_id not in (select unit_id from found);

create or replace table agreement as
select agreement_id, unit_id, partner_type = '行业' as is_industry, signed_on, expires_on
from pairing_agreement;

insert into evidence_sum
with live as (
  select unit_id, bool_or(is_industry) as industry, bool_or(not is_industry) as street
  from agreement
  where signed_on <= date '2023-12-31' and expires_on >= date '2023-01-01'
  group by unit_id
),
activity as (
  select activity.unit_id, arg_min(is_industry, activity_id) as is_industry
  from pairing_activity as activity
  join agreement on agreement.agreement_id = activity.agreement_id and agreement.unit_id = activity.unit_id
  where held_on between date '2023-01-01' and date '2023-12-31' and held_on between signed_on and expires_on
  group by activity.unit_id, held_on, theme
),
held as (
  select unit_id, count(*) filter (is_industry) as industry, count(*) filter (not is_industry) as street
  from activity group by unit_id
)
select
  unit.unit_id,
  unnest(['industry_agreement', 'street_agreement', 'industry_activities', 'street_activities']),
  unnest([1, 1, 2, 2]),
  unnest([1000000, 1000000, 2000000, 2000000]),
  unnest([if(live.industry, 1000000, 0), if(live.street, 1000000, 0),
          least(coalesce(held.industry, 0), 2) * 1000000, least(coalesce(held.street, 0), 2) * 1000000])
from unit
left join live on live.unit_id = unit.unit_id
left join held on held.unit_id = unit.unit_id;

insert into evidence_sum
select
  unit_id, if(is_industry, 'industry_projects', 'street_projects'), count(*), count(*) * 1000000,
  count(*) filter (done_on <= date '2024-03-31') * 1000000
from pairing_item join agreement using (agreement_id)
where kind = '项目' and due_on between date '2023-01-01' and date '2023-12-31'
group by unit_id, is_industry;

-- Items of bonus, deductions and vetoes, one by one, for one fact counts once.
create or replace table measured as
select unit_id, 'innovation_cases' as indicator, case_key as item,
  max(case level when '局' then 0.5 when '区' then 1 when '市' then 2 else 3 end) as done
from innovation_case where adopted_on between date '2023-01-01' and date '2023-12-31' group by unit_id, case_key
union all
select unit_id, 'honors', coalesce(case_key, '荣誉 ' || honor_id),
  max(if(title = '模范机关', 1, case level when '局' then 0.5 when '区' then 1 when '市' then 2 else 3 end))
from honor where granted_on between date '2023-01-01' and date '2023-12-31' group by all
union all
select unit_id, 'notices', coalesce(finding_id, '通报 ' || notice_id), max(if(level = '区', 2, 1))
from notice where issued_on between date '2023-01-01' and date '2023-12-31' group by all
union all
select unit_id, 'overdue_rectifications', '整改 ' || item_id, 0.5
from rectification
where due_on between date '2023-01-01' and date '2023-12-31' and (done_on is null or done_on > due_on)
union all
select unit_id, 'late_reports', '记录 ' || record_id, 0.2
from org_life_record where coalesce(attributed_year, year(held_on)) = 2023 and created_on - held_on > 7
union all
select unit_id, 'made_up_records', finding_id, 2
from inspection_finding where found_on between date '2023-01-01' and date '2023-12-31' and category = '事后补记'
union all
select unit_id, level, event_id, 1 from adverse_event where effective_on between date '2023-01-01' and date '2023-12-31';
insert into evidence_sum
select unit_id, indicator, count(*), null, cast(sum(done) * 1000000 as bigint) from measured group by unit_id, indicator;

-- Which tables each unit handed in for the year.
create or replace table report as
select distinct unit_id, 'appeal_request' as table_name from appeal_request where due_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'cadre_action' as table_name from cadre_action where planned_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'election' as table_name from election where due_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'first_topic' as table_name from first_topic where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'guidance_log' as table_name from guidance_log
union all
select distinct unit_id, 'honor' as table_name from honor where granted_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'innovation_case' as table_name from innovation_case where adopted_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'inspection' as table_name from inspection where inspected_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'integrity_risk' as table_name from integrity_risk
union all
select distinct unit_id, 'integrity_talk' as table_name from integrity_talk where talked_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'member_development' as table_name from member_development
union all
select distinct unit_id, 'model_office' as table_name from model_office where year = 2023
union all
select distinct unit_id, 'pairing_agreement' as table_name from pairing_agreement
union all
select distinct unit_id, 'rectification' as table_name from rectification where due_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'secretary_meeting' as table_name from secretary_meeting where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'study_stat' as table_name from study_stat where period between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'task_breakdown' as table_name from task_breakdown where due_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'united_front_activity' as table_name from united_front_activity where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'inspection_finding' as table_name from inspection_finding where found_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'pairing_activity' as table_name from pairing_activity where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct owner.unit_id, 'pairing_item' as table_name from pairing_item join pairing_agreement as owner using (agreement_id)
union all
select distinct unit_id, 'campaign_session' as table_name from campaign_session where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'democratic_review' as table_name from democratic_review where attributed_year = 2023
union all
select distinct unit_id, 'frontline_post' as table_name from frontline_post where start_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'joint_study' as table_name from joint_study where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'loyalty_education' as table_name from loyalty_education where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'org_life_record' as table_name from org_life_record where coalesce(attributed_year, year(held_on)) = 2023
union all
select distinct unit_id, 'talk_record' as table_name from talk_record where talked_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'training_record' as table_name from training_record where start_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'warning_education' as table_name from warning_education where held_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'adverse_event' as table_name from adverse_event where effective_on between date '2023-01-01' and date '2023-12-31'
union all
select distinct unit_id, 'notice' as table_name from notice where issued_on between date '2023-01-01' and date '2023-12-31';
