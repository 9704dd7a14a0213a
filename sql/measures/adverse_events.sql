-- 否决事项 (veto): events of the level, with source document and approver, that took effect in the year.
-- Basis: 2023年党建工作要点·考核办法.   Params: level (any of adverse_event.level).
-- Item: event.   Empty: not_applicable
select
  event.unit_id,
  event.event_id as item,
  null as due,
  1 as done,
  [event._rec] as records
from adverse_event as event
cross join assessment
where
  event._year = assessment.year
  and event.level in (select text from param where name = 'level')
