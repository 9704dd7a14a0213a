-- 迟报 (deduction): records of organisational life written more than so many days after the meeting.
-- Basis: 2023年党建工作要点·考核办法.   Params: points (number above 0), days (integer).
-- Item: record.   Empty: not_applicable
with asked as (
  select
    max(case when name = 'points' then number end) as points,
    max(case when name = 'days' then number end) as days
  from param
)
select
  record.unit_id,
  concat('记录 ', record.record_id) as item,
  null as due,
  asked.points as done,
  [record._rec] as records
from org_life_record as record
cross join asked
cross join assessment
where
  record._year = assessment.year
  and datediff('day', record.held_on, record.created_on) > asked.days
