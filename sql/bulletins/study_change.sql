-- Totals of the month, and how the rates changed on last month and on the same month last year: differences of the
-- printed rates, in tenths of a percentage point, null if there is nothing to compare with.
-- Grain: one row per platform (null: all) and category (null: all).
select
  total.platform,
  total.category,
  total.units,
  total.enrolled,
  total.active,
  total.rate,
  total.score,
  total.passed,
  total.met,
  total.hours,
  total.rate - last_month.rate as on_last_month,
  total.rate - last_year.rate as on_last_year
from study_total as total
left join study_total as last_month
  on
    last_month.compared = 'last_month'
    and last_month.platform is not distinct from total.platform
    and last_month.category is not distinct from total.category
left join study_total as last_year
  on
    last_year.compared = 'last_year'
    and last_year.platform is not distinct from total.platform
    and last_year.category is not distinct from total.category
where total.compared = 'month'
