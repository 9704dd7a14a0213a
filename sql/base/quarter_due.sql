-- Quarters that are due from a unit: closed by the as-of date, and the unit was there on their first and last day.
-- Grain: one row per unit and quarter.
with quarter as (
  select
    cast(starts.quarter_start as date) as quarter_start,
    last_day(cast(starts.quarter_start + interval 2 month as date)) as quarter_end
  from assessment
  cross join unnest(generate_series(assessment.year_start, assessment.year_end, interval 3 month))
    as starts (quarter_start)
)
select
  assessed_unit.unit_id,
  quarter.quarter_start,
  concat(strftime(quarter.quarter_start, '%Y'), 'Q', cast(quarter(quarter.quarter_start) as varchar)) as item
from assessed_unit
cross join quarter
cross join assessment
where
  quarter.quarter_end <= assessment.as_of
  and assessed_unit.valid_from <= quarter.quarter_start
  and (assessed_unit.valid_to is null or assessed_unit.valid_to >= quarter.quarter_end)
