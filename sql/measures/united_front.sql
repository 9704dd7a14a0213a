-- 统一战线·群团: activities of the united front and of the mass organisations, up to the target.
-- Basis: 2023年党建工作要点·统一战线和群团工作.   Params: target (integer above 0).
-- Item: slot 1 … target, filled in order of date.   Empty: not_applicable
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
held as (
  select
    activity.unit_id,
    activity._rec,
    row_number() over (partition by activity.unit_id order by activity.held_on, activity._rec) as number
  from united_front_activity as activity
  cross join assessment
  where activity._year = assessment.year
)
select
  assessed_unit.unit_id,
  cast(slot.number as varchar) as item,
  1 as due,
  case when held._rec is null then 0 else 1 end as done,
  case when held._rec is null then [] else [held._rec] end as records
from assessed_unit
cross join slot
left join held on held.unit_id = assessed_unit.unit_id and held.number = slot.number
