-- 待报提醒: indicators that a unit has handed in nothing for, whose deadline comes within so many days.
-- Basis: 2023年党建工作要点·考核办法.   Params: days (integer by any of urgent|warning|notice).
-- Item: deadline; number = indicators, text = their titles.
with pending as (
  select
    indicator_scores.unit_id,
    scheme_indicator.deadline,
    count(*) as number,
    string_agg(scheme_node.title, '、' order by scheme_node.position) as text
  from indicator_scores
  join scheme_indicator on scheme_indicator.indicator = indicator_scores.indicator
  join scheme_node on scheme_node.node = indicator_scores.indicator
  where indicator_scores.status = 'pending'
  group by indicator_scores.unit_id, scheme_indicator.deadline
)
select
  pending.unit_id,
  pending.deadline as item,
  min_by(param.key, param.number) as level,
  pending.deadline as due_on,
  datediff('day', assessment.as_of, pending.deadline) as days,
  pending.number,
  pending.text,
  [] as records
from pending
cross join assessment
join param on param.name = 'days' and datediff('day', assessment.as_of, pending.deadline) <= param.number
group by all
