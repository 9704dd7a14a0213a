-- 一线去·换岗体验: posts of the year that lasted long enough and have an outcome.
-- Basis: 2023年党建工作要点·一线去.   Params: days (number).
-- Item: post.   Empty: not_reported
with asked as (
  select max(number) as days
  from param
  where name = 'days'
)
select
  post.unit_id,
  post.post_id as item,
  1 as due,
  case when post.days >= asked.days and post.outcome is not null then 1 else 0 end as done,
  [post._rec] as records
from frontline_post as post
cross join asked
cross join assessment
where post._year = assessment.year
