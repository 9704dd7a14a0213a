-- What a unit has of the weighted tree, before bonus and deductions. points: in millionths where leaves are rounded; else
-- `score`, in DOUBLE, summed in scheme order. present: at least one leaf counts. pending: a leaf can still be reported.
-- Grain: one row per variant and unit.
with exact as (
  select
    variant,
    unit_id,
    cast(sum(points) as hugeint) as points,
    bool_or(counts) as present,
    bool_or(status = 'pending') as pending
  from base_score
  group by variant, unit_id
),
inexact as (
  select base_score.variant, base_score.unit_id, sum(base_score.score order by base_score.position) as score
  from base_score
  join scheme on scheme.variant = base_score.variant and scheme.adds_up and not scheme.rounds_leaves
  group by base_score.variant, base_score.unit_id
)
select exact.variant, exact.unit_id, exact.points, inexact.score, exact.present, exact.pending
from exact
left join inexact on inexact.variant = exact.variant and inexact.unit_id = exact.unit_id
