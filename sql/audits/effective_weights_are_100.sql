-- The effective weights of a unit add up to 100, unless every leaf is absent; an absent leaf has none.
select unit_id, sum(effective_weight) as weight
from indicator_scores
group by unit_id
having
  sum(effective_weight) <> 100
  and bool_or(effective_weight > 0 or status in ('scored', 'not_reported') and weight > 0)
  or bool_or(effective_weight <> 0 and status in ('shown', 'not_applicable', 'pending'))
