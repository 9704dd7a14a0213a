-- 述职: the secretary gave the annual report at one of the secretaries' meetings.
-- Basis: 中国共产党党和国家机关基层组织工作条例 (2019) Art. 39.
-- Item: the year.   Empty: not_applicable
with given as (
  select
    meeting.unit_id,
    list(meeting._rec) as records
  from secretary_meeting as meeting
  cross join assessment
  where meeting._year = assessment.year and meeting.reported
  group by meeting.unit_id
)
select
  assessed_unit.unit_id,
  'year' as item,
  1 as due,
  case when given.unit_id is null then 0 else 1 end as done,
  given.records
from assessed_unit
left join given on given.unit_id = assessed_unit.unit_id
