-- 应设未设支委会: branches with enough full members for a committee, and none in the registry.
-- Basis: 中国共产党支部工作条例（试行） (2018).   Params: members (integer above 0).
-- Item: committee; number = full members.
with asked as (
  select max(number) as members
  from param
  where name = 'members'
)
select
  org_unit.unit_id,
  'committee' as item,
  'warning' as level,
  null as due_on,
  null as days,
  count(*) as number,
  null as text,
  [org_unit._rec] as records
from org_unit
join assessed_unit on assessed_unit.unit_id = org_unit.unit_id
join member_now on member_now.unit_id = org_unit.unit_id and member_now.status = '正式'
cross join asked
where org_unit.party_org_type = '支部' and not org_unit.has_committee
group by org_unit.unit_id, org_unit._rec, asked.members
having count(*) >= asked.members
