-- Evidence added up.   Grain: one row per unit and indicator that has items.
-- Micro-units (10⁻⁶) in whole numbers, so that what follows is exact.
select
  unit_id,
  indicator,
  count(*) as items,
  sum(cast(due * 1000000 as hugeint)) as due,
  sum(cast(done * 1000000 as hugeint)) as done,
  sum(len(records)) as records
from measured
group by unit_id, indicator
