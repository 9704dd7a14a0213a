-- No item of an indicator that is scored as a share did more than was due, or less than nothing; no item stands twice.
select measured.indicator, measured.unit_id, measured.item, count(*) as times
from measured
join scheme_indicator on scheme_indicator.evidence = measured.indicator
group by measured.indicator, measured.unit_id, measured.item
having
  count(*) > 1
  or bool_or(
    scheme_indicator.section = 'base' and scheme_indicator.rule = 'share'
    and not coalesce(measured.done between 0 and measured.due and measured.due > 0, false)
  )
