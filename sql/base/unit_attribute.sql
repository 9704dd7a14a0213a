-- What a scheme may group units by, or divide their values by: numbers and words of the registry.
-- Grain: one row per assessed unit and attribute.
select assessed_unit.unit_id, attribute.name, attribute.text, attribute.number
from assessed_unit
join org_unit on org_unit.unit_id = assessed_unit.unit_id
cross join unnest([
  { name: 'category', text: org_unit.category, number: null::double },
  { name: 'party_org_type', text: org_unit.party_org_type, number: null::double },
  { name: 'member_count', text: null::varchar, number: cast(org_unit.member_count as double) },
  { name: 'group_count', text: null::varchar, number: cast(org_unit.group_count as double) }
]) as unnested (attribute)
