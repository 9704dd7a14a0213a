-- Quarantine: every record that was set aside, whole, with the reasons and the cells to mend.
-- `problem` has one row per reason; `said` the sentence for each rule; `set_aside` the record's cells as JSON, names masked.
-- Grain: one row per record.
with pointed as (
  select
    problem.*,
    set_aside._file, set_aside._sheet, set_aside._row, set_aside._at, set_aside.record,
    case when position.letters is null then '' else concat(position.letters, set_aside._row) end as cell,
    json_extract_string(set_aside.record, concat('$.', problem.column_name)) as value,
    said.sentence,
    case problem.reason
      when 'bad_cell' then 1 when 'unknown_unit' then 2 when 'conflict' then 3 when 'duplicate' then 4 else 5
    end as precedence
  from main.problem
  join main.set_aside using (table_name, _rec)
  join main.said using (table_name, rule, column_name)
  left join main.position
    on
      position._source = set_aside._source and position._file = set_aside._file and position._sheet = set_aside._sheet
      and position.table_name = problem.table_name and position.column_name = problem.column_name
      and position._at is not distinct from set_aside._at
      and set_aside._row between position.first_row and position.last_row
  where problem.severity = 'critical'
)
select
  table_name,
  _file, _sheet, _row, _at,
  min_by(reason, precedence) as reason,
  string_agg(cell, ' ' order by precedence, column_name, rule) as cells,
  string_agg(
    concat(
      case when cell = '' then '' else concat(cell, ' ') end,
      case when value is null then '' else concat('「', value, '」') end,
      sentence,
      coalesce(hint, '')
    ),
    '；' order by precedence, column_name, rule
  ) as problems,
  record,
  _rec
from pointed
group by all
order by table_name, _file, _sheet, _row, _at
