"""The sheets that list what was published: points, intervals, lost points, alerts, quarantine, warnings, data."""

import json
from typing import Any

import polars as pl

from kaohe.book import Book
from kaohe.contracts import Contracts
from kaohe.publication.snapshot import Snapshot
from kaohe.publication.wording import interval
from kaohe.scheme import Scheme
from kaohe.words import clauses, listed, say

#: Level of an alert → colour band.
ALERT_BANDS = {"urgent": 3, "warning": 2, "notice": 1}
_REASONS = ("bad_cell", "unknown_unit", "conflict", "rule", "duplicate")


def write_robustness(book: Book, snapshot: Snapshot, scheme: Scheme, note: str) -> None:
    """How far ranks and scores hold, unit by unit; and which choice or indicator they hang on."""
    grades = [grade.title for grade in scheme.grades.values()]
    shares = {(unit, grade): share for unit, grade, share in snapshot.rows("select * from main.grade_probability")}
    rows = [
        [category, rank, name, interval(low, high), *middle, interval(least, most)]
        + [shares.get((unit, grade)) for grade in grades]
        for unit, category, rank, name, low, high, *middle, least, most in snapshot.rows(
            "select unit_id, category, rank, unit_name, rank_low, rank_high, overlaps_above, rank_median, rank_mean, "
            "score_low, score_high from main.rank_interval join main.scores using (unit_id, rank) "
            "order by category desc, rank, unit_id"
        )
    ]
    names = ("category", "rank", "unit_name", "rank_interval", "overlaps_above", "rank_median", "rank_mean")
    headings = [say(f"heading_{name}") for name in (*names, "score_interval")]
    headings += [say("heading_grade_share", grade=grade) for grade in grades]
    percent = dict.fromkeys(range(len(headings) - len(grades), len(headings)), "0.0%")
    book.sheet(
        say("sheet_interval"), say("sheet_interval_title"), note, headings, rows, freeze_columns=3,
        number_formats=percent,
    )  # fmt: skip
    factors = [
        [say("varied_choice"), say(f"factor_{factor}"), *numbers, None]
        for factor, *numbers in snapshot.rows("select * from main.sensitivity")
    ]
    leaves = [
        [say("varied_leaf"), title, None, None, mean, most]
        for title, mean, most in snapshot.rows(
            "select title, mean_shift, max_shift from main.leave_one_out join main.scheme_node on node = indicator "
            "order by mean_shift desc, max_shift desc, position"
        )
    ]
    columns = ("choice", "item_varied", "first_order", "total_order", "mean_shift", "max_shift")
    headings = [say(f"heading_{name}") for name in columns]
    book.sheet(say("sheet_robustness"), say("sheet_robustness_title"), note, headings, [*factors, *leaves])


def write_indicators(book: Book, snapshot: Snapshot, note: str) -> None:
    """Every unit and indicator on a row of its own: weights, what was due and done, points, status and the rule."""
    found = snapshot.frame(
        "select scores.category, scores.rank, scores.unit_name, scheme_node.title as indicator, leaf.weight, "
        "leaf.effective_weight, leaf.due, leaf.done, leaf.points, leaf.lost, leaf.status, leaf.not_applicable_rule "
        "from main.indicator_scores as leaf join main.scores on scores.unit_id = leaf.unit_id "
        "join main.scheme_node on scheme_node.node = leaf.indicator "
        "order by scores.category desc, scores.rank nulls last, leaf.unit_id, scheme_node.position"
    )
    said = {status: say(f"status_{status}") for status in found["status"].unique()}
    found = found.with_columns(pl.col("status").replace_strict(said))
    book.sheet(say("sheet_points"), say("sheet_points_title"), note, _headings(found), found.rows(), freeze_columns=4)


def write_corrected(book: Book, snapshot: Snapshot, contracts: Contracts, note: str) -> None:
    """Every cell that was read otherwise than it stands in its file; no sheet if there is none."""
    names = ("before", "after", "remark", "reason", "source_doc", "approver", "_file", "_row")
    rows = []
    for table, key, name, before, after, applied, *rest in snapshot.rows(
        "select table_name, record_key, column_name, before, after, applied, reason, source_doc, approver, _file, _row "
        "from main.corrected"
    ):
        contract = contracts[table]
        remark = say("correction_applied" if applied else "correction_already")
        rows.append([contract.title, key, contract.columns[name].headings[0], before, after, remark, *rest])
    if rows:
        headings = [say(f"heading_{name}") for name in ("table", "record_key", "column", *names)]
        book.sheet(say("sheet_corrected"), say("sheet_corrected_title"), note, headings, rows)


def write_lost(book: Book, snapshot: Snapshot, note: str) -> None:
    """What each lost point hangs on."""
    lost = snapshot.frame("select * from main.lost_points").drop("unit_id")
    book.sheet(say("sheet_lost"), say("sheet_lost_title"), note, _headings(lost), lost.rows(), freeze_columns=3)


