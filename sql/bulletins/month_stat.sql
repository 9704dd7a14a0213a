-- Study figures of the month and of the months it is compared with. Nobody counts twice: of a unit at most those
-- enrolled took part; `reported` is what it handed in (重复参学).
-- Grain: one row per compared month, platform and unit.
select
  compared.name as compared,
  study_stat.platform,
  study_stat.unit_id,
  org_unit.category,
  study_stat.enrolled,
  least(study_stat.active, study_stat.enrolled) as active,
  study_stat.active as reported,
  study_stat.score_per_head,
  study_stat.hours,
  study_stat.passed
from study_stat
join compared on compared.month_start = study_stat.period
join org_unit on org_unit.unit_id = study_stat.unit_id
