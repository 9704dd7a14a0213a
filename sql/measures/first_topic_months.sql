-- 第一议题: months in which it was the first item of a meeting's agenda, of the months due.
-- Basis: 2023年党建工作要点·第一议题.
-- Item: month closed by the as-of date.   Empty: not_applicable (no month was due)
with taken_up as (
  select
    topic.unit_id,
    cast(date_trunc('month', topic.held_on) as date) as month_start,
    list(topic._rec) as records
  from first_topic as topic
  cross join assessment
  where topic._year = assessment.year and topic.is_first_item
  group by 1, 2
)
select
  month_due.unit_id,
  month_due.item,
  1 as due,
  case when taken_up.unit_id is null then 0 else 1 end as done,
  taken_up.records
from month_due
left join taken_up on taken_up.unit_id = month_due.unit_id and taken_up.month_start = month_due.month_start
