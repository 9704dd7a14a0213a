-- What is known of every unit × indicator of the weighted tree before it is scored, in every variant of the scheme.
-- Precedence: shown > not_applicable > pending > not_reported > scored.
-- shown: weight 0 in the scheme. not_applicable: the indicator is not for the unit's category, or nothing is due from the
-- unit, by the measure's own rule (Empty), or because what it reported says so. pending: nothing reported and the deadline
-- has not passed. not_reported: something was due, nothing reported, the deadline has passed; whatever its items say,
-- nothing was done. missing: the scheme says that the value must be there.
-- screened: the unit handed in nothing, or less than the share of values that the scheme asks for (screen); its values
-- take no part in those of others.
-- Grain: one row per variant, unit and indicator. due and done in millionths; value and denominated are DOUBLE.
with known_unit as (
  select unit_id from report
  union
  select unit_id from evidence_sum where records > 0
),
judged as (
  select
    leaf.variant,
    assessed_unit.unit_id,
    leaf.indicator,
    leaf.position,
    leaf.rule in ('share', 'linear', 'steps') as exact,
    leaf.empty,
    leaf.denominator,
    leaf.not_applicable,
    leaf.measure,
    not coalesce(list_contains(leaf.applies_to, assessed_unit.category), true) as left_out,
    known_unit.unit_id is not null as has_data,
    evidence_sum.items,
    evidence_sum.due,
    evidence_sum.done,
    coalesce(
      given_value.value,
      case
        when evidence_sum.due is null then cast(evidence_sum.done as double) / 1000000
        when evidence_sum.due > 0 then cast(evidence_sum.done as double) / cast(evidence_sum.due as double)
      end
    ) as value,
    case
      when leaf.weight = 0 then 'shown'
      when not coalesce(list_contains(leaf.applies_to, assessed_unit.category), true) then 'not_applicable'
      when evidence_sum.items is null and leaf.empty = 'fail' then 'missing'
      when evidence_sum.items is null and (leaf.empty <> 'not_reported' or unit_report.unit_id is not null)
        then 'not_applicable'
      when unit_report.unit_id is not null or coalesce(evidence_sum.records, 0) > 0 then 'scored'
      when assessment.as_of <= leaf.deadline then 'pending'
      else 'not_reported'
    end as status
  from assessed_unit
  cross join assessment
  cross join scheme_indicator as leaf
  left join known_unit on known_unit.unit_id = assessed_unit.unit_id
  left join evidence_sum on evidence_sum.unit_id = assessed_unit.unit_id and evidence_sum.evidence = leaf.evidence
  left join given_value on given_value.unit_id = assessed_unit.unit_id and given_value.evidence = leaf.evidence
  left join unit_report on unit_report.unit_id = assessed_unit.unit_id and unit_report.evidence = leaf.evidence
  where leaf.section = 'base'
),
denominated as (
  select
    judged.* exclude (value),
    judged.status <> 'shown' and not judged.left_out as wanted,
    case when judged.status in ('scored', 'shown') and not judged.left_out then judged.value end as value,
    case
      when judged.status not in ('scored', 'shown') or judged.left_out then null
      when judged.denominator is null then judged.value
      else judged.value / nullif(unit_attribute.number, 0)
    end as denominated
  from judged
  left join unit_attribute on unit_attribute.unit_id = judged.unit_id and unit_attribute.name = judged.denominator
),
judged_unit as (
  select
    denominated.*,
    not denominated.has_data
      or count(*) filter (denominated.wanted and denominated.denominated is not null) over of_unit
        < scheme.screen * count(*) filter (denominated.wanted) over of_unit as screened
  from denominated
  join scheme on scheme.variant = denominated.variant
  window of_unit as (partition by denominated.variant, denominated.unit_id)
)
select
  variant,
  unit_id,
  indicator,
  position,
  exact,
  left_out,
  screened,
  items,
  case when not left_out then due end as due,
  case when not left_out then done end as done,
  value,
  denominated,
  measure,
  not_applicable,
  case
    when screened and status = 'missing' then 'not_applicable'
    when exact or status <> 'scored' or denominated is not null then status
    when empty = 'fail' and not screened then 'missing'
    when empty = 'not_reported' then 'not_reported'
    else 'not_applicable'
  end as status
from judged_unit
