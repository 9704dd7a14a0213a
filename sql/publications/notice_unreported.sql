-- Indicators for which units that did hand in something handed in nothing in time.   Grain: one row.
select
  count(distinct indicator_scores.unit_id) as units,
  count(*) as indicators
from indicator_scores
join scores on scores.unit_id = indicator_scores.unit_id
where indicator_scores.status = 'not_reported' and scores.status <> 'no_data'
