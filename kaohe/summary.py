"""What a run says at its end, read from the publication itself: counts, reasons, top and bottom units, where it is."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import polars as pl
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from kaohe.contracts import Contracts, load_contracts
from kaohe.delivery import Delivered
from kaohe.lifecycle.acts import Act, Log
from kaohe.project import Project
from kaohe.publication import (
    CHANGES,
    CHECK_UP,
    MANIFEST,
    NOTICE_DOCX,
    NOTICE_PDF,
    PAGE,
    QUARANTINE,
    SCORES,
    SCORES_PARQUET,
    UNITS,
    WORKBOOK,
    before_folders,
)
from kaohe.publication.manifest import read_manifest
from kaohe.publication.snapshot import Snapshot
from kaohe.publication.wording import intervals, state_of
from kaohe.publishing.workbook import sheet_remarks
from kaohe.run import GREAT_EXPECTATIONS, Outcome
from kaohe.sources.gathering import outage_sentence
from kaohe.words import clauses, say

_TOP, _BOTTOM = 10, 5
_FILES = 10
#: So many of what to look at are named.
_EXAMPLES = 3
#: Beside a rank interval that overlaps that of the unit above.
_OVERLAPS = "≈"


def print_summary(console: Console, outcome: Outcome) -> None:
    """Print the summary of a run; a source that is down comes first of all."""
    for name, down in outcome.gathered.down.items():
        console.print(Text(outage_sentence(name, down), style="bold red"), soft_wrap=True)
    folder = outcome.publication
    manifest = read_manifest(folder)
    contracts = load_contracts(Project.find().expectations)
    for sentence in outcome.pulled.unreadable.values():
        console.print(Text(say("summary_unreadable", sentence=sentence), style="bold red"))
    for name, rows in outcome.gathered.changes.items():
        if rows:
            counts = {"came": rows.came, "vanished": rows.vanished, "changed": rows.changed}
            console.print(say("summary_source", table=name, rows=rows.rows, **counts), soft_wrap=True)
    for path in outcome.pulled.removed:
        console.print(Text(say("summary_removed", file=path), style="yellow"))
    if outcome.frozen:
        console.print(say("summary_final", year=manifest["year"], publication=folder.name), soft_wrap=True)
    elif outcome.held_back:
        console.print(Text(say("summary_held_back", **held_back(outcome.held_back)), style="bold"), soft_wrap=True)
    elif outcome.translated:
        console.print(Text(say("summary_translated"), style="bold"), soft_wrap=True)
    elif not outcome.new:
        console.print(Text(say("summary_nothing_new"), style="bold"))
    lost = pl.read_csv(folder / QUARANTINE, infer_schema=False).filter(
        (pl.col("table_name") == "org_unit") & (pl.col("reason") != "duplicate")
    )
    for unit in lost.iter_rows(named=True):  # said first: all its records are "unknown unit"
        row = say("row", row=unit["_row"])
        place = " · ".join(part for part in (unit["_file"], unit["_sheet"], row) if part)
        console.print(Text(say("summary_unit_lost", place=place, problems=unit["problems"]), style="bold red"))
    for one, other in manifest.get("versions", []):
        console.print(Text(say("summary_versions", one=one, other=other), style="bold red"), soft_wrap=True)
    if manifest["as_of"] > (today := outcome.started.date().isoformat()):
        sentence = say("summary_as_of_to_come", as_of=manifest["as_of"], today=today)
        console.print(Text(sentence, style="bold red"), soft_wrap=True)
    console.print(_counts(manifest, contracts), _reasons(manifest))
    _remarks(console, manifest, contracts)
    scores = pl.read_parquet(folder / SCORES_PARQUET, glob=False)
    with Snapshot(folder) as snapshot:
        held = intervals(snapshot)
        for line in _examples(snapshot, manifest):
            console.print(Text(line), soft_wrap=True)
    for category in scores["category"].unique().sort(descending=True):
        console.print(_league(category, scores.filter(pl.col("category") == category), held))
    if (scores["status"] == "pending").any():
        console.print(Text(say("pending_totals"), style="yellow"), soft_wrap=True)
    if any(overlaps for _, overlaps in held.values()):
        console.print(Text(say("summary_overlaps", mark=_OVERLAPS), style="dim"), soft_wrap=True)
    if "compared_with" in manifest:
        units, earlier = manifest["changed_units"], manifest["compared_with"]
        console.print(say("summary_changed", count=units, publication=earlier), soft_wrap=True)
        for appeal in manifest["upheld_unchanged"]:
            console.print(Text(say("summary_upheld_unchanged", appeal=appeal), style="yellow"), soft_wrap=True)
    state, as_of = state_of(manifest), manifest["as_of"]
    console.print(
        say("summary_published", state=state, publication=manifest["publication"], as_of=as_of), soft_wrap=True
    )
    faces = [name for face in (PAGE, WORKBOOK, NOTICE_PDF, NOTICE_DOCX) for name in (face, before_folders(face))]
    for name in (*faces, CHANGES, SCORES, QUARANTINE, MANIFEST):
        if (folder / name).exists():
            console.print(f"  {folder / name}", soft_wrap=True, highlight=False)
    if (folder / UNITS).exists():
        sheets = say("summary_sheets", count=len(manifest["units"]), file=CHECK_UP)
        console.print(f"  {folder / UNITS} {sheets}", soft_wrap=True, highlight=False)
    if outcome.new:
        log = Log.read(folder.parent)
        console.print(say("log_head", number=len(log.acts), sha256=log.head), soft_wrap=True)
    print_delivered(console, outcome.delivered)


def held_back(act: Act) -> dict[str, str]:
    """Who went back from which publication, when and why."""
    when = dt.datetime.fromisoformat(act.office_time).strftime("%Y-%m-%d %H:%M")
    return {"publication": act.details["instead_of"], "by": act.by, "when": when, "reason": act.reason}


def print_delivered(console: Console, delivered: Delivered) -> None:
    """Print how many were reached, and why the others were not; nothing if nothing was to be delivered."""
    if delivered.sent or delivered.before or delivered.failed or delivered.doubtful:
        console.print(delivered.sentence, soft_wrap=True)
    for sentence in delivered.errors:
        console.print(Text(sentence, style="bold red"), soft_wrap=True)
    for sentence in delivered.doubts:
        console.print(Text(sentence, style="yellow"), soft_wrap=True)


def print_timings(console: Console, outcome: Outcome, total: float) -> None:
    """Print how long each step took; own work is everything but starting Prefect and Great Expectations."""
    own = {step: took for step, took in outcome.timings.items() if step != GREAT_EXPECTATIONS}
    for step, took in outcome.timings.items():
        console.print(f"  {say(f'timing_{step}'):<24}{took:6.2f} s", highlight=False)
    console.print(say("timing_own", seconds=f"{sum(own.values()):.2f}"), highlight=False)
    console.print(say("timing_total", seconds=f"{total:.2f}"), highlight=False)


def _counts(manifest: dict[str, Any], contracts: Contracts) -> Table:
    keys = ("records_in", "records_used", "records_quarantined", "other_year")
    table = Table(title=say("sheet_data_title"), title_justify="left")
    table.add_column(say("heading_table"))
    for key in keys:
        table.add_column(say(f"heading_{key}"), justify="right")
    for name, count in manifest["tables"].items():
        if count["records_in"]:
            table.add_row(contracts[name].title, *(str(count[key]) for key in keys))
    table.add_section()
    table.add_row(say("whole"), *(str(manifest[key]) for key in keys), style="bold")
    return table


def _reasons(manifest: dict[str, Any]) -> Group:
    lines = [
        say("summary_reason", reason=say(f"reason_{reason}"), count=count)
        for reason, count in manifest["quarantined_by_reason"].items()
    ]
    if manifest["flagged"]:
        lines.append(say("summary_flagged", count=manifest["flagged"]))
    if manifest["left_out"]:
        lines.append(say("summary_left_out", count=len(manifest["left_out"])))
    return Group(*(Text(line) for line in lines))


def _examples(snapshot: Snapshot, manifest: dict[str, Any]) -> Iterator[str]:
    """The first few cells that could not be read, records that were flagged, and records of other years; where the rest
    of them is listed."""
    bad = snapshot.rows(
        "select _file, _sheet, _row, problems from main.quarantine where reason = 'bad_cell' order by all"
    )
    flagged = snapshot.rows("select _file, _sheet, _row, sentence from main.flagged order by all")
    others: list[tuple[Any, ...]] = []
    for table, count in manifest["tables"].items():
        if count["other_year"] and snapshot.has(table):
            others += snapshot.rows(
                f"select _file, _sheet, _row, _year from main.{table} where _year <> ? order by all limit {_EXAMPLES}",
                [manifest["year"]],
            )
    others = [(*place, say("summary_of_year", year=year)) for *place, year in others]
    for title, sheet, found in (
        (say("reason_bad_cell"), "sheet_quarantine", bad),
        (say("sheet_flagged"), "sheet_flagged", flagged),
        (say("heading_other_year"), "sheet_data", others),
    ):
        for file, of_file, row, sentence in found[:_EXAMPLES]:
            place = " · ".join(part for part in (file, of_file, say("row", row=row)) if part)
            yield say("with_colon", before=f"{title} · {place}", after=sentence)
        if found:
            yield say("summary_examples", file=WORKBOOK, sheet=say(sheet))


def _remarks(console: Console, manifest: dict[str, Any], contracts: Contracts) -> None:
    not_read = [sheet for sheet in manifest["sheets"] if sheet["table"] is None]
    for sheet in not_read[:_FILES]:
        place = " · ".join(part for part in (sheet["file"], sheet["sheet"]) if part)
        console.print(
            Text(say("with_colon", before=place, after=clauses(sheet_remarks(sheet, contracts))), style="yellow"),
            soft_wrap=True,
        )
    if len(not_read) > _FILES:
        console.print(say("summary_more_sheets", count=len(not_read) - _FILES, file=WORKBOOK))


def _league(category: str, scores: pl.DataFrame, held: dict[str, tuple[str, bool]]) -> Table:
    table = Table(title=category + say("in_brackets", text=scores.height), title_justify="left")
    for name in ("rank", "rank_interval", "unit_name", "total", "grade", "status"):
        right = name in ("rank", "rank_interval", "total")
        table.add_column(say(f"heading_{name}"), justify="right" if right else "left")
    rows = list(scores.iter_rows(named=True))
    shown = rows if len(rows) <= _TOP + _BOTTOM + 1 else [*rows[:_TOP], None, *rows[-_BOTTOM:]]
    for row in shown:
        if row is None:
            table.add_row(*"…" * 6)
            continue
        status = "" if row["status"] == "scored" else say(f"status_{row['status']}")
        marks = [
            status,
            f"{say('heading_veto')} {row['veto']}" if row["veto"] else "",
            say("heading_tied") if row["tied"] else "",
            say("heading_quota_tie") if row["quota_tie"] else "",
        ]
        rank = "—" if row["rank"] is None else str(row["rank"])
        interval, overlaps = held.get(row["unit_id"], ("—", False))
        grade, said = row["grade"] or "—", " ".join(m for m in marks if m)
        interval = f"{_OVERLAPS} {interval}" if overlaps else interval
        table.add_row(rank, interval, row["unit_name"], f"{row['total']:.2f}", grade, said)
    return table
