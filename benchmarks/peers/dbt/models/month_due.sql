{{ config(materialized='table') }}
select unit_id, cast(month as date) as month
from {{ ref('assessed') }}
cross join unnest(generate_series(date '2023-01-01', date '2023-12-01', interval 1 month)) as months (month)
where valid_from <= month and coalesce(valid_to, date '9999-12-31') >= last_day(month)
