-- Effective weights: the weight of absent leaves is shared out in proportion among their siblings, else among the
-- siblings of their node, and so on up. Top down, each node's hundredths are divided among its present children by
-- their weights; the hundredths left over go to the largest remainders, ties in scheme order.
-- Grain: one row per absence pattern and present leaf; `hundredths` = hundredths of a point.
with recursive present_leaf as (
  select
    absent.pattern,
    scheme_indicator.indicator
  from (select distinct pattern from absence) as absent
  cross join scheme_indicator
  where scheme_indicator.section = 'base' and scheme_indicator.weight > 0
    and not list_contains(string_split(absent.pattern, ' '), scheme_indicator.indicator)
),
child as (
  select distinct
    present_leaf.pattern,
    scheme_node.parent,
    scheme_node.node,
    scheme_node.position,
    cast(scheme_node.weight * 100 as bigint) as weight
  from present_leaf
  join scheme_path on scheme_path.leaf = present_leaf.indicator
  join scheme_node on scheme_node.node = scheme_path.node
),
divided as (
  select pattern, '' as node, cast(10000 as bigint) as hundredths
  from (select distinct pattern from present_leaf) as whole
  union all
  select pattern, node, hundredths
  from (
    select
      part.pattern,
      part.node,
      part.floor + case
        when row_number() over (
          partition by part.pattern, part.parent order by part.remainder desc, part.position
        ) <= part.whole - sum(part.floor) over (partition by part.pattern, part.parent) then 1
        else 0
      end as hundredths
    from (
      select
        child.pattern,
        child.parent,
        child.node,
        child.position,
        divided.hundredths as whole,
        divided.hundredths * child.weight
          // cast(sum(child.weight) over (partition by child.pattern, child.parent) as bigint) as floor,
        divided.hundredths * child.weight
          % cast(sum(child.weight) over (partition by child.pattern, child.parent) as bigint) as remainder
      from divided
      join child on child.pattern = divided.pattern and child.parent = divided.node
    ) as part
  ) as shared
)
select
  divided.pattern,
  divided.node as indicator,
  divided.hundredths
from divided
join scheme_indicator on scheme_indicator.indicator = divided.node
where scheme_indicator.section = 'base'
