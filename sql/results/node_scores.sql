-- Points of every node of the scheme, leaves included.   Grain: one row per unit and node.
select
  indicator_scores.unit_id,
  scheme_path.node,
  sum(indicator_scores.effective_weight) as effective_weight,
  coalesce(sum(indicator_scores.points), 0) as points,
  sum(indicator_scores.lost) as lost
from indicator_scores
join scheme_path on scheme_path.leaf = indicator_scores.indicator and scheme_path.variant = 'in_force'
group by indicator_scores.unit_id, scheme_path.node
