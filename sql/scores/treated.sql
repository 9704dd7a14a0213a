-- Treatment of outliers. Round 0: values beyond the quantiles become them. Each later round takes the indicators that are
-- still too skewed and moves their outermost values in to the next one (winsorising), until none is or enough was done.
-- Skewness and kurtosis are the sample-corrected ones (G1, G2).
-- Rounds: select 1 + coalesce(max(winsorise), 0) from scheme_indicator
-- Columns: variant varchar, indicator varchar, unit_id varchar, value double, round integer.
-- Grain: one row per variant, indicator, unit and round; the last round of an indicator counts.
with leaf as (
  select variant, indicator, low_quantile, high_quantile, winsorise, skew, kurtosis
  from scheme_indicator
  where section = 'base'
),
sorted as (
  select variant, indicator, list_sort(list(value)) as ordered, count(*) as units
  from imputed
  group by variant, indicator
),
bound as (
  select
    sorted.variant,
    sorted.indicator,
    quantile_of(sorted.ordered, sorted.units, leaf.low_quantile) as low,
    quantile_of(sorted.ordered, sorted.units, leaf.high_quantile) as high
  from sorted
  join leaf on leaf.variant = sorted.variant and leaf.indicator = sorted.indicator
  where leaf.low_quantile is not null
),
last_round as (
  select treated.variant, treated.indicator, treated.unit_id, treated.value, leaf.skew, leaf.kurtosis
  from treated
  join round on treated.round = round.number - 1
  join leaf on leaf.variant = treated.variant and leaf.indicator = treated.indicator
  where leaf.winsorise >= round.number
),
mean as (
  select
    variant, indicator, count(*) as n, mean_of(value, unit_id) as mean, max(value) as highest,
    min(value) as lowest
  from last_round
  group by variant, indicator
),
moment as (
  select
    last_round.variant,
    last_round.indicator,
    any_value(mean.n) as n,
    any_value(mean.highest) as highest,
    any_value(mean.lowest) as lowest,
    any_value(last_round.skew) as most_skew,
    any_value(last_round.kurtosis) as most_kurtosis,
    max(last_round.value) filter (last_round.value < mean.highest) as next_highest,
    min(last_round.value) filter (last_round.value > mean.lowest) as next_lowest,
    sum(power(last_round.value - mean.mean, 2) order by last_round.unit_id) / any_value(mean.n) as second,
    sum(power(last_round.value - mean.mean, 3) order by last_round.unit_id) / any_value(mean.n) as third,
    sum(power(last_round.value - mean.mean, 4) order by last_round.unit_id) / any_value(mean.n) as fourth
  from last_round
  join mean on mean.variant = last_round.variant and mean.indicator = last_round.indicator
  group by last_round.variant, last_round.indicator
),
shape as (
  select
    *,
    sqrt(n * (n - 1)) / (n - 2) * third / power(second, 1.5) as skewness,
    (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (fourth / (second * second) - 3) + 6) as excess
  from moment
  where n > 3 and second > 0
)
select
  imputed.variant, imputed.indicator, imputed.unit_id,
  least(greatest(imputed.value, coalesce(bound.low, imputed.value)), coalesce(bound.high, imputed.value)) as value,
  0 as round
from imputed
cross join round
left join bound on bound.variant = imputed.variant and bound.indicator = imputed.indicator
where round.number = 0
union all
select
  last_round.variant,
  last_round.indicator,
  last_round.unit_id,
  case
    when shape.skewness >= 0 and last_round.value = shape.highest then shape.next_highest
    when shape.skewness < 0 and last_round.value = shape.lowest then shape.next_lowest
    else last_round.value
  end as value,
  round.number as round
from last_round
cross join round
join shape on shape.variant = last_round.variant and shape.indicator = last_round.indicator
where abs(shape.skewness) > shape.most_skew and shape.excess > shape.most_kurtosis
