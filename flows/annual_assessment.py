"""年度考核: pull → validate → score → publish → deliver. The command line and the scheduler start this same flow."""

import datetime as dt
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from prefect import State, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import FailedRun
from prefect.states import Failed

from flows.delivery import deliver_published
from kaohe.delivery import Delivery
from kaohe.homelock import WAIT_SECONDS
from kaohe.journal import recorded
from kaohe.prefects import leave_artifacts, said
from kaohe.run import Outcome, Run, conclude
from kaohe.sources.gathering import Reading
from kaohe.words import use_language


@task(task_run_name="read {source}", cache_policy=NO_CACHE, persist_result=False)
def read(source: str, reading: Reading) -> State[Any] | None:
    """Read a source; failed, with the sentence that says why, if it is down."""
    sentence = reading()
    return Failed(message=sentence) if sentence else None


def read_as_a_task(source: str, reading: Reading) -> None:
    """A source that is down is a failed task, and the run goes on with what it last gave."""
    with suppress(FailedRun):
        read(source, reading)


@task(cache_policy=NO_CACHE)
def pull(run: Run) -> None:
    run.pull(read_as_a_task)


@task(cache_policy=NO_CACHE)
def validate(run: Run) -> None:
    run.validate()


@task(cache_policy=NO_CACHE)
def score(run: Run) -> None:
    run.score()


@task(cache_policy=NO_CACHE)
def publish(run: Run) -> None:
    run.publish()


@flow(name="annual-assessment", persist_result=False)
def annual_assessment(
    year: int,
    inbox: Path | None = None,
    as_of: dt.date | None = None,
    scheme: Path | None = None,
    home: Path = Path("data"),
    lang: Literal["zh", "en"] = "zh",
    strict: bool = False,
    sources: Path | None = None,
    full_refresh: bool = False,
    wait_seconds: float = WAIT_SECONDS,
    operator: str = "",
) -> Outcome:
    """Score the records in ``inbox``, and of the sources file, for ``year`` and publish under ``home``; publishes
    nothing if nothing changed, and reads nothing if the year's result is final. ``full_refresh``: databases and APIs
    are read from the start; ``wait_seconds``: how long to wait for another run on the home to end; ``operator``: who
    started it, for the log, else ``KAOHE_OPERATOR`` or the account. What is outstanding is delivered in any case."""
    use_language(lang)
    with recorded(home, "annual-assessment", year) as journal:
        delivery = Delivery(home, year, wait_seconds=wait_seconds)
        with Run(inbox, year, as_of, scheme, home, strict, sources, full_refresh, wait_seconds, operator) as run:
            if not run.frozen:
                pull(run)
            new = not (run.frozen or run.up_to_date)
            if new:
                validate(run)
                score(run)
                publish(run)
            outcome = run.outcome(new)
        outcome.delivered = deliver_published(delivery)
        conclude(outcome, journal)
    return said(outcome, leave_artifacts(outcome))
