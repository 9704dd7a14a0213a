-- What each item of a weighted leaf cost: the leaf's loss laid on its items in proportion to due − done, in hundredths
-- of a point, the largest remainders first, ties by item; so that the items' losses add up to the leaf's.
-- Grain: one row per unit, indicator and item that cost something or could have.
with gap as (
  select
    counted_item.unit_id,
    counted_item.indicator,
    counted_item.item,
    base_score.weight - base_score.points as leaf_lost,
    micro(counted_item.due - counted_item.done) as gap,
    base_score.due - base_score.done as leaf_gap
  from counted_item
  join base_score on base_score.unit_id = counted_item.unit_id and base_score.indicator = counted_item.indicator
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
