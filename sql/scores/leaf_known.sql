-- View.
-- What is known of every unit × indicator of the weighted tree before it is scored, in every variant of the scheme.
-- Precedence: shown > not_applicable > pending > not_reported > scored.
-- shown: weight 0 in the scheme. not_applicable: the indicator is not for the unit's category, or nothing is due from the
-- unit, by the measure's own rule (Empty), or because what it reported says so. pending: nothing reported and the deadline
-- has not passed. not_reported: something was due, nothing reported, the deadline has passed; whatever its items say,
-- nothing was done, and if there are none, one was due. missing: the scheme says that the value must be there.
-- Grain: one row per variant, unit and indicator. due and done in millionths; value and denominated are DOUBLE.
with found as (
  -- with items, from these; without, from the bits, since a join of all leaves to all evidence is slow
  select leaf.*, evidence_sum.unit_id, evidence_sum.items, evidence_sum.due, evidence_sum.done, evidence_sum.records
  from evidence_sum
  join leaf on leaf.evidence = evidence_sum.evidence
  union all
  select leaf.*, unit_evidence.unit_id, null as items, null as due, null as done, null as records
  from unit_evidence
  join leaf on leaf.block = unit_evidence.block
  where unit_evidence.with_items & leaf.bit = 0
),
judged as (
  select
    found.variant,
    found.unit_id,
    found.indicator,
    found.position,
    found.rule,
    found.empty,
    found.denominator,
    found.rule in ('share', 'linear', 'steps') as exact,
    not coalesce(list_contains(found.applies_to, unit_evidence.category), true) as left_out,
    found.items,
    found.due,
    found.done,
    coalesce(
      given_value.value,
      case
        when found.due is null then cast(found.done as double) / 1000000
        when found.due > 0 then cast(found.done as double) / cast(found.due as double)
      end
    ) as value,
    case
      when found.weight = 0 then 'shown'
      when not coalesce(list_contains(found.applies_to, unit_evidence.category), true) then 'not_applicable'
      when found.items is null and found.empty = 'fail' then 'missing'
      when found.items is null and (found.empty <> 'not_reported' or unit_evidence.reported & found.bit <> 0)
        then 'not_applicable'
      when found.records > 0 or unit_evidence.reported & found.bit <> 0 then 'scored'
      when assessment.as_of <= found.deadline then 'pending'
      else 'not_reported'
    end as status
  from found
  join unit_evidence on unit_evidence.unit_id = found.unit_id and unit_evidence.block = found.block
  cross join assessment
  left join given_value on given_value.unit_id = found.unit_id and given_value.evidence = found.evidence
),
named as (
  select distinct denominator
  from scheme_indicator
),
divisor as (
  select unit_attribute.unit_id, unit_attribute.name, unit_attribute.number
  from unit_attribute
  join named on named.denominator = unit_attribute.name
),
denominated as (
  select
    judged.* exclude (value),
    case when judged.status in ('scored', 'shown') and not judged.left_out then judged.value end as value,
    case
      when judged.status not in ('scored', 'shown') or judged.left_out then null
      when judged.denominator is null then judged.value
      else judged.value / nullif(divisor.number, 0)
    end as denominated
  from judged
  left join divisor on divisor.unit_id = judged.unit_id and divisor.name = judged.denominator
),
known as (
  select
    * exclude (status),
    case
      when exact or status <> 'scored' or denominated is not null then status
      when empty = 'fail' then 'missing'
      when empty = 'not_reported' then 'not_reported'
      else 'not_applicable'
    end as status
  from denominated
)
select
  variant,
  unit_id,
  indicator,
  position,
  rule,
  exact,
  left_out,
  status,
  items,
  case when status = 'not_reported' and items is null then 1000000 when not left_out then due end as due,
  case when status = 'not_reported' then 0 when not left_out then done end as done,
  value,
  denominated
from known
