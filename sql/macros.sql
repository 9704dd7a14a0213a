-- Arithmetic that SQL's own division would do in floating point.

-- micro(x): x in whole millionths, rounded half up.
create or replace macro micro(x) as cast(cast(cast(x as decimal(18, 6)) as decimal(28, 6)) * 1000000 as hugeint);

-- millionths(x): the same in 64 bits, of x below a million.
create or replace macro millionths(x) as cast(cast(x as decimal(18, 6)) * 1000000 as bigint);

-- share(part, whole): part / whole, exact, rounded half up to six decimals. Neither may be negative, whole not zero.
-- Below a million, whole numbers of 64 bits hold what is worked out, and are ten times as fast.
create or replace macro share(part, whole) as
cast(
  case
    when part <= 999999 and whole <= 999999
      then cast((2000000 * millionths(part) + millionths(whole)) // (2 * millionths(whole)) as decimal(24, 0))
    else cast((2000000 * micro(part) + micro(whole)) // (2 * micro(whole)) as decimal(24, 0))
  end * 0.000001
  as decimal(18, 6)
);

-- ratio(part, whole, scale): part / whole in units of 1/scale (1000: tenths of a per cent), rounded half up once.
-- Neither may be negative, whole not zero.
create or replace macro ratio(part, whole, scale) as
cast((2 * scale * micro(part) + micro(whole)) // (2 * micro(whole)) as bigint);

-- extended_to(due_on, approved_to, approval_no, years): the last day of a term's extension, or null. Without the number of
-- its approval, or longer than so many years, it is none.
create or replace macro extended_to(due_on, approved_to, approval_no, years) as
case
  when approval_no is not null and approved_to <= cast(due_on + cast(years as integer) * interval 1 year as date)
    then approved_to
end;

-- quantile_of(ordered, n, p): the quantile p of n ordered values by linear interpolation (type 7, PERCENTILE.INC).
create or replace macro quantile_of(ordered, n, p) as
ordered[cast(floor((n - 1) * p) as bigint) + 1]
+ ((n - 1) * p - floor((n - 1) * p))
* (ordered[cast(ceil((n - 1) * p) as bigint) + 1] - ordered[cast(floor((n - 1) * p) as bigint) + 1]);

-- within_unit(x, clamp): x kept between 0 and 1 where `clamp` says so; NaN, which DuckDB takes for the largest, stays NaN.
create or replace macro within_unit(x, clamp) as
case when isnan(x) then x when clamp then least(1, greatest(0, x)) else x end;

-- ratio_or_nan(x, y): x / y in DOUBLE, NaN where y is 0.
create or replace macro ratio_or_nan(x, y) as case when y = 0 then cast('NaN' as double) else x / y end;

-- reference_of(number, name, mean, median): what a value is compared with.
create or replace macro reference_of(number, name, mean, median) as
case name when 'mean' then mean when 'median' then median else number end;

-- rounded(numerator, denominator, mode): numerator / denominator as a whole number: half_up (away from zero), half_even or
-- down (towards zero). The denominator is above zero.
create or replace macro rounded(numerator, denominator, mode) as
sign(numerator) * (
  abs(numerator) // denominator + case
    when mode = 'half_up' and 2 * (abs(numerator) % denominator) >= denominator then 1
    when mode = 'half_even' and 2 * (abs(numerator) % denominator) > denominator then 1
    when
      mode = 'half_even' and 2 * (abs(numerator) % denominator) = denominator
      and (abs(numerator) // denominator) % 2 = 1 then 1
    else 0
  end
);

-- whole(x): a DOUBLE as a whole number, the nearest.
create or replace macro whole(x) as cast(round(x) as hugeint);

-- points(micro): millionths of a point as points with two decimals.
create or replace macro points(micro) as cast(cast(micro // 10000 as decimal(18, 0)) * 0.01 as decimal(9, 2));

-- The mean of a group, summed in unit_id order; of equal values that value itself, whatever their sum rounds to.
create or replace macro mean_of(x, unit_id) as
case when min(x) = max(x) then min(x) else sum(x order by unit_id) / count(*) end;
