-- 协议将到期: agreements with partners of the kind that end within so many days, and no later one with the same partner.
-- Basis: 2023年党建工作要点·结对共建.
-- Params: partner_type (any of pairing_agreement.partner_type), days (integer by any of urgent|warning|notice).
-- Item: agreement; text = the partner.
select
  agreement.unit_id,
  agreement.agreement_id as item,
  min_by(param.key, param.number) as level,
  agreement.expires_on as due_on,
  datediff('day', assessment.as_of, agreement.expires_on) as days,
  null as number,
  agreement.partner as text,
  [agreement._rec] as records
from pairing_agreement as agreement
join assessed_unit on assessed_unit.unit_id = agreement.unit_id
cross join assessment
join param
  on param.name = 'days' and datediff('day', assessment.as_of, agreement.expires_on) between 0 and param.number
left join pairing_agreement as later
  on later.unit_id = agreement.unit_id and later.partner = agreement.partner and later.expires_on > agreement.expires_on
where
  agreement.partner_type in (select text from param where name = 'partner_type')
  and later.agreement_id is null
group by all
