-- 联组学习: sessions of joint study, up to the target, each by its attendance; badly attended ones do not count.
-- Basis: 2023年党建工作要点·联组学习.   Params: target (integer above 0), attendance (share).
-- Item: slot 1 … target, filled with the best attended.   Empty: not_applicable
with asked as (
  select
    cast(max(case when name = 'target' then number end) as bigint) as target,
    max(case when name = 'attendance' then number end) as attendance
  from param
),
slot as (
  select cast(numbers.number as bigint) as number
  from asked
  cross join unnest(generate_series(1, asked.target)) as numbers (number)
),
session as (
  select
    study.unit_id,
    study._rec,
    study.held_on,
    share(study.attend_count, study.due_count) as rate
  from joint_study as study
  cross join asked
  cross join assessment
  where
    study._year = assessment.year
    and study.due_count > 0
    and study.attend_count >= asked.attendance * study.due_count
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
