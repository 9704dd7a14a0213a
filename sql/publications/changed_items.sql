-- Which items are not the same in two publications' evidence: this one's tables by their names, the other's in the
-- schema `earlier`. Null where only one of them has the item.
-- Grain: one row per unit, indicator and item whose due or done differ; of deductions also whose loss does (a fact may
-- have come to count elsewhere). What else an item lost follows from its leaf's weight and points.
select
  coalesce(now.unit_id, was.unit_id) as unit_id,
  coalesce(now.indicator, was.indicator) as indicator,
  coalesce(now.item, was.item) as item,
  was.due as due_before,
  was.done as done_before,
  was.lost as lost_before,
  now.due as due_after,
  now.done as done_after,
  now.lost as lost_after,
  coalesce(was.records, []) as records_before,
  coalesce(now.records, []) as records_after
from evidence as now
full join earlier.evidence as was
  on was.unit_id = now.unit_id and was.indicator = now.indicator and was.item = now.item
where
  now.unit_id is null
  or was.unit_id is null
  or was.due is distinct from now.due
  or was.done is distinct from now.done
  or (now.due is null and was.lost is distinct from now.lost)
order by 1, 2, 3
