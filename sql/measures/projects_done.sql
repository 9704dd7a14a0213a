-- 结对项目: projects agreed with partners of the kind that fell due in the year, done by the as-of date.
-- Basis: 2023年党建工作要点·结对共建.   Params: partner_type (any of pairing_agreement.partner_type).
-- Item: project due.   Empty: not_applicable (no project was due)
select
  agreement.unit_id,
  project.item_id as item,
  1 as due,
  case when project.done_on <= assessment.as_of then 1 else 0 end as done,
  [project._rec] as records
from pairing_item as project
join pairing_agreement as agreement on agreement.agreement_id = project.agreement_id
cross join assessment
where
  project.kind = '项目'
  and agreement.partner_type in (select text from param where name = 'partner_type')
  and year(project.due_on) = assessment.year
  and project.due_on <= assessment.as_of
