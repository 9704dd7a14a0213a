-- View.
-- Scores of every node of the scheme, leaves included: where the tree adds up, the sum of its leaves' points; else as
-- aggregated. `points` in millionths where leaves are rounded, exact. Absent nodes have no row.
-- Grain: one row per variant, unit and node.
select
  base_score.variant,
  base_score.unit_id,
  scheme_path.node,
  cast(sum(base_score.points) as hugeint) as points,
  sum(base_score.score order by base_score.position) as score
from base_score
join scheme on scheme.variant = base_score.variant and scheme.adds_up
join scheme_path on scheme_path.variant = base_score.variant and scheme_path.leaf = base_score.indicator
where base_score.score is not null
group by base_score.variant, base_score.unit_id, scheme_path.node
union all
select tree_score.variant, tree_score.unit_id, tree_score.node, null as points, tree_score.score
from tree_score
join scheme on scheme.variant = tree_score.variant and not scheme.adds_up
where tree_score.node <> ''
union all
select base_score.variant, base_score.unit_id, base_score.indicator as node, null as points, base_score.score
from base_score
join scheme on scheme.variant = base_score.variant and not scheme.adds_up
where base_score.score is not null
