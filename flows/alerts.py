"""预警: the alerts of the publication in force as a workbook: collect → write. Nothing is worked out anew."""

from pathlib import Path
from typing import Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from kaohe.alerts import Found, Question
from kaohe.journal import recorded
from kaohe.prefects import left
from kaohe.scheme.parts import Level
from kaohe.words import say, use_language


@task(cache_policy=NO_CACHE)
def collect(question: Question) -> Found:
    return question.collect()


@task(cache_policy=NO_CACHE)
def write(question: Question, found: Found) -> Path:
    return question.write(found)


@flow(name="alerts")
def alerts(
    home: Path = Path("data"),
    year: int | None = None,
    kinds: list[str] | None = None,
    level: Level = "notice",
    restricted: bool = False,
    out: Path | None = None,
    lang: Literal["zh", "en"] = "zh",
) -> Path:
    """Write the alerts of ``year`` (the latest published) to ``out`` (``home``/alerts/year); gives the workbook."""
    use_language(lang)
    with recorded(home, "alerts", year) as journal:
        question = Question(home, year, kinds or [], level, restricted, out)
        path = write(question, collect(question))
        journal.note("ended")
    return left(path, f"alerts-{question.year}", say("out_written", path=path), path)
