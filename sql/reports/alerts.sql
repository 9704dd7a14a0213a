-- Alerts: each row of the models of sql/alerts with its unit, its sentence (the scheme's, filled in) and the places of the
-- records behind it (the first five), most urgent first.
-- `restricted`: for those who look after the warehouse, never for a publication.   Grain: one row per alert, unit and item.
with placed as (
  select
    alert.alert,
    alert.unit_id,
    alert.item,
    string_agg(
      concat(
        record_place._file, case when record_place._sheet = '' then '' else concat(' · ', record_place._sheet) end,
        ' · ', record_place._at, record_place._row
      ),
      '；' order by record_place._file, record_place._sheet, record_place._row, record_place._at
    ) filter (where record.number <= 5) as records
  from alert
  cross join unnest(alert.records) with ordinality as record (_rec, number)
  join record_place on record_place._rec = record._rec
  group by alert.alert, alert.unit_id, alert.item
)
select
  cast(assessment.year as integer) as year,
  alert.alert,
  scheme_alert.system,
  scheme_alert.title,
  cast(alert.level as varchar) as level,                                -- urgent, warning, notice
  alert.unit_id,                                                        -- null: the bureau
  org_unit.name as unit_name,
  alert.item,
  alert.due_on,
  alert.days,                                                           -- from the as-of date to due_on; negative: past it
  alert.number,
  alert.text,
  replace(replace(replace(replace(replace(
    scheme_alert.say,
    '{item}', alert.item
  ),
  '{due_on}', coalesce(cast(alert.due_on as varchar), '')),
  '{days}', coalesce(cast(alert.days as varchar), '')),
  '{number}', coalesce(regexp_replace(cast(alert.number as varchar), '\.?0+$', ''), '')),
  '{text}', coalesce(alert.text, '')) as sentence,
  placed.records,
  scheme_alert.restricted
from alert
join scheme_alert on scheme_alert.alert = alert.alert
cross join assessment
left join org_unit on org_unit.unit_id = alert.unit_id
left join placed
  on
    placed.alert = alert.alert
    and placed.unit_id is not distinct from alert.unit_id
    and placed.item = alert.item
order by alert.level, scheme_alert.position, alert.due_on nulls last, alert.unit_id, alert.item
