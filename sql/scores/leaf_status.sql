-- Status of every unit × indicator of the weighted tree. Precedence: not_applicable > pending > not_reported > scored.
-- not_applicable: nothing is due from the unit, by the measure's own rule (Empty) or because what it reported says so;
-- pending: nothing reported and the deadline has not passed; not_reported: due, nothing reported, deadline passed.
-- Grain: one row per unit and indicator.
select
  assessed_unit.unit_id,
  leaf.indicator,
  leaf.position,
  coalesce(evidence_sum.due, 0) as due,
  coalesce(evidence_sum.done, 0) as done,
  case
    when evidence_sum.items is null and (
      leaf.empty <> 'not_reported' or unit_report.unit_id is not null or assessment.as_of > leaf.deadline
    ) then 'not_applicable'
    when evidence_sum.items is null then 'pending'
    when unit_report.unit_id is null and evidence_sum.records = 0 and assessment.as_of <= leaf.deadline then 'pending'
    when unit_report.unit_id is null and evidence_sum.records = 0 then 'not_reported'
    else 'scored'
  end as status
from assessed_unit
cross join assessment
cross join scheme_indicator as leaf
left join evidence_sum on evidence_sum.unit_id = assessed_unit.unit_id and evidence_sum.indicator = leaf.indicator
left join unit_report on unit_report.unit_id = assessed_unit.unit_id and unit_report.indicator = leaf.indicator
where leaf.section = 'base'
