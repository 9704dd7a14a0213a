"""kaohe (考核): a year of Party-building records in, scores that leadership can trust out."""

import os

__version__ = "0.1.0"

# Nothing phones home: set before Prefect or Great Expectations can be imported by anyone.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
