-- 事后补记 (deduction): findings of the year that say records were made up afterwards.
-- Basis: 2023年党建工作要点·考核办法.   Params: points (number above 0), category (any of text).
-- Item: finding.   Empty: not_applicable
with asked as (
  select max(number) as points
  from param
  where name = 'points'
)
select
  finding.unit_id,
  finding.finding_id as item,
  null as due,
  asked.points as done,
  [finding._rec] as records
from inspection_finding as finding
cross join asked
cross join assessment
where
  finding._year = assessment.year
  and finding.category in (select text from param where name = 'category')
