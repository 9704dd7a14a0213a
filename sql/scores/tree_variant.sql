-- Variants of the scheme whose nodes are aggregated one by one: those that do not add up, and those that ask for so much of
-- a node to be present (availability). In all others a node is the sum of its leaves, and there while one of them is.
-- Grain: one row per such variant. depth: of its deepest inner node; the root's is 0.
select scheme.variant, coalesce(max(scheme_node.depth), 0) as depth
from scheme
left join scheme_node
  on scheme_node.variant = scheme.variant and scheme_node.section = 'base' and scheme_node.aggregation is not null
group by scheme.variant, scheme.adds_up, scheme.availability
having not scheme.adds_up or greatest(scheme.availability, coalesce(max(scheme_node.availability), 0)) > 0
