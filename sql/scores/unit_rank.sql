-- Rank within the category: score, then the scheme's tie-breaks in their order; units still equal share the rank, and the
-- next ranks are skipped (competition) or not (dense). A unit without data is not ranked.
-- Grain: one row per variant and ranked unit.
with compared as (
  select
    unit_total.variant,
    unit_total.unit_id,
    unit_total.category,
    scheme.ranking,
    unit_total.score,
    coalesce(unit_tie.tie_values, []) as tie_values
  from unit_total
  join scheme on scheme.variant = unit_total.variant
  left join unit_tie on unit_tie.variant = unit_total.variant and unit_tie.unit_id = unit_total.unit_id
  where unit_total.status <> 'no_data'
)
select
  variant,
  unit_id,
  case ranking
    when 'dense' then dense_rank() over best_first
    else rank() over best_first
  end as rank,
  count(*) over (partition by variant, category, score, tie_values) as sharing,
  count(*) over (partition by variant, category) as ranked_units
from compared
window best_first as (partition by variant, category order by score desc, tie_values desc)
