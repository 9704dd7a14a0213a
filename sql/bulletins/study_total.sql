-- Totals: who was enrolled and took part. Rates in tenths of a per cent, score and hours in tenths.
-- Scores are weighted by enrolled people; score and hours met are of the units that gave them.
-- Grain: one row per compared month, platform (null: all) and category (null: all).
select
  compared,
  platform,
  category,
  count(distinct unit_id) as units,
  cast(sum(enrolled) as bigint) as enrolled,
  cast(sum(active) as bigint) as active,
  case when sum(enrolled) > 0 then ratio(sum(active), sum(enrolled), 1000) end as rate,
  case
    when sum(enrolled) filter (score_per_head is not null) > 0
      then ratio(sum(score_per_head * enrolled), sum(enrolled) filter (score_per_head is not null), 10)
  end as score,
  cast(sum(passed) as bigint) as passed,
  case
    when sum(enrolled) filter (passed is not null) > 0
      then ratio(sum(passed), sum(enrolled) filter (passed is not null), 1000)
  end as met,
  ratio(sum(hours), 1, 10) as hours
from month_stat
group by grouping sets ((compared, platform, category), (compared, platform), (compared, category), (compared))
