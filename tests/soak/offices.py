"""A small made-up office and what a year brings it, for the long proofs."""

import hashlib
import json
from pathlib import Path
from typing import Any

from kaohe.explaining import Explainer
from kaohe.lifecycle.damage import verify
from kaohe.publication import MANIFEST, SNAPSHOT, SUMS, pointed_at
from kaohe.publication.manifest import read_manifest
from kaohe.publication.method import method_of
from kaohe.publication.snapshot import Snapshot
from kaohe.warehouse import Warehouse
from tests.helpers import CHECK, FINDING, YEAR, check, registry, write_csv
from tests.office import CALENDAR

UNITS = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")


def hand_in(inbox: Path) -> None:
    """What the office has at first: a registry, checks in two files, and the calendar."""
    write_csv(inbox / "名册.csv", registry(*UNITS))
    rows = check("C1", "办公室", flags="1110"), check("C2", "法规处"), check("C3", "水务中心", 2, flags="1100")
    write_csv(inbox / "抽查.csv", [CHECK, *rows])
    write_csv(inbox / "抽查二.csv", [CHECK, check("C4", "办公室", 2), check("C5", "没有这个单位", 2)])
    days = [[day.isoformat(), "是" if worked else "否"] for day, worked in CALENDAR.items()]
    write_csv(inbox / "日历.csv", [["日历日期", "是否工作日"], *days])


def change(inbox: Path) -> None:
    """A file changed, one gone, one new, a record that conflicts, a row that cannot be typed, a file that cannot be read."""
    rows = check("C1", "办公室", flags="1111"), check("C2", "法规处", flags="0111"), check("C3", "水务中心", 2)
    write_csv(inbox / "抽查.csv", [CHECK, *rows, check("C6", "办公室", on="三月里")])
    (inbox / "抽查二.csv").unlink()
    write_csv(inbox / "抽查三.csv", [CHECK, check("C2", "法规处", flags="0110"), check("C7", "水务中心")])
    write_csv(
        inbox / "问题.csv",
        [FINDING, ["F1", "C1", "办公室", "一般", "记录不全", "2023-03-05", "2023-04-05", "", "整改中"]],
    )
    (inbox / "坏的.xlsx").write_bytes(b"PK\x03\x04 not a workbook")


def look_at(publication: Path) -> None:
    """Read a publication as people and programs do. Raises ``AssertionError`` if it is not whole."""
    listed = dict(reversed(line.split("  ", 1)) for line in (publication / SUMS).read_text("utf-8").splitlines())
    there = {path.relative_to(publication).as_posix(): path for path in publication.rglob("*") if path.is_file()}
    assert listed.keys() | {SUMS} == there.keys(), listed.keys() ^ there.keys()
    for name, sha256 in listed.items():
        assert hashlib.sha256(there[name].read_bytes()).hexdigest() == sha256, name
    manifest = read_manifest(publication)
    assert manifest["publication"] == publication.name
    with Snapshot(publication) as snapshot:
        scores = snapshot.rows("select unit_id, total from main.scores order by unit_id")
        assert [unit for unit, _ in scores] == sorted(unit for unit, *_ in UNITS)
        for table, records, used, quarantined in snapshot.rows(
            "select table_name, records_in, records_used, records_quarantined from main.record_count"
        ):
            assert records == used + quarantined, table


def explain(home: Path, publication: Path) -> None:
    """Ask why every unit lost what it lost."""
    manifest = read_manifest(publication)
    contracts, scheme = method_of(home, manifest)
    with Snapshot(publication) as snapshot:
        assert len(list(Explainer(snapshot, manifest, contracts, scheme).explain_all())) == len(UNITS)


def current(home: Path) -> Path | None:
    """The publication in force."""
    return pointed_at(home / "published" / str(YEAR))


def state(home: Path) -> dict[str, Any]:
    """All that two homes with the same history have in common. Raises ``AssertionError`` if this one is not whole."""
    publication = current(home)
    assert publication
    look_at(publication)
    explain(home, publication)
    assert verify(home, YEAR) == []
    with Warehouse(home) as warehouse:
        tables = warehouse.rows(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('raw', 'typed', 'meta') order by all"
        )
        records = {f"{schema}.{name}": _digest(warehouse, f"{schema}.{name}") for schema, name in tables}
    with Snapshot(publication) as snapshot:
        results = {
            name: _digest(snapshot, name)
            for (name,) in snapshot.rows("select table_name from duckdb_tables() order by all")
        }
    lines = (publication.parent / "acts.jsonl").read_text("utf-8").splitlines()
    ledgers = sorted((home / "ledgers").rglob("*.csv"))
    return {
        "publication": publication.name,
        "records": records,
        "results": results,
        "files": {
            name: sha256 for name, sha256 in _files(publication).items() if name not in (SNAPSHOT, MANIFEST, SUMS)
        },
        "acts": [_act(json.loads(line)) for line in lines],
        "ledgers": {path.relative_to(home).as_posix(): _sha256(path) for path in ledgers},
        "kept": sorted(path.name for path in (home / "warehouse" / "inputs").iterdir() if path.suffix != ".part"),
    }


def _act(act: dict[str, Any]) -> dict[str, Any]:
    """An act without the hashes of files, among them the snapshot's: its bytes differ from run to run."""
    details = {name: value for name, value in act["details"].items() if name != "files"}
    return {**act, "before": None, "details": details}


def _digest(tables: Warehouse | Snapshot, name: str) -> str:
    rows = tables.rows(f"select * from {name} order by all")
    return f"{len(rows)} {hashlib.sha256(repr(rows).encode()).hexdigest()}"


def _files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
