-- What each item of a weighted leaf cost: the leaf's loss laid on its items in proportion to due − done, in hundredths
-- of a point, the largest remainders first, ties by item; so that the items' losses add up to the leaf's.
-- Grain: one row per unit, indicator and item that cost something or could have.
with gap as (
  select
    measured.unit_id,
    measured.indicator,
    measured.item,
    base_score.weight - base_score.points as leaf_lost,
    micro(measured.due - measured.done) as gap,
    base_score.due - base_score.done as leaf_gap
  from measured
  join base_score on base_score.unit_id = measured.unit_id and base_score.indicator = measured.indicator
  where base_score.weight > base_score.points and base_score.due > base_score.done
),
floored as (
  select
    *,
    leaf_lost * gap // leaf_gap as floor,
    leaf_lost * gap % leaf_gap as remainder
  from gap
)
select
  unit_id,
  indicator,
  item,
  floor + case
    when row_number() over (partition by unit_id, indicator order by remainder desc, item)
      <= leaf_lost - sum(floor) over (partition by unit_id, indicator) then 1
    else 0
  end as lost
from floored
