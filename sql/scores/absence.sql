-- Units with the same absent leaves share their effective weights: few patterns, many units. A leaf is absent that is not
-- applicable or pending, or stands under a node of which too little is present.
-- Grain: one row per variant and unit. absent: the positions of the absent leaves, of trees that add up; pattern: a number for
-- them and the variant.
with above as (
  select scheme_path.variant, scheme_path.leaf, scheme_path.node
  from scheme_path
  join tree_variant on tree_variant.variant = scheme_path.variant
  where scheme_path.node <> scheme_path.leaf
  union all
  select scheme_indicator.variant, scheme_indicator.indicator as leaf, '' as node
  from scheme_indicator
  join tree_variant on tree_variant.variant = scheme_indicator.variant
  where scheme_indicator.section = 'base'
),
absent_leaf as (
  select leaf_status.variant, leaf_status.unit_id, leaf_status.position
  from leaf_status
  where leaf_status.status <> 'shown' and leaf_status.score is null
  union all
  select distinct leaf_status.variant, leaf_status.unit_id, leaf_status.position
  from leaf_status
  join above on above.variant = leaf_status.variant and above.leaf = leaf_status.indicator
  left join tree_score
    on
      tree_score.variant = leaf_status.variant and tree_score.unit_id = leaf_status.unit_id
      and tree_score.node = above.node
  where leaf_status.status <> 'shown' and leaf_status.score is not null and tree_score.node is null
),
of_unit as (
  select variant, unit_id, string_agg(cast(position as varchar), ' ' order by position) as absent
  from absent_leaf
  group by variant, unit_id
)
select
  scheme.variant,
  assessed_unit.unit_id,
  coalesce(of_unit.absent, '') as absent,
  dense_rank() over (order by scheme.variant, coalesce(of_unit.absent, '')) as pattern
from assessed_unit
cross join scheme
left join of_unit on of_unit.variant = scheme.variant and of_unit.unit_id = assessed_unit.unit_id and scheme.adds_up
