-- 书记例会: meetings of the secretaries, attended in person, by a proxy (in part) or not at all.
-- Basis: 2023年党建工作要点·书记例会.   Params: attended (share by secretary_meeting.attended).
-- Item: meeting that the unit was to attend.   Empty: not_reported
select
  meeting.unit_id,
  meeting.meeting_id as item,
  1 as due,
  param.number as done,
  [meeting._rec] as records
from secretary_meeting as meeting
cross join assessment
join param on param.name = 'attended' and param.key = meeting.attended
where meeting._year = assessment.year
