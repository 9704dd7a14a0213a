-- Lost points: every item that cost something, with the places of the records behind it (the first five).
-- `record_place` knows the file, sheet and row of every trusted record (and the column, where a row holds several).
-- Grain: one row per unit, indicator and item.
with lost as (
  select * from evidence where evidence.lost > 0
),
placed as (
  select
    lost.unit_id,
    lost.indicator,
    lost.item,
    string_agg(
      concat(
        record_place._file, case when record_place._sheet = '' then '' else concat(' · ', record_place._sheet) end,
        ' · ', record_place._at, record_place._row
      ),
      '；' order by record_place._file, record_place._sheet, record_place._row, record_place._at
    ) filter (where record.number <= 5) as records
  from lost
  cross join unnest(lost.records) with ordinality as record (_rec, number)
  join record_place on record_place._rec = record._rec
  group by lost.unit_id, lost.indicator, lost.item
)
select
  scores.category,
  scores.rank,
  lost.unit_id,
  scores.unit_name,
  dimension.title as dimension,
  leaf.title as indicator,
  lost.item,
  lost.due,
  lost.done,
  lost.lost,
  placed.records
from lost
join scores on scores.unit_id = lost.unit_id
join scheme_node as leaf on leaf.node = lost.indicator
left join scheme_node as dimension on dimension.node = leaf.dimension
left join placed on placed.unit_id = lost.unit_id and placed.indicator = lost.indicator and placed.item = lost.item
order by scores.category, scores.rank nulls last, lost.unit_id, leaf.position, lost.item
