-- Members of the units at the end of the period judged. Who stands in two rows then is where the later one says.
-- Grain: one row per member.
with standing as (
  select
    member.member_id,
    member.unit_id,
    member.status,
    member.role,
    member.exempt,
    row_number() over (partition by member.member_id order by member.valid_from desc, member._rec) as latest
  from party_member as member
  cross join assessment
  where member.valid_from <= assessment.period_end
    and (member.valid_to is null or member.valid_to >= assessment.period_end)
)
select member_id, unit_id, status, role, exempt
from standing
where latest = 1
