"""公示: the provisional result is opened to view, and the days of appeal begin to run."""

import datetime as dt
from pathlib import Path
from typing import Literal

from prefect import flow

from kaohe import lifecycle
from kaohe.acts import Act
from kaohe.words import use_language


@flow(name="public-notice")
def public_notice(
    year: int,
    by: str,
    document: str,
    reason: str = "",
    on: dt.date | None = None,
    home: Path = Path("data"),
    lang: Literal["zh", "en"] = "zh",
) -> tuple[Act, list[dt.date]]:
    """Announce the current provisional publication of ``year``; gives the act and the days no calendar knows."""
    use_language(lang)
    return lifecycle.announce(home, year, by, document, reason, on)
