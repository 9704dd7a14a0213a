-- 组织生活会: the meeting of the year was held, and what is to be put right after it was done by its date.
-- Basis: 中国共产党党员教育管理工作条例 (2019) Art. 17.   Params: origin (any of rectification.origin).
-- Item: rectification of those origins due by the as-of date, else `none`.   Empty: not_applicable
with held as (
  select
    meeting.unit_id,
    list(meeting._rec) as records
  from valid_meeting as meeting
  cross join assessment
  where meeting._year = assessment.year and meeting.type = '组织生活会'
  group by meeting.unit_id
),
due_item as (
  select
    rectification.unit_id,
    rectification.item_id,
    case when rectification.done_on <= rectification.due_on then 1 else 0 end as done,
    [rectification._rec] as records
  from rectification
  cross join assessment
  where
    rectification._year = assessment.year
    and rectification.due_on <= assessment.as_of
    and rectification.origin in (select text from param where name = 'origin')
)
select
  assessed_unit.unit_id,
  coalesce(due_item.item_id, 'none') as item,
  1 as due,
  case when held.unit_id is null then 0 else coalesce(due_item.done, 1) end as done,
  list_concat(coalesce(held.records, []), coalesce(due_item.records, [])) as records
from assessed_unit
left join held on held.unit_id = assessed_unit.unit_id
left join due_item on due_item.unit_id = assessed_unit.unit_id
