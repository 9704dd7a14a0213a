-- Items as they count: those of the measures; where a unit reported nothing in time, nothing of them was done, and
-- where there are none of them, the item `none` carries the loss.
-- Grain: one row per unit, indicator and item.
select
  measured.unit_id,
  scheme_indicator.indicator,
  measured.item,
  measured.due,
  case when leaf_status.status = 'not_reported' then 0 else measured.done end as done,
  measured.records
from measured
join assessed_unit on assessed_unit.unit_id = measured.unit_id
join scheme_indicator on scheme_indicator.variant = 'in_force' and scheme_indicator.evidence = measured.indicator
left join leaf_status
  on
    leaf_status.variant = 'in_force' and leaf_status.unit_id = measured.unit_id
    and leaf_status.indicator = scheme_indicator.indicator
union all
select unit_id, indicator, 'none' as item, 1 as due, 0 as done, [] as records
from leaf_status
where variant = 'in_force' and needs_item
