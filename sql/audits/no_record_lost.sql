-- Records in = used + quarantined, table by table.
select table_name, records_in, records_used, records_quarantined
from record_count
where records_in <> records_used + records_quarantined
