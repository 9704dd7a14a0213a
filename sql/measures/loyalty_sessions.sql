-- 政治机关意识·对党忠诚教育: sessions up to the target, each by its attendance.
-- Basis: 2023年党建工作要点·对党忠诚教育.   Params: target (integer above 0).
-- Item: slot 1 … target, filled with the best attended.   Empty: not_applicable
with asked as (
  select cast(max(number) as bigint) as target
  from param
  where name = 'target'
),
slot as (
  select cast(numbers.number as bigint) as number
  from asked
  cross join unnest(generate_series(1, asked.target)) as numbers (number)
),
session as (
  select
    education.unit_id,
    education._rec,
    education.held_on,
    share(education.attend_count, education.due_count) as rate
  from loyalty_education as education
  cross join assessment
  where education._year = assessment.year and education.due_count > 0
),
best as (
  select
    unit_id,
    _rec,
    rate,
    row_number() over (partition by unit_id order by rate desc, held_on, _rec) as number
  from session
)
select
  assessed_unit.unit_id,
  cast(slot.number as varchar) as item,
  1 as due,
  coalesce(best.rate, 0) as done,
  case when best._rec is null then [] else [best._rec] end as records
from assessed_unit
cross join slot
left join best on best.unit_id = assessed_unit.unit_id and best.number = slot.number
