"""The manifest of a publication: what went in, by hash; what was made of it, by count; what made it, by version."""

import datetime as dt
import re
from typing import Any

from kaohe import clock, records
from kaohe.publication import State
from kaohe.warehouse import Warehouse


def _label(heading: str) -> str:
    """A heading up to its colon: what follows (填报人：…) may be a name."""
    return re.split("[:：]", heading)[0][:20]


def manifest(warehouse: Warehouse, name: str, state: State, identity: dict[str, Any]) -> dict[str, Any]:
    """The manifest as it is written to manifest.json; only ``created_at`` differs between two equal runs. ``identity``
    has the inputs, what of them could not be read, and since when a source that is down is as it is."""
    counts = {
        table: {"records_in": came, "records_used": used, "records_quarantined": aside, "other_year": other}
        for table, came, used, aside, other in warehouse.rows("select * from main.record_count")
    }
    return {
        "publication": name,
        "state": state,
        "created_at": clock.now().astimezone(dt.UTC).isoformat(timespec="seconds"),
        **{
            total: sum(count[total] for count in counts.values())
            for total in ("records_in", "records_used", "records_quarantined", "other_year")
        },
        "tables": counts,
        "quarantined_by_reason": dict(
            warehouse.rows(
                "select reason, count(*) from main.quarantine group by reason order by count(*) desc, reason"
            )
        ),
        "flagged": warehouse.rows("select count(*) from main.flagged")[0][0],
        "versions": [list(pair) for pair in records.versions(warehouse, counts)],
        "left_out": [
            {"file": file, "sheet": sheet, "row": row, "reason": reason}  # the text may hold names
            for file, sheet, row, reason in warehouse.rows(
                "select _file, _sheet, _row, reason from meta.left_out order by all"
            )
        ],
        "sheets": [
            {
                "file": file,
                "sheet": sheet,
                "hidden": hidden,
                "hidden_rows": hidden_rows,
                "table": table,
                "rows": rows,
                "fits": fits,
                "missing": missing,
                "unknown_headings": [_label(heading) for heading in unknown],
            }
            for file, sheet, hidden, hidden_rows, table, rows, fits, missing, unknown in warehouse.rows(
                "select _file, _sheet, hidden, hidden_rows, table_name, rows, fits, missing, unknown_headings "
                "from meta.sheet order by _file, _sheet, table_name nulls last, rows"
            )
        ],
        **identity,
    }
