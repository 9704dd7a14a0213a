"""更正重发: a final result is issued anew, with a reason and a list of what changed."""

from pathlib import Path
from typing import Literal

from prefect import flow

from flows.annual_assessment import publish, pull, score, validate
from flows.delivery import deliver_published
from kaohe.delivery import Delivery
from kaohe.journal import recorded
from kaohe.prefects import leave_artifacts, said
from kaohe.reissue import Reissue
from kaohe.run import Outcome, conclude
from kaohe.words import use_language


@flow(name="reissue", persist_result=False)
def reissue(
    year: int,
    reason: str,
    by: str,
    document: str,
    inbox: Path | None = None,
    scheme: Path | None = None,
    home: Path = Path("data"),
    lang: Literal["zh", "en"] = "zh",
    strict: bool = False,
    sources: Path | None = None,
    operator: str = "",
) -> Outcome:
    """Score the records in ``inbox``, and of the sources file, anew and publish the next revision of the final
    result of ``year``, approved by somebody other than the ``operator`` (the account it runs under)."""
    use_language(lang)
    with recorded(home, "reissue", year) as journal:
        delivery = Delivery(home, year)
        with Reissue(inbox, year, scheme, home, strict, by, document, reason, sources, operator) as run:
            pull(run)
            validate(run)
            score(run)
            publish(run)
            outcome = run.outcome(new=True)
        outcome.delivered = deliver_published(delivery)
        conclude(outcome, journal)
    return said(outcome, leave_artifacts(outcome))
