-- Totals of the units, before they are ranked. Exact ones are in millionths of a point: where leaves are rounded, or the
-- whole score is; `score` is the same in DOUBLE, or the full one.
-- no_data: nothing was handed in, or less than the scheme asks for (screen), or nothing of the tree is present.
-- Grain: one row per variant and unit.
with veto as (
  -- the heaviest veto that applies: the one that caps the grade lowest, of several the first of the scheme
  select
    leaf.variant,
    measured.unit_id,
    max_by(leaf.indicator, 100000 * scheme_veto.lowest_position - leaf.position) as veto,
    max(scheme_veto.lowest_position) as lowest_position
  from measured
  join scheme_indicator as leaf on leaf.evidence = measured.indicator and leaf.section = 'veto'
  join scheme_veto on scheme_veto.variant = leaf.variant and scheme_veto.veto = leaf.indicator
  where measured.done > 0
  group by leaf.variant, measured.unit_id
),
extra as (
  select
    variant,
    unit_id,
    coalesce(sum(points) filter (section = 'bonus'), 0) as bonus,
    coalesce(sum(points) filter (section = 'deduction'), 0) as deduction
  from extra_item
  group by variant, unit_id
),
part as (
  select
    scheme.variant,
    assessed_unit.unit_id,
    assessed_unit.unit_name,
    assessed_unit.category,
    scheme.rounds_leaves,
    scheme.has_extras,
    scheme.rounding_mode,
    scheme.units_per_point,
    base_total.points,
    case when scheme.adds_up then base_total.score else tree_score.score end as score,
    coalesce(extra.bonus, 0) as bonus,
    coalesce(extra.deduction, 0) as deduction,
    veto.veto,
    coalesce(veto.lowest_position, 0) as lowest_position,
    case
      when screened.unit_id is not null then 'no_data'
      when base_total.pending then 'pending'
      when tree_score.node is null and (tree_variant.variant is not null or not base_total.present) then 'no_data'
      else 'scored'
    end as status
  from assessed_unit
  cross join scheme
  left join tree_variant on tree_variant.variant = scheme.variant
  left join base_total on base_total.variant = scheme.variant and base_total.unit_id = assessed_unit.unit_id
  left join extra on extra.variant = scheme.variant and extra.unit_id = assessed_unit.unit_id
  left join veto on veto.variant = scheme.variant and veto.unit_id = assessed_unit.unit_id
  left join screened on screened.variant = scheme.variant and screened.unit_id = assessed_unit.unit_id
  left join tree_score
    on tree_score.variant = scheme.variant and tree_score.unit_id = assessed_unit.unit_id and tree_score.node = ''
),
added as (
  select
    * exclude (score),
    case
      when not has_extras then score
      else greatest(0, score + cast(bonus as double) / 1000000 - cast(deduction as double) / 1000000)
    end as with_extras
  from part
),
rounded_total as (
  -- a total in DOUBLE is a fraction of 10 decimals when it is rounded, so that rounding never hangs on its last bit
  select
    *,
    case
      when rounds_leaves and not has_extras then coalesce(points, 0)
      when rounds_leaves then greatest(0, coalesce(points, 0) + bonus - deduction)
      when units_per_point is not null and isnan(with_extras) is not true then
        rounded(whole(with_extras * 1e10) * units_per_point, 10000000000, rounding_mode) * (1000000 // units_per_point)
    end as total
  from added
)
select
  variant,
  unit_id,
  unit_name,
  category,
  coalesce(points, 0) as base,
  bonus,
  deduction,
  total,
  case
    when total is not null then cast(total as double) / 1000000
    else with_extras
  end as score,
  veto,
  lowest_position,
  status
from rounded_total
