-- 每月抽查、每年全覆盖两轮: which unit owes which round of $year a check, as a publication knows it before the day $before.
-- Grain: one row per unit and round of which it is there for a whole month, from its first day to its last. [default]
-- Numbers are those of the scheme (spot_checks). quality: the unit's last check of any year in the points of the measure
-- spot_check, out of 100; of several on the same day the weakest counts; never: not inspected yet.
-- drawn_month: the first month before $month for which the round was drawn and recorded in inspection_plan.
with spot_checks as (
  select
    name,
    key,
    number
  from scheme_param
  where indicator = 'spot-checks'
),
bound as (
  select
    max(number) filter (key = 'good') as good,
    max(number) filter (key = 'middle') as middle
  from spot_checks
  where name = 'at_least'
),
round as (
  select
    cast(key as bigint) as round,
    cast(lag(number, 1, 0) over (order by key) as bigint) + 1 as first_month,
    cast(number as bigint) as last_month,
    last_day(make_date($year, cast(number as bigint), 1)) as last_day
  from spot_checks
  where name = 'rounds'
),
month as (
  select
    month,
    make_date($year, month, 1) as first_day,
    last_day(make_date($year, month, 1)) as last_day
  from range(1, 13) as months (month)
),
there as (
  select
    org_unit.unit_id,
    round.round,
    min(month.month) as first_month,
    max(month.month) as last_month
  from org_unit
  join month
    on
      org_unit.valid_from <= month.first_day
      and (org_unit.valid_to is null or org_unit.valid_to >= month.last_day)
  join round on month.month between round.first_month and round.last_month
  group by org_unit.unit_id, round.round
),
must as (
  select coalesce(cast(max(scheme_param.number) as decimal(9, 2)), 1) as points
  from scheme_param
  join scheme_indicator on scheme_indicator.indicator = scheme_param.indicator
  where scheme_indicator.measure = 'spot_check' and scheme_param.name = 'must'
),
penalty as (
  select
    scheme_param.key as severity,
    cast(max(scheme_param.number) as decimal(9, 2)) as points
  from scheme_param
  join scheme_indicator on scheme_indicator.indicator = scheme_param.indicator
  where scheme_indicator.measure = 'spot_check' and scheme_param.name = 'penalty'
  group by scheme_param.key
),
found as (
  select
    inspection_finding.inspection_id,
    cast(sum(penalty.points) as decimal(18, 2)) as points
  from inspection_finding
  join penalty on penalty.severity = inspection_finding.severity
  where inspection_finding.found_on < $before
  group by inspection_finding.inspection_id
),
done as (
  select *
  from inspection
  where inspected_on < $before
),
pointed as (
  select
    done.unit_id,
    done.inspection_id,
    done.inspected_on,
    100 * greatest(
      0,
      must.points * (
        cast(done.fixed_time as integer) + cast(done.agenda as integer)
        + cast(done.procedure as integer) + cast(done.detailed_record as integer)
      ) - coalesce(found.points, 0)
    ) as points,
    4 * must.points as most
  from done
  cross join must
  left join found on found.inspection_id = done.inspection_id
),
last_check as (
  select *
  from pointed
  qualify row_number() over (partition by unit_id order by inspected_on desc, points, inspection_id) = 1
),
checked as (
  select distinct unit_id, round from done where _year = $year
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
  there.round,
  case
    when last_check.unit_id is null then 'never'
    when last_check.points >= bound.good * last_check.most then 'good'
    when last_check.points >= bound.middle * last_check.most then 'middle'
    else 'weak'
  end as quality,
  last_check.inspected_on as last_inspected_on,
  there.first_month,
  there.last_month,
  case when org_unit.valid_to <= round.last_day then org_unit.valid_to end as closes_on,
  checked.unit_id is not null as inspected,
  drawn.drawn_month
from there
join org_unit on org_unit.unit_id = there.unit_id
join round on round.round = there.round
cross join bound
left join last_check on last_check.unit_id = there.unit_id
left join checked on checked.unit_id = there.unit_id and checked.round = there.round
left join drawn on drawn.unit_id = there.unit_id and drawn.round = there.round
order by org_unit.unit_id, there.round
