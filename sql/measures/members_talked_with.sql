-- 谈心谈话: members of the unit who were talked with in the year, full and probationary, whichever unit filed it.
-- Basis: 中国共产党党员教育管理工作条例 (2019) Art. 18, 2023年党建工作要点·谈心谈话.
-- Item: member at the end of the period.   Empty: not_applicable (the unit has no members)
with talk as (
  select
    talk_record.member_id,
    list(talk_record._rec) as records
  from talk_record
  cross join assessment
  where talk_record._year = assessment.year
  group by talk_record.member_id
)
select
  member_now.unit_id,
  member_now.member_id as item,
  1 as due,
  case when talk.member_id is null then 0 else 1 end as done,
  talk.records
from member_now
left join talk on talk.member_id = member_now.member_id
