-- Rank within the category: score, then the scheme's tie-breaks in their order; units still equal share the rank, and the
-- next ranks are skipped (competition) or not (dense). A unit without data is not ranked.
-- Grain: one row per variant and ranked unit.
with tie_value as (
  select
    unit_total.variant,
    unit_total.unit_id,
    scheme_tie_break.position,
    case
      when scheme_tie_break.node = '' then -cast(unit_total.deduction as double)
      else coalesce(cast(node_score.points as double), node_score.score, extra.points, 0)   -- exact where it can be
    end as value
  from unit_total
  join scheme_tie_break on scheme_tie_break.variant = unit_total.variant
  left join node_score
    on node_score.variant = unit_total.variant and node_score.unit_id = unit_total.unit_id
    and node_score.node = scheme_tie_break.node
  left join (
    select
      variant,
      unit_id,
      indicator,
      cast(sum(case when section = 'bonus' then points else -points end) as double) as points
    from extra_item
    group by variant, unit_id, indicator
  ) as extra
    on extra.variant = unit_total.variant and extra.unit_id = unit_total.unit_id
    and extra.indicator = scheme_tie_break.node
),
tie_break as (
  select variant, unit_id, list(value order by position) as value_list
  from tie_value
  group by variant, unit_id
),
compared as (
  select
    unit_total.variant,
    unit_total.unit_id,
    unit_total.category,
    scheme.ranking,
    unit_total.score,
    coalesce(tie_break.value_list, []) as tie_values
  from unit_total
  join scheme on scheme.variant = unit_total.variant
  left join tie_break on tie_break.variant = unit_total.variant and tie_break.unit_id = unit_total.unit_id
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
