"""Large assessments in tests: a made-up inbox of Parquet files in which things change from night to night, and all that a
publication says."""

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from kaohe.contracts import Contracts
from kaohe.large.renewing import REGISTRIES
from kaohe.large.run import LargeOutcome, LargeRun
from tests.helpers import YEAR

UNITS = 48
#: A table's records are laid into so many files, of which the last is still to come.
FILES = 4
#: What may happen to some rows of a file, in SQL over its columns: {day} its event's date, {key} the first of its key.
CHANGES = {
    "thinned": "select * from there where not chosen",
    "moved": "select * replace (case when chosen then '{unit}' else unit_id end as unit_id) from there",
    "spaced": "select * replace (case when chosen then ' ' || unit_id else unit_id end as unit_id) from there",
    "named": "select * replace (case when chosen then '{name}' else unit_id end as unit_id) from there",
    "strange": "select * replace (case when chosen then 'nobody' else unit_id end as unit_id) from there",
    "later": "select * replace (case when chosen then {day} + 40 else {day} end as {day}) from there",
    "to_come": "select * replace (case when chosen then date '2024-02-03' else {day} end as {day}) from there",
    "soon": "select * replace (case when chosen then date '2023-11-14' else {day} end as {day}) from there",
    "dateless": "select * replace (case when chosen then null else {day} end as {day}) from there",
    "twice": "select * from there union all select * from there where chosen",
    "conflicting": "select * from there union all select * replace ({day} - 1 as {day}) from there where chosen",
}
DAYS = [dt.date(2024, 3, 31), dt.date(2023, 11, 10), dt.date(2023, 11, 15), dt.date(2023, 11, 28), dt.date(2023, 12, 8)]


def lay_out(whole: Path, out: Path, contracts: Contracts) -> Path:
    """<table>/<number>.parquet: the records of ``whole`` laid into files, registries into one."""
    with duckdb.connect() as con:
        for name in contracts:
            (out / name).mkdir(parents=True)
            parts = 1 if name in REGISTRIES else FILES
            for number in range(parts):
                con.execute(
                    "copy (select * exclude (_n) from (select *, row_number() over () as _n from "
                    f"'{whole}/{name}/*.parquet') where hash(_n) % {parts} = {number}) "
                    f"to '{out}/{name}/{number}.parquet' (format parquet)"
                )
    return out


class Office:
    """An inbox in which things change, and a home that goes on night by night."""

    def __init__(self, folder: Path, pieces: Path, contracts: Contracts) -> None:
        self.folder, self.pieces, self.contracts = folder, pieces, contracts
        self.inbox, self.home = folder / "inbox", folder / "home"
        for name in contracts:
            for path in sorted((pieces / name).iterdir()):
                if path.stem != str(FILES - 1):
                    self.put(name, path.stem)
        self.written = 0

    def path(self, table: str, number: str) -> Path:
        return self.inbox / table / f"{number}.parquet"

    def put(self, table: str, number: str) -> None:
        """A file comes, or is again as it was made."""
        self.path(table, number).parent.mkdir(parents=True, exist_ok=True)
        aside = self.folder / "aside"
        shutil.copyfile(self.pieces / table / f"{number}.parquet", aside)
        aside.replace(self.path(table, number))

    def take(self, table: str, number: str) -> None:
        self.path(table, number).unlink(missing_ok=True)

    def change(self, table: str, number: str, change: str, seed: int, share: int = 5) -> bool:
        """Write a file anew, with some of its rows changed; False if that cannot be of this table."""
        contract, path = self.contracts[table], self.path(table, number)
        day = contract.event_date
        if not path.exists() or ("{day}" in CHANGES[change] and (not day or contract.columns[day].type != "date")):
            return False
        if "unit_id" in CHANGES[change] and "unit_id" not in contract.columns:
            return False
        self.written += 1
        aside = self.folder / f"aside{self.written}.parquet"
        with duckdb.connect() as con:
            units = con.sql(f"select unit_id, name from '{self.path('org_unit', '0')}' order by 1").fetchall()
            unit, name = units[seed % len(units)]
            query = CHANGES[change].format(day=day, unit=unit, name=name)
            there = f"select *, hash(row_number() over () + {seed}) % {share} = 0 as chosen from '{path}'"
            con.execute(f"copy (with there as ({there}) select * exclude (chosen) from ({query})) to '{aside}'")
        aside.replace(path)
        return True

    def run(self, as_of: dt.date) -> LargeOutcome:
        """Run."""
        return LargeRun(self.inbox, YEAR, as_of, home=self.home).go()

    def night(self, as_of: dt.date) -> LargeOutcome:
        """Run, and run anew in another home; both say the same."""
        ran = self.run(as_of)
        with tempfile.TemporaryDirectory(dir=self.folder) as other:
            whole = LargeRun(self.inbox, YEAR, as_of, home=Path(other)).go()
            assert not whole.in_steps
            ours, theirs = said(ran.publication), said(whole.publication)
            differing = [name for name in theirs if ours[name] != theirs[name]]
            assert not differing, {
                name: list(set(map(repr, ours[name])) ^ set(map(repr, theirs[name])))[:6] for name in differing
            }
            if ran.new:
                assert (ran.units, ran.rows, ran.refused, ran.flagged) == (
                    whole.units, whole.rows, whole.refused, whole.flagged
                )  # fmt: skip
        return ran


@contextmanager
def office(pieces: Path, contracts: Contracts) -> Iterator[Office]:
    with tempfile.TemporaryDirectory() as folder:
        yield Office(Path(folder), pieces, contracts)


def said(publication: Path) -> dict[str, Any]:
    """All that a publication says, but for when it was made: rows of Parquet files, in one order, the rest as it is, and
    the hash of each file."""
    found: dict[str, Any] = {}
    with duckdb.connect() as con:
        for name in ("scores", "indicator_scores"):
            files = f"read_parquet('{publication}/{name}/*/*.parquet', hive_partitioning = true)"
            columns = sorted(row[0] for row in con.sql(f"describe select * from {files}").fetchall())
            found[name] = con.sql(f"select {', '.join(columns)} from {files} order by all").fetchall()
        for path in sorted(publication.glob("*.parquet")):
            found[path.name] = con.sql(f"select * from '{path}' order by all").fetchall()
    found |= {path.name: path.read_text(encoding="utf-8") for path in sorted(publication.glob("*.csv"))}
    manifest = json.loads((publication / "manifest.json").read_text(encoding="utf-8"))
    sums = (publication / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    found["files"] = [line for line in sums if not line.endswith("manifest.json")]
    return found | {"manifest": {key: value for key, value in manifest.items() if key != "created_at"}}
