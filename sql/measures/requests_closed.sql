-- 党员诉求: members' requests, closed by their date by the unit that handles them.
-- Basis: 2023年党建工作要点·机关纪委.
-- Item: request due by the as-of date, at its handler.   Empty: not_applicable (the unit handles none)
select
  request.handler_unit_id as unit_id,
  request.request_id as item,
  1 as due,
  case when request.closed_on <= request.due_on then 1 else 0 end as done,
  [request._rec] as records
from appeal_request as request
cross join assessment
where request._year = assessment.year and request.due_on <= assessment.as_of
