-- How many units fell short of a target, of those with anybody enrolled.
-- Grain: one row per platform.
select
  unit_change.platform,
  study_target.rate_target,
  study_target.met_target,
  count(*) as units,
  count(*) filter (unit_change.below_rate) as below_rate,
  count(*) filter (unit_change.below_met) as below_met
from unit_change
join study_target on study_target.platform = unit_change.platform
where unit_change.enrolled > 0
group by all
