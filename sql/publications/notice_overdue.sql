-- What was due and is not done on the as-of date, from the alerts.   Grain: one row per model of sql/alerts.
select
  scheme_alert.model,
  count(distinct concat(alerts.unit_id, ' ', alerts.item)) as items,
  count(distinct alerts.unit_id) as units
from alerts
join scheme_alert on scheme_alert.alert = alerts.alert
where scheme_alert.model in ('rectifications_overdue', 'findings_overdue', 'elections_overdue')
group by scheme_alert.model
order by scheme_alert.model
