-- 廉政约谈: people talked to, of those who should be.
-- Basis: 2023年党建工作要点·廉政约谈.
-- Item: round of talks, weighing as much as people were due.   Empty: not_applicable (nobody was due)
select
  talk.unit_id,
  talk.talk_id as item,
  talk.due_count as due,
  least(talk.talked_count, talk.due_count) as done,
  [talk._rec] as records
from integrity_talk as talk
cross join assessment
where talk._year = assessment.year and talk.due_count > 0
