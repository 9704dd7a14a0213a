-- 支委会: months with a committee meeting that counts and was attended well enough, of the months due.
-- Basis: 中国共产党支部工作条例（试行） (2018) Art. 12.   Params: attendance (share).
-- Item: month closed by the as-of date.   Empty: not_applicable (the unit has no committee)
with asked as (
  select max(number) as attendance
  from param
  where name = 'attendance'
),
held as (
  select
    meeting.unit_id,
    cast(date_trunc('month', meeting.held_on) as date) as month_start,
    list(meeting._rec) as records
  from valid_meeting as meeting
  cross join asked
  cross join assessment
  where
    meeting._year = assessment.year
    and meeting.type = '支委会'
    and meeting.due_count > 0
    and meeting.attend_count >= asked.attendance * meeting.due_count
  group by 1, 2
)
select
  month_due.unit_id,
  month_due.item,
  1 as due,
  case when held.unit_id is null then 0 else 1 end as done,
  held.records
from month_due
join org_unit on org_unit.unit_id = month_due.unit_id and org_unit.has_committee
left join held on held.unit_id = month_due.unit_id and held.month_start = month_due.month_start
