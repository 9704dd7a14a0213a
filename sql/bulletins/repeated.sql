-- Units with more participants than enrolled people (重复参学), counted as 100 %.
-- Grain: one row per platform and unit.
select
  month_stat.platform,
  month_stat.unit_id,
  month_unit.unit_name
from month_stat
join month_unit on month_unit.unit_id = month_stat.unit_id
where
  month_stat.compared = 'month'
  and month_stat.reported > month_stat.enrolled
order by month_stat.platform, month_stat.unit_id
