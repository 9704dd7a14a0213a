with weighed as (
  select *, case severity when '严重' then 2000000 when '一般' then 1000000 else 500000 end as weight
  from {{ source('inbox', 'inspection_finding') }}
  where year(found_on) = 2023 and due_on <= date '2024-03-31'
),
found as (
  select unit_id, sum(weight) as due, coalesce(sum(weight) filter (rechecked_on <= due_on), 0) as done
  from weighed
  group by unit_id
)
select unit_id, due, done from found
union all
select distinct unit_id, 1000000, 1000000
from {{ source('inbox', 'inspection') }} anti join found using (unit_id)
where year(inspected_on) = 2023
