-- 通报 (deduction): facts for which the unit was criticised in a notice of the year, each once, for the heaviest.
-- Basis: 2023年党建工作要点·考核办法.   Params: points (number above 0 by notice.level).
-- Item: finding, else the notice.   Empty: not_applicable
select
  notice.unit_id,
  coalesce(notice.finding_id, concat('通报 ', notice.notice_id)) as item,
  null as due,
  max(param.number) as done,
  list(notice._rec) as records
from notice
cross join assessment
join param on param.name = 'points' and param.key = notice.level
where notice._year = assessment.year
group by 1, 2
