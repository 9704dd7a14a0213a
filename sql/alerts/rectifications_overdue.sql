-- 整改逾期: rectifications of any year that are past their date and not done.
-- Basis: 2023年党建工作要点·组织生活会和民主评议.   Params: days (integer by any of urgent|warning|notice, overdue).
-- Item: rectification; number = days overdue, text = where it comes from.
select
  rectification.unit_id,
  rectification.item_id as item,
  max_by(param.key, param.number) as level,
  rectification.due_on,
  datediff('day', assessment.as_of, rectification.due_on) as days,
  datediff('day', rectification.due_on, assessment.as_of) as number,
  rectification.origin as text,
  [rectification._rec] as records
from rectification
join assessed_unit on assessed_unit.unit_id = rectification.unit_id
cross join assessment
join param
  on param.name = 'days' and datediff('day', rectification.due_on, assessment.as_of) >= param.number
where rectification.done_on is null or rectification.done_on > assessment.as_of
group by all
