-- 每年全覆盖两轮: units that a round of spot checks has not reached, from so many days before the round should be over.
-- The inspectors are behind; the unit never loses by it.
-- Basis: 2023年党建工作要点·每月抽查·每年全覆盖两轮.
-- Params: by_month (1|2|3|4|5|6|7|8|9|10|11|12 by inspection.round, the round's last month), days (integer).
-- Item: round of which the unit is there for a whole month. warning once the round should be over, notice before.
with asked as (
  select cast(max(number) as integer) as days
  from param
  where name = 'days'
),
ending as (
  select
    cast(param.key as bigint) as round,
    last_day(make_date(assessment.year, cast(param.number as bigint), 1)) as due_on
  from param
  cross join assessment
  where param.name = 'by_month'
),
inspected as (
  select distinct inspection.unit_id, inspection.round
  from inspection
  cross join assessment
  where inspection._year = assessment.year
)
select
  assessed_unit.unit_id,
  ending.round as item,
  case when ending.due_on < assessment.as_of then 'warning' else 'notice' end as level,
  ending.due_on,
  datediff('day', assessment.as_of, ending.due_on) as days,
  null as number,
  null as text,
  [] as records
from assessed_unit
cross join assessment
cross join asked
join ending
  on
    cast(date_trunc('month', ending.due_on) as date) >= assessed_unit.valid_from
    and ending.due_on <= assessment.as_of + asked.days
left join inspected on inspected.unit_id = assessed_unit.unit_id and inspected.round = ending.round
where inspected.unit_id is null
