-- Units that handed in nothing, or less than the share of values that the scheme asks for (screen): their values take no
-- part in those of others, and they have no total.
-- Grain: one row per variant and such unit.
select scheme.variant, unit_evidence.unit_id
from unit_evidence
cross join scheme
where not unit_evidence.has_data
union
select leaf_known.variant, leaf_known.unit_id
from leaf_known
join scheme on scheme.variant = leaf_known.variant
where scheme.screen > 0
group by leaf_known.variant, leaf_known.unit_id, scheme.screen
having
  count(*) filter (leaf_known.status <> 'shown' and not leaf_known.left_out and leaf_known.denominated is not null)
  < scheme.screen * count(*) filter (leaf_known.status <> 'shown' and not leaf_known.left_out)
