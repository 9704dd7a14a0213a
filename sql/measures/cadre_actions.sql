-- 干部队伍·两计划一行动: actions planned in the year, done.
-- Basis: 2023年党建工作要点·干部队伍建设.
-- Item: action planned by the as-of date.   Empty: not_applicable (no action was planned)
select
  action.unit_id,
  action.action_id as item,
  1 as due,
  case when action.done_on <= assessment.as_of then 1 else 0 end as done,
  [action._rec] as records
from cadre_action as action
cross join assessment
where action._year = assessment.year and action.planned_on <= assessment.as_of
