-- Members of the units at the end of the period judged. Who stands in two rows then is where the later one says.
-- Grain: one row per member.
select
  member.member_id,
  member.unit_id,
  member.status,
  member.role,
  member.exempt
from party_member as member
cross join assessment
left join member_moved as later
  on
    later.member_id = member.member_id
    and later.valid_from > member.valid_from
    and later.valid_from <= assessment.period_end
    and (later.valid_to is null or later.valid_to >= assessment.period_end)
where
  member.valid_from <= assessment.period_end
  and (member.valid_to is null or member.valid_to >= assessment.period_end)
  and later.member_id is null
