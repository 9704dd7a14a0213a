"""What time it is in the office."""

import datetime as dt
from zoneinfo import ZoneInfo

OFFICE_TIME = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """The moment, in office time."""
    return dt.datetime.now(OFFICE_TIME)


def today() -> dt.date:
    """The office's date."""
    return now().date()
