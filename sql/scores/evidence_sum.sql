-- Evidence added up.   Grain: one row per unit and evidence (the items of an indicator) that has items.
-- Micro-units (10⁻⁶) in whole numbers, so that what follows is exact; a sum beyond 9·10¹² is refused.
select
  unit_id,
  indicator as evidence,
  count(*) as items,
  cast(sum(due) * 1000000 as bigint) as due,
  cast(sum(done) * 1000000 as bigint) as done,
  cast(sum(len(records)) as bigint) as records
from measured
group by unit_id, indicator
