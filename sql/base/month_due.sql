-- Months that are due from a unit: closed by the as-of date, and the unit was there on their first and last day.
-- Grain: one row per unit and month.
with month as (
  select
    cast(starts.month_start as date) as month_start,
    last_day(cast(starts.month_start as date)) as month_end
  from assessment
  cross join unnest(generate_series(assessment.year_start, assessment.year_end, interval 1 month)) as starts (month_start)
)
select
  assessed_unit.unit_id,
  month.month_start,
  strftime(month.month_start, '%Y-%m') as item
from assessed_unit
cross join month
cross join assessment
where
  month.month_end <= assessment.as_of
  and assessed_unit.valid_from <= month.month_start
  and (assessed_unit.valid_to is null or assessed_unit.valid_to >= month.month_end)
