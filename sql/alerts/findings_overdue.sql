-- 抽查问题逾期未销号: findings of any year that are past their date and not closed by a recheck.
-- Basis: 2023年党建工作要点·有检查有意见有指导有督促.   Params: level (urgent|warning|notice by inspection_finding.severity).
-- Item: finding; number = days overdue, text = its severity.
select
  finding.unit_id,
  finding.finding_id as item,
  param.text as level,
  finding.due_on,
  datediff('day', assessment.as_of, finding.due_on) as days,
  datediff('day', finding.due_on, assessment.as_of) as number,
  finding.severity as text,
  [finding._rec] as records
from inspection_finding as finding
join assessed_unit on assessed_unit.unit_id = finding.unit_id
join assessment on finding.due_on < assessment.as_of
join param on param.name = 'level' and param.key = finding.severity
where finding.rechecked_on is null or finding.rechecked_on > assessment.as_of
