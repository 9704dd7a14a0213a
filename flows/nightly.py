"""每晚: the annual assessment of every year of the schedule; a night that was missed is caught up once."""

from pathlib import Path
from typing import Literal, cast

from prefect import flow

from flows.annual_assessment import annual_assessment
from kaohe.journal import recorded
from kaohe.night import begun
from kaohe.prefects import said, skipped
from kaohe.run import Outcome
from kaohe.serving.missed import caught_up_by
from kaohe.words import use_language


@flow(name="nightly", persist_result=False)
def nightly(
    home: Path = Path("data"),
    inbox: Path | None = None,
    sources: Path | None = None,
    years: list[int] | None = None,
    lang: Literal["zh", "en"] = "zh",
) -> list[int]:
    """Assess the ``years`` (those of the schedule of ``home``), one after another: what fails in one does not keep the
    next from running, and is said at the end. Gives the years that were run."""
    use_language(lang)
    if other := caught_up_by():
        return cast(list[int], skipped(other))
    with recorded(home, "nightly", None) as journal:
        night = begun(home, inbox, sources, years)
        for year in night.years:
            try:
                came: Outcome | Exception = annual_assessment(**night.question(year), lang=lang)
            except Exception as error:
                came = error
            night.after(year, came)
        sentence = night.end()
        journal.note("ended")
    return said(night.years, sentence)
