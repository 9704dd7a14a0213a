"""公示: the provisional result is opened to view, and the days of appeal begin to run."""

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
    with recorded(home, "public-notice", year) as journal:
        delivery = Delivery(home, year)
        act, unknown = lifecycle.announce(home, year, by, document, reason, on, operator)
        delivered = deliver_published(delivery)
        journal.note("ended", publication=act.publication, troubles=len(delivered.troubles))
    sentence = say("announced", **act.details | {"publication": act.publication})
    done = act, unknown, delivered
    return left(done, f"public-notice-{year}", sentence, in_force(home, year))
