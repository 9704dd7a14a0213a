-- Rows of members who stand in several: where two hold on a day, the later one says where the member is. They are few,
-- and to look among them alone is far cheaper. Found by hash; members whose hashes are the same by chance do no harm.
-- Grain: one row per member and day of beginning.
select
  member_id,
  valid_from,
  valid_to
from party_member
where hash(member_id) in (
  select hash(member_id)
  from party_member
  group by hash(member_id)
  having count(*) > 1
)
