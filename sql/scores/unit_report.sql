-- Which units handed in what: a record of the assessed year (or without a date) in a table that is no registry.
-- `report` has one row per unit and table.   Grain: one row per unit and evidence that the unit reported for.
select distinct
  report.unit_id,
  measure_table.indicator as evidence
from report
join measure_table on measure_table.table_name = report.table_name
