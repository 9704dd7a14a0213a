-- 抽中未查: units drawn for a month that is over and in which they were not inspected.
-- Basis: 2023年党建工作要点·每月抽查·每年全覆盖两轮.
-- Item: month; number = round. notice if the round reached the unit in another month, else warning.
select
  plan.unit_id,
  strftime(make_date(plan.year, plan.month, 1), '%Y-%m') as item,
  case when bool_or(inspection.round = plan.round) then 'notice' else 'warning' end as level,
  last_day(make_date(plan.year, plan.month, 1)) as due_on,
  datediff('day', assessment.as_of, last_day(make_date(plan.year, plan.month, 1))) as days,
  plan.round as number,
  null as text,
  [plan._rec] as records
from inspection_plan as plan
join assessed_unit on assessed_unit.unit_id = plan.unit_id
join assessment
  on assessment.year = plan.year and last_day(make_date(plan.year, plan.month, 1)) <= assessment.as_of
left join inspection on inspection.unit_id = plan.unit_id and inspection._year = plan.year
group by plan.unit_id, plan.year, plan.month, plan.round, plan._rec, assessment.as_of
having not coalesce(bool_or(month(inspection.inspected_on) = plan.month), false)
