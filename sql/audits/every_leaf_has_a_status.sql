-- Every assessed unit has every indicator, each with a status of the vocabulary; not_applicable says by which rule.
select assessed_unit.unit_id, scheme_indicator.indicator, indicator_scores.status
from assessed_unit
cross join scheme_indicator
left join indicator_scores
  on indicator_scores.unit_id = assessed_unit.unit_id and indicator_scores.indicator = scheme_indicator.indicator
where
  scheme_indicator.section <> 'veto'
  and (
    coalesce(indicator_scores.status, '') not in ('shown', 'not_applicable', 'pending', 'not_reported', 'scored')
    or indicator_scores.status = 'not_applicable' and indicator_scores.not_applicable_rule is null
  )
