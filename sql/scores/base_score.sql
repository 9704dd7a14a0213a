-- Points of the weighted leaves: effective weight × Σ done / Σ due, rounded half up once, here.
-- Grain: one row per unit and indicator. Hundredths of a point.
with weighed as (
  select
    leaf_status.*,
    coalesce(effective_weight.hundredths, 0) as weight
  from leaf_status
  join absence on absence.unit_id = leaf_status.unit_id
  left join effective_weight
    on effective_weight.pattern = absence.pattern and effective_weight.indicator = leaf_status.indicator
)
select
  unit_id,
  indicator,
  status,
  not_applicable_rule,
  due,
  done,
  weight,
  case
    when status in ('shown', 'not_applicable', 'pending') then null
    else cast((2 * weight * done + due) // (2 * due) as bigint)
  end as points
from weighed
