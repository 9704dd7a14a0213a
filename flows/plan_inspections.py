"""抽查计划: draw the month's units from the current publication and write the form for the inspectors."""

import datetime as dt
from pathlib import Path
from typing import Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from kaohe.inspections.draw import Draw
from kaohe.inspections.plan import InspectionPlan, Planned
from kaohe.journal import recorded
from kaohe.prefects import left
from kaohe.words import use_language


@task(cache_policy=NO_CACHE)
def draw(plan: InspectionPlan) -> Draw:
    return plan.draw()


@task(cache_policy=NO_CACHE)
def write(plan: InspectionPlan, drawn: Draw) -> Planned:
    return plan.write(drawn)


@flow(name="plan-inspections")
def plan_inspections(
    year: int,
    month: int,
    seed: str | None = None,
    per_month: int | None = None,
    as_of: dt.date | None = None,
    publication: str | None = None,
    home: Path = Path("data"),
    out: Path | None = None,
    lang: Literal["zh", "en"] = "zh",
) -> Planned:
    """Draw the units to inspect in ``month`` and write the workbooks into ``out`` (default: under ``home``/plans)."""
    use_language(lang)
    with recorded(home, "plan-inspections", year) as journal:
        plan = InspectionPlan(year, month, seed, per_month, as_of, publication, home, out)
        planned = write(plan, draw(plan))
        journal.note("ended", publication=planned.facts.publication)
    return left(planned, f"inspection-plan-{year}", planned.sentence, *planned.files)
