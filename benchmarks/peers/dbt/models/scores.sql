{{ config(materialized='external', location=env_var('PEERS_OUT')) }}
with leaf as (
  {% for name in ['themed_day_months', 'study_xuexi', 'members_talked_with', 'findings_closed', 'street_projects',
                  'spot_check_round_1'] %}
  select unit_id, '{{ name }}' as leaf, {{ 2 ** loop.index0 }} as bit, due::bigint as due, done::bigint as done
  from {{ ref(name) }} {{ 'union all' if not loop.last }}
  {% endfor %}
),
there as (
  select *, sum(bit) over (partition by unit_id) as present from leaf
),
total as (
  select unit_id, sum((2 * weight * done + due) // (2 * due))::bigint as cents
  from there join {{ ref('weights') }} using (present, leaf)
  group by unit_id
),
ranked as (
  select
    unit_id, cents,
    rank() over (partition by category order by cents desc) as rank,
    count(*) over (partition by category) as units
  from {{ ref('assessed') }} semi join {{ ref('reported') }} using (unit_id) join total using (unit_id)
)
select
  unit_id, cents, rank,
  case
    when cents >= 7000 and rank <= greatest(1, 3000 * units // 10000) then '优秀'
    when cents >= 6000 then '良好'
    when cents >= 4000 then '合格'
    else '不合格'
  end as grade
from ranked
