-- The systems of the work plan (data/work_plan.csv): where each finds its data, what it comes out as, and whether it does.
-- status: scored, shown (weight 0), bonus, alert, scheme (the assessment method is the scheme itself), or no_data.
-- Grain: one row per system.
with output as (
  select
    scheme_indicator.system,
    scheme_indicator.indicator as name,
    case
      when scheme_indicator.section <> 'base' then scheme_indicator.section
      when scheme_indicator.weight > 0 then 'indicator'
      else 'shown'
    end as kind,
    scheme_node.title,
    concat('sql/measures/', scheme_indicator.measure, '.sql') as model,
    scheme_indicator.weight,
    scheme_indicator.position
  from scheme_indicator
  join scheme_node on scheme_node.node = scheme_indicator.indicator
  union all
  select system, alert, 'alert', title, concat('sql/alerts/', model, '.sql'), 0, 1000 + position
  from scheme_alert
  union all
  select number, command, 'command', concat('kaohe ', command), concat('flows/', replace(command, '-', '_'), '.py'), 0, 2000
  from work_plan
  where command is not null
  union all
  select number, scheme.id, 'scheme', scheme.title, null, 0, 0
  from work_plan
  cross join scheme
  where number = 9
),
made as (
  select
    system,
    list({ kind: kind, name: name, title: title, model: model, weight: weight } order by position) as outputs,
    sum(weight) as weight,
    min(case kind
      when 'scheme' then 'scheme' when 'indicator' then '1 scored' when 'shown' then '2 shown'
      when 'bonus' then '3 bonus' when 'alert' then '4 alert'
    end) as best
  from output
  group by system
),
source as (
  select distinct output.system, measure_table.table_name
  from output
  join measure_table on measure_table.indicator = output.name and output.kind not in ('command', 'scheme')
  where measure_table.table_name <> 'org_unit'
  union all
  select distinct output.system, 'org_unit'
  from output
  where output.kind = 'alert' and output.system not in (
    select system from output as other join measure_table on measure_table.indicator = other.name
    where measure_table.table_name <> 'org_unit'
  )
),
read as (
  select
    source.system,
    list(source.table_name order by source.table_name) as tables,
    sum(record_count.records_used) as rows_read
  from source
  join record_count on record_count.table_name = source.table_name
  group by source.system
)
select
  work_plan.number,
  work_plan.system,
  case when made.best = 'scheme' then ['scheme'] else coalesce(read.tables, []) end as tables,
  cast(case when made.best = 'scheme' then (select count(*) from scheme_node) else coalesce(read.rows_read, 0) end as bigint)
    as rows_read,
  coalesce(made.weight, 0) as weight,
  coalesce(made.outputs, []) as outputs,
  case
    when made.best = 'scheme' then 'scheme'
    when coalesce(read.rows_read, 0) = 0 then 'no_data'
    else substr(made.best, 3)
  end as status
from work_plan
left join made on made.system = work_plan.number
left join read on read.system = work_plan.number
order by work_plan.number
