-- 主题党日: months with a meeting of the type that counts and was attended well enough, of the months
-- due.
-- Basis: 中国共产党党员教育管理工作条例 (2019) Art. 16.   Params: type (org_life_record.types), attendance (share).
-- Item: month closed by the as-of date.   Empty: not_applicable (no month was due)
with asked as (
  select
    max(case when name = 'type' then text end) as type,
    max(case when name = 'attendance' then number end) as attendance
  from param
),
held as (
  select
    meeting.unit_id,
    cast(date_trunc('month', meeting.held_on) as date) as month_start,
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
  month_due.unit_id,
  month_due.item,
  1 as due,
  case when held.unit_id is null then 0 else 1 end as done,
  held.records
from month_due
left join held on held.unit_id = month_due.unit_id and held.month_start = month_due.month_start
