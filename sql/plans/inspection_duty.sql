-- 每月抽查、每年全覆盖两轮: which unit owes which round of $year a check, as a publication knows it.
-- Grain: one row per unit and round in which the unit exists on at least one day.
-- A round's first and last month come in as the lists $rounds, $first_months and $last_months.
-- quality: the unit's last check of any year. weak: two or more of the four musts missing, or a serious finding;
-- middle: one missing, or an ordinary finding; good: the others; never: not inspected yet. [default]
-- drawn_month: the first month before $month for which the round was drawn and recorded in inspection_plan.
with round as (
  select
    unnest($rounds) as round,
    make_date($year, unnest($first_months), 1) as first_day,
    last_day(make_date($year, unnest($last_months), 1)) as last_day
),
found as (
  select
    inspection_id,
    bool_or(severity = '严重') as serious,
    bool_or(severity = '一般') as ordinary
  from inspection_finding
  group by inspection_id
),
last_check as (
  select
    inspection.unit_id,
    inspection.inspected_on,
    cast(inspection.fixed_time as integer) + cast(inspection.agenda as integer)
      + cast(inspection.procedure as integer) + cast(inspection.detailed_record as integer) as musts,
    coalesce(found.serious, false) as serious,
    coalesce(found.ordinary, false) as ordinary
  from inspection
  left join found using (inspection_id)
  qualify row_number() over (
    partition by inspection.unit_id order by inspection.inspected_on desc, inspection.inspection_id desc
  ) = 1
),
checked as (
  select distinct unit_id, round from inspection where _year = $year
),
drawn as (
  select unit_id, round, min(month) as drawn_month
  from inspection_plan
  where year = $year and month < $month
  group by unit_id, round
)
select
  org_unit.unit_id,
  org_unit.name as unit_name,
  org_unit.category,
  round.round,
  case
    when last_check.unit_id is null then 'never'
    when last_check.musts <= 2 or last_check.serious then 'weak'
    when last_check.musts = 3 or last_check.ordinary then 'middle'
    else 'good'
  end as quality,
  last_check.inspected_on as last_inspected_on,
  cast(month(greatest(org_unit.valid_from, round.first_day)) as integer) as first_month,
  cast(month(least(coalesce(org_unit.valid_to, round.last_day), round.last_day)) as integer) as last_month,
  case when org_unit.valid_to <= round.last_day then org_unit.valid_to end as closes_on,
  checked.unit_id is not null as inspected,
  cast(drawn.drawn_month as integer) as drawn_month
from org_unit
join round
  on org_unit.valid_from <= round.last_day
  and (org_unit.valid_to is null or org_unit.valid_to >= round.first_day)
left join last_check on last_check.unit_id = org_unit.unit_id
left join checked on checked.unit_id = org_unit.unit_id and checked.round = round.round
left join drawn on drawn.unit_id = org_unit.unit_id and drawn.round = round.round
order by org_unit.unit_id, round.round
