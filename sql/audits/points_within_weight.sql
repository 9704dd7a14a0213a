-- No indicator of the weighted tree that is scored by an exact rule earned less than nothing or more than its effective
-- weight. By others, such as a value as it is or a z-score, it may.
select indicator_scores.unit_id, indicator_scores.indicator, indicator_scores.points, indicator_scores.effective_weight
from indicator_scores
join scheme_indicator
  on scheme_indicator.variant = 'in_force' and scheme_indicator.indicator = indicator_scores.indicator
where
  scheme_indicator.rule in ('share', 'linear', 'steps')
  and indicator_scores.weight > 0
  and not coalesce(indicator_scores.points, 0) between 0 and indicator_scores.effective_weight
