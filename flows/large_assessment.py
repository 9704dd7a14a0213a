"""大范围考核: a city's or a country's organisations from Parquet. One task, for its work is one chain of SQL."""

import datetime as dt
from pathlib import Path
from typing import Literal

from prefect import flow

from kaohe.journal import recorded
from kaohe.large import EngineName
from kaohe.large.run import LargeOutcome, LargeRun
from kaohe.prefects import left
from kaohe.words import say, use_language


@flow(name="large-assessment", persist_result=False)
def large_assessment(
    inbox: Path,
    year: int,
    as_of: dt.date | None = None,
    scheme: Path | None = None,
    home: Path = Path("data"),
    memory: str | None = None,
    engine: EngineName = "duckdb",
    master: str | None = None,
    lang: Literal["zh", "en"] = "zh",
) -> LargeOutcome:
    """Score the Parquet records in ``inbox`` for ``year`` and publish under ``home``/large; publishes nothing if
    nothing changed. ``memory``: the most that DuckDB may hold (``8GB``)."""
    use_language(lang)
    with recorded(home, "large-assessment", year) as journal:
        outcome = LargeRun(inbox, year, as_of, scheme, home, memory, engine=engine, master=master).go()
        journal.note("ended", publication=outcome.publication.name, new=outcome.new, seconds=outcome.seconds)
    counts = {"units": outcome.units, "records": sum(outcome.rows.values()), "parts": outcome.parts}
    sentence = say("large_scored", **counts) if outcome.new else say("summary_nothing_new")
    return left(outcome, f"large-assessment-{year}", sentence, outcome.publication)
