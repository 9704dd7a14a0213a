-- 逾期整改 (deduction): rectifications of the year that were not done by their date.
-- Basis: 2023年党建工作要点·考核办法.   Params: points (number above 0).
-- Item: rectification due by the as-of date and late.   Empty: not_applicable
with asked as (
  select max(number) as points
  from param
  where name = 'points'
)
select
  rectification.unit_id,
  concat('整改 ', rectification.item_id) as item,
  null as due,
  asked.points as done,
  [rectification._rec] as records
from rectification
cross join asked
cross join assessment
where
  rectification._year = assessment.year
  and rectification.due_on <= assessment.as_of
  and (rectification.done_on is null or rectification.done_on > rectification.due_on)
