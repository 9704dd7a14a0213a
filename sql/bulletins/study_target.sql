-- Targets that the year's scheme sets for a platform: for participation, for hours met.
-- Grain: one row per platform.
select
  platform.text as platform,
  max(target.number) filter (scheme_indicator.measure = 'study_participation') as rate_target,
  max(target.number) filter (scheme_indicator.measure = 'study_hours_met') as met_target
from scheme_param as platform
join scheme_param as target on target.indicator = platform.indicator and target.name = 'target'
join scheme_indicator on scheme_indicator.indicator = platform.indicator
where platform.name = 'platform'
group by platform.text
