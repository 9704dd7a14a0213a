-- Imputation: a missing value becomes the mean or median of the units of its group, else of all units (OECD/JRC handbook,
-- step 3). Only for indicators that say so, and where the indicator is for the unit.
-- Grain: one row per variant, unit and indicator with a statistical rule and a value.
with leaf as (
  select
    leaf_known.variant,
    leaf_known.unit_id,
    leaf_known.indicator,
    leaf_known.status,
    leaf_known.left_out,
    leaf_known.denominated as value,
    scheme_indicator.impute_with,
    unit_attribute.text as family
  from leaf_known
  join scheme_indicator
    on scheme_indicator.variant = leaf_known.variant and scheme_indicator.indicator = leaf_known.indicator
  left join unit_attribute
    on unit_attribute.unit_id = leaf_known.unit_id and unit_attribute.name = scheme_indicator.impute_by
  left join screened on screened.variant = leaf_known.variant and screened.unit_id = leaf_known.unit_id
  where not leaf_known.exact and screened.unit_id is null
),
of_family as (
  select variant, indicator, family, mean_of(value, unit_id) as mean, median(value) as median
  from leaf
  where value is not null and impute_with is not null and family is not null
  group by variant, indicator, family
),
of_all as (
  select variant, indicator, mean_of(value, unit_id) as mean, median(value) as median
  from leaf
  where value is not null and impute_with is not null
  group by variant, indicator
)
select
  leaf.variant,
  leaf.unit_id,
  leaf.indicator,
  leaf.value is null as is_imputed,
  coalesce(
    leaf.value,
    case leaf.impute_with
      when 'mean' then coalesce(of_family.mean, of_all.mean)
      when 'median' then coalesce(of_family.median, of_all.median)
    end
  ) as value
from leaf
left join of_family
  on of_family.variant = leaf.variant and of_family.indicator = leaf.indicator and of_family.family = leaf.family
left join of_all on of_all.variant = leaf.variant and of_all.indicator = leaf.indicator
where
  leaf.value is not null
  or (leaf.impute_with is not null and not leaf.left_out and leaf.status <> 'pending' and of_all.mean is not null)
