-- View.
-- Scores of every node of the scheme, leaves included: where the tree adds up, the sum of its leaves' points; else as
-- aggregated. `points` in millionths where leaves are rounded, exact. Absent nodes have no row.
-- Grain: one row per variant, unit and node.
select
  weighed_leaf.variant,
  weighed_leaf.unit_id,
  scheme_path.node,
  cast(sum(weighed_leaf.points) as hugeint) as points,
  sum(weighed_leaf.score order by weighed_leaf.position) as score
from weighed_leaf
join scheme on scheme.variant = weighed_leaf.variant and scheme.adds_up
join scheme_path on scheme_path.variant = weighed_leaf.variant and scheme_path.leaf = weighed_leaf.indicator
where weighed_leaf.score is not null
group by weighed_leaf.variant, weighed_leaf.unit_id, scheme_path.node
union all
select tree_score.variant, tree_score.unit_id, tree_score.node, null as points, tree_score.score
from tree_score
join scheme on scheme.variant = tree_score.variant and not scheme.adds_up
where tree_score.node <> ''
union all
select weighed_leaf.variant, weighed_leaf.unit_id, weighed_leaf.indicator as node, null as points, weighed_leaf.score
from weighed_leaf
join scheme on scheme.variant = weighed_leaf.variant and not scheme.adds_up
where weighed_leaf.score is not null
