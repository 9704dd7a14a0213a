-- What is usual in a category: the median of the points of each node, and of the share of its weight that they are, among
-- the ranked units that have it.
-- Grain: one row per category and node. points in hundredths, half up; rate in thousandths, half up.
select
  scores.category,
  node_scores.node,
  cast(cast(floor(median(cast(node_scores.points * 100 as bigint)) + 0.5) as bigint) * 0.01 as decimal(9, 2)) as points,
  cast(floor(median(node_scores.points / node_scores.effective_weight) * 1000 + 0.5) as integer) as rate
from node_scores
join scores on scores.unit_id = node_scores.unit_id
where scores.rank is not null and node_scores.points is not null and node_scores.effective_weight > 0
group by scores.category, node_scores.node
order by scores.category, node_scores.node
