-- 先进典型选树: at least one honor of the year was publicised.
-- Basis: 2023年党建工作要点·先进典型选树.
-- Item: the year.   Empty: not_applicable
with publicised as (
  select
    honor.unit_id,
    list(honor._rec) as records
  from honor
  cross join assessment
  where honor._year = assessment.year and honor.publicised_on <= assessment.as_of
  group by honor.unit_id
)
select
  assessed_unit.unit_id,
  'year' as item,
  1 as due,
  case when publicised.unit_id is null then 0 else 1 end as done,
  publicised.records
from assessed_unit
left join publicised on publicised.unit_id = assessed_unit.unit_id
