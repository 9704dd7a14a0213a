-- What the items of an indicator lost adds up to what the indicator lost.
select indicator_scores.unit_id, indicator_scores.indicator, indicator_scores.lost, sum(evidence.lost) as items_lost
from indicator_scores
left join evidence
  on evidence.unit_id = indicator_scores.unit_id and evidence.indicator = indicator_scores.indicator
group by indicator_scores.unit_id, indicator_scores.indicator, indicator_scores.lost
having indicator_scores.lost <> coalesce(sum(evidence.lost), 0)
