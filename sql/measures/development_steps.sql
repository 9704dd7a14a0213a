-- 发展党员: limits of time and training that fell due for a person, kept.
-- At most so many months: the talk after the application, the meeting after the pre-review, the approval after the
-- meeting; due when they are over. At least so many months as an activist before becoming an object (发展对象) and on
-- probation before full membership, at least so many hours of training before the meeting; due when the later step was
-- taken.
-- Basis: 中国共产党发展党员工作细则 (2014).
-- Params: limit (integer above 0 by talk|activist|training|meeting|approval|probation, months, for training hours).
-- Dated: the first day of the step (for training the day of the meeting).
-- Item: person and step.   Empty: not_applicable (no limit fell due)
with taken as (
  select
    development.unit_id,
    development._rec,
    development.person_id,
    steps.step,
    steps.step in ('talk', 'meeting', 'approval') as at_most,
    development.training_hours,
    case steps.step
      when 'talk' then development.applied_on
      when 'activist' then development.activist_on
      when 'meeting' then development.prereview_on
      else development.meeting_on
    end as begun_on,
    case steps.step
      when 'talk' then development.talked_on
      when 'activist' then development.object_on
      when 'approval' then development.approved_on
      when 'probation' then development.regular_on
      else development.meeting_on
    end as taken_on
  from member_development as development
  cross join (values ('talk'), ('activist'), ('training'), ('meeting'), ('approval'), ('probation')) as steps (step)
),
limited as (
  select
    taken.*,
    param.number as amount,
    cast(taken.begun_on + cast(param.number as integer) * interval 1 month as date) as over_on
  from taken
  join param
    on
      param.name = 'limit' and param.key = taken.step
      and coalesce(taken.begun_on, taken.taken_on) between param.effective_from and param.effective_to
)
select
  limited.unit_id,
  concat(limited.person_id, ' ', limited.step) as item,
  1 as due,
  case
    when limited.step = 'training' then case when limited.training_hours >= limited.amount then 1 else 0 end
    when limited.at_most and limited.taken_on <= limited.over_on then 1
    when not limited.at_most and limited.taken_on >= limited.over_on then 1
    else 0
  end as done,
  [limited._rec] as records
from limited
cross join assessment
where
  case when limited.at_most then limited.over_on else limited.taken_on end
  between assessment.year_start and assessment.period_end
