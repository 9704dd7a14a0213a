-- 结对协议: at least one agreement with a partner of the kind was live in the year.
-- Basis: 2023年党建工作要点·结对共建.   Params: partner_type (any of pairing_agreement.partner_type).
-- Item: the year.   Empty: not_applicable
with live as (
  select
    agreement.unit_id,
    list(agreement._rec) as records
  from pairing_agreement as agreement
  cross join assessment
  where
    agreement.partner_type in (select text from param where name = 'partner_type')
    and agreement.signed_on <= assessment.period_end
    and agreement.expires_on >= assessment.year_start
  group by agreement.unit_id
)
select
  assessed_unit.unit_id,
  'year' as item,
  1 as due,
  case when live.unit_id is null then 0 else 1 end as done,
  live.records
from assessed_unit
left join live on live.unit_id = assessed_unit.unit_id
