-- What is usual in a category: the median of the points of each node, and of the share of its weight that they are, among
-- the ranked units that have it.
-- Grain: one row per category and node. points in hundredths, half up; rate in thousandths, each unit's half up first.
with ranked as (
  select
    scores.category,
    node_scores.node,
    cast(node_scores.points * 100 as bigint) as points,
    cast(node_scores.effective_weight * 100 as bigint) as weight
  from node_scores
  join scores on scores.unit_id = node_scores.unit_id
  where scores.rank is not null and node_scores.points is not null and node_scores.effective_weight > 0
),
middle as (
  select
    category,
    node,
    median(points) as points,
    median((2000 * points + weight) // (2 * weight)) as rate
  from ranked
  group by category, node
)
select
  category,
  node,
  cast(cast(floor(points + 0.5) as bigint) * 0.01 as decimal(9, 2)) as points,
  cast(floor(rate + 0.5) as integer) as rate
from middle
order by category, node
