-- Units that handed in nothing, or less than the share of values that the scheme asks for (screen): their values take no
-- part in those of others, and they have no total.
-- Grain: one row per variant and such unit.
select scheme.variant, unit_evidence.unit_id
from unit_evidence
cross join scheme
where not unit_evidence.has_data
union
select leaf_value.variant, leaf_value.unit_id
from leaf_value
join scheme on scheme.variant = leaf_value.variant
where scheme.screen > 0
group by leaf_value.variant, leaf_value.unit_id, scheme.screen
having count(*) filter (leaf_value.status <> 'shown' and not leaf_value.left_out and leaf_value.denominated is not null)
  < scheme.screen * count(*) filter (leaf_value.status <> 'shown' and not leaf_value.left_out)
