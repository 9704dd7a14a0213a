with found as (
  select inspection_id, sum(case severity when '严重' then 10 when '一般' then 5 else 2 end) as penalty
  from {{ source('inbox', 'inspection_finding') }}
  group by inspection_id
)
select
  unit_id,
  100000000 * count(*) as due,
  1000000 * sum(greatest(0,
    25 * (fixed_time::int + agenda::int + "procedure"::int + detailed_record::int) - coalesce(penalty, 0)
  )) as done
from {{ source('inbox', 'inspection') }} left join found using (inspection_id)
where year(inspected_on) = 2023 and round = 1
group by unit_id
