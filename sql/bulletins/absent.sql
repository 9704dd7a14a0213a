-- Units due without figures that could be used: nothing handed in (missing), or a record that was set aside.
-- `everywhere`: the unit has figures on no platform.
-- Grain: one row per unit and platform.
with set_aside_now as (
  select set_aside.unit_id, set_aside.platform
  from set_aside
  join compared on compared.month_start = set_aside.period
  where compared.name = 'month'
)
select
  month_unit.unit_id,
  month_unit.unit_name,
  platform.platform,
  not month_unit.reported as everywhere,
  case when count(set_aside_now.unit_id) > 0 then 'set_aside' else 'missing' end as status
from month_unit
cross join platform
left join month_stat
  on
    month_stat.compared = 'month'
    and month_stat.unit_id = month_unit.unit_id
    and month_stat.platform = platform.platform
left join set_aside_now
  on
    set_aside_now.unit_id = month_unit.unit_id
    and coalesce(set_aside_now.platform, platform.platform) = platform.platform
where
  month_unit.due
  and month_stat.unit_id is null
group by all
order by min(platform.position), month_unit.unit_id
