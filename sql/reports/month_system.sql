-- Months × systems: what was due and done in each month of the year by each system of the work plan, of the items that have
-- a month: their own (2023-05, or 2023Q2, whose last month it is while nothing was done), else that of their latest record.
-- Grain: one row per unit, system and month.
with placed as (
  select
    evidence.unit_id,
    scheme_indicator.system,
    evidence.due,
    evidence.done,
    regexp_extract(evidence.item, '(?:^| )(\d{4}-(?:0[1-9]|1[0-2]))$', 1) as own_month,
    regexp_extract(evidence.item, '^\d{4}Q([1-4])$', 1) as own_quarter,
    (
      select max(record_place._on)
      from unnest(evidence.records) as record (_rec)
      join record_place on record_place._rec = record._rec
    ) as latest
  from evidence
  join scheme_indicator on scheme_indicator.indicator = evidence.indicator and scheme_indicator.variant = 'in_force'
  where
    scheme_indicator.section = 'base' and scheme_indicator.system is not null and evidence.due > 0
    and scheme_indicator.weight > 0   -- what is only shown is not held against anybody month by month either
),
dated as (
  select
    placed.unit_id,
    placed.system,
    placed.due,
    placed.done,
    case
      when placed.own_month <> '' then cast(concat(placed.own_month, '-01') as date)
      when placed.latest is not null then placed.latest
      when placed.own_quarter <> '' then make_date(assessment.year, 3 * cast(placed.own_quarter as integer), 1)
    end as day
  from placed
  cross join assessment
)
select
  dated.unit_id,
  cast(dated.system as integer) as system,
  cast(month(dated.day) as integer) as month,
  sum(dated.due) as due,
  sum(dated.done) as done
from dated
cross join assessment
where year(dated.day) = assessment.year
group by dated.unit_id, dated.system, month(dated.day)
order by dated.unit_id, system, month
