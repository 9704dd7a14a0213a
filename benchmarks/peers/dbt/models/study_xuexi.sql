with stat as (
  select unit_id, period as month, enrolled, cast(participation_rate * 1000000 as bigint) as rate
  from {{ source('inbox', 'study_stat') }}
  where platform = '学习强国'
)
select
  unit_id,
  1000000 * count(*) as due,
  sum(least(1000000, coalesce((2000000 * rate + 900000) // 1800000, 0))) as done
from {{ ref('month_due') }} left join stat using (unit_id, month)
where enrolled is null or enrolled > 0
group by unit_id
