-- 主题教育·集中宣讲: members reached by a campaign, of the unit's members on the day of its last session of it.
-- Basis: 2023年党建工作要点·主题教育.
-- Item: campaign that any unit held in the year, due from all (a unit without members has none).   Empty: not_reported
with covered as (
  select
    session.unit_id,
    session.campaign,
    sum(session.covered_count) as covered,
    max(session.held_on) as last_on,
    list(session._rec) as records
  from campaign_session as session
  cross join assessment
  where session._year = assessment.year
  group by session.unit_id, session.campaign
),
held as (
  select
    assessed_unit.unit_id,
    campaign.campaign,
    coalesce(covered.covered, 0) as covered,
    coalesce(covered.last_on, assessment.period_end) as counted_on,
    covered.records
  from assessed_unit
  cross join campaign_held as campaign
  cross join assessment
  left join covered on covered.unit_id = assessed_unit.unit_id and covered.campaign = campaign.campaign
),
membership as (
  select
    held.unit_id,
    held.campaign,
    count(*) as members
  from held
  join party_member as member
    on
      member.unit_id = held.unit_id
      and member.valid_from <= held.counted_on
      and (member.valid_to is null or member.valid_to >= held.counted_on)
  left join member_moved as later
    -- who stands in two rows on that day is where the later one says
    on
      later.member_id = member.member_id
      and later.valid_from > member.valid_from
      and later.valid_from <= held.counted_on
      and (later.valid_to is null or later.valid_to >= held.counted_on)
  where later.member_id is null
  group by held.unit_id, held.campaign
)
select
  held.unit_id,
  held.campaign as item,
  membership.members as due,
  least(held.covered, membership.members) as done,
  held.records
from held
join membership on membership.unit_id = held.unit_id and membership.campaign = held.campaign
