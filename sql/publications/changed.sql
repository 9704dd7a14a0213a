-- What differs between this run's scores and an earlier publication's, whose tables are in the schema `earlier`.
-- Grain: one row per unit and thing: its total, rank, grade, veto and status, and the points of each indicator.
with now as (
  select unit_id, 'total' as thing, -5 as position, cast(total as varchar) as value from scores
  union all
  select unit_id, 'rank', -4, cast(rank as varchar) from scores
  union all
  select unit_id, 'grade', -3, grade from scores
  union all
  select unit_id, 'veto', -2, veto from scores
  union all
  select unit_id, 'status', -1, status from scores
  union all
  select indicator_scores.unit_id, indicator_scores.indicator, scheme_node.position, cast(indicator_scores.points as varchar)
  from indicator_scores
  join scheme_node on scheme_node.node = indicator_scores.indicator
),
was as (
  select unit_id, 'total' as thing, -5 as position, cast(total as varchar) as value from earlier.scores
  union all
  select unit_id, 'rank', -4, cast(rank as varchar) from earlier.scores
  union all
  select unit_id, 'grade', -3, grade from earlier.scores
  union all
  select unit_id, 'veto', -2, veto from earlier.scores
  union all
  select unit_id, 'status', -1, status from earlier.scores
  union all
  select before.unit_id, before.indicator, node.position, cast(before.points as varchar)
  from earlier.indicator_scores as before
  join earlier.scheme_node as node on node.node = before.indicator
),
unit as (
  select unit_id, unit_name, category from scores
  union all
  select unit_id, unit_name, category from earlier.scores where unit_id not in (select unit_id from scores)
),
title as (
  select node, title from scheme_node
  union all
  select node, title from earlier.scheme_node where node not in (select node from scheme_node)
)
select
  unit.category,
  unit.unit_id,
  unit.unit_name,
  coalesce(now.thing, was.thing) as thing,
  title.title,                                -- of an indicator, else null
  was.value as before,
  now.value as after
from now
full join was on was.unit_id = now.unit_id and was.thing = now.thing
join unit on unit.unit_id = coalesce(now.unit_id, was.unit_id)
left join title on title.node = coalesce(now.thing, was.thing)
where now.value is distinct from was.value
order by unit.category, unit.unit_id, coalesce(now.position, was.position), coalesce(now.thing, was.thing)
