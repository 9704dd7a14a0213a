-- Each unit's figures of the month, how its rate changed (as in study_change), and whether it fell short of a target.
-- Grain: one row per platform and unit.
with rated as (
  select
    month_stat.*,
    case when enrolled > 0 then ratio(active, enrolled, 1000) end as rate,
    case when enrolled > 0 then share(active, enrolled) end as exact,
    case when enrolled > 0 then ratio(passed, enrolled, 1000) end as met
  from month_stat
)
select
  rated.platform,
  rated.unit_id,
  month_unit.unit_name,
  rated.category,
  rated.enrolled,
  rated.active,
  rated.reported,
  rated.rate,
  rated.exact,
  rated.rate - last_month.rate as on_last_month,
  rated.rate - last_year.rate as on_last_year,
  ratio(rated.score_per_head, 1, 10) as score,
  rated.passed,
  rated.met,
  ratio(rated.hours, 1, 10) as hours,
  coalesce(rated.active < rated.enrolled * study_target.rate_target, false) as below_rate,
  coalesce(rated.passed < rated.enrolled * study_target.met_target, false) as below_met
from rated
join month_unit on month_unit.unit_id = rated.unit_id
left join study_target on study_target.platform = rated.platform
left join rated as last_month
  on
    last_month.compared = 'last_month'
    and last_month.platform = rated.platform
    and last_month.unit_id = rated.unit_id
left join rated as last_year
  on
    last_year.compared = 'last_year'
    and last_year.platform = rated.platform
    and last_year.unit_id = rated.unit_id
where rated.compared = 'month'
order by rated.platform, rated.unit_id
