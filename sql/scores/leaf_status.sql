-- Status of every unit × indicator of the weighted tree.
-- Precedence: shown > not_applicable > pending > not_reported > scored.
-- shown: weight 0 in the scheme. not_applicable: nothing is due from the unit, by the measure's own rule (Empty), or
-- because what it reported says so. pending: nothing reported and the deadline has not passed. not_reported: something
-- was due, nothing reported, the deadline has passed; whatever its items say, nothing was done.
-- Grain: one row per unit and indicator. due and done in millionths.
with judged as (
  select
    assessed_unit.unit_id,
    leaf.indicator,
    leaf.position,
    leaf.measure,
    leaf.not_applicable,
    evidence_sum.items,
    coalesce(evidence_sum.due, 0) as due,
    coalesce(evidence_sum.done, 0) as done,
    case
      when leaf.weight = 0 then 'shown'
      when evidence_sum.items is null and (leaf.empty <> 'not_reported' or unit_report.unit_id is not null)
        then 'not_applicable'
      when unit_report.unit_id is not null or coalesce(evidence_sum.records, 0) > 0 then 'scored'
      when assessment.as_of <= leaf.deadline then 'pending'
      else 'not_reported'
    end as status
  from assessed_unit
  cross join assessment
  cross join scheme_indicator as leaf
  left join evidence_sum on evidence_sum.unit_id = assessed_unit.unit_id and evidence_sum.indicator = leaf.indicator
  left join unit_report on unit_report.unit_id = assessed_unit.unit_id and unit_report.indicator = leaf.indicator
  where leaf.section = 'base'
)
select
  unit_id,
  indicator,
  position,
  status,
  case
    when status = 'not_applicable' then coalesce(not_applicable, concat('sql/measures/', measure, '.sql'))
  end as not_applicable_rule,
  status = 'not_reported' and items is null as needs_item,
  case when status = 'not_reported' and items is null then 1000000 else due end as due,
  case when status = 'not_reported' then 0 else done end as done
from judged
