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
  from weighed_leaf
  group by variant, unit_id
),
inexact as (
  select weighed_leaf.variant, weighed_leaf.unit_id, sum(weighed_leaf.score order by weighed_leaf.position) as score
  from weighed_leaf
  join scheme on scheme.variant = weighed_leaf.variant and scheme.adds_up and not scheme.rounds_leaves
  group by weighed_leaf.variant, weighed_leaf.unit_id
)
select exact.variant, exact.unit_id, exact.points, inexact.score, exact.present, exact.pending
from exact
left join inexact on inexact.variant = exact.variant and inexact.unit_id = exact.unit_id
