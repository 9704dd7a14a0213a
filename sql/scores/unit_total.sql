-- Totals of the units, before they are ranked.   Grain: one row per unit.
with veto as (
  -- the heaviest veto that applies: the one that caps the grade lowest
  select
    measured.unit_id,
    max_by(measured.indicator, scheme_veto.lowest_position) as veto,
    max(scheme_veto.lowest_position) as lowest_position
  from measured
  join scheme_veto on scheme_veto.veto = measured.indicator
  where measured.done > 0
  group by measured.unit_id
),
part as (
  select
    indicator_scores.unit_id,
    sum(case when scheme_indicator.section = 'base' then indicator_scores.points end) as base,
    sum(case when scheme_indicator.section = 'bonus' then indicator_scores.points end) as bonus,
    sum(case when scheme_indicator.section = 'deduction' then -indicator_scores.points end) as deduction,
    bool_or(indicator_scores.status = 'pending') as pending
  from indicator_scores
  join scheme_indicator on scheme_indicator.indicator = indicator_scores.indicator
  group by indicator_scores.unit_id
)
select
  assessed_unit.unit_id,
  assessed_unit.unit_name,
  assessed_unit.category,
  coalesce(part.base, 0) as base,
  coalesce(part.bonus, 0) as bonus,
  coalesce(part.deduction, 0) as deduction,
  coalesce(part.base, 0) + coalesce(part.bonus, 0) - coalesce(part.deduction, 0) as total,
  veto.veto,
  coalesce(veto.lowest_position, 0) as lowest_position,
  case
    when assessed_unit.unit_id not in (select unit_id from report)
      and assessed_unit.unit_id not in (select unit_id from evidence_sum where records > 0) then 'no_data'
    when part.pending then 'pending'
    else 'scored'
  end as status
from assessed_unit
left join part on part.unit_id = assessed_unit.unit_id
left join veto on veto.unit_id = assessed_unit.unit_id
