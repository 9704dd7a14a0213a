-- 先进典型·荣誉 (bonus): honors granted in the year, each case once, at its highest level. Some titles have points of
-- their own.
-- Basis: 2023年党建工作要点·先进典型选树.
-- Params: points (number above 0 by honor.level), title (number above 0 by text, the honor's title).
-- Item: case, else the honor.   Empty: not_applicable
select
  honor.unit_id,
  coalesce(honor.case_key, concat('荣誉 ', honor.honor_id)) as item,
  null as due,
  max(coalesce(titled.number, levelled.number)) as done,
  list(honor._rec) as records
from honor
cross join assessment
join param as levelled on levelled.name = 'points' and levelled.key = honor.level
left join param as titled on titled.name = 'title' and titled.key = honor.title
where honor._year = assessment.year
group by 1, 2
