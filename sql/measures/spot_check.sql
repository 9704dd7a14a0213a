-- 四必有抽查质量: each check of the round out of 100: 25 for each of fixed time, agenda, procedure and detailed record,
-- less the penalties of what was found, never below 0.
-- Basis: 2023年党建工作要点·每月抽查·每年全覆盖两轮.
-- Params: round (inspection.round), must (number above 0), penalty (number by inspection_finding.severity).
-- Item: check of that round.   Empty: not_applicable (the round has not been inspected)
with found as (
  select
    inspection_finding.inspection_id,
    sum(param.number) as penalty,
    list(inspection_finding._rec) as records
  from inspection_finding
  join param on param.name = 'penalty' and param.key = inspection_finding.severity
  group by inspection_finding.inspection_id
),
asked as (
  select
    max(case when name = 'round' then number end) as round,
    max(case when name = 'must' then number end) as must
  from param
)
select
  inspection.unit_id,
  inspection.inspection_id as item,
  4 * asked.must as due,
  greatest(
    0,
    asked.must * (
      cast(inspection.fixed_time as integer) + cast(inspection.agenda as integer)
      + cast(inspection.procedure as integer) + cast(inspection.detailed_record as integer)
    ) - coalesce(found.penalty, 0)
  ) as done,
  list_concat([inspection._rec], coalesce(found.records, [])) as records
from inspection
cross join assessment
join asked on asked.round = inspection.round
left join found on found.inspection_id = inspection.inspection_id
where inspection._year = assessment.year
