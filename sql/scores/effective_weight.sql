-- Effective weights of trees that add up: the weight of absent leaves is shared out in proportion among their siblings, else
-- among the siblings of their node, and so on up. Top down, each node's part is divided among its present children by
-- their weights. `weight` divides in proportion; `hundredths` in whole hundredths of a point, those left over going to the
-- largest remainders, ties in scheme order. Proportions are of whole millionths, whose sum no order of rows can change.
-- Grain: one row per variant, absence pattern and present leaf.
with recursive pattern as (
  select distinct variant, pattern, absent
  from absence
),
absent_leaf as (
  select pattern, unnest(string_split(absent, ' ')) as indicator
  from pattern
),
present_leaf as (
  select pattern.variant, pattern.pattern, scheme_indicator.indicator
  from pattern
  join scheme_indicator on scheme_indicator.variant = pattern.variant
  left join absent_leaf on absent_leaf.pattern = pattern.pattern and absent_leaf.indicator = scheme_indicator.indicator
  where scheme_indicator.section = 'base' and scheme_indicator.weight > 0 and absent_leaf.pattern is null
),
child as (
  select distinct
    present_leaf.variant,
    present_leaf.pattern,
    scheme_node.parent,
    scheme_node.node,
    scheme_node.position,
    cast(scheme_node.weight * 1000000 as hugeint) as micros
  from present_leaf
  join scheme_path on scheme_path.variant = present_leaf.variant and scheme_path.leaf = present_leaf.indicator
  join scheme_node on scheme_node.variant = scheme_path.variant and scheme_node.node = scheme_path.node
),
divided as (
  select whole.variant, whole.pattern, '' as node, cast(scheme.total * 100 as hugeint) as hundredths,
    cast(scheme.total as double) as weight
  from (select distinct variant, pattern from present_leaf) as whole
  join scheme on scheme.variant = whole.variant
  union all
  select variant, pattern, node, hundredths, weight
  from (
    select
      part.variant,
      part.pattern,
      part.node,
      part.weight,
      part.floor + case
        when row_number() over (
          partition by part.variant, part.pattern, part.parent order by part.remainder desc, part.position
        ) <= part.whole - sum(part.floor) over (partition by part.variant, part.pattern, part.parent) then 1
        else 0
      end as hundredths
    from (
      select
        child.variant,
        child.pattern,
        child.parent,
        child.node,
        child.position,
        divided.hundredths as whole,
        divided.weight * (cast(child.micros as double) / cast(sum(child.micros) over siblings as double)) as weight,
        divided.hundredths * child.micros // cast(sum(child.micros) over siblings as hugeint) as floor,
        divided.hundredths * child.micros % cast(sum(child.micros) over siblings as hugeint) as remainder
      from divided
      join child
        on child.variant = divided.variant and child.pattern = divided.pattern and child.parent = divided.node
      window siblings as (partition by child.variant, child.pattern, child.parent)
    ) as part
  ) as shared
)
select
  divided.variant,
  divided.pattern,
  divided.node as indicator,
  scheme_indicator.position,
  cast(divided.hundredths as bigint) as hundredths,
  divided.weight
from divided
join scheme_indicator
  on scheme_indicator.variant = divided.variant and scheme_indicator.indicator = divided.node
where scheme_indicator.section = 'base'
