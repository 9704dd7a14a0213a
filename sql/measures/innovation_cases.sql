-- 组织生活创新案例 (bonus): cases adopted in the year, each once, at its highest level.
-- Basis: 2023年党建工作要点·组织生活创新案例.   Params: points (number above 0 by innovation_case.level).
-- Item: case.   Empty: not_applicable
select
  innovation.unit_id,
  innovation.case_key as item,
  null as due,
  max(param.number) as done,
  list(innovation._rec) as records
from innovation_case as innovation
cross join assessment
join param on param.name = 'points' and param.key = innovation.level
where innovation._year = assessment.year
group by innovation.unit_id, innovation.case_key
