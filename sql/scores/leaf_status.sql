-- Status and score of every unit × indicator of the weighted tree. The score of the exact rules is numerator /
-- denominator in whole numbers; `score` is the same in DOUBLE. Absent leaves (not_applicable, pending) have none.
-- Grain: one row per variant, unit and indicator. due and done in millionths.
with known as (
  select
    leaf_known.variant,
    leaf_known.unit_id,
    leaf_known.indicator,
    leaf_known.position,
    leaf_known.exact,
    leaf_known.items,
    leaf_known.due,
    leaf_known.done,
    imputed.value as imputed,
    normalised.treated,
    normalised.score,
    case
      when imputed.is_imputed and leaf_known.status <> 'shown' then 'imputed'
      when leaf_known.status = 'missing' and screened.unit_id is not null then 'not_applicable'
      else leaf_known.status
    end as status
  from leaf_known
  left join screened on screened.variant = leaf_known.variant and screened.unit_id = leaf_known.unit_id
  left join imputed
    on
      imputed.variant = leaf_known.variant and imputed.unit_id = leaf_known.unit_id
      and imputed.indicator = leaf_known.indicator
  left join normalised
    on
      normalised.variant = leaf_known.variant and normalised.unit_id = leaf_known.unit_id
      and normalised.indicator = leaf_known.indicator
),
step as (
  select
    leaf_known.variant,
    leaf_known.unit_id,
    leaf_known.indicator,
    min_by(micro(scheme_step.give), scheme_step.position) as give
  from leaf_known
  join scheme_step on scheme_step.variant = leaf_known.variant and scheme_step.indicator = leaf_known.indicator
  where
    leaf_known.rule = 'steps' and (
      cast(leaf_known.done as hugeint) * 1000000 >= micro(scheme_step.at_least) * coalesce(leaf_known.due, 1000000)
      or cast(leaf_known.done as hugeint) * 1000000 <= micro(scheme_step.at_most) * coalesce(leaf_known.due, 1000000)
    )
  group by leaf_known.variant, leaf_known.unit_id, leaf_known.indicator
),
fraction as (
  select
    known.*,
    case leaf.rule
      when 'share' then known.done
      when 'linear'
        then
          case
            when leaf.target > leaf.floor
              then cast(known.done as hugeint) * 1000000 - micro(leaf.floor) * coalesce(known.due, 1000000)
            else micro(leaf.floor) * coalesce(known.due, 1000000) - cast(known.done as hugeint) * 1000000
          end
      when 'steps' then case when known.done is not null then coalesce(step.give, 0) end
    end as part,
    case leaf.rule
      when 'share' then coalesce(known.due, 1000000)
      when 'linear' then abs(micro(leaf.target) - micro(leaf.floor)) * coalesce(known.due, 1000000)
      else 1000000
    end as whole
  from known
  join scheme_indicator as leaf on leaf.variant = known.variant and leaf.position = known.position
  left join step
    on step.variant = known.variant and step.unit_id = known.unit_id and step.indicator = known.indicator
)
select
  variant,
  unit_id,
  indicator,
  position,
  status,
  status in ('not_reported', 'imputed') and items is null as needs_item,
  coalesce(due, 0) as due,
  coalesce(done, 0) as done,
  imputed,
  treated,
  -- a score in DOUBLE is a fraction of 12 decimals from here on, so that rounding never hangs on its last bit
  case
    when status = 'not_reported' then 0
    when exact and part is null then null
    when exact then least(whole, greatest(0, part))
    when isnan(score) then null
    else whole(score * 1e12)
  end as numerator,
  case when exact and status <> 'not_reported' then whole else 1000000000000 end as denominator,
  case
    when status in ('not_applicable', 'pending', 'missing') then null
    when status = 'not_reported' then 0
    when exact and part is null then null
    when exact then cast(least(whole, greatest(0, part)) as double) / cast(whole as double)
    else score
  end as score
from fraction
