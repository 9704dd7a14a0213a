-- Evidence: what was due, what was done, what it cost, and the records that say so.
-- Grain: one row per unit, indicator and item.
with counted as (
  select unit_id, indicator, item, lost, 0 as gained from item_lost
  union all
  select
    unit_id,
    indicator,
    item,
    case when section = 'deduction' then points // 10000 else 0 end as lost,
    case when section = 'bonus' then points // 10000 else 0 end as gained
  from extra_item
  where variant = 'in_force'
)
select
  cast(assessment.year as integer) as year,
  counted_item.unit_id,
  counted_item.indicator,
  counted_item.item,
  counted_item.due,
  counted_item.done,
  cast(coalesce(counted.lost, 0) * 0.01 as decimal(9, 2)) as lost,     -- points; the items' add up to the indicator's
  cast(coalesce(counted.gained, 0) * 0.01 as decimal(9, 2)) as gained, -- points of a bonus; they add up likewise
  counted_item.records                                                      -- _rec of the records looked at, in order
from counted_item
join scheme_indicator
  on scheme_indicator.variant = 'in_force' and scheme_indicator.indicator = counted_item.indicator
cross join assessment
left join counted
  on
    counted.unit_id = counted_item.unit_id and counted.indicator = counted_item.indicator
    and counted.item = counted_item.item
order by counted_item.unit_id, scheme_indicator.position, counted_item.item
