-- What the units with a grade earned and lost, by dimension and indicator. A unit counts where the node had weight for it.
-- Grain: one row per dimension or indicator and category, and one of each for all (category null).
with counted as (
  select
    scores.category,
    scheme_node.node,
    count(*) as units,
    count(*) filter (where node_scores.lost > 0) as losing,
    count(*) filter (where node_scores.lost = 0) as unreduced,
    sum(node_scores.lost) as lost,
    cast(sum(node_scores.lost * 100) as hugeint) as lost_hundredths,
    cast(sum(node_scores.points * 100) as hugeint) as points,
    cast(sum(node_scores.effective_weight * 100) as hugeint) as due
  from node_scores
  join scores on scores.unit_id = node_scores.unit_id
  join scheme_node on scheme_node.node = node_scores.node
  where scores.grade is not null and scheme_node.section = 'base' and node_scores.effective_weight > 0
  group by grouping sets ((scores.category, scheme_node.node), (scheme_node.node))
)
select
  counted.category,
  counted.node,
  scheme_node.title,
  dimension.title as dimension,
  scheme_node.weight,
  scheme_node.depth = 1 as is_dimension,
  scheme_indicator.indicator is not null as is_indicator,
  counted.units,
  counted.losing,
  counted.unreduced,
  counted.lost,
  -- whole tenths of a per cent, and points per unit, rounded half up
  cast((2000 * counted.points + counted.due) // (2 * counted.due) as bigint) as rate,
  cast(cast((2 * counted.lost_hundredths + counted.units) // (2 * counted.units) as decimal(18, 0)) * 0.01 as decimal(9, 2))
    as lost_per_unit,
  cast(counted.points as double) / cast(counted.due as double) as exact   -- only to put them in order
from counted
join scheme_node on scheme_node.node = counted.node
join scheme_node as dimension on dimension.node = scheme_node.dimension
left join scheme_indicator on scheme_indicator.indicator = counted.node
where scheme_node.depth = 1 or scheme_indicator.indicator is not null
order by counted.category desc nulls last, scheme_node.position
