-- Evidence added up.   Grain: one row per unit and evidence (the items of an indicator) that has items.
-- Micro-units (10⁻⁶) in whole numbers, so that what follows is exact.
select
  unit_id,
  indicator as evidence,
  count(*) as items,
  sum(micro(due)) as due,
  sum(micro(done)) as done,
  sum(len(records)) as records
from measured
group by unit_id, indicator
