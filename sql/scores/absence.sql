-- Units with the same absent leaves (not applicable or pending) share their effective weights: few patterns, many units.
-- Grain: one row per unit; `pattern` lists the absent leaves.
select
  unit_id,
  coalesce(string_agg(indicator, ' ' order by position) filter (where status in ('not_applicable', 'pending')), '') as pattern
from leaf_status
group by unit_id
