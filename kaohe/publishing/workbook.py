"""评分表.xlsx: league table per category, a sheet per dimension, lost points, quarantine, warnings, data, method."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from kaohe.book import Book
from kaohe.contracts import Contracts
from kaohe.publication.snapshot import Snapshot
from kaohe.publication.wording import interval, intervals, stale_sources, state_of
from kaohe.publishing.changes import changes
from kaohe.scheme import Scheme
from kaohe.scheme.parts import Leaf
from kaohe.words import say

#: Level of an alert → colour band.
ALERT_BANDS = {"urgent": 3, "warning": 2, "notice": 1}
_REASONS = ("bad_cell", "unknown_unit", "conflict", "rule", "duplicate")


def write_workbook(
    snapshot: Snapshot, contracts: Contracts, scheme: Scheme, manifest: dict[str, Any], path: Path
) -> None:
    """Write the workbook of a publication to ``path``."""
    book = Book(path, scheme.title)
    note = say("sheet_note", state=state_of(manifest), as_of=manifest["as_of"], publication=manifest["publication"])
    if manifest["state"] == "announced":
        note += "    " + say("sheet_notice", **manifest["act"])
    _league_tables(book, snapshot, scheme, "    ".join([*stale_sources(manifest), note]))
    _dimensions(book, snapshot, scheme, note)
    _indicators(book, snapshot, note)
    _robustness(book, snapshot, scheme, note)
    lost = snapshot.frame("select * from main.lost_points").drop("unit_id")
    book.sheet(say("sheet_lost"), say("sheet_lost_title"), note, _headings(lost), lost.rows(), freeze_columns=3)
    if snapshot.has("changed"):
        changed = changes(snapshot)
        title = say("sheet_changed_title", publication=manifest["compared_with"])
        book.sheet(say("sheet_changed"), title, note, changed.columns, changed.rows(), freeze_columns=3)
    _alerts(book, snapshot, note)
    _corrected(book, snapshot, contracts, note)
    _quarantine(book, contracts, snapshot.frame("select * from main.quarantine"), note)
    flagged = snapshot.frame("select table_name, _file, _sheet, _row, sentence from main.flagged").with_columns(
        pl.col("table_name").replace_strict({name: c.title for name, c in contracts.items()}, default=None)
    )
    book.sheet(say("sheet_flagged"), say("sheet_flagged_title"), note, _headings(flagged), flagged.rows())
    _data(book, contracts, manifest, note)
    _method(book, scheme, manifest, note)
    book.book.close()


def _league_tables(book: Book, snapshot: Snapshot, scheme: Scheme, note: str) -> None:
    bands = {grade.title: number for number, grade in enumerate(scheme.grades.values())}
    nodes = snapshot.rows("select unit_id, node, points from main.node_scores")
    points = {(unit, node): value for unit, node, value in nodes}
    held = intervals(snapshot)
    headings = [
        *(say(f"heading_{name}") for name in ("rank", "unit_name", "total", "grade")),
        *(say(f"heading_{name}") for name in ("rank_interval", "overlaps_above")),
        *(node.title for node in scheme.dimensions.values()),
        *(say(f"heading_{name}") for name in ("bonus", "deduction", "veto", "status", "tied", "quota_tie")),
    ]
    scores = list(snapshot.frame("select * from main.scores").iter_rows(named=True))
    for category in sorted({row["category"] for row in scores}, reverse=True):
        rows = []
        for row in (row for row in scores if row["category"] == category):
            numbers = [
                *(row[name] for name in ("total", "grade")),
                *held.get(row["unit_id"], (None, None)),
                *(points.get((row["unit_id"], name)) for name in scheme.dimensions),
                *(row[name] for name in ("bonus", "deduction", "veto")),
            ]
            shown = [None] * len(numbers) if row["status"] == "no_data" else numbers
            marks = [say(f"status_{row['status']}"), row["tied"], row["quota_tie"]]
            rows.append([row["rank"], row["unit_name"], *shown, *marks])
        title = say("sheet_league_title", title=scheme.title, category=category)
        book.sheet(category, title, note, headings, rows, freeze_columns=2, bands=bands)


def _robustness(book: Book, snapshot: Snapshot, scheme: Scheme, note: str) -> None:
    """How far ranks and scores hold, unit by unit; and which choice or indicator they hang on."""
    if not snapshot.has("rank_interval"):
        return
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


def _dimensions(book: Book, snapshot: Snapshot, scheme: Scheme, note: str) -> None:
    """A sheet for each dimension: points of every unit by indicator, or the status that stands for them."""
    found = snapshot.rows("select unit_id, indicator, status, points from main.indicator_scores")
    leaf_scores = {(unit, indicator): scores for unit, indicator, *scores in found}
    nodes = snapshot.rows("select unit_id, node, points from main.node_scores")
    points = {(unit, node): value for unit, node, value in nodes}
    units = snapshot.rows("select unit_id, category, rank, unit_name from main.scores")
    for name, dimension in scheme.dimensions.items():
        leaves = [(entry.name, leaf.title) for entry, leaf in scheme.leaves if entry.dimension == name]
        headings = [say(f"heading_{key}") for key in ("category", "rank", "unit_name")] + [dimension.title]
        headings += [title for _, title in leaves]
        rows = []
        for unit, *place in sorted(units, key=lambda row: row[1], reverse=True):
            row = [*place, points.get((unit, name))]
            for leaf, _ in leaves:
                status, earned = leaf_scores[unit, leaf]
                row.append(say(f"status_{status}") if earned is None else earned)
            rows.append(row)
        book.sheet(dimension.title, f"{dimension.title} · {dimension.weight}", note, headings, rows, freeze_columns=3)


def _indicators(book: Book, snapshot: Snapshot, note: str) -> None:
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


def _corrected(book: Book, snapshot: Snapshot, contracts: Contracts, note: str) -> None:
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


def _alerts(book: Book, snapshot: Snapshot, note: str) -> None:
    found = snapshot.frame(
        "select level, title as alert, unit_name, due_on, sentence, records from main.alerts"
    ).with_columns(
        pl.col("level").replace_strict({level: say(f"level_{level}") for level in ALERT_BANDS}),
        pl.col("unit_name").fill_null(say("bureau")),
    )
    bands = {say(f"level_{level}"): band for level, band in ALERT_BANDS.items()}
    book.sheet(say("sheet_alerts"), say("sheet_alerts_title"), note, _headings(found), found.rows(), bands=bands)


def _quarantine(book: Book, contracts: Contracts, quarantine: pl.DataFrame, note: str) -> None:
    """What has to be mended first; mere duplicates last."""
    rows = []
    for row in quarantine.iter_rows(named=True):
        columns = contracts[row["table_name"]].columns
        cells = json.loads(row["record"]).items()
        record = "；".join(f"{columns[name].headings[0]} {text}" for name, text in cells if text)
        place = (contracts[row["table_name"]].title, row["_file"], row["_sheet"], row["_row"])
        rows.append((_REASONS.index(row["reason"]), (say(f"reason_{row['reason']}"), *place, row["problems"], record)))
    names = ("reason", "table_name", "_file", "_sheet", "_row", "problems", "record")
    headings = [say(f"heading_{name}") for name in names]
    title = say("sheet_quarantine_title")
    shown = [row for _, row in sorted(rows, key=lambda row: row[0])]
    book.sheet(say("sheet_quarantine"), title, note, headings, shown, single_line=len(names) - 1)


def _data(book: Book, contracts: Contracts, manifest: dict[str, Any], note: str) -> None:
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
        remarks.append(say("sheet_fits_two", tables="、".join(contracts[t].title for t in sheet["fits"])))
    elif sheet["table"] is None and sheet["fits"]:
        nearest = contracts[sheet["fits"][0]].title
        remarks.append(say("sheet_lacks", table=nearest, missing="、".join(sheet["missing"])))
    elif sheet["table"] is None:
        remarks.append(say("sheet_fits_none"))
    if sheet["hidden"]:
        remarks.append(say("sheet_hidden"))
    if sheet["hidden_rows"]:
        remarks.append(say("sheet_hidden_rows", count=sheet["hidden_rows"]))
    if sheet["unknown_headings"]:
        remarks.append(say("sheet_unknown_headings", headings="、".join(sheet["unknown_headings"])))
    return remarks


def _method(book: Book, scheme: Scheme, manifest: dict[str, Any], note: str) -> None:
    rows: list[list[Any]] = []
    for entry in scheme.entries:
        row = [entry.name, entry.node.title, entry.weight, None, None, None]
        if isinstance(entry.node, Leaf):
            basis = f"{entry.node.basis.rule} · {entry.node.basis.article}" if entry.node.basis else ""
            params = "；".join(f"{name}：{_spelled(value)}" for name, value in entry.node.params.items())
            row[3:] = [entry.node.measure, params, basis]
        rows.append(row)
    headings = [say(f"heading_{key}") for key in ("node", "indicator", "weight", "measure", "params", "basis")]
    said = say("sheet_method_note", version=manifest["code"]["version"], scheme=manifest["scheme"]["sha256"][:12])
    book.sheet(say("sheet_method"), scheme.title, f"{note}    {said}", headings, rows, freeze_columns=2)


def _spelled(value: Any) -> str:
    match value:
        case dict():
            return "、".join(f"{key} {number}" for key, number in value.items())
        case list():
            return "、".join(str(item) for item in value)
        case _:
            return str(value)


def _headings(frame: pl.DataFrame) -> list[str]:
    return [say(f"heading_{name}") for name in frame.columns]
