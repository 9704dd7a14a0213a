-- Pairing activities that count: held in the year and by the as-of date, under a live agreement of the same unit.
-- One activity claimed twice (same unit, day and theme, under either kind of pairing) counts once: the lowest id.
-- Grain: one row per activity.
with under_agreement as (
  select
    activity._rec,
    activity.activity_id,
    activity.unit_id,
    activity.held_on,
    agreement.partner_type,
    row_number() over (
      partition by activity.unit_id, activity.held_on, activity.theme
      order by activity.activity_id, activity._rec
    ) as claim
  from pairing_activity as activity
  join pairing_agreement as agreement
    on agreement.agreement_id = activity.agreement_id and agreement.unit_id = activity.unit_id
  cross join assessment
  where
    activity._year = assessment.year
    and activity.held_on <= assessment.as_of
    and activity.held_on between agreement.signed_on and agreement.expires_on
)
select _rec, activity_id, unit_id, held_on, partner_type
from under_agreement
where claim = 1
