-- The fastest query that we could write by hand from evidence_sum to the total, rank and grade of every unit, for what a year
-- in force has: shares only, a tree that adds up, at most 60 leaves, no leaf for some categories only. No leaf is kept: what
-- there is of a unit, and which leaves are absent, are bits of one number. It tells nobody why. Same totals, ranks and grades
-- as sql/scores, which benchmarks/scoring.py checks.
-- Grain: one row per unit.
with recursive leaf as materialized (
  select *, cast(1 as bigint) << (row_number() over (order by position) - 1)::integer as bit
  from scheme_indicator
  where section = 'base'
),
node as materialized (
  select
    node.position,
    coalesce(any_value(above.position), -1) as parent,
    cast(any_value(node.weight) * 1000000 as bigint) as micros,
    cast(sum(leaf.bit) as bigint) as bits
  from scheme_path as path
  join leaf on leaf.indicator = path.leaf and leaf.weight > 0
  join scheme_node as node on node.node = path.node
  left join scheme_node as above on above.node = node.parent
  group by node.position
),
kind as materialized (
  select
    cast(sum(bit) as bigint) as every,
    cast(coalesce(sum(bit) filter (weight > 0), 0) as bigint) as weighted,
    cast(coalesce(sum(bit) filter (empty = 'not_reported'), 0) as bigint) as owed,
    cast(coalesce(sum(bit) filter (assessment.as_of <= deadline), 0) as bigint) as open
  from leaf
  cross join assessment
),
of_evidence as (
  select
    evidence_sum.unit_id,
    bit_or(leaf.bit) as with_items,
    bit_or(case when records > 0 then leaf.bit else 0 end) as with_records,
    bool_or(records > 0) as has_data
  from evidence_sum
  left join leaf on leaf.evidence = evidence_sum.evidence
  group by evidence_sum.unit_id
),
of_report as (
  select report.unit_id, bit_or(table_bit.bits) as bits
  from report
  left join (
    select table_name, bit_or(leaf.bit) as bits
    from measure_table
    join leaf on leaf.evidence = measure_table.indicator
    group by table_name
  ) as table_bit on table_bit.table_name = report.table_name
  group by report.unit_id
),
there as (
  select
    unit.unit_id,
    unit.category,
    coalesce(of_evidence.with_items, 0) as items,
    coalesce(of_evidence.with_records, 0) | coalesce(of_report.bits, 0) as reported,
    coalesce(of_report.bits, 0) as handed_in,
    of_report.unit_id is not null or coalesce(of_evidence.has_data, false) as has_data
  from assessed_unit as unit
  left join of_evidence on of_evidence.unit_id = unit.unit_id
  left join of_report on of_report.unit_id = unit.unit_id
),
judged as (
  select
    there.*,
    items & reported as scored,
    (kind.every - items) & ((kind.every - owed) | handed_in) as not_applicable,
    kind.*
  from there
  cross join kind
),
unit as materialized (
  select
    unit_id,
    category,
    has_data,
    scored & weighted as scored,
    weighted & (not_applicable | open & (every - scored)) as absent,
    weighted & open & (every - scored) & (every - not_applicable) <> 0 as pending
  from judged
),
pattern as (select distinct absent from unit),
child as (
  select pattern.absent, node.parent, node.position, node.micros
  from pattern
  join node on node.bits & pattern.absent <> node.bits
),
divided as (
  select absent, -1 as position, cast(10000 as bigint) as hundredths from pattern
  union all
  select absent, position, hundredths
  from (
    select
      absent,
      position,
      floor + case
        when row_number() over (partition by absent, parent order by remainder desc, position)
          <= whole - sum(floor) over (partition by absent, parent) then 1 else 0
      end as hundredths
    from (
      select
        child.absent,
        child.parent,
        child.position,
        divided.hundredths as whole,
        divided.hundredths * child.micros // cast(sum(child.micros) over siblings as bigint) as floor,
        divided.hundredths * child.micros % cast(sum(child.micros) over siblings as bigint) as remainder
      from divided
      join child on child.absent = divided.absent and child.parent = divided.position
      window siblings as (partition by child.absent, child.parent)
    ) as part
  ) as shared
),
weight as materialized (
  select divided.absent, leaf.evidence, leaf.bit, divided.hundredths
  from divided
  join leaf on leaf.position = divided.position
),
asked as materialized (
  select tie.position, bit_or(leaf.bit) as bits
  from scheme_tie_break as tie
  join scheme_path as path on path.node = tie.node
  join leaf on leaf.indicator = path.leaf
  group by tie.position
),
pointed as (
  select
    unit.unit_id,
    weight.bit,
    (200 * weight.hundredths * done + 100 * due) // (200 * due) as points
  from evidence_sum
  join unit on unit.unit_id = evidence_sum.unit_id
  join weight on weight.absent = unit.absent and weight.evidence = evidence_sum.evidence
  where unit.scored & weight.bit <> 0
),
summed as (
  select
    unit_id,
    cast(sum(points) as bigint) as base,
    cast(coalesce(sum(points) filter (bit & (select bits from asked where position = 0) <> 0), 0) as bigint) as first_tie,
    cast(coalesce(sum(points) filter (bit & (select bits from asked where position = 1) <> 0), 0) as bigint) as second_tie
  from pointed
  group by unit_id
),
fact as (
  select
    measured.unit_id,
    leaf.section,
    leaf.position,
    measured.item,
    cast(round(measured.done * 100) as bigint) as points,
    row_number() over (
      partition by measured.unit_id, leaf.section, measured.item order by measured.done desc, leaf.position
    ) as nth
  from measured
  join scheme_indicator as leaf on leaf.evidence = measured.indicator
  where leaf.section in ('bonus', 'deduction')
),
extra as (
  select
    unit_id,
    coalesce(sum(points) filter (section = 'bonus'), 0) as bonus,
    coalesce(sum(points) filter (section = 'deduction'), 0) as deduction
  from fact
  where nth = 1
  group by unit_id
),
capped as (
  select
    unit_id,
    cast(least(bonus, (select cast(bonus_cap * 100 as bigint) from scheme)) as bigint) as bonus,
    cast(least(deduction, (select cast(deduction_cap * 100 as bigint) from scheme)) as bigint) as deduction
  from extra
),
veto as (
  select measured.unit_id, max(scheme_veto.lowest_position) as lowest
  from measured
  join scheme_veto on scheme_veto.veto = measured.indicator
  where measured.done > 0
  group by measured.unit_id
),
total as (
  select
    unit.unit_id,
    unit.category,
    unit.pending,
    unit.has_data and (unit.pending or unit.absent <> (select weighted from kind)) as ranked,
    coalesce(veto.lowest, 0) as lowest,
    coalesce(summed.base, 0) + coalesce(capped.bonus, 0) as earned,
    least(coalesce(capped.deduction, 0), coalesce(summed.base, 0) + coalesce(capped.bonus, 0)) as deduction,
    summed.first_tie,
    summed.second_tie
  from unit
  left join summed on summed.unit_id = unit.unit_id
  left join capped on capped.unit_id = unit.unit_id
  left join veto on veto.unit_id = unit.unit_id
),
ranked as (
  select
    *,
    case when ranked then
      rank() over (
        partition by category, ranked
        order by earned - deduction desc, coalesce(first_tie, 0) desc, coalesce(second_tie, 0) desc, deduction
      )
    end as rank,
    count(*) over (partition by category, ranked) as ranked_units
  from total
)
select
  unit_id,
  cast((earned - deduction) * 0.01 as decimal(9, 2)) as total,
  rank,
  case when ranked and not pending then (
    select min_by(grade.title, grade.position)
    from scheme_grade as grade
    where grade.position >= ranked.lowest
      and ranked.earned - ranked.deduction >= grade.at_least * 100
      and (
        grade.quota is null
        or ranked.rank <= greatest(grade.quota_at_least, cast(grade.quota * 10000 as bigint) * ranked.ranked_units // 10000)
      )
  ) end as grade
from ranked
