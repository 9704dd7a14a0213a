-- Evidence: what was due, what was done, what it cost, and the records that say so.
-- Grain: one row per unit, indicator and item.
with cost as (
  select unit_id, indicator, item, lost from item_lost
  union all
  select unit_id, indicator, item, points as lost from extra_item where section = 'deduction'
)
select
  cast(assessment.year as integer) as year,
  measured.unit_id,
  measured.indicator,
  measured.item,
  measured.due,
  measured.done,
  cast(coalesce(cost.lost, 0) * 0.01 as decimal(9, 2)) as lost,        -- points; the items' add up to the indicator's
  measured.records                                                      -- _rec of the records looked at, in order
from measured
join assessed_unit on assessed_unit.unit_id = measured.unit_id
join scheme_indicator on scheme_indicator.indicator = measured.indicator
cross join assessment
left join cost
  on cost.unit_id = measured.unit_id and cost.indicator = measured.indicator and cost.item = measured.item
order by measured.unit_id, scheme_indicator.position, measured.item
