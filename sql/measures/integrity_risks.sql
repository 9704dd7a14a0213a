-- 廉政风险防控: risks with an owner, a measure and a review that is not too old on the as-of date.
-- Basis: 2023年党建工作要点·廉政风险防控.
-- Params: months (integer above 0 by integrity_risk.level, that a review lasts).
-- Item: risk.   Empty: not_reported
select
  risk.unit_id,
  risk.risk_id as item,
  1 as due,
  case
    when
      risk.owner is not null
      and risk.measure is not null
      and risk.reviewed_on <= assessment.as_of
      and cast(risk.reviewed_on + cast(param.number as integer) * interval 1 month as date) >= assessment.as_of
      then 1
    else 0
  end as done,
  [risk._rec] as records
from integrity_risk as risk
cross join assessment
join param on param.name = 'months' and param.key = risk.level
