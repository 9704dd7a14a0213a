"""What a run leaves on Prefect's page: the result by category, what was set aside and why, where the files are.

Nothing of a person and no cell of a record: Prefect's history is read by whoever looks after the machine.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from kaohe.contracts import load_contracts
from kaohe.project import Project
from kaohe.publication import (
    MANIFEST,
    NOTICE_DOCX,
    NOTICE_PDF,
    PAGE,
    QUARANTINE,
    SCORES,
    SCORES_PARQUET,
    UNITS,
    WORKBOOK,
)
from kaohe.publication.manifest import read_manifest
from kaohe.publication.wording import state_of
from kaohe.run import Outcome
from kaohe.sources.gathering import outage_sentence
from kaohe.words import say


@dataclass(frozen=True)
class Artifact:
    """``key``: of lower-case letters, digits and hyphens, one for each year; ``table``: rows by heading, or
    ``markdown``."""

    key: str
    description: str
    table: list[dict[str, Any]] | None = None
    markdown: str = ""


def artifacts(outcome: Outcome) -> Iterator[Artifact]:
    """What is to be seen of a run on Prefect's page."""
    folder = outcome.publication
    manifest = read_manifest(folder)
    year, said = manifest["year"], what_came_of_it(outcome)
    yield Artifact(f"result-{year}", said, table=_result(pl.read_parquet(folder / SCORES_PARQUET, glob=False)))
    titles = {name: contract.title for name, contract in load_contracts(Project.find().expectations).items()}
    aside = pl.read_csv(folder / QUARANTINE, columns=["table_name", "reason"], infer_schema=False)
    counts = {"count": manifest["records_quarantined"], "of": manifest["records_in"]}
    yield Artifact(f"quarantine-{year}", say("artifact_quarantine", **counts), table=_quarantine(aside, titles))
    yield Artifact(f"files-{year}", said, markdown=_files(outcome, said))


def what_came_of_it(outcome: Outcome) -> str:
    """A run in one sentence."""
    manifest = read_manifest(outcome.publication)
    name, year = manifest["publication"], manifest["year"]
    if outcome.frozen:
        return say("summary_final", year=year, publication=name)
    if not outcome.new:
        return say("artifact_nothing_new", year=year, publication=name)
    return say("artifact_published", year=year, state=state_of(manifest), publication=name, as_of=manifest["as_of"])


def _result(scores: pl.DataFrame) -> list[dict[str, Any]]:
    """A row for each category: units, ranked units, totals, grades."""
    rows = []
    for category in scores["category"].unique().sort(descending=True):
        units = scores.filter(pl.col("category") == category)
        totals = units.filter(pl.col("rank").is_not_null())["total"].cast(pl.Float64).sort().to_list()
        grades = units["grade"].drop_nulls().value_counts(sort=True).rows()
        row: dict[str, Any] = {"category": category, "units": units.height, "ranked": len(totals)}
        for name, which in (("highest", max), ("median", median), ("lowest", min)):
            row[name] = f"{which(totals):.2f}" if totals else "—"
        row["grades"] = say("between_counts").join(f"{grade} {count}" for grade, count in grades) or "—"
        rows.append({say(f"artifact_column_{name}"): cell for name, cell in row.items()})
    return rows


def _quarantine(aside: pl.DataFrame, titles: dict[str, str]) -> list[dict[str, Any]]:
    """A row for each table and reason."""
    counted = (
        aside.group_by("table_name", "reason")
        .len()
        .sort("len", "table_name", "reason", descending=[True, False, False])
    )
    return [
        {
            say("artifact_column_table"): titles.get(table, table),
            say("artifact_column_reason"): say(f"reason_{reason}"),
            say("artifact_column_records"): count,
        }
        for table, reason, count in counted.iter_rows()
    ]


def _files(outcome: Outcome, said: str) -> str:
    folder = outcome.publication.resolve()
    lines = [said, ""]
    lines += [f"- {outage_sentence(name, down)}" for name, down in outcome.gathered.down.items()]
    if unreadable := len(outcome.pulled.unreadable):
        lines.append(f"- {say('artifact_unreadable', count=unreadable)}")
    if failed := len(outcome.delivered.failed) + len(outcome.delivered.doubtful) + len(outcome.delivered.wrong):
        lines.append(f"- {say('artifact_undelivered', count=failed)}")
    names = (PAGE, WORKBOOK, NOTICE_PDF, NOTICE_DOCX, UNITS, SCORES, QUARANTINE, MANIFEST)
    lines += ["", *listing(folder / name for name in names if (folder / name).exists())]
    return "\n".join(lines)


def listing(files: Iterable[Path]) -> list[str]:
    """Where files are, in lines of Markdown; none if there are none."""
    lines = [f"- `{path.resolve()}`" for path in files]
    return [say("artifact_files"), "", *lines] if lines else []
