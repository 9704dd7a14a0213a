-- A unit's total is base + bonus − deduction, and the sum of its indicators' points.
select scores.unit_id, scores.total, sum(indicator_scores.points) as points
from scores
join indicator_scores on indicator_scores.unit_id = scores.unit_id
group by scores.unit_id, scores.total, scores.base, scores.bonus, scores.deduction
having
  scores.total <> coalesce(sum(indicator_scores.points), 0)
  or scores.total <> scores.base + scores.bonus - scores.deduction
