-- Rank within the category: total, then the scheme's tie-breaks in their order; units still equal share the rank and
-- the next ranks are skipped. A unit without data is not ranked.
-- Grain: one row per ranked unit.
with tie_value as (
  select
    unit_total.unit_id,
    scheme_tie_break.position,
    case when scheme_tie_break.node = '' then -unit_total.deduction else coalesce(node_scores.points, 0) end as value
  from unit_total
  cross join scheme_tie_break
  left join node_scores
    on node_scores.unit_id = unit_total.unit_id and node_scores.node = scheme_tie_break.node
),
tie_break as (
  select unit_id, list(value order by position) as value_list
  from tie_value
  group by unit_id
),
compared as (
  select
    unit_total.unit_id,
    unit_total.category,
    unit_total.total,
    coalesce(tie_break.value_list, []) as tie_values
  from unit_total
  left join tie_break on tie_break.unit_id = unit_total.unit_id
  where unit_total.status <> 'no_data'
)
select
  unit_id,
  rank() over (partition by category order by total desc, tie_values desc) as rank,
  count(*) over (partition by category, total, tie_values) as sharing,
  count(*) over (partition by category) as ranked_units
from compared
