-- Arithmetic that SQL's own division would do in floating point.

-- micro(x): x in whole millionths, rounded half up.
create or replace macro micro(x) as cast(cast(cast(x as decimal(18, 6)) as decimal(28, 6)) * 1000000 as hugeint);

-- share(part, whole): part / whole, exact, rounded half up to six decimals. Neither may be negative, whole not zero.
create or replace macro share(part, whole) as
  cast(
    cast((2000000 * micro(part) + micro(whole)) // (2 * micro(whole)) as decimal(24, 0)) * 0.000001
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
