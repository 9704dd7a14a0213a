-- 重点群体培训: members of the group who have the study hours of the year and the courses for the group.
-- Basis: 中国共产党党员教育管理工作条例 (2019) Arts 20 and 23, 2019—2023年全国党员教育培训工作规划.
-- Params: trainee_group (training_record.trainee_group), hours (number), courses (integer).
-- Item: member of the group at the end of the period, not exempt.   Empty: not_applicable (nobody is of the group)
with asked as (
  select
    max(case when name = 'trainee_group' then text end) as trainee_group,
    max(case when name = 'hours' then number end) as hours,
    max(case when name = 'courses' then number end) as courses
  from param
),
trainee as (
  select
    unit_id,
    member_id,
    case
      when status = '预备' then '预备党员'
      when role in ('书记', '班子') then '书记班子'
      when role = '党务干部' then '党务干部'
      else '党员'
    end as trainee_group
  from member_now
  where not exempt
),
trained as (
  -- all of a person's hours count, whichever unit filed them
  select
    training.member_id,
    sum(training.hours) as hours,
    sum(case when training.trainee_group = asked.trainee_group then 1 else 0 end) as courses,
    list(training._rec) as records
  from training_record as training
  cross join asked
  cross join assessment
  where
    training._year = assessment.year
    and training.member_id in (
      select trainee.member_id
      from trainee
      join asked on asked.trainee_group = trainee.trainee_group
    )
  group by training.member_id
)
select
  trainee.unit_id,
  trainee.member_id as item,
  1 as due,
  case
    when coalesce(trained.hours, 0) >= asked.hours and coalesce(trained.courses, 0) >= asked.courses then 1
    else 0
  end as done,
  trained.records
from trainee
join asked on asked.trainee_group = trainee.trainee_group
left join trained on trained.member_id = trainee.member_id
