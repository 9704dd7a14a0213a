select
  unit_id, 1000000 * count(*) as due, 1000000 * count(*) filter (done_on <= date '2024-03-31') as done
from {{ source('inbox', 'pairing_item') }} join {{ source('inbox', 'pairing_agreement') }} using (agreement_id)
where kind = '项目' and partner_type in ('街道', '镇', '居委', '村')
  and year(due_on) = 2023 and due_on <= date '2024-03-31'
group by unit_id
