-- Scores: total, grade and rank of every assessed unit by the scheme in force. total = base + bonus − deduction, sums of
-- what is printed.   Grain: one row per unit.
select
  cast(assessment.year as integer) as year,
  unit_score.unit_id,
  unit_score.unit_name,
  unit_score.category,
  points(unit_score.total) as total,
  points(unit_score.base) as base,
  points(unit_score.bonus) as bonus,
  points(unit_score.deduction) as deduction,
  unit_score.veto,
  unit_score.grade,                                                     -- null while pending or without data
  unit_score.rank,                                                      -- within the category; null without data
  unit_score.status,                                                    -- scored, pending, no_data
  unit_score.tied,                                                      -- shares its rank (并列)
  unit_score.quota_tie                                                  -- a tie on the quota's line: leadership decides
from unit_score
cross join assessment
where unit_score.variant = 'in_force'
order by unit_score.category, unit_score.rank nulls last, unit_score.unit_id
