-- Units that are assessed: those that exist at the end of the period judged (year's end, or the as-of date before it).
-- Grain: one row per unit.
select
  org_unit.unit_id,
  org_unit.name as unit_name,
  org_unit.category,
  org_unit.valid_from,
  org_unit.valid_to
from org_unit
cross join assessment
where
  org_unit.valid_from <= assessment.period_end
  and (org_unit.valid_to is null or org_unit.valid_to >= assessment.period_end)
