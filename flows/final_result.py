"""定稿: the announced or reviewed result becomes final, and is frozen."""

import datetime as dt
from pathlib import Path
from typing import Literal

from prefect import flow

from flows.delivery import deliver_published
from kaohe.delivery import Delivered, Delivery
from kaohe.journal import recorded
from kaohe.lifecycle import steps as lifecycle
from kaohe.lifecycle.acts import Act
from kaohe.prefects import left
from kaohe.publication import in_force
from kaohe.words import say, use_language


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
    with recorded(home, "final-result", year) as journal:
        delivery = Delivery(home, year)
        act = lifecycle.finalize(home, year, by, document, reason, on, operator)
        delivered = deliver_published(delivery)
        journal.note("ended", publication=act.publication, troubles=len(delivered.troubles))
    sentence = say("finalized", **act.details | {"publication": act.publication})
    return left((act, delivered), f"final-result-{year}", sentence, in_force(home, year))
