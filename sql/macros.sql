-- Arithmetic that SQL's own division would do in floating point.
-- share(part, whole): part / whole, exact, rounded half up to six decimals. Neither may be negative, whole not zero.
create or replace macro share(part, whole) as
  cast(
    cast(
      (2000000 * cast(cast(part as decimal(18, 6)) * 1000000 as hugeint) + cast(cast(whole as decimal(18, 6)) * 1000000 as hugeint))
      // (2 * cast(cast(whole as decimal(18, 6)) * 1000000 as hugeint))
      as decimal(24, 0)
    ) * 0.000001
    as decimal(18, 6)
  );
