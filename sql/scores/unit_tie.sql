-- What breaks a unit's ties, in the scheme's order: the score of a node, of bonus or deductions, or fewer deductions (the
-- node ''). All that ranking needs of a unit beside its total, so that millions can be scored in parts and ranked together.
-- Grain: one row per variant and unit; `tie_values` in DOUBLE, from exact points where there are any.
with asked as (
  select scheme_tie_break.variant, scheme_tie_break.position, scheme_tie_break.node, scheme.adds_up
  from scheme_tie_break
  join scheme on scheme.variant = scheme_tie_break.variant
),
asked_leaf as (
  select asked.variant, asked.position, scheme_path.leaf
  from asked
  join scheme_path on scheme_path.variant = asked.variant and scheme_path.node = asked.node
  where asked.adds_up or scheme_path.leaf = asked.node
),
found as (
  select
    weighed_leaf.variant,
    weighed_leaf.unit_id,
    asked_leaf.position,
    coalesce(cast(sum(weighed_leaf.points) as double), sum(weighed_leaf.score order by weighed_leaf.position)) as value
  from weighed_leaf
  join asked_leaf on asked_leaf.variant = weighed_leaf.variant and asked_leaf.leaf = weighed_leaf.indicator
  where weighed_leaf.counts
  group by weighed_leaf.variant, weighed_leaf.unit_id, asked_leaf.position
  union all
  select tree_score.variant, tree_score.unit_id, asked.position, tree_score.score as value
  from tree_score
  join asked on asked.variant = tree_score.variant and asked.node = tree_score.node
  where not asked.adds_up and asked.node <> ''
  union all
  select
    extra_item.variant,
    extra_item.unit_id,
    asked.position,
    cast(sum(case when extra_item.section = 'deduction' then -extra_item.points else extra_item.points end) as double) as value
  from extra_item
  join asked
    on
      asked.variant = extra_item.variant
      and (asked.node = extra_item.indicator or asked.node = '' and extra_item.section = 'deduction')
  group by extra_item.variant, extra_item.unit_id, asked.position
)
select
  asked.variant,
  assessed_unit.unit_id,
  list(coalesce(found.value, 0) order by asked.position) as tie_values
from assessed_unit
cross join asked
left join found
  on found.variant = asked.variant and found.unit_id = assessed_unit.unit_id and found.position = asked.position
group by asked.variant, assessed_unit.unit_id
