"""Publish: write aside, audit, make current. Readers only ever see a whole publication.

``home/published/<year>/<publication id>/`` never changes once it stands; the file ``CURRENT`` names the one in force
and is replaced atomically, by the year's proceedings (lifecycle/proceedings.py), once its log says so.
"""

import datetime as dt
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaohe import clock
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.explaining import Explainer
from kaohe.project import Project, file_hashes
from kaohe.publication import (
    ALERTS,
    CHANGES,
    FACES,
    LEADERSHIP,
    MANIFEST,
    NOTICE_DOCX,
    NOTICE_PDF,
    PAGE,
    PARQUET,
    QUARANTINE,
    SCORES,
    SNAPSHOT,
    SUMS,
    WORKBOOK,
    State,
    before_folders,
    pointed_at,
)
from kaohe.publication.manifest import read_manifest
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing.changes import changes
from kaohe.publishing.check_up import CheckUps
from kaohe.publishing.csv_files import write_csv
from kaohe.publishing.manifest import manifest
from kaohe.safely import flush_folder, flush_tree, for_its_owner_to_write, make_folder, replace
from kaohe.scheme import Scheme
from kaohe.sqltext import literal
from kaohe.warehouse import Warehouse, as_sentences
from kaohe.words import speaking

_SNAPSHOT = (
    *PARQUET,
    "node_scores",
    "leaf_score",
    "extra_score",
    "rank_interval",
    "grade_probability",
    "sensitivity",
    "leave_one_out",
    "lost_points",
    "node_median",
    "month_system",
    "corrected",
    "record_count",
    "unit_name",
    "assessment",
    "scheme_node",
    "scheme_indicator",
    "scheme_param",
    "scheme_grade",
    "scheme_alert",
    "measure_table",
    "systems",
)

#: Files at the top that say in which state a publication is, those of earlier versions among them; they are written
#: anew for another one, as all in its folders is.
_OF_ITS_STATE = (*map(before_folders, FACES), MANIFEST, SUMS)

_EARLIER_SCORE = (
    "create or replace table main.earlier_score (is_last boolean, publication varchar, year integer, unit_id varchar, "
    "category varchar, total decimal(9,2), rank integer, ranked integer, grade varchar)"
)

#: The alerts that a publication has: all but the restricted ones.
_ALERTS = "from main.alerts where not restricted"


@dataclass(frozen=True)
class Edition:
    """What a publication is, beside its numbers. ``said``: more for its manifest (the act behind it, how far the log
    had come); ``compared``: the warehouse says what has changed since an earlier one."""

    name: str
    state: State
    said: dict[str, Any] = field(default_factory=dict)
    compared: bool = False


def point(folder: Path, name: str) -> None:
    """Make publication ``name`` the one in force. A folder in the place of CURRENT is moved aside."""
    path = folder / "CURRENT"
    if path.is_dir():
        path.rename(path.with_name(f"{path.name}.changed-{clock.now():%Y%m%d-%H%M%S}"))
    replace(path, f"{name}\n".encode())


def compare(warehouse: Warehouse, sql: Path, earlier: Path) -> int:
    """Make ``main.changed``: what differs between the scores in the warehouse and an earlier publication's. Gives how
    many units."""
    with attached(warehouse, earlier):
        query = (sql / "publications" / "changed.sql").read_text(encoding="utf-8")
        warehouse.con.execute(f"create or replace table main.changed as {query}")
    ((units,),) = warehouse.rows("select count(distinct unit_id) from main.changed")
    return int(units)


def look_back(warehouse: Warehouse, sql: Path, last: Path | None, years: Iterable[Path]) -> None:
    """Make ``main.earlier_score``: where the units stood in the publication that this one takes the place of
    (``is_last``), and in those of earlier years."""
    query = (sql / "publications" / "earlier_score.sql").read_text(encoding="utf-8")
    warehouse.con.execute(_EARLIER_SCORE)
    for publication in (*years, *([last] if last else [])):
        if (publication / SNAPSHOT).exists():
            with attached(warehouse, publication):
                more = [publication == last, publication.name]
                warehouse.con.execute(f"insert into main.earlier_score select ?, ?, * from ({query}\n)", more)


@contextmanager
def attached(warehouse: Warehouse, publication: Path) -> Iterator[None]:
    """The tables of a publication, in the schema ``earlier``."""
    with as_sentences(publication / SNAPSHOT):
        warehouse.con.execute(f"attach {literal(publication / SNAPSHOT)} as earlier (read_only)")
        try:
            yield
        finally:
            warehouse.con.execute("detach earlier")


def publish(
    warehouse: Warehouse,
    contracts: Contracts,
    scheme: Scheme,
    folder: Path,
    edition: Edition,
    identity: dict[str, Any],
) -> Path:
    """Write the run's tables as a publication under ``folder``, unless it stands there already."""
    target = folder / edition.name
    if not target.exists():
        with _written(target) as aside:
            _write_tables(warehouse, contracts, edition, aside)
            said = manifest(warehouse, edition.name, edition.state, identity) | edition.said
            said["units"] = _folders_before(folder)
            _write_faces(contracts, scheme, said, aside)
    return target


def _folders_before(folder: Path) -> dict[str, str]:
    """The folders that the publication in force gave the units; it may be of a version that gave none."""
    last = pointed_at(folder)
    found: dict[str, str] = read_manifest(last).get("units", {}) if last and (last / MANIFEST).exists() else {}
    return found


