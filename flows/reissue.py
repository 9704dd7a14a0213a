"""更正重发: a final result is issued anew, with a reason and a list of what changed."""

from pathlib import Path
from typing import Literal

from prefect import flow

from flows.annual_assessment import publish, pull, score, validate
from flows.delivery import deliver_published
from kaohe.delivery import Delivery
from kaohe.prefects import leave_artifacts, said
from kaohe.run import Outcome, Reissue
from kaohe.words import use_language


@flow(name="reissue", persist_result=False)
def reissue(
    inbox: Path | None,
    year: int,
    reason: str,
    by: str,
    document: str,
    scheme: Path | None = None,
    home: Path = Path("data"),
    lang: Literal["zh", "en"] = "zh",
    strict: bool = False,
    sources: Path | None = None,
) -> Outcome:
    """Score the records in ``inbox``, and of the sources file, anew and publish the next revision of the final
    result of ``year``."""
    use_language(lang)
    delivery = Delivery(home, year)
    with Reissue(inbox, year, scheme, home, strict, by, document, reason, sources) as run:
        pull(run)
        validate(run)
        score(run)
        publish(run)
        outcome = run.outcome(new=True)
    outcome.delivered = deliver_published(delivery)
    return said(outcome, leave_artifacts(outcome))
