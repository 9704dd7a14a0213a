-- Score, grade and rank of every assessed unit, in every variant of the scheme.
-- A grade needs its points, a rank within its quota (if it has one), and no veto that caps below it.
-- Grain: one row per variant and unit.
with quota as (
  select
    unit_rank.variant,
    unit_rank.unit_id,
    scheme_grade.position,
    greatest(
      scheme_grade.quota_at_least,
      cast(scheme_grade.quota * 10000 as bigint) * unit_rank.ranked_units // 10000
    ) as places
  from unit_rank
  join scheme_grade on scheme_grade.variant = unit_rank.variant
  where scheme_grade.quota is not null
),
reached as (
  select
    unit_total.variant,
    unit_total.unit_id,
    min(scheme_grade.position) as position
  from unit_total
  join unit_rank on unit_rank.variant = unit_total.variant and unit_rank.unit_id = unit_total.unit_id
  join scheme_grade
    on
      scheme_grade.variant = unit_total.variant
      and scheme_grade.position >= unit_total.lowest_position
      and case
        when unit_total.total is not null then unit_total.total >= micro(scheme_grade.at_least)
        else unit_total.score >= cast(scheme_grade.at_least as double)
      end
  left join quota
    on
      quota.variant = unit_total.variant and quota.unit_id = unit_total.unit_id
      and quota.position = scheme_grade.position
  where
    unit_total.status = 'scored'
    and (quota.places is null or unit_rank.rank <= quota.places)
  group by unit_total.variant, unit_total.unit_id
)
select
  unit_total.variant,
  unit_total.unit_id,
  unit_total.unit_name,
  unit_total.category,
  unit_total.total,
  unit_total.base,
  unit_total.bonus,
  unit_total.deduction,
  unit_total.score,
  unit_total.veto,
  scheme_grade.title as grade,                                          -- null while pending or without data
  cast(unit_rank.rank as integer) as rank,                              -- within the category; null without data
  unit_total.status,                                                    -- scored, pending, no_data
  coalesce(unit_rank.sharing > 1, false) as tied,                       -- shares its rank (并列)
  coalesce(
    quota.places is not null and unit_rank.rank <= quota.places
    and unit_rank.rank + unit_rank.sharing - 1 > quota.places, false
  ) as quota_tie                                                        -- a tie on the quota's line: leadership decides
from unit_total
left join unit_rank on unit_rank.variant = unit_total.variant and unit_rank.unit_id = unit_total.unit_id
left join reached on reached.variant = unit_total.variant and reached.unit_id = unit_total.unit_id
left join scheme_grade on scheme_grade.variant = unit_total.variant and scheme_grade.position = reached.position
left join quota
  on quota.variant = unit_total.variant and quota.unit_id = unit_total.unit_id and quota.position = reached.position
