-- 党小组会: for each group of the unit, months with a group meeting that counts and was attended well enough.
-- The groups are those named in the unit's records of group meetings of the year, as many as the registry says; one that is named in
-- none stands as 未报小组.
-- Basis: 中国共产党支部工作条例（试行） (2018) Art. 13.   Params: attendance (share).
-- Item: group and month closed by the as-of date.   Empty: not_applicable (the unit has no groups)
with asked as (
  select max(number) as attendance
  from param
  where name = 'attendance'
),
named as (
  select
    record.unit_id,
    record.group_id,
    row_number() over (partition by record.unit_id order by record.group_id) as number
  from org_life_record as record
  cross join assessment
  where record._year = assessment.year and record.group_id is not null and list_contains(record.types, '党小组会')
  group by record.unit_id, record.group_id
),
place as (
  select
    org_unit.unit_id,
    cast(numbers.number as bigint) as number
  from org_unit
  cross join unnest(generate_series(1, org_unit.group_count)) as numbers (number)
  where org_unit.group_count > 0
),
unit_group as (
  select
    place.unit_id,
    coalesce(
      named.group_id,
      concat('未报小组', cast(place.number - count(named.group_id) over (partition by place.unit_id) as varchar))
    ) as group_id
  from place
  left join named on named.unit_id = place.unit_id and named.number = place.number
),
held as (
  select
    meeting.unit_id,
    meeting.group_id,
    cast(date_trunc('month', meeting.held_on) as date) as month_start,
    list(meeting._rec) as records
  from valid_meeting as meeting
  cross join asked
  cross join assessment
  where
    meeting._year = assessment.year
    and meeting.type = '党小组会'
    and meeting.due_count > 0
    and meeting.attend_count >= asked.attendance * meeting.due_count
  group by meeting.unit_id, meeting.group_id, date_trunc('month', meeting.held_on)
)
select
  month_due.unit_id,
  concat(unit_group.group_id, ' ', month_due.item) as item,
  1 as due,
  case when held.unit_id is null then 0 else 1 end as done,
  held.records
from month_due
join unit_group on unit_group.unit_id = month_due.unit_id
left join held
  on
    held.unit_id = month_due.unit_id
    and held.group_id = unit_group.group_id
    and held.month_start = month_due.month_start
