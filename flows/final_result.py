"""定稿: the announced or reviewed result becomes final, and is frozen."""

import datetime as dt
from pathlib import Path
from typing import Literal

from prefect import flow

from kaohe import lifecycle
from kaohe.acts import Act
from kaohe.words import use_language


@flow(name="final-result")
def final_result(
    year: int,
    by: str,
    document: str,
    reason: str = "",
    on: dt.date | None = None,
    home: Path = Path("data"),
    lang: Literal["zh", "en"] = "zh",
) -> Act:
    """Make the current publication of ``year`` final."""
    use_language(lang)
    return lifecycle.finalize(home, year, by, document, reason, on)
