-- 学时达标率: people who met their study hours, of those enrolled on the platform, month by month, against the target.
-- Basis: 2023年党建工作要点·学情通报.   Params: platform (study_stat.platform), target (share above 0).
-- Item: month closed by the as-of date (a month with nobody enrolled is no item).   Empty: not_applicable
with target as (
  select
    max(case when name = 'platform' then text end) as platform,
    max(case when name = 'target' then number end) as rate
  from param
)
select
  month_due.unit_id,
  month_due.item,
  1 as due,
  least(1, coalesce(share(stat.passed, stat.enrolled * target.rate), 0)) as done,
  case when stat._rec is null then [] else [stat._rec] end as records
from month_due
cross join target
left join study_stat as stat
  on stat.unit_id = month_due.unit_id and stat.period = month_due.month_start and stat.platform = target.platform
where stat.enrolled is null or stat.enrolled > 0
