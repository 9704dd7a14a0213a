-- 协议到期未续: agreements with partners of the kind that ended since the year began, and no later one with the same partner.
-- Basis: 2023年党建工作要点·结对共建.   Params: partner_type (any of pairing_agreement.partner_type).
-- Item: agreement; number = days since, text = the partner. warning if the unit has no live agreement of the kind, else notice.
with asked_for as (
  select agreement.*
  from pairing_agreement as agreement
  where agreement.partner_type in (select text from param where name = 'partner_type')
),
live as (
  select distinct asked_for.unit_id
  from asked_for
  join assessment on assessment.as_of between asked_for.signed_on and asked_for.expires_on
)
select
  agreement.unit_id,
  agreement.agreement_id as item,
  case when live.unit_id is null then 'warning' else 'notice' end as level,
  agreement.expires_on as due_on,
  datediff('day', assessment.as_of, agreement.expires_on) as days,
  datediff('day', agreement.expires_on, assessment.as_of) as number,
  agreement.partner as text,
  [agreement._rec] as records
from asked_for as agreement
join assessed_unit on assessed_unit.unit_id = agreement.unit_id
join assessment
  on agreement.expires_on >= assessment.year_start and agreement.expires_on < assessment.as_of
left join pairing_agreement as later
  on later.unit_id = agreement.unit_id and later.partner = agreement.partner and later.expires_on > agreement.expires_on
left join live on live.unit_id = agreement.unit_id
where later.agreement_id is null
