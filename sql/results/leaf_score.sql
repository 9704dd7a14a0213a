-- Score of every weighted leaf by its rule, before weights: what the robustness of the ranks is worked out from, and the
-- live workbook: points are effective weight × numerator / denominator.
-- Grain: one row per unit and indicator of weight above 0.
select
  leaf_status.unit_id,
  leaf_status.indicator,
  case when weighed_leaf.points is not null then leaf_status.score end as score,   -- null where it takes no part
  leaf_status.status = 'not_reported' as unreported,
  case when leaf_status.score is not null then leaf_status.numerator end as numerator,   -- in whole numbers; null if absent
  case when leaf_status.score is not null then leaf_status.denominator end as denominator
from leaf_status
join weighed_leaf
  on
    weighed_leaf.variant = leaf_status.variant and weighed_leaf.unit_id = leaf_status.unit_id
    and weighed_leaf.indicator = leaf_status.indicator
where leaf_status.variant = 'in_force' and leaf_status.status <> 'shown'
order by leaf_status.unit_id, leaf_status.position
