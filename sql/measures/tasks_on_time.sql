-- 责任分解·过程管理: tasks of the year, done by their date.
-- Basis: 2023年党建工作要点·责任分解.
-- Item: task due by the as-of date.   Empty: not_applicable (no task was due)
select
  task.unit_id,
  task.task_id as item,
  1 as due,
  case when task.done_on <= task.due_on then 1 else 0 end as done,
  [task._rec] as records
from task_breakdown as task
cross join assessment
where task._year = assessment.year and task.due_on <= assessment.as_of
