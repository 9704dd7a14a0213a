-- Indicator scores. The points of a unit's rows add up to its total (a deduction's are negative).
-- Grain: one row per unit and indicator.
with leaf as (
  select
    weighed_leaf.unit_id,
    weighed_leaf.indicator,
    weighed_leaf.status,
    weighed_leaf.weight,
    weighed_leaf.due,
    weighed_leaf.done,
    weighed_leaf.points // 10000 as points,
    case when weighed_leaf.points is null then 0 else weighed_leaf.weight - weighed_leaf.points // 10000 end as lost
  from weighed_leaf
  where weighed_leaf.variant = 'in_force'
  union all
  select
    assessed_unit.unit_id,
    scheme_indicator.indicator,
    'scored' as status,
    0 as weight,
    null as due,
    coalesce(sum(extra_item.points), 0) as done,
    coalesce(sum(case when extra_item.section = 'deduction' then -extra_item.points else extra_item.points end), 0) // 10000 as points,
    coalesce(sum(case when extra_item.section = 'deduction' then extra_item.points else 0 end), 0) // 10000 as lost
  from assessed_unit
  cross join scheme_indicator
  left join extra_item
    on
      extra_item.variant = 'in_force'
      and extra_item.unit_id = assessed_unit.unit_id and extra_item.indicator = scheme_indicator.indicator
  where scheme_indicator.variant = 'in_force' and scheme_indicator.section in ('bonus', 'deduction')
  group by assessed_unit.unit_id, scheme_indicator.indicator
)
select
  cast(assessment.year as integer) as year,
  leaf.unit_id,
  leaf.indicator,
  scheme_indicator.dimension,
  cast(scheme_indicator.weight as decimal(9, 2)) as weight,             -- as the scheme has it; 0 for bonus and deductions
  cast(leaf.weight * 0.01 as decimal(9, 2)) as effective_weight,        -- after sharing out what is absent
  cast(leaf.done * 0.000001 as decimal(24, 6)) as done,                 -- Σ done of the items
  cast(leaf.due * 0.000001 as decimal(24, 6)) as due,                   -- Σ due of the items; null for bonus and deductions
  cast(leaf.points * 0.01 as decimal(9, 2)) as points,                  -- null if shown, not applicable or pending
  cast(leaf.lost * 0.01 as decimal(9, 2)) as lost,
  leaf.status,                                                          -- scored, not_reported, pending, not_applicable, shown
  case
    when leaf.status = 'not_applicable'
      then coalesce(scheme_indicator.not_applicable, concat('sql/measures/', scheme_indicator.measure, '.sql'))
  end as not_applicable_rule                                            -- which rule said so
from leaf
join scheme_indicator
  on scheme_indicator.variant = 'in_force' and scheme_indicator.indicator = leaf.indicator
cross join assessment
order by leaf.unit_id, scheme_indicator.position
