"""送达: the publication in force goes to those named in the delivery file, as far as they have not got it yet."""

from pathlib import Path
from typing import Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from kaohe.delivery import Delivered, Delivery
from kaohe.words import use_language


@task(cache_policy=NO_CACHE)
def deliver(delivery: Delivery, again: str | None) -> Delivered:
    return delivery.deliver(again)


@task(cache_policy=NO_CACHE)
def deliver_published(delivery: Delivery) -> Delivered:
    return delivery.afterwards()


@flow(name="delivery")
def delivery(
    home: Path = Path("data"),
    year: int | None = None,
    again: str | None = None,
    lang: Literal["zh", "en"] = "zh",
) -> Delivered:
    """Deliver the publication of ``year`` (the latest published) in force; ``again``: to this recipient, whatever was
    sent before."""
    use_language(lang)
    return deliver(Delivery(home, year), again)
