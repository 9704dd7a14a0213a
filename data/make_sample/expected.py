"""What a careful reader must find in the written files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from make_sample.chance import AS_OF, YEAR
from make_sample.flagged import flagged
from make_sample.mess.drawers import plan
from make_sample.records import event_of, table_of, year_of
from make_sample.truth import Truth


@dataclass(frozen=True)
class Expected:
    """The accounting of the written files: records_in = used + quarantined, table by table."""

    records_in: Mapping[str, int]
    used: Mapping[str, int]
    other_year: Mapping[str, int]  # of the used: they belong to another year's assessment
    quarantined: Mapping[str, Mapping[str, int]]  # table → reason → rows
    left_out: Mapping[str, int]  # kind of line → lines: title (above a heading), section (in the body), total, note
    warnings: Mapping[tuple[str, str], int]  # (table, column) → flagged rows


def expected(truth: Truth, as_of: date = AS_OF, year: int = YEAR) -> Expected:
    """Count the rows of the planned files as they must be judged on a day."""
    records_in: Counter[str] = Counter()
    quarantined: dict[str, Counter[str]] = defaultdict(Counter)
    left_out: Counter[str] = Counter()
    for _, pages in plan(truth):
        for line in (line for page in pages for line in page.lines):
            if line.entry is None:
                if line.kind in ("title", "section", "total", "note"):
                    left_out[line.kind] += 1
                continue
            records_in[line.entry.table] += 1
            reason = line.entry.reason or ("rule" if (event_of(line.entry.record) or as_of) > as_of else None)
            if reason:
                quarantined[line.entry.table][reason] += 1
    trusted = truth.trusted(as_of)
    used = Counter(table_of(record) for record in trusted)
    other = Counter(table_of(record) for record in trusted if year_of(record) not in (None, year))
    kept = {table: used[table] for table in records_in}
    return Expected(records_in, kept, other, quarantined, left_out, Counter(flagged(trusted)))
