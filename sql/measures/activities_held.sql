-- 结对活动: valid activities with partners of the kind, up to the target.
-- Basis: 2023年党建工作要点·结对共建.   Params: partner_type (any of pairing_agreement.partner_type), target (integer above 0).
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
    unit_id,
    _rec,
    row_number() over (partition by unit_id order by held_on, _rec) as number
  from valid_activity
  where partner_type in (select text from param where name = 'partner_type')
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
