-- What each item of a weighted leaf cost: the leaf's loss laid on its items in proportion to due − done (evenly, if nothing
-- was left undone), in hundredths of a point, the largest remainders first, ties by item; so that the items' losses add up
-- exactly to the leaf's.
-- Grain: one row per unit, indicator and item that cost something or could have.
with open_part as (
  select
    counted_item.unit_id,
    counted_item.indicator,
    counted_item.item,
    weighed_leaf.weight - weighed_leaf.points // 10000 as leaf_lost,
    cast(coalesce(micro(greatest(counted_item.due - counted_item.done, 0)), 0) as hugeint) as gap
  from counted_item
  join weighed_leaf
    on
      weighed_leaf.variant = 'in_force'
      and weighed_leaf.unit_id = counted_item.unit_id and weighed_leaf.indicator = counted_item.indicator
  where weighed_leaf.weight > weighed_leaf.points // 10000
),
laid as (
  select
    unit_id,
    indicator,
    item,
    leaf_lost,
    case when sum(gap) over leaf > 0 then gap else 1 end as gap,
    case when sum(gap) over leaf > 0 then cast(sum(gap) over leaf as hugeint) else count(*) over leaf end as leaf_gap
  from open_part
  window leaf as (partition by unit_id, indicator)
),
floored as (
  select
    *,
    leaf_lost * gap // leaf_gap as floor,
    leaf_lost * gap % leaf_gap as remainder
  from laid
)
select
  unit_id,
  indicator,
  item,
  floor + case
    when
      row_number() over (partition by unit_id, indicator order by remainder desc, item)
      <= leaf_lost - sum(floor) over (partition by unit_id, indicator)
      then 1
    else 0
  end as lost
from floored
