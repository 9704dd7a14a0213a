-- How many units have each grade; `share`: of the units graded, in whole tenths of a per cent, rounded half up.
-- Grain: one row per category and grade, and one per grade for all (category null). Grades that nobody has are left out.
with counted as (
  select category, grade, count(*) as units
  from scores
  where grade is not null
  group by grouping sets ((category, grade), (grade))
),
compared as (
  select *, sum(units) over (partition by category) as graded
  from counted
)
select
  compared.category,
  compared.grade,
  compared.units,
  cast((2000 * compared.units + compared.graded) // (2 * compared.graded) as bigint) as share
from compared
join scheme_grade on scheme_grade.title = compared.grade
order by compared.category desc nulls last, scheme_grade.position
