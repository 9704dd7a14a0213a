-- Every assessed unit stands in the scores exactly once.
select assessed_unit.unit_id, count(scores.unit_id) as times
from assessed_unit
left join scores on scores.unit_id = assessed_unit.unit_id
group by assessed_unit.unit_id
having count(scores.unit_id) <> 1
