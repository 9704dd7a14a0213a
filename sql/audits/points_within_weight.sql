-- No indicator of the weighted tree earned less than nothing or more than its effective weight.
select unit_id, indicator, points, effective_weight
from indicator_scores
where weight > 0 and not coalesce(points, 0) between 0 and effective_weight
