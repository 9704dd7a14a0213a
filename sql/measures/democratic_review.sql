-- 民主评议党员: the review of the year was held; in part only, if more were graded 优秀 than the share allowed.
-- Basis: 中国共产党党员教育管理工作条例 (2019) Art. 18.
-- Params: excellent_one_in (number above 0, 3: at most a third), above (share, what the review is worth then).
-- Item: the year.   Empty: not_applicable
with asked as (
  select
    max(case when name = 'excellent_one_in' then number end) as one_in,
    max(case when name = 'above' then number end) as above
  from param
),
review as (
  select
    democratic_review.unit_id,
    democratic_review._rec,
    democratic_review.excellent,
    democratic_review.excellent + democratic_review.qualified + democratic_review.basic + democratic_review.unqualified
      as graded
  from democratic_review
  cross join assessment
  where democratic_review._year = assessment.year
)
select
  assessed_unit.unit_id,
  'year' as item,
  1 as due,
  case
    when review._rec is null then 0
    when review.excellent * asked.one_in > review.graded then asked.above
    else 1
  end as done,
  case when review._rec is null then [] else [review._rec] end as records
from assessed_unit
cross join asked
left join review on review.unit_id = assessed_unit.unit_id
