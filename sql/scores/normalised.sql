-- Normalisation: the treated value as a score, by the statistical rules (OECD/JRC handbook, step 5; docs/scheme.md).
-- DOUBLE at full precision, summed in unit_id order. A value that a rule cannot take (the logarithm of nothing) gives NaN.
-- Grain: one row per variant, unit and indicator with a statistical rule and a value.
with latest as (
  select variant, indicator, max(round) as round
  from treated
  group by variant, indicator
),
placed as (
  select
    treated.variant,
    treated.indicator,
    treated.unit_id,
    leaf.rule,
    leaf.direction,
    leaf.range_low,
    leaf.range_high,
    leaf.low,
    leaf.high,
    leaf.clamp,
    leaf.mean as target_mean,
    leaf.sd as target_sd,
    leaf.ties,
    leaf.reference,
    leaf.reference_by,
    leaf.margin,
    unit_attribute.text as family,
    case
      when not leaf.log then treated.value
      when treated.value > 0 then ln(treated.value)
      else cast('NaN' as double)
    end as x
  from treated
  join latest
    on latest.variant = treated.variant and latest.indicator = treated.indicator and latest.round = treated.round
  join scheme_indicator as leaf on leaf.variant = treated.variant and leaf.indicator = treated.indicator
  left join unit_attribute on unit_attribute.unit_id = treated.unit_id and unit_attribute.name = leaf.within
),
sample as (
  select
    variant,
    indicator,
    family,
    count(*) as n,
    min(x) as lowest,
    max(x) as highest,
    mean_of(x, unit_id) as mean,
    median(x) as median
  from placed
  group by variant, indicator, family
),
spread as (
  select
    placed.variant, placed.indicator, placed.family,
    sqrt(sum(power(placed.x - sample.mean, 2) order by placed.unit_id) / nullif(any_value(sample.n) - 1, 0)) as deviation
  from placed
  join sample
    on
      sample.variant = placed.variant and sample.indicator = placed.indicator
      and sample.family is not distinct from placed.family
  where placed.rule = 'zscore'
  group by placed.variant, placed.indicator, placed.family
),
ranked as (
  select
    variant,
    indicator,
    unit_id,
    rank() over (partition by variant, indicator, family order by x * direction) as worse,
    count(*) over (partition by variant, indicator, family, x) as alike
  from placed
  where rule in ('rank', 'percentile')
),
scored as (
  select
    placed.variant,
    placed.indicator,
    placed.unit_id,
    placed.x,
    placed.range_low as a,
    placed.range_high as b,
    case placed.rule
      when 'minmax'
        then
          case
            when sample.highest = sample.lowest then 0.5
            when placed.direction > 0 then (placed.x - sample.lowest) / (sample.highest - sample.lowest)
            else (sample.highest - placed.x) / (sample.highest - sample.lowest)
          end
      when 'goalposts'
        then
          within_unit(
            case
              when placed.direction > 0 then (placed.x - placed.low) / (placed.high - placed.low)
              else (placed.high - placed.x) / (placed.high - placed.low)
            end,
            placed.clamp
          )
      when 'percentile' then case when sample.n = 1 then 0.5 else (ranked.worse - 1) / (sample.n - 1) end
      when 'above_mean' then
        case
          when placed.x > (1 + placed.margin) * sample.mean then 0.5 + 0.5 * placed.direction
          when placed.x < (1 - placed.margin) * sample.mean then 0.5 - 0.5 * placed.direction
          else 0.5
        end
    end as part,
    case placed.rule
      when 'zscore'
        then
          placed.target_mean + placed.target_sd
          * case
            when coalesce(spread.deviation, 0) = 0 then 0
            else placed.direction * (placed.x - sample.mean) / spread.deviation
          end
      when 'rank'
        then
          case placed.ties
            when 'min' then ranked.worse
            when 'max' then ranked.worse + ranked.alike - 1
            else ranked.worse + (ranked.alike - 1) / 2
          end
      when 'ratio_to_best'
        then
          case
            when sample.lowest < 0 then cast('NaN' as double)
            when placed.direction > 0 then placed.range_high * ratio_or_nan(placed.x, sample.highest)
            else placed.range_high * ratio_or_nan(sample.lowest, placed.x)
          end
      when 'ratio_to_reference'
        then
          placed.range_high * case
            when
              placed.direction > 0
              then ratio_or_nan(placed.x, reference_of(placed.reference, placed.reference_by, sample.mean, sample.median))
            else ratio_or_nan(reference_of(placed.reference, placed.reference_by, sample.mean, sample.median), placed.x)
          end
      when 'raw' then placed.direction * placed.x
    end as whole
  from placed
  join sample
    on
      sample.variant = placed.variant and sample.indicator = placed.indicator
      and sample.family is not distinct from placed.family
  left join spread
    on
      spread.variant = placed.variant and spread.indicator = placed.indicator
      and spread.family is not distinct from placed.family
  left join ranked on
    ranked.variant = placed.variant and ranked.indicator = placed.indicator
    and ranked.unit_id = placed.unit_id
)
select
  variant,
  indicator,
  unit_id,
  x as treated,
  coalesce(a + (b - a) * part, whole) as score
from scored
