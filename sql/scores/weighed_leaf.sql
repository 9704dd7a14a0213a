-- Points of the weighted leaves of trees that add up: effective weight × score, rounded once, here, if the scheme rounds
-- leaves: then `points` has them exactly, in millionths, and `score` the same in DOUBLE. In other trees `score` is the
-- leaf's own.
-- Grain: one row per variant, unit and indicator. `weight` in hundredths of a point.
with weighed as (
  select
    leaf_status.variant,
    leaf_status.unit_id,
    leaf_status.indicator,
    leaf_status.position,
    leaf_status.status,
    leaf_status.due,
    leaf_status.done,
    leaf_status.numerator,
    leaf_status.denominator,
    leaf_status.score,
    scheme.adds_up,
    scheme.rounds_leaves,
    scheme.rounding_mode,
    scheme.units_per_point,
    coalesce(effective_weight.hundredths, 0) as weight,
    coalesce(effective_weight.weight, 0) as share_of_total,
    leaf_status.score is not null and leaf_status.status <> 'shown'
    and (effective_weight.hundredths is not null or not scheme.adds_up) as counts
  from leaf_status
  join scheme on scheme.variant = leaf_status.variant
  join absence on absence.variant = leaf_status.variant and absence.unit_id = leaf_status.unit_id
  join effective_weight
    on effective_weight.pattern = absence.pattern and effective_weight.position = leaf_status.position
),
pointed as (
  select
    *,
    case
      when not rounds_leaves or not counts then null
      -- below 10¹⁸ in 64 bits, which are several times as fast as 128
      when denominator <= 1000000000000 and weight * units_per_point <= 1000000
        then
          rounded(
            weight * units_per_point * cast(numerator as bigint), cast(denominator as bigint) * 100, rounding_mode
          )
      else
        rounded(cast(weight as hugeint) * numerator * units_per_point, cast(denominator as hugeint) * 100, rounding_mode)
    end as units
  from weighed
)
select
  variant,
  unit_id,
  indicator,
  position,
  status,
  due,
  done,
  weight,
  share_of_total,
  counts,
  cast(units * (1000000 // units_per_point) as bigint) as points,
  case
    when not counts then null
    when rounds_leaves then cast(units as double) / units_per_point
    when adds_up then share_of_total * score
    else score
  end as score
from pointed