def write_alerts(book: Book, snapshot: Snapshot, note: str) -> None:
    """What somebody should look at."""
    found = snapshot.frame(
        "select level, title as alert, unit_name, due_on, sentence, records from main.alerts"
    ).with_columns(
        pl.col("level").replace_strict({level: say(f"level_{level}") for level in ALERT_BANDS}),
        pl.col("unit_name").fill_null(say("bureau")),
    )
    bands = {say(f"level_{level}"): band for level, band in ALERT_BANDS.items()}
    book.sheet(say("sheet_alerts"), say("sheet_alerts_title"), note, _headings(found), found.rows(), bands=bands)


def write_quarantine(book: Book, snapshot: Snapshot, contracts: Contracts, note: str) -> None:
    """What has to be mended first; mere duplicates last."""
    quarantine = snapshot.frame("select * from main.quarantine")
    rows = []
    for row in quarantine.iter_rows(named=True):
        columns = contracts[row["table_name"]].columns
        cells = json.loads(row["record"]).items()
        record = clauses(f"{columns[name].headings[0]} {text}" for name, text in cells if text)
        place = (contracts[row["table_name"]].title, row["_file"], row["_sheet"], row["_row"])
        rows.append((_REASONS.index(row["reason"]), (say(f"reason_{row['reason']}"), *place, row["problems"], record)))
    names = ("reason", "table_name", "_file", "_sheet", "_row", "problems", "record")
    headings = [say(f"heading_{name}") for name in names]
    title = say("sheet_quarantine_title")
    shown = [row for _, row in sorted(rows, key=lambda row: row[0])]
    book.sheet(say("sheet_quarantine"), title, note, headings, shown, single_line=len(names) - 1)


def write_flagged(book: Book, snapshot: Snapshot, contracts: Contracts, note: str) -> None:
    """Records that count but should be checked."""
    flagged = snapshot.frame("select table_name, _file, _sheet, _row, sentence from main.flagged").with_columns(
        pl.col("table_name").replace_strict({name: c.title for name, c in contracts.items()}, default=None)
    )
    book.sheet(say("sheet_flagged"), say("sheet_flagged_title"), note, _headings(flagged), flagged.rows())


def write_data(book: Book, contracts: Contracts, manifest: dict[str, Any], note: str) -> None:
    """How many records of each table there are, and what was not read."""
    tables = manifest["tables"].items()
    rows: list[list[Any]] = [
        [
            contracts[name].title,
            count["records_in"],
            count["records_used"],
            count["records_quarantined"],
            count["other_year"],
        ]
        for name, count in tables
    ]
    rows.append(
        [say("whole"), *(manifest[key] for key in ("records_in", "records_used", "records_quarantined", "other_year"))]
    )
    headings = [
        say(f"heading_{key}") for key in ("table", "records_in", "records_used", "records_quarantined", "other_year")
    ]
    book.sheet(say("sheet_data"), say("sheet_data_title"), note, headings, rows)
    remarks = [[file, "", None, sentence] for file, sentence in manifest["unreadable"].items()]
    remarks += [[s["file"], s["sheet"], None, text] for s in manifest["sheets"] for text in sheet_remarks(s, contracts)]
    remarks += [
        [row["file"], row["sheet"], row["row"], say(f"left_out_{row['reason']}")] for row in manifest["left_out"]
    ]
    headings = [say(f"heading_{key}") for key in ("_file", "_sheet", "_row", "remark")]
    book.sheet(say("sheet_left_out"), say("sheet_left_out_title"), note, headings, remarks)


def sheet_remarks(sheet: dict[str, Any], contracts: Contracts) -> list[str]:
    """What there is to say of a sheet of the manifest: no table found, hidden, headings nobody knows."""
    remarks = []
    if sheet["table"] is None and len(sheet["fits"]) > 1:
        remarks.append(say("sheet_fits_two", tables=listed(contracts[t].title for t in sheet["fits"])))
    elif sheet["table"] is None and sheet["fits"]:
        nearest = contracts[sheet["fits"][0]].title
        remarks.append(say("sheet_lacks", table=nearest, missing=listed(sheet["missing"])))
    elif sheet["table"] is None:
        remarks.append(say("sheet_fits_none"))
    if sheet["hidden"]:
        remarks.append(say("sheet_hidden"))
    if sheet["hidden_rows"]:
        remarks.append(say("sheet_hidden_rows", count=sheet["hidden_rows"]))
    if sheet["unknown_headings"]:
        remarks.append(say("sheet_unknown_headings", headings=listed(sheet["unknown_headings"])))
    return remarks


def _headings(frame: pl.DataFrame) -> list[str]:
    return [say(f"heading_{name}") for name in frame.columns]
