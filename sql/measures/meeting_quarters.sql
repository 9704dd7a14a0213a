-- 支部党员大会、党课: quarters with a meeting of the type that counts and was attended well
-- enough, of the quarters due.
-- Basis: 中国共产党支部工作条例（试行） (2018); a lecture a quarter is local custom (Art. 16 asks for one a year).
-- Params: type (org_life_record.types), attendance (share).
-- Item: quarter closed by the as-of date.   Empty: not_applicable (no quarter was due)
with asked as (
  select
    max(case when name = 'type' then text end) as type,
    max(case when name = 'attendance' then number end) as attendance
  from param
),
held as (
  select
    meeting.unit_id,
    cast(date_trunc('quarter', meeting.held_on) as date) as quarter_start,
    list(meeting._rec) as records
  from valid_meeting as meeting
  join asked on asked.type = meeting.type
  cross join assessment
  where
    meeting._year = assessment.year
    and meeting.due_count > 0
    and meeting.attend_count >= asked.attendance * meeting.due_count
  group by 1, 2
)
select
  quarter_due.unit_id,
  quarter_due.item,
  1 as due,
  case when held.unit_id is null then 0 else 1 end as done,
  held.records
from quarter_due
left join held on held.unit_id = quarter_due.unit_id and held.quarter_start = quarter_due.quarter_start
