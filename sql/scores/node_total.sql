-- View.
-- Scores of every node of the scheme, leaves included: where the tree adds up, the sum of its leaves' points; else as
-- aggregated. `points` in millionths where leaves are rounded, exact. Absent nodes have no row.
-- Grain: one row per variant, unit and node.
select
  leaf_points.variant,
  leaf_points.unit_id,
  scheme_path.node,
  cast(sum(leaf_points.points) as hugeint) as points,
  sum(leaf_points.score order by leaf_points.position) as score
from leaf_points
join scheme on scheme.variant = leaf_points.variant and scheme.adds_up
join scheme_path on scheme_path.variant = leaf_points.variant and scheme_path.leaf = leaf_points.indicator
where leaf_points.score is not null
group by leaf_points.variant, leaf_points.unit_id, scheme_path.node
union all
select tree_score.variant, tree_score.unit_id, tree_score.node, null as points, tree_score.score
from tree_score
join scheme on scheme.variant = tree_score.variant and not scheme.adds_up
where tree_score.node <> ''
union all
select leaf_points.variant, leaf_points.unit_id, leaf_points.indicator as node, null as points, leaf_points.score
from leaf_points
join scheme on scheme.variant = leaf_points.variant and not scheme.adds_up
where leaf_points.score is not null
