-- The units assessed and their totals, in points, of those that have a grade.
-- Grain: one row per category, and one for all (category null).
with counted as (
  select
    category,
    count(*) as units,
    count(grade) as graded,
    count(*) filter (where status = 'pending') as pending,
    count(*) filter (where status = 'no_data') as no_data,
    cast(sum(case when grade is not null then total * 100 end) as hugeint) as sum,   -- whole hundredths
    max(case when grade is not null then total end) as highest,
    min(case when grade is not null then total end) as lowest,
    count(*) filter (where bonus > 0) as units_with_bonus,
    sum(bonus) as bonus,
    count(*) filter (where deduction > 0) as units_with_deduction,
    sum(deduction) as deduction
  from scores
  group by grouping sets ((category), ())
)
select
  category,
  units,
  graded,
  pending,
  no_data,
  highest,
  lowest,
  units_with_bonus,
  bonus,
  units_with_deduction,
  deduction,
  -- rounded half up, once
  cast(cast((2 * sum + graded) // nullif(2 * graded, 0) as decimal(18, 0)) * 0.01 as decimal(9, 2)) as mean,
  highest - lowest as gap
from counted
order by category desc nulls last
