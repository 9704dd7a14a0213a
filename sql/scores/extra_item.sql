-- Bonus and deductions, item by item, in millionths of a point, rounded as the scheme rounds. Within bonus, and within
-- deductions, one fact (the same item under any indicator, such as a finding or a case) counts once, the largest; together
-- they stop at their cap, in scheme order.
-- Where leaves are rounded, a deduction never takes a total below 0.
-- Grain: one row per variant, unit, indicator and item. `counted`: before the caps.
with fact as (
  select
    leaf.variant,
    measured.unit_id,
    leaf.section,
    leaf.indicator,
    leaf.position,
    measured.item,
    case
      when scheme.rounds_leaves
        then
          rounded(micro(measured.done) * scheme.units_per_point, 1000000, scheme.rounding_mode)
          * (1000000 // scheme.units_per_point)
      else micro(measured.done)
    end as points
  from measured
  join scheme_indicator as leaf on leaf.evidence = measured.indicator
  join scheme on scheme.variant = leaf.variant
  where leaf.section in ('bonus', 'deduction')
),
once as (
  select
    *,
    case
      when row_number() over (
        partition by variant, unit_id, section, item order by points desc, position
      ) = 1 then points
      else 0
    end as counted
  from fact
),
running as (
  select
    *,
    coalesce(sum(counted) over (
      partition by variant, unit_id, section order by position, item rows between unbounded preceding and 1 preceding
    ), 0) as before
  from once
),
bonus as (
  select
    running.variant,
    running.unit_id,
    running.section,
    running.indicator,
    running.item,
    running.counted,
    greatest(0, least(running.counted, micro(scheme.bonus_cap) - running.before)) as points
  from running
  join scheme on scheme.variant = running.variant
  where running.section = 'bonus'
),
earned as (
  select base_total.variant, base_total.unit_id, coalesce(base_total.points, 0) + coalesce(sum(bonus.points), 0) as points
  from base_total
  left join bonus on bonus.variant = base_total.variant and bonus.unit_id = base_total.unit_id
  group by base_total.variant, base_total.unit_id, base_total.points
),
deduction as (
  select
    running.variant,
    running.unit_id,
    running.section,
    running.indicator,
    running.item,
    running.counted,
    greatest(
      0,
      least(
        running.counted,
        case when scheme.rounds_leaves then least(micro(scheme.deduction_cap), earned.points) else micro(scheme.deduction_cap) end
        - running.before
      )
    ) as points
  from running
  join scheme on scheme.variant = running.variant
  join earned on earned.variant = running.variant and earned.unit_id = running.unit_id
  where running.section = 'deduction'
)
select variant, unit_id, section, indicator, item, cast(counted as bigint) as counted, cast(points as bigint) as points
from bonus
union all
select variant, unit_id, section, indicator, item, cast(counted as bigint) as counted, cast(points as bigint) as points
from deduction
