"""公示: the provisional result is opened to view, and the days of appeal begin to run."""

import datetime as dt
from pathlib import Path
from typing import Literal

from prefect import flow

from flows.delivery import deliver_published
from kaohe.delivery import Delivered, Delivery
from kaohe.lifecycle import steps as lifecycle
from kaohe.lifecycle.acts import Act
from kaohe.words import use_language


@flow(name="public-notice", persist_result=False)
def public_notice(
    year: int,
    by: str,
    document: str,
    reason: str = "",
    on: dt.date | None = None,
    home: Path = Path("data"),
    lang: Literal["zh", "en"] = "zh",
    operator: str = "",
) -> tuple[Act, list[dt.date], Delivered]:
    """Announce the current provisional publication of ``year``, approved by somebody other than the ``operator`` (the
    account it runs under); gives the act, the days no calendar knows, and what was delivered."""
    use_language(lang)
    delivery = Delivery(home, year)
    act, unknown = lifecycle.announce(home, year, by, document, reason, on, operator)
    return act, unknown, deliver_published(delivery)
