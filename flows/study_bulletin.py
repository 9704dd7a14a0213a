"""学情通报: the study bulletin of a month, from the publication in force: work out → write."""

from pathlib import Path
from typing import Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from kaohe.bulletin import Bulletin, Written
from kaohe.bulletin.figures import Figures
from kaohe.journal import recorded
from kaohe.prefects import left
from kaohe.words import say, use_language


@task(cache_policy=NO_CACHE)
def work_out(bulletin: Bulletin) -> Figures:
    return bulletin.work_out()


@task(cache_policy=NO_CACHE)
def write(bulletin: Bulletin, figures: Figures) -> Written:
    return bulletin.write(figures)


@flow(name="study-bulletin")
def study_bulletin(
    year: int,
    month: int,
    home: Path = Path("data"),
    out: Path | None = None,
    lang: Literal["zh", "en"] = "zh",
) -> Written:
    """Write the bulletin of a month as .docx, .pdf and .xlsx to ``out`` (``home``/bulletins/year-month)."""
    use_language(lang)
    with recorded(home, "study-bulletin", year) as journal:
        bulletin = Bulletin(year, month, home, out)
        written = write(bulletin, work_out(bulletin))
        journal.note("ended", publication=written.figures.publication)
    done = {"publication": written.figures.publication, "as_of": written.figures.as_of}
    return left(written, f"study-bulletin-{year}", say("bulletin_done", title=written.title, **done), *written.files)
