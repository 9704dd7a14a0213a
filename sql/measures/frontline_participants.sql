-- 一线去·换岗体验: people sent to the front line in the year, up to the target of the unit's category.
-- Basis: 2023年党建工作要点·一线去.   Params: target (integer above 0 by org_unit.category).
-- Item: the unit.   Empty: not_applicable (every assessed unit has the item)
with sent as (
  select
    post.unit_id,
    count(distinct post.member_id) as people,
    list(post._rec) as records
  from frontline_post as post
  cross join assessment
  where post._year = assessment.year
  group by post.unit_id
)
select
  assessed_unit.unit_id,
  'unit' as item,
  param.number as due,
  least(param.number, coalesce(sent.people, 0)) as done,
  sent.records
from assessed_unit
join param on param.name = 'target' and param.key = assessed_unit.category
left join sent on sent.unit_id = assessed_unit.unit_id
