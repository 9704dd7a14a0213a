-- 每月抽查: months of the year, closed by the as-of date, in which nobody was inspected.
-- Basis: 2023年党建工作要点·每月抽查·每年全覆盖两轮.
-- Item: month, of the bureau as a whole.
with month as (
  select
    cast(starts.month_start as date) as month_start,
    last_day(cast(starts.month_start as date)) as month_end
  from assessment
  cross join unnest(generate_series(assessment.year_start, assessment.year_end, interval 1 month)) as starts (month_start)
),
inspected as (
  select distinct cast(date_trunc('month', inspected_on) as date) as month_start
  from inspection
)
select
  null as unit_id,
  strftime(month.month_start, '%Y-%m') as item,
  'warning' as level,
  month.month_end as due_on,
  datediff('day', assessment.as_of, month.month_end) as days,
  null as number,
  null as text,
  [] as records
from month
cross join assessment
left join inspected on inspected.month_start = month.month_start
where month.month_end <= assessment.as_of and inspected.month_start is null
