-- Points of every unit's base, straight from the records: the fastest query that we could write by hand for these sums alone
-- (scheme data/schemes/2023.yml as of 31 March 2024, records that break no rule).
-- Left out: the weight of what does not apply, which the scheme shares out among the rest; rounding of each indicator to
-- hundredths; bonus, deductions, vetoes, ranks and grades; which indicator the points are of; campaign_cover, of weight 0.
-- benchmarks/against_floor.py compares the sums with those of kaohe's own evidence.
create or replace table part (unit_id varchar, points double);

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

insert into part
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
)
select
  unit.unit_id,
  if(quarters > 0, (3 * coalesce(bit_count(assembly & quarters), 0) + 2 * coalesce(bit_count(lecture & quarters), 0))
    / bit_count(quarters), 0)
  + if(months > 0 and has_committee, 3 * coalesce(bit_count(committee & months), 0) / bit_count(months), 0)
  + if(months > 0 and group_count > 0, 2 * coalesce(of_groups.held, 0) / (bit_count(months) * group_count), 0)
  + if(months > 0, 4 * coalesce(bit_count(themed & months), 0) / bit_count(months), 0)
  + if(org_life_meeting, 2 * coalesce(to_be_rectified.done / to_be_rectified.items, 1), 0)
from unit
left join of_unit using (unit_id)
left join of_groups using (unit_id)
left join to_be_rectified using (unit_id);

insert into part
with taken_up as (
  select unit_id, bit_or(1 << (month(held_on) - 1)) as months
  from first_topic
  where is_first_item and held_on between date '2023-01-01' and date '2023-12-31'
  group by unit_id
)
select unit_id, 4 * bit_count(taken_up.months & unit.months) / bit_count(unit.months)
from unit join taken_up using (unit_id)
where unit.months > 0;

-- Months before a unit came are taken off again by rows of their own: few, and cheaper than asking of each row.
insert into part
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
)
select
  unit_id,
  coalesce(1.34 * xuexi / nullif(bit_count(months & ~no_xuexi) * 1000000, 0), 0)
  + coalesce(1.33 * cadre / nullif(bit_count(months & ~no_cadre) * 1000000, 0), 0)
  + coalesce(1.33 * youth / nullif(bit_count(months & ~no_youth) * 1000000, 0), 0)
from unit join of_unit using (unit_id);

-- Members who stand in several rows, by hash: of these alone, what came later is to be looked for.
create or replace table moved as
select hash(member_id) as member_hash from party_member group by 1 having count(*) > 1;

create or replace table of_several as
select * from party_member where hash(member_id) in (from moved);

insert into part
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
)
select
  unit_id,
  coalesce(2 * members_trained / nullif(members, 0), 0) + coalesce(2 * committee_trained / nullif(committee, 0), 0)
  + coalesce(cadres_trained / nullif(cadres, 0), 0) + coalesce(probationary_trained / nullif(probationary, 0), 0)
  + talked_with / people
from of_unit;

