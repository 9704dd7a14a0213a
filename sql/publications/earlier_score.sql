-- Where the units stood in an earlier publication, whose tables are in the schema `earlier`.
-- Grain: one row per unit.
select
  scores.year,
  scores.unit_id,
  scores.category,
  scores.total,
  scores.rank,
  cast(count(scores.rank) over (partition by scores.category) as integer) as ranked,   -- units of its category that had a rank
  scores.grade
from earlier.scores
where scores.status <> 'no_data'
order by scores.unit_id
