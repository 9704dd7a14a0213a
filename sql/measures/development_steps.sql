-- 发展党员: limits of time and training that fell due for a person, kept.
-- At most so many months: the talk after the application, the meeting after the pre-review, the approval after the
-- meeting; they fall due at the end of the limit. At least so many: months as an activist before becoming an object,
-- hours of training before the meeting, months on probation before full membership; due when that later step is taken.
-- Basis: 中国共产党发展党员工作细则 (2014).   Params: limit (months or hours by step).
-- Dated: the step's own first day (the meeting for training).
-- Item: person and step.   Empty: not_applicable (no limit fell due)
with at_most as (
  select unit_id, _rec, person_id, 'talk' as step, applied_on as begun_on, talked_on as taken_on
  from member_development
  union all
  select unit_id, _rec, person_id, 'meeting' as step, prereview_on as begun_on, meeting_on as taken_on
  from member_development
  union all
  select unit_id, _rec, person_id, 'approval' as step, meeting_on as begun_on, approved_on as taken_on
  from member_development
),
at_least as (
  select unit_id, _rec, person_id, 'activist' as step, activist_on as begun_on, object_on as taken_on
  from member_development
  union all
  select unit_id, _rec, person_id, 'probation' as step, meeting_on as begun_on, regular_on as taken_on
  from member_development
),
limited as (
  select
    at_most.unit_id,
    at_most._rec,
    at_most.person_id,
    at_most.step,
    cast(at_most.begun_on + cast(param.number as integer) * interval 1 month as date) as due_on,
    at_most.taken_on <= cast(at_most.begun_on + cast(param.number as integer) * interval 1 month as date) as kept
  from at_most
  join param
    on param.name = 'limit' and param.key = at_most.step
    and at_most.begun_on between param.effective_from and param.effective_to
  union all
  select
    at_least.unit_id,
    at_least._rec,
    at_least.person_id,
    at_least.step,
    at_least.taken_on as due_on,
    at_least.taken_on >= cast(at_least.begun_on + cast(param.number as integer) * interval 1 month as date) as kept
  from at_least
  join param
    on param.name = 'limit' and param.key = at_least.step
    and coalesce(at_least.begun_on, at_least.taken_on) between param.effective_from and param.effective_to
  union all
  select
    development.unit_id,
    development._rec,
    development.person_id,
    'training' as step,
    development.meeting_on as due_on,
    development.training_hours >= param.number as kept
  from member_development as development
  join param
    on param.name = 'limit' and param.key = 'training'
    and development.meeting_on between param.effective_from and param.effective_to
)
select
  limited.unit_id,
  concat(limited.person_id, ' ', limited.step) as item,
  1 as due,
  case when limited.kept then 1 else 0 end as done,
  [limited._rec] as records
from limited
cross join assessment
where limited.due_on between assessment.year_start and assessment.period_end
