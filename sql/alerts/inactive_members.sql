-- 长期未参加活动: how many members of a unit nothing was recorded of (training, talk, front-line post) in so many months
-- before the end of the period; those who joined since, and those exempt, are not counted. Never their names.
-- Basis: 中国共产党党员教育管理工作条例 (2019).   Params: months (integer above 0).
-- Item: members; number = how many.
with asked as (
  select cast(assessment.period_end - cast(max(param.number) as integer) * interval 1 month as date) as since
  from param
  cross join assessment
  where param.name = 'months'
  group by assessment.period_end
),
active as (
  select member_id, start_on as seen_on from training_record
  union all
  select member_id, talked_on as seen_on from talk_record
  union all
  select member_id, start_on as seen_on from frontline_post
),
seen as (
  select distinct active.member_id
  from active
  join asked on active.seen_on > asked.since
  join assessment on active.seen_on <= assessment.period_end
),
joined as (
  select member_id, min(valid_from) as joined_on
  from party_member
  group by member_id
)
select
  member_now.unit_id,
  'members' as item,
  'notice' as level,
  null as due_on,
  null as days,
  count(*) as number,
  null as text,
  [] as records
from member_now
join assessed_unit on assessed_unit.unit_id = member_now.unit_id
join joined on joined.member_id = member_now.member_id
join asked on joined.joined_on <= asked.since
left join seen on seen.member_id = member_now.member_id
where not member_now.exempt and seen.member_id is null
group by member_now.unit_id
