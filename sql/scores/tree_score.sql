-- Aggregation: scores of the nodes from those of their children, the deepest first (OECD/JRC handbook, step 6;
-- docs/scheme.md has the formulas). A node is absent, and has no row, where no child is present or too few are.
-- The root is the node ''. Only for trees that need it (tree_variant). A negative score where none may be gives NaN.
-- Rounds: select coalesce(1 + max(depth), 0) from tree_variant
-- Columns: variant varchar, unit_id varchar, node varchar, score double, ratio double, depth integer.
-- Grain: one row per variant, unit and present inner node. ratio: of a sum, its score over its children's weights.
with parent as (
  select scheme_node.variant, node, aggregation, power, trim, best, availability, scheme_node.depth
  from scheme_node
  join tree_variant on tree_variant.variant = scheme_node.variant
  where section = 'base' and aggregation is not null
  union all
  select scheme.variant, '' as node, aggregation, power, trim, best, availability, 0 as depth
  from scheme
  join tree_variant on tree_variant.variant = scheme.variant
),
deepest as (
  select max(depth) as depth
  from tree_variant
),
family as (
  select variant, parent, count(*) as children, sum(cast(weight as double) order by position) as weight
  from scheme_node
  where section = 'base' and weight > 0
  group by variant, parent
),
child as (
  select leaf_status.variant, leaf_status.unit_id, leaf_status.indicator as node, leaf_status.score, leaf_status.score as ratio
  from leaf_status
  join tree_variant on tree_variant.variant = leaf_status.variant
  where leaf_status.score is not null and leaf_status.status <> 'shown'
  union all
  select variant, unit_id, node, score, coalesce(ratio, score) as ratio
  from tree_score
),
placed as (
  select
    child.variant,
    child.unit_id,
    parent.node,
    parent.aggregation,
    parent.power,
    parent.best,
    parent.availability,
    parent.depth,
    place.position,
    cast(place.weight as double) as weight,
    child.score,
    child.ratio,
    count(*) over family_of_unit as present,
    cast(floor(parent.trim * count(*) over family_of_unit) as bigint) as cut,
    row_number() over (family_of_unit order by child.score, place.position) as from_low,
    row_number() over (family_of_unit order by child.score desc, place.position) as from_high
  from child
  join scheme_node as place on place.variant = child.variant and place.node = child.node
  join parent on parent.variant = place.variant and parent.node = place.parent
  cross join round
  cross join deepest
  where place.weight > 0 and parent.depth = deepest.depth - round.number
  window family_of_unit as (partition by child.variant, child.unit_id, parent.node)
),
together as (
  select
    variant,
    unit_id,
    node,
    any_value(aggregation) as aggregation,
    any_value(depth) as depth,
    any_value(present) as present,
    any_value(availability) as availability,
    sum(weight order by position) as weight,
    sum(weight * score order by position) as weighted,
    sum(weight * ratio order by position) as weighted_ratio,
    min(score) as lowest,
    max(score) as highest,
    median(score) as middle,
    sum(case when aggregation = 'geometric' then weight * ln(nullif(greatest(score, 0), 0)) end order by position) as logs,
    sum(case when aggregation = 'harmonic' then weight / nullif(score, 0) end order by position) as inverses,
    sum(
      case when aggregation = 'power_mean' then weight * power(nullif(greatest(score, 0), 0), power) end order by position
    ) as powers,
    any_value(power) as power
  from placed
  where
    case aggregation
      when 'trimmed_mean' then from_low > cut and from_low <= present - cut
      when 'best_n' then from_high <= best
      else true
    end
  group by variant, unit_id, node
)
select
  together.variant,
  together.unit_id,
  together.node,
  case together.aggregation
    when 'sum' then family.weight * (together.weighted_ratio / together.weight)
    when 'min' then together.lowest
    when 'max' then together.highest
    when 'median' then together.middle
    when 'geometric'
      then
        case
          when together.lowest < 0 then cast('NaN' as double)
          when together.lowest = 0 then 0
          else exp(together.logs / together.weight)
        end
    when 'harmonic'
      then
        case
          when together.lowest < 0 then cast('NaN' as double)
          when together.lowest = 0 then 0
          else together.weight / together.inverses
        end
    when 'power_mean'
      then
        case
          when together.lowest < 0 then cast('NaN' as double)
          when together.power < 0 and together.lowest = 0 then 0
          else power(coalesce(together.powers, 0) / together.weight, 1 / together.power)
        end
    else together.weighted / together.weight
  end as score,
  case when together.aggregation = 'sum' then together.weighted_ratio / together.weight end as ratio,
  together.depth
from together
join family on family.variant = together.variant and family.parent = together.node
where together.present >= together.availability * family.children
