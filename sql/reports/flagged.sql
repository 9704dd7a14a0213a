-- Warnings: trusted records that a rule flagged; somebody should look.
-- Grain: one row per record and rule.
select
  problem.table_name,
  record_place._file,
  record_place._sheet,
  record_place._row,
  said.sentence,
  problem._rec
from problem
join said
  on said.table_name = problem.table_name and said.rule = problem.rule and said.column_name = problem.column_name
join record_place on record_place._rec = problem._rec
where problem.severity = 'warning'
order by problem.table_name, record_place._file, record_place._sheet, record_place._row, said.sentence
