-- Bonus and deductions, item by item, in hundredths of a point. Within bonus, and within deductions, one fact (the same
-- item under any indicator, such as a finding or a case) counts once, the largest; together they stop at their cap, in scheme order. A deduction
-- never takes a total below 0.
-- Grain: one row per unit, indicator and item.
with fact as (
  select
    measured.unit_id,
    leaf.section,
    leaf.indicator,
    leaf.position,
    measured.item,
    cast((2 * micro(measured.done) + 10000) // 20000 as bigint) as points
  from measured
  join scheme_indicator as leaf on leaf.indicator = measured.indicator
  where leaf.section in ('bonus', 'deduction')
),
once as (
  select
    *,
    case
      when row_number() over (partition by unit_id, section, item order by points desc, position) = 1 then points
      else 0
    end as counted
  from fact
),
running as (
  select
    *,
    coalesce(sum(counted) over (
      partition by unit_id, section order by position, item rows between unbounded preceding and 1 preceding
    ), 0) as before
  from once
),
base as (
  select unit_id, coalesce(sum(points), 0) as points
  from base_score
  group by unit_id
),
bonus as (
  select
    running.unit_id,
    running.section,
    running.indicator,
    running.item,
    cast(greatest(0, least(running.counted, cast(scheme.bonus_cap * 100 as bigint) - running.before)) as bigint) as points
  from running
  cross join scheme
  where running.section = 'bonus'
),
earned as (
  select base.unit_id, base.points + coalesce(sum(bonus.points), 0) as points
  from base
  left join bonus on bonus.unit_id = base.unit_id
  group by base.unit_id, base.points
),
deduction as (
  select
    running.unit_id,
    running.section,
    running.indicator,
    running.item,
    cast(
      greatest(0, least(running.counted, least(cast(scheme.deduction_cap * 100 as bigint), earned.points) - running.before))
      as bigint
    ) as points
  from running
  cross join scheme
  join earned on earned.unit_id = running.unit_id
  where running.section = 'deduction'
)
select unit_id, section, indicator, item, points from bonus
union all
select unit_id, section, indicator, item, points from deduction
