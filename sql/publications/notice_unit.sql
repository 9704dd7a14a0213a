-- Every unit assessed with its points by dimension, in the scheme's order.
-- Grain: one row per unit, best first within its category.
with dimension as (
  select
    node_scores.unit_id,
    list(cast(node_scores.points as decimal(9, 2)) order by scheme_node.position) as dimensions
  from node_scores
  join scheme_node on scheme_node.node = node_scores.node
  where scheme_node.section = 'base' and scheme_node.depth = 1
  group by node_scores.unit_id
)
select
  scores.year,
  scores.unit_id,
  scores.unit_name,
  scores.category,
  scores.total,
  scores.base,
  scores.bonus,
  scores.deduction,
  scores.veto,
  scores.grade,
  scores.rank,
  scores.status,
  scores.tied,
  scores.quota_tie,
  coalesce(nullif(trim(org_unit.short_name), ''), scores.unit_name) as short_name,
  dimension.dimensions
from scores
left join dimension on dimension.unit_id = scores.unit_id
left join org_unit on org_unit.unit_id = scores.unit_id
order by scores.category desc, scores.rank nulls last, scores.unit_id
