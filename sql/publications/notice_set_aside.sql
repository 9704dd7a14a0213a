-- Records in quarantine that somebody has to mend (a mere duplicate is none).   Grain: one row per reason.
select reason, count(*) as records
from quarantine
where reason <> 'duplicate'
group by reason
order by records desc, reason
