-- What there is of each unit. with_items: the evidence that has items. reported: the evidence for which the unit handed in a
-- record of the assessed year (or without a date), in a table that is no registry; `report` has one row per unit and table.
-- has_data: it handed in anything at all.
-- Grain: one row per assessed unit and block of evidence (leaf).
with evidence_bit as (
  select distinct evidence, block, bit
  from leaf
),
block as (
  select distinct block
  from leaf
),
table_bit as (
  select measure_table.table_name, evidence_bit.block, bit_or(evidence_bit.bit) as reported
  from measure_table
  join evidence_bit on evidence_bit.evidence = measure_table.indicator
  group by measure_table.table_name, evidence_bit.block
),
found as (
  select evidence_sum.unit_id, evidence_bit.block, evidence_bit.bit as with_items, 0 as reported, evidence_sum.records > 0 as has_data
  from evidence_sum
  left join evidence_bit on evidence_bit.evidence = evidence_sum.evidence
  union all
  select report.unit_id, table_bit.block, 0 as with_items, table_bit.reported, true as has_data
  from report
  left join table_bit on table_bit.table_name = report.table_name
),
of_block as (
  select unit_id, block, bit_or(with_items) as with_items, bit_or(reported) as reported, bool_or(has_data) as has_data
  from found
  group by unit_id, block
),
of_unit as (
  select unit_id, bool_or(has_data) as has_data
  from of_block
  group by unit_id
)
select
  assessed_unit.unit_id,
  assessed_unit.category,
  block.block,
  coalesce(of_block.with_items, 0) as with_items,
  coalesce(of_block.reported, 0) as reported,
  coalesce(of_unit.has_data, false) as has_data
from assessed_unit
cross join block
left join of_block on of_block.unit_id = assessed_unit.unit_id and of_block.block = block.block
left join of_unit on of_unit.unit_id = assessed_unit.unit_id
