select unit_id, category, valid_from, valid_to
from {{ source('inbox', 'org_unit') }}
where valid_from <= date '2023-12-31' and coalesce(valid_to, date '2023-12-31') >= date '2023-12-31'
