"""定稿: the announced or reviewed result becomes final, and is frozen."""

import datetime as dt
from pathlib import Path
from typing import Literal

from prefect import flow

from flows.delivery import deliver_published
from kaohe.delivery import Delivered, Delivery
from kaohe.lifecycle import steps as lifecycle
from kaohe.lifecycle.acts import Act
from kaohe.words import use_language


@flow(name="final-result", persist_result=False)
def final_result(
    year: int,
    by: str,
    document: str,
    reason: str = "",
    on: dt.date | None = None,
    home: Path = Path("data"),
    lang: Literal["zh", "en"] = "zh",
    operator: str = "",
) -> tuple[Act, Delivered]:
    """Make the current publication of ``year`` final, approved by somebody other than the ``operator`` (the account it
    runs under); gives the act and what was delivered."""
    use_language(lang)
    delivery = Delivery(home, year)
    return lifecycle.finalize(home, year, by, document, reason, on, operator), deliver_published(delivery)
