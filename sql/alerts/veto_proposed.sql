-- 建议否决: facts of the year for which the scheme provides a veto, of units whose grade no event caps yet. Nothing follows
-- from a row here: a veto is applied by a row of adverse_event, with its document and approver.
-- overdue_election: for at least a day of the year a term had ended, its approved extension too, and no election was held.
-- copied_records: meetings of the year whose minutes are, word for word, those of an earlier day.
-- Basis: 2023年党建工作要点·考核办法.
-- Params: extension_years (integer), reason (text by overdue_election|copied_records).
-- Item: overdue_election or copied_records; number = terms or meetings, text = the reason.
with asked as (
  select max(number) as years
  from param
  where name = 'extension_years'
),
term as (
  select
    election.unit_id,
    election._rec,
    election.held_on,
    coalesce(
      extended_to(election.due_on, election.extension_approved_to, election.approval_no, asked.years), election.due_on
    ) as due_on
  from election
  cross join asked
),
first_minutes as (
  select
    unit_id,
    text_hash,
    min(held_on) as held_on
  from org_life_record
  where text_hash is not null
  group by unit_id, text_hash
),
fact as (
  select
    term.unit_id,
    'overdue_election' as item,
    term._rec
  from term
  cross join assessment
  where
    term.due_on < assessment.period_end
    and (term.held_on is null or (term.held_on > term.due_on and term.held_on >= assessment.year_start))
  union all
  select
    record.unit_id,
    'copied_records' as item,
    record._rec
  from org_life_record as record
  join first_minutes on first_minutes.unit_id = record.unit_id and first_minutes.text_hash = record.text_hash
  cross join assessment
  where record._year = assessment.year and record.held_on > first_minutes.held_on
),
vetoed as (
  select distinct event.unit_id
  from adverse_event as event
  cross join assessment
  where event._year = assessment.year
)
select
  fact.unit_id,
  fact.item,
  'urgent' as level,
  null as due_on,
  null as days,
  count(*) as number,
  param.text,
  list(fact._rec) as records
from fact
join assessed_unit on assessed_unit.unit_id = fact.unit_id
join param on param.name = 'reason' and param.key = fact.item
left join vetoed on vetoed.unit_id = fact.unit_id
where vetoed.unit_id is null
group by fact.unit_id, fact.item, param.text
