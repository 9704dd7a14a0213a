select unit_id from {{ source('inbox', 'org_life_record') }} where coalesce(attributed_year, year(held_on)) = 2023
union select unit_id from {{ source('inbox', 'study_stat') }} where year(period) = 2023
union select unit_id from {{ source('inbox', 'talk_record') }} where year(talked_on) = 2023
union select unit_id from {{ source('inbox', 'inspection') }} where year(inspected_on) = 2023
union select unit_id from {{ source('inbox', 'inspection_finding') }} where year(found_on) = 2023
union select unit_id from {{ source('inbox', 'pairing_agreement') }}
