-- The evidence behind the weighted trees, numbered: a bit in a block of 60, so that what there is of a unit is a few whole
-- numbers and not a row for each.
-- Grain: one row per evidence.
with numbered as (
  select evidence, row_number() over (order by evidence) - 1 as number
  from (select distinct evidence from scheme_indicator where section = 'base') as evidence_of_base
)
select
  evidence,
  number // 60 as block,
  cast(1 as bigint) << cast(number % 60 as integer) as bit
from numbered
