-- Units that the month is about: those there from its first to its last day (due), and any others with figures for it.
-- Grain: one row per unit.
with handed_in as (
  select distinct study_stat.unit_id
  from study_stat
  join compared on compared.month_start = study_stat.period
  where compared.name = 'month'
)
select
  org_unit.unit_id,
  org_unit.name as unit_name,
  org_unit.category,
  handed_in.unit_id is not null as reported,
  org_unit.valid_from <= asked.month_start
  and (org_unit.valid_to is null or org_unit.valid_to >= asked.month_end) as due
from org_unit
cross join asked
left join handed_in on handed_in.unit_id = org_unit.unit_id
where reported or due