def restate(source: Path, edition: Edition, contracts: Contracts, scheme: Scheme) -> Path:
    """Write the scores of publication ``source`` anew in another state; its tables are copied as they are.

    Raises ``KaoheError`` for a publication by an earlier version, whose snapshot lacks what the page needs.
    """
    before = read_manifest(source)
    with Snapshot(source) as snapshot:
        if not snapshot.has("earlier_score"):
            raise KaoheError("publication_old", publication=source.name)
    said = before | {
        "publication": edition.name,
        "state": edition.state,
        "created_at": clock.now().astimezone(dt.UTC).isoformat(timespec="seconds"),
        "restated_from": source.name,
        **edition.said,
    }
    target = source.parent / edition.name
    with _written(target) as aside, speaking(before["language"]):
        for path in sorted(source.iterdir()):
            if path.is_file() and path.name not in _OF_ITS_STATE:
                shutil.copyfile(path, aside / path.name)
        _write_faces(contracts, scheme, said, aside)
    return target


def write_snapshot(warehouse: Warehouse, contracts: Contracts, folder: Path) -> None:
    """The run's tables as a snapshot in ``folder``, without a publication around it."""
    _write_snapshot(warehouse, contracts, [*_SNAPSHOT], folder / SNAPSHOT)


@contextmanager
def _written(target: Path) -> Iterator[Path]:
    """A folder beside ``target`` to write in, which takes its place once all is written; else nothing is left of it."""
    folder, aside = target.parent, target.parent / f".{target.name}.part"
    try:
        make_folder(folder)
        for leftover in folder.glob(".*.part"):
            shutil.rmtree(leftover, ignore_errors=True)
        aside.mkdir()
        yield aside
        for_its_owner_to_write(aside)
        flush_tree(aside)
        aside.rename(target)
        flush_folder(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_tables(warehouse: Warehouse, contracts: Contracts, edition: Edition, aside: Path) -> None:
    """The numbers and records: what stays the same through all states."""
    for table in PARQUET:
        path = literal(aside / f"{table}.parquet")
        warehouse.con.execute(f"copy (select * from main.{table}) to {path} (format parquet)")
    write_csv(warehouse.frame("select * from main.scores"), aside / SCORES)
    looked_back = ["earlier_score", *(["changed"] if edition.compared else [])]
    _write_snapshot(warehouse, contracts, [*_SNAPSHOT, *looked_back], aside / SNAPSHOT)
    with Snapshot(aside) as snapshot:
        write_csv(snapshot.frame("select * from main.quarantine"), aside / QUARANTINE)
        write_csv(snapshot.frame("select * exclude (restricted) from main.alerts"), aside / ALERTS)
        if edition.compared:
            write_csv(changes(snapshot), aside / CHANGES)


def _write_faces(contracts: Contracts, scheme: Scheme, said: dict[str, Any], aside: Path) -> None:
    """What says which state the publication is in: made from its snapshot and its manifest alone."""
    # Here, since most commands look at publications and few write one.
    from kaohe.publishing.check_up_pdf import unit_folders, write_check_ups
    from kaohe.publishing.document_docx import write_docx
    from kaohe.publishing.document_pdf import write_pdf
    from kaohe.publishing.notice import TEMPLATE as NOTICE_TEMPLATE
    from kaohe.publishing.notice import notice, notice_template
    from kaohe.publishing.page import write_page
    from kaohe.publishing.workbook import write_workbook

    (aside / LEADERSHIP).mkdir()
    with Snapshot(aside) as snapshot:
        check_ups = CheckUps(snapshot, scheme, said)
        sheets = [check_ups.check_up(found) for found in Explainer(snapshot, said, contracts, scheme).explain_all()]
        words = file_hashes(Project.find().templates, NOTICE_TEMPLATE)
        named = ((sheet["id"], sheet["name"]) for sheet in sheets)
        said |= {"units": unit_folders(named, said.get("units")), "words": words}
        write_workbook(snapshot, contracts, scheme, said, aside / WORKBOOK)
        write_page(snapshot, contracts, scheme, said, check_ups, sheets, aside / PAGE)
        write_check_ups(sheets, said, aside)
        document = notice(snapshot, scheme, said, notice_template(Project.find()))
        write_docx(document, aside / NOTICE_DOCX)
        write_pdf(document, aside / NOTICE_PDF)
    text = json.dumps(said, ensure_ascii=False, indent=2, default=str)
    (aside / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
    sums = file_hashes(aside, "**/*").items()
    (aside / SUMS).write_text("".join(f"{sha256}  {path}\n" for path, sha256 in sums), encoding="utf-8", newline="\n")


def _write_snapshot(warehouse: Warehouse, contracts: Contracts, results: list[str], path: Path) -> None:
    """A DuckDB file of the trusted tables and the results, in a format that DuckDB 1.5 opens too."""
    public = [table for table, contract in contracts.items() if not contract.restricted]
    restricted = [table for table, contract in contracts.items() if contract.restricted]
    con = warehouse.con
    con.execute(f"attach {literal(path)} as snapshot (storage_version 'v1.5.0', block_size 16384)")
    try:
        for table in [*public, *results]:
            private = contracts[table].private_columns if table in contracts else []
            left_out = f" exclude ({', '.join(private)})" if private else ""
            con.execute(f"create table snapshot.{table} as select *{left_out} from main.{table}")
        con.execute(f"create table snapshot.alerts as select * {_ALERTS}")
        for table in ("quarantine", "flagged"):  # chosen, not deleted afterwards: that would leave traces in the file
            query = f"select * from main.{table} where not list_contains(?, table_name)"
            con.execute(f"create table snapshot.{table} as {query}", [restricted])
    finally:
        con.execute("detach snapshot")
