-- Records whose key was handed in more than once, and what becomes of them.
-- Runs once per source table: `record` stands for its rows, typed and with units resolved.
-- Grain: one row per record to be set aside.
-- duplicate: the same key with the same cells; the record with the lowest _rec is kept, the others are set aside.
-- conflict: the same key with different cells; nobody can say which is right, so all are set aside.
with counted as (
  select
    _rec,
    count(*) over (partition by _key) as times,
    min(_cells) over (partition by _key) <> max(_cells) over (partition by _key) as differs,
    min(_rec) over (partition by _key) as first_rec,
    max(_rec) over (partition by _key) as last_rec
  from record
  where _key is not null
)
select
  _rec,
  case when differs then 'conflict' else 'duplicate' end as rule,
  case when _rec = first_rec then last_rec else first_rec end as other_rec    -- one to compare it with
from counted
where times > 1 and (differs or _rec <> first_rec)
