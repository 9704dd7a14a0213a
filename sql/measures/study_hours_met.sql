-- 学时达标率: people who met their study hours, of those enrolled on the platform, month by month, against the target.
-- Basis: 2023年党建工作要点·学情通报.   Params: platform, target.
-- Item: month closed by the as-of date (a month with nobody enrolled is no item).   Empty: not_reported
with target as (
  select
    max(case when name = 'platform' then text end) as platform,
    max(case when name = 'target' then number end) as rate
  from param
),
stat as (
  select study_stat.*
  from study_stat
  join target on target.platform = study_stat.platform
)
select
  month_due.unit_id,
  month_due.item,
  1 as due,
  least(1, coalesce(share(stat.passed, stat.enrolled * target.rate), 0)) as done,
  list(stat._rec order by stat._rec) filter (where stat._rec is not null) as records
from month_due
cross join target
left join stat on stat.unit_id = month_due.unit_id and stat.period = month_due.month_start
where stat.enrolled is null or stat.enrolled > 0
group by all
