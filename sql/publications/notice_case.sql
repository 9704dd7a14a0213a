-- At which level the cases and honors were that brought a bonus: each at its highest.
-- Grain: one row per indicator and level, the highest first.
with levelled as (
  select _rec, level from innovation_case
  union all
  select _rec, level from honor
),
worth as (
  select indicator, key as level, max(number) as points
  from scheme_param
  where name = 'points'
  group by indicator, key
),
fact as (
  select
    evidence.unit_id,
    evidence.indicator,
    evidence.item,
    max({ points: worth.points, level: worth.level }) as highest
  from evidence
  cross join unnest(evidence.records) as record (_rec)
  join levelled on levelled._rec = record._rec
  join worth on worth.indicator = evidence.indicator and worth.level = levelled.level
  where evidence.gained > 0
  group by evidence.unit_id, evidence.indicator, evidence.item
)
select indicator, highest.level, count(*) as facts
from fact
group by indicator, highest
order by indicator, highest desc
