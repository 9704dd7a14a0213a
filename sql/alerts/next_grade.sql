-- 临近上一等次: units that lack only a few points to the line of the next grade, unless a veto keeps them below it.
-- Basis: 2023年党建工作要点·分层分类指导.   Params: points (number above 0).
-- Item: the next grade; number = points missing, text = its title.
with asked as (
  select max(number) as points
  from param
  where name = 'points'
),
above as (
  select
    scores.unit_id,
    scheme_grade.grade,
    scheme_grade.title,
    scheme_grade.position,
    scheme_grade.at_least - scores.total as missing,
    row_number() over (partition by scores.unit_id order by scheme_grade.at_least) as step
  from scores
  join scheme_grade on scheme_grade.at_least > scores.total
  where scores.status <> 'no_data'
)
select
  above.unit_id,
  above.grade as item,
  'notice' as level,
  null as due_on,
  null as days,
  above.missing as number,
  above.title as text,
  [] as records
from above
join scores on scores.unit_id = above.unit_id
cross join asked
left join scheme_veto on scheme_veto.veto = scores.veto
where
  above.step = 1
  and above.missing <= asked.points
  and above.position >= coalesce(scheme_veto.lowest_position, 0)
