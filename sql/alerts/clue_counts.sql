-- 问题线索 (restricted): clues of the year's quarters, by unit and for the bureau as a whole. For the 机关纪委 alone: never
-- scored, which would reward hiding them, and never published.
-- Basis: 2023年党建工作要点·机关纪委建设.
-- Item: quarter; number = clues.
select
  clue_summary.unit_id,
  clue_summary.quarter as item,
  'notice' as level,
  null as due_on,
  null as days,
  sum(clue_summary.clues) as number,
  null as text,
  list(clue_summary._rec) as records
from clue_summary
cross join assessment
where clue_summary.quarter like concat(cast(assessment.year as varchar), 'Q_') and clue_summary.clues > 0
group by grouping sets ((clue_summary.unit_id, clue_summary.quarter), (clue_summary.quarter))
