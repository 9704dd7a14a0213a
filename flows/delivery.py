"""送达: the publication in force goes to those named in the delivery file, as far as they have not got it yet."""

from pathlib import Path
from typing import Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from kaohe.delivery import Delivered, Delivery
from kaohe.journal import recorded
from kaohe.prefects import said
from kaohe.words import use_language


@task(cache_policy=NO_CACHE, persist_result=False)
def deliver(delivery: Delivery) -> Delivered:
    return delivery.deliver()


@task(cache_policy=NO_CACHE, persist_result=False)
def deliver_published(delivery: Delivery) -> Delivered:
    return delivery.afterwards()


@flow(name="delivery", persist_result=False)
def delivery(home: Path = Path("data"), year: int | None = None, lang: Literal["zh", "en"] = "zh") -> Delivered:
    """Deliver the publication of ``year`` (the latest published) in force."""
    use_language(lang)
    with recorded(home, "delivery", year) as journal:
        asked = Delivery(home, year)
        delivered = deliver(asked)
        journal.note("ended", troubles=len(delivered.troubles))
    return said(delivered, delivered.sentence)


def deliver_again(asked: Delivery) -> Delivered:
    """Deliver what ``asked`` is for: a flow without parameters, for Prefect's history is to have no addresses."""

    @flow(name="delivery-again", persist_result=False)
    def again() -> Delivered:
        return deliver(asked)

    return again()
