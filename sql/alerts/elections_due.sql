-- 换届提醒: terms not renewed yet whose last day comes within so many days; an approved extension moves that day.
-- Basis: 中国共产党党和国家机关基层组织工作条例 (2019) Arts 5–8, 中国共产党基层组织选举工作条例 (2020) Art. 3.
-- Params: days (integer by any of urgent|warning|notice), extension_years (integer).
-- Item: term (its first day).
with asked as (
  select max(number) as years
  from param
  where name = 'extension_years'
),
open_term as (
  select
    election.unit_id,
    election._rec,
    election.term_start,
    coalesce(
      extended_to(election.due_on, election.extension_approved_to, election.approval_no, asked.years), election.due_on
    ) as due_on
  from election
  join assessed_unit on assessed_unit.unit_id = election.unit_id
  cross join asked
  cross join assessment
  where election.held_on is null or election.held_on > assessment.as_of
)
select
  open_term.unit_id,
  open_term.term_start as item,
  min_by(param.key, param.number) as level,
  open_term.due_on,
  datediff('day', assessment.as_of, open_term.due_on) as days,
  null as number,
  null as text,
  [open_term._rec] as records
from open_term
cross join assessment
join param on param.name = 'days' and datediff('day', assessment.as_of, open_term.due_on) between 0 and param.number
group by all
