-- Evidence added up.   Grain: one row per unit and indicator that has items.
-- Micro-units (10⁻⁶) in whole numbers, so that what follows is exact.
select
  unit_id,
  indicator,
  count(*) as items,
  sum(micro(due)) as due,
  sum(micro(done)) as done,
  sum(len(records)) as records
from measured
group by unit_id, indicator
