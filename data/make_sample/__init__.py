"""The made-up bureau: a seeded generator of the sample data.

Run ``python data/make_sample`` to (re)write ``data/sample/`` and ``docs/sample.md``. The same seed gives the same
bytes, every time and everywhere.

It works in two layers:

1. *The truth* (`build`): clean, typed records of the units, their members and their year, made without touching a
   file, together with the rows that are bad on purpose. `Truth.trusted` says exactly which records may count on a day.
2. *The mess* (`plan`, `write`): the same records written the way real files look: several encodings, merged titles,
   two-row headings, totals, notes, half a dozen ways of writing a date, a unit under four names, tables one under
   another.

`expected` counts what a careful reader must find in the written files, and `describe` says where everything is.
Every person, partner and number here is invented.

| room | what is in it |
|---|---|
| `records.py`, `truth.py` | what a record is, and what is true |
| `stories.py` | the units that show a status, a trap or an alert |
| `bureau/` | the truth, dimension by dimension |
| `spoil/` | rows that are bad on purpose |
| `mess/` | how the files look, and writing them |
| `expected.py`, `describe.py` | what must be found, and where |
"""

from make_sample.bureau import build
from make_sample.chance import AS_OF, SEED, YEAR
from make_sample.describe import describe
from make_sample.expected import Expected, expected
from make_sample.mess.drawers import plan
from make_sample.mess.writing import write
from make_sample.records import (
    EVENT_DATE,
    KEYS,
    TABLES,
    YEAR_COLUMN,
    Records,
    event_of,
    key_of,
    kinds,
    table_of,
    year_of,
)
from make_sample.truth import Entry, Truth

__all__ = [
    "AS_OF",
    "EVENT_DATE",
    "KEYS",
    "SEED",
    "TABLES",
    "YEAR",
    "YEAR_COLUMN",
    "Entry",
    "Expected",
    "Records",
    "Truth",
    "build",
    "describe",
    "event_of",
    "expected",
    "key_of",
    "kinds",
    "plan",
    "table_of",
    "write",
    "year_of",
]
