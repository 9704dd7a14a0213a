-- 换届选举: terms that ended in the year, followed by an election on time or within an approved extension.
-- An extension longer than allowed, or without its approval's number, is none; one that still runs is kept to.
-- Basis: 中国共产党党和国家机关基层组织工作条例 (2019) Arts 5–8, 中国共产党基层组织选举工作条例 (2020) Art. 3.
-- Params: extension_years (integer).
-- Item: term (its first day), ended by the as-of date.   Empty: not_applicable (no election was due)
with asked as (
  select max(number) as years
  from param
  where name = 'extension_years'
),
term as (
  select
    election.unit_id,
    election._rec,
    election.term_start,
    election.due_on,
    election.held_on,
    case
      when
        election.approval_no is not null
        and election.extension_approved_to
        <= cast(election.due_on + cast(asked.years as integer) * interval 1 year as date)
        then election.extension_approved_to
    end as extended_to
  from election
  cross join asked
  cross join assessment
  where election._year = assessment.year and election.due_on <= assessment.as_of
)
select
  term.unit_id,
  cast(term.term_start as varchar) as item,
  1 as due,
  case
    when term.held_on <= term.due_on or term.held_on <= term.extended_to or term.extended_to >= assessment.as_of then 1
    else 0
  end as done,
  [term._rec] as records
from term
cross join assessment
