-- 分层分类指导: the tier of a unit (B or C, or as the bureau set it) with its reasons. The bureau's latest entry of the year
-- decides; else the scores propose: C if any rule of C holds, B if any of B does. A weak unit (C) that nobody has
-- followed up in the year is urgent.
-- Basis: 2023年党建工作要点·分层分类指导.
-- Params: below (number above 0 by any of B|C, total), not_reported (integer above 0 by any of B|C, indicators),
-- veto (integer above 0 by any of B|C, vetoes), last (integer above 0 by any of B|C, places from the end of the category),
-- reason (text by set|proposed|below|not_reported|veto|last|unvisited).
-- Item: tier; number = total, text = reasons.
with word as (
  select key, text from param where name = 'reason'
),
entry as (
  select
    guidance_log.*,
    row_number() over (
      partition by guidance_log.unit_id
      order by guidance_log.followed_up_on desc nulls first, guidance_log.guidance_id desc
    ) as latest
  from guidance_log
  cross join assessment
  where guidance_log.followed_up_on is null or guidance_log.followed_up_on between assessment.year_start and assessment.as_of
),
logged as (
  select
    unit_id,
    max(case when latest = 1 then tier end) as tier,
    max(case when latest = 1 then reason end) as reason,
    bool_or(followed_up_on is not null) as visited,
    list(_rec) as records
  from entry
  group by unit_id
),
fact as (
  select scores.unit_id, 'below' as rule, scores.total as value, 1 as position
  from scores
  where scores.status <> 'no_data'
  union all
  select unit_id, 'not_reported' as rule, count(*) as value, 2 as position
  from indicator_scores
  where status = 'not_reported'
  group by unit_id
  union all
  select scores.unit_id, 'veto' as rule, 1 as value, 3 as position
  from scores
  where scores.veto is not null
  union all
  select unit_id, 'last' as rule, ranked_units - rank - sharing + 2 as value, 4 as position
  from unit_rank
  where rank > 1
),
reached as (
  select fact.unit_id, fact.rule, fact.position, max(param.key) as tier
  from fact
  join param
    on
      param.name = fact.rule
      and case
        when fact.rule = 'below' then fact.value < param.number
        when fact.rule = 'last' then fact.value <= param.number
        else fact.value >= param.number
      end
  group by fact.unit_id, fact.rule, fact.position
),
proposed as (
  select
    reached.unit_id,
    max(reached.tier) as tier,
    string_agg(coalesce(word.text, reached.rule), '、' order by reached.position) as reason
  from reached
  left join word on word.key = reached.rule
  group by reached.unit_id
),
tiered as (
  select
    scores.unit_id,
    scores.total,
    coalesce(logged.tier, proposed.tier) as tier,
    case
      when logged.tier is null then concat((select text from word where key = 'proposed'), proposed.reason)
      else concat((select text from word where key = 'set'), logged.reason)
    end as reason,
    coalesce(logged.visited, false) as visited,
    logged.records
  from scores
  left join logged on logged.unit_id = scores.unit_id
  left join proposed on proposed.unit_id = scores.unit_id
)
select
  unit_id,
  tier as item,
  case when tier <> 'C' then 'notice' when visited then 'warning' else 'urgent' end as level,
  null as due_on,
  null as days,
  total as number,
  case
    when tier = 'C' and not visited then concat(reason, '；', (select text from word where key = 'unvisited'))
    else reason
  end as text,
  records
from tiered
where tier is not null
