-- 整改闭环: what spot checks found, closed (rechecked) by its date; heavier findings weigh more.
-- Basis: 2023年党建工作要点·有检查有意见有指导有督促.   Params: severity (number above 0 by inspection_finding.severity).
-- Item: finding due by the as-of date; a unit that was inspected and has none gets `none`, 1 of 1.
-- Empty: full
with due_finding as (
  select
    finding.unit_id,
    finding.finding_id as item,
    param.number as due,
    case when finding.rechecked_on <= finding.due_on then param.number else 0 end as done,
    [finding._rec] as records
  from inspection_finding as finding
  cross join assessment
  join param on param.name = 'severity' and param.key = finding.severity
  where finding._year = assessment.year and finding.due_on <= assessment.as_of
),
nothing_due as (
  select
    inspection.unit_id,
    'none' as item,
    1 as due,
    1 as done,
    list(inspection._rec) as records
  from inspection
  cross join assessment
  where
    inspection._year = assessment.year
    and inspection.unit_id not in (select unit_id from due_finding)
  group by inspection.unit_id
)
select unit_id, item, due, done, records from due_finding
union all
select unit_id, item, due, done, records from nothing_due
