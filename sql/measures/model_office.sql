-- 模范机关: the grades of the four goals (讲政治、守纪律、负责任、有效率) in the year.
-- Basis: 2023年党建工作要点·模范机关创建.   Params: grade (share by model_office.grade).
-- Item: goal.   Empty: not_applicable
with graded as (
  select
    model_office.unit_id,
    model_office.goal,
    model_office._rec,
    param.number as worth
  from model_office
  cross join assessment
  join param on param.name = 'grade' and param.key = model_office.grade
  where model_office._year = assessment.year
)
select
  assessed_unit.unit_id,
  goals.goal as item,
  1 as due,
  coalesce(graded.worth, 0) as done,
  case when graded._rec is null then [] else [graded._rec] end as records
from assessed_unit
cross join (values ('讲政治'), ('守纪律'), ('负责任'), ('有效率')) as goals (goal)
left join graded on graded.unit_id = assessed_unit.unit_id and graded.goal = goals.goal