insert into part
select unit_id, list_sum(max((2000000 * attend_count + due_count) // (2 * due_count), 4)) * 4e-6 / 4
from joint_study
where held_on between date '2023-01-01' and date '2023-12-31' and due_count > 0 and 5 * attend_count >= 4 * due_count
group by unit_id
union all
select unit_id, list_sum(max((2000000 * attend_count + due_count) // (2 * due_count), 2)) * 2e-6 / 2
from loyalty_education
where held_on between date '2023-01-01' and date '2023-12-31' and due_count > 0
group by unit_id
union all
select unit_id, list_sum(max((2000000 * attend_count + due_count) // (2 * due_count), 2)) * 4e-6 / 2
from warning_education
where held_on between date '2023-01-01' and date '2023-12-31' and due_count > 0
group by unit_id
union all
select unit_id, 2 * least(count(*), 2) / 2
from united_front_activity
where held_on between date '2023-01-01' and date '2023-12-31'
group by unit_id
union all
select unit_id, 2
from honor
where granted_on between date '2023-01-01' and date '2023-12-31' and publicised_on <= date '2024-03-31'
group by unit_id
union all
select unit_id, if(excellent * 3 > excellent + qualified + basic + unqualified, 1, 2)
from democratic_review
where attributed_year = 2023
union all
select unit_id, sum(case grade when 'A' then 3 when 'B' then 2.4 when 'C' then 1.5 else 0 end) / 4
from model_office
where year = 2023
group by unit_id
union all
select unit_id, 3 * least(if(category = '机关处室', 2, 3), people) / if(category = '机关处室', 2, 3) + 2 * valid / posts
from (
  select
    unit_id, count(distinct member_id) as people, count(*) as posts,
    count(*) filter (days >= 5 and outcome is not null) as valid
  from frontline_post where start_on between date '2023-01-01' and date '2023-12-31' group by unit_id
) as sent join unit using (unit_id);

-- Records that are items themselves.
insert into part
select unit_id, 1 * count(*) filter (done_on <= due_on) / count(*)
from task_breakdown where due_on between date '2023-01-01' and date '2023-12-31' group by unit_id
union all
select unit_id, 2 * count(*) filter (done_on <= date '2024-03-31') / count(*)
from cadre_action where planned_on between date '2023-01-01' and date '2023-12-31' group by unit_id
union all
select handler_unit_id, 2 * count(*) filter (closed_on <= due_on) / count(*)
from appeal_request where due_on between date '2023-01-01' and date '2023-12-31' group by handler_unit_id
union all
select unit_id, 4 * sum(least(talked_count, due_count)) / sum(due_count)
from integrity_talk where talked_on between date '2023-01-01' and date '2023-12-31' and due_count > 0 group by unit_id
union all
select
  unit_id,
  4 * count(*) filter (
    owner is not null and measure is not null and reviewed_on <= date '2024-03-31'
    and reviewed_on >= if(level = '高', date '2023-09-30', date '2023-03-31')
  ) / count(*)
from integrity_risk group by unit_id
union all
select
  unit_id,
  3 * count(*) filter (held_on <= due_on or held_on <= extended_to or extended_to >= date '2024-03-31') / count(*)
from (
  select *, if(approval_no is not null and extension_approved_to <= cast(due_on + interval 1 year as date),
    extension_approved_to, null) as extended_to
  from election where due_on between date '2023-01-01' and date '2023-12-31'
) as term group by unit_id;

insert into part
select unit_id, 3 * done / items
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

insert into part
with attended as (
  select
    unit_id, count(*) as meetings, bool_or(reported) as reported,
    sum(case attended when '本人' then 1000000 when '代会' then 500000 else 0 end)::bigint as attended
  from secretary_meeting where held_on between date '2023-01-01' and date '2023-12-31' group by unit_id
)
select unit_id, 2e-6 * attended / meetings + if(reported, 1, 0) from attended;

insert into part
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
select
  checked.unit_id,
  coalesce(0.04 * points_1 / nullif(checks_1, 0), 0) + coalesce(0.04 * points_2 / nullif(checks_2, 0), 0)
  + if(found.unit_id is null, 4, 0)
from checked left join found using (unit_id)
union all
select unit_id, 4 * done / due from found;

create or replace table agreement as
select agreement_id, unit_id, partner_type = '行业' as is_industry, signed_on, expires_on
from pairing_agreement;

insert into part
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
  if(live.industry, 1.5, 0) + if(live.street, 1.8, 0)
  + 2 * least(coalesce(held.industry, 0), 2) / 2 + 2.4 * least(coalesce(held.street, 0), 2) / 2
from unit
left join live on live.unit_id = unit.unit_id
left join held on held.unit_id = unit.unit_id;

insert into part
select unit_id, if(is_industry, 1.5, 1.8) * count(*) filter (done_on <= date '2024-03-31') / count(*)
from pairing_item join agreement using (agreement_id)
where kind = '项目' and due_on between date '2023-01-01' and date '2023-12-31'
group by unit_id, is_industry;

create or replace table unit_sum as
select unit_id, sum(points) as points from part semi join unit using (unit_id) group by unit_id;
