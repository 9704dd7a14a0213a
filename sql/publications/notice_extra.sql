-- The facts that brought a bonus or a deduction.   Grain: one row per indicator, in the scheme's order.
select
  scheme_node.section,
  scheme_node.node as indicator,
  scheme_node.title,
  count(*) as facts,
  sum(evidence.gained + evidence.lost) as points
from evidence
join scheme_node on scheme_node.node = evidence.indicator
where scheme_node.section in ('bonus', 'deduction') and evidence.gained + evidence.lost > 0
group by scheme_node.section, scheme_node.node, scheme_node.title, scheme_node.position
order by scheme_node.position
