-- Units with the highest and lowest participation: `asked.listed` at either end, at most half of the platform's units.
-- Those tied stand in the order of their names, and `more` says how many tied with the last one are not listed.
-- Nobody is among the highest with the lowest rate there is, nor among the lowest with the highest.
-- Grain: one row per platform, end and unit.
with platform_size as (
  select
    platform,
    min(exact) as lowest,
    max(exact) as highest,
    least(max(asked.listed), count(*) // 2) as places
  from unit_change
  cross join asked
  where enrolled > 0
  group by platform
),
placed as (
  select
    platform,
    'highest' as side,
    exact,
    unit_name,
    rate,
    places,
    row_number() over (partition by platform order by exact desc, unit_name collate zh, unit_id) as place
  from unit_change
  join platform_size using (platform)
  where exact > lowest
  union all
  select
    platform,
    'lowest' as side,
    exact,
    unit_name,
    rate,
    places,
    row_number() over (partition by platform order by exact, unit_name collate zh, unit_id) as place
  from unit_change
  join platform_size using (platform)
  where exact < highest
),
counted as (
  select
    placed.*,
    count(*) over (partition by platform, side, exact) > 1 as tied,
    greatest(0, max(place) over (partition by platform, side, exact) - places) as more
  from placed
)
select platform, side, place, unit_name, rate, tied, more
from counted
where place <= places
order by platform, side, place
