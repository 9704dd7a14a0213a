-- The leaves of the weighted trees. The evidence behind them is numbered: a bit in a block of 60, so that what there is of a
-- unit is a few whole numbers and not a row for each.
-- Grain: one row per variant and indicator.
select
  variant,
  indicator,
  evidence,
  position,
  weight,
  rule,
  empty,
  deadline,
  denominator,
  applies_to,
  (dense_rank() over (order by evidence) - 1) // 60 as block,
  cast(1 as bigint) << cast((dense_rank() over (order by evidence) - 1) % 60 as integer) as bit
from scheme_indicator
where section = 'base'
