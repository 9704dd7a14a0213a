-- Meetings of organisational life that count: date, agenda (topic), procedure (host and recorder) and record
-- (resolutions or the minutes' hash) are there, and it is no copy: the same minutes on a later day than their first.
-- Grain: one row per record and type of meeting.
with first_minutes as (
  -- of minutes that stand under more than one day: looked for by hash, which is cheaper, then among the few as they are
  select
    unit_id,
    text_hash,
    min(held_on) as held_on
  from org_life_record
  where
    text_hash is not null
    and hash(unit_id, text_hash) in (
      select hash(unit_id, text_hash)
      from org_life_record
      where text_hash is not null
      group by hash(unit_id, text_hash)
      having min(held_on) < max(held_on)
    )
  group by unit_id, text_hash
  having min(held_on) < max(held_on)
)
select
  meeting._rec,
  meeting.unit_id,
  unnest(meeting.types) as type,
  meeting.group_id,
  meeting.held_on,
  meeting.due_count,
  meeting.attend_count,
  meeting._year
from org_life_record as meeting
left join first_minutes
  on first_minutes.unit_id = meeting.unit_id and first_minutes.text_hash = meeting.text_hash
where
  meeting.topic is not null
  and meeting.host is not null
  and meeting.recorder is not null
  and coalesce(meeting.resolutions, meeting.text_hash) is not null
  and meeting.held_on = coalesce(first_minutes.held_on, meeting.held_on)
