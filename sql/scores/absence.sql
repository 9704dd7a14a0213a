-- Units with the same absent leaves share their effective weights: few patterns, many units. A leaf is absent that is not
-- applicable or pending, or stands under a node of which too little is present.
-- Grain: one row per variant and unit; `pattern` lists the absent leaves.
with above as (
  select variant, leaf, node from scheme_path where node <> leaf
  union all
  select variant, indicator as leaf, '' as node from scheme_indicator where section = 'base'
),
under_absent as (
  select distinct leaf_status.variant, leaf_status.unit_id, leaf_status.indicator
  from leaf_status
  join above
    on above.variant = leaf_status.variant and above.leaf = leaf_status.indicator
  left join tree_score
    on tree_score.variant = leaf_status.variant and tree_score.unit_id = leaf_status.unit_id
    and tree_score.node = above.node
  where tree_score.node is null
)
select
  leaf_status.variant,
  leaf_status.unit_id,
  coalesce(
    string_agg(leaf_status.indicator, ' ' order by leaf_status.position)
      filter (
        leaf_status.status <> 'shown' and (leaf_status.score is null or under_absent.indicator is not null)
      ),
    ''
  ) as pattern
from leaf_status
left join under_absent
  on under_absent.variant = leaf_status.variant and under_absent.unit_id = leaf_status.unit_id
  and under_absent.indicator = leaf_status.indicator
group by leaf_status.variant, leaf_status.unit_id
