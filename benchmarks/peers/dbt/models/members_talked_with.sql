with member as (
  select member_id, unit_id
  from {{ source('inbox', 'party_member') }}
  where valid_from <= date '2023-12-31' and coalesce(valid_to, date '2023-12-31') >= date '2023-12-31'
  qualify row_number() over (partition by member_id order by valid_from desc) = 1
),
talked as (
  select distinct member_id from {{ source('inbox', 'talk_record') }} where year(talked_on) = 2023
)
select unit_id, 1000000 * count(*) as due, 1000000 * count(talked.member_id) as done
from member left join talked using (member_id)
group by unit_id
