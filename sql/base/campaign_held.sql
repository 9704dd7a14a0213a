-- Campaigns (主题教育·集中宣讲) of which any unit held a session in the year.
-- Whole: campaign_session.
-- Grain: one row per campaign.
select distinct session.campaign
from campaign_session as session
cross join assessment
where session._year = assessment.year
