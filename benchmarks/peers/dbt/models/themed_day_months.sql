with first_minutes as (
  select unit_id, text_hash, min(held_on) as first_on
  from {{ source('inbox', 'org_life_record') }}
  where text_hash is not null
  group by all
),
held as (
  select distinct unit_id, date_trunc('month', held_on)::date as month
  from {{ source('inbox', 'org_life_record') }} left join first_minutes using (unit_id, text_hash)
  where list_contains(types, '主题党日')
    and coalesce(attributed_year, year(held_on)) = 2023
    and due_count > 0 and attend_count >= 0
    and coalesce(resolutions, text_hash) is not null
    and held_on = coalesce(first_on, held_on)
)
select unit_id, 1000000 * count(*) as due, 1000000 * count(held.month) as done
from {{ ref('month_due') }} left join held using (unit_id, month)
group by unit_id
