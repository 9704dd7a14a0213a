-- Points of bonus and deductions before the caps, each fact counted once; 1000, above every cap, stands for more.
-- Grain: one row per assessed unit and indicator that has any.
select
  extra_item.unit_id,
  extra_item.indicator,
  points(least(sum(extra_item.counted), 1000000000)) as points
from extra_item
join assessed_unit on assessed_unit.unit_id = extra_item.unit_id
where extra_item.variant = 'in_force'
group by extra_item.unit_id, extra_item.indicator
order by extra_item.unit_id, extra_item.indicator
