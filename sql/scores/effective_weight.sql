-- Effective weights of trees that add up: the weight of absent leaves is shared out in proportion among their siblings, else
-- among the siblings of their node, and so on up. Top down, each node's part is divided among its present children by
-- their weights. `weight` divides in proportion; `hundredths` in whole hundredths of a point, those left over going to the
-- largest remainders, ties in scheme order. Proportions are of whole millionths, whose sum no order of rows can change.
-- Grain: one row per absence pattern and leaf; of those that are absent, and of trees that do not add up, without a weight.
with recursive pattern as (
  select distinct absence.variant, absence.pattern, absence.absent, scheme.adds_up
  from absence
  join scheme on scheme.variant = absence.variant
),
-- nodes are known by their position; the whole, which is no row of scheme_node, by -1
below as (
  select scheme_node.variant, scheme_node.position as node, leaf.position as leaf
  from scheme_path
  join scheme_node on scheme_node.variant = scheme_path.variant and scheme_node.node = scheme_path.node
  join leaf on leaf.variant = scheme_path.variant and leaf.indicator = scheme_path.leaf
  where leaf.weight > 0
),
node as (
  select
    scheme_node.variant,
    scheme_node.position,
    coalesce(any_value(above.position), -1) as parent,
    cast(any_value(scheme_node.weight) * 1000000 as hugeint) as micros,
    count(*) as leaves
  from below
  join scheme_node on scheme_node.variant = below.variant and scheme_node.position = below.node
  left join scheme_node as above on above.variant = scheme_node.variant and above.node = scheme_node.parent
  group by scheme_node.variant, scheme_node.position
),
absent_leaf as (
  select variant, pattern, cast(unnest(string_split(absent, ' ')) as integer) as position
  from pattern
  where absent <> ''
),
absent_node as (
  select absent_leaf.pattern, node.position
  from absent_leaf
  join below on below.variant = absent_leaf.variant and below.leaf = absent_leaf.position
  join node on node.variant = below.variant and node.position = below.node
  group by absent_leaf.pattern, node.position, node.leaves
  having count(*) = node.leaves
),
child as (
  select pattern.pattern, node.parent, node.position, node.micros
  from pattern
  join node on node.variant = pattern.variant
  left join absent_node on absent_node.pattern = pattern.pattern and absent_node.position = node.position
  where absent_node.pattern is null
),
divided as (
  select
    pattern.variant, pattern.pattern, -1 as position, cast(scheme.total * 100 as hugeint) as hundredths,
    cast(scheme.total as double) as weight
  from pattern
  join scheme on scheme.variant = pattern.variant
  where pattern.adds_up
  union all
  select variant, pattern, position, hundredths, weight
  from (
    select
      part.variant,
      part.pattern,
      part.position,
      part.weight,
      part.floor + case
        when row_number() over (
          partition by part.pattern, part.parent order by part.remainder desc, part.position
        ) <= part.whole - sum(part.floor) over (partition by part.pattern, part.parent) then 1
        else 0
      end as hundredths
    from (
      select
        divided.variant,
        child.pattern,
        child.parent,
        child.position,
        divided.hundredths as whole,
        divided.weight * (cast(child.micros as double) / cast(sum(child.micros) over siblings as double)) as weight,
        divided.hundredths * child.micros // cast(sum(child.micros) over siblings as hugeint) as floor,
        divided.hundredths * child.micros % cast(sum(child.micros) over siblings as hugeint) as remainder
      from divided
      join child on child.pattern = divided.pattern and child.parent = divided.position
      window siblings as (partition by child.pattern, child.parent)
    ) as part
  ) as shared
)
select
  pattern.variant,
  pattern.pattern,
  leaf.indicator,
  leaf.position,
  cast(divided.hundredths as bigint) as hundredths,
  divided.weight
from pattern
join leaf on leaf.variant = pattern.variant
left join divided on divided.pattern = pattern.pattern and divided.position = leaf.position
