"""Whatever changes from one night to the next: a large run that goes on from the last one says what a whole run says."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe.contracts import Contracts, load_contracts
from kaohe.large.run import LargeOutcome, LargeRun
from kaohe.project import Project
from tests.helpers import YEAR, Result
from tests.large import make_inbox, said

UNITS = 80
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


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(Project.find().expectations)


@pytest.fixture(scope="module")
def pieces(sample: Result, contracts: Contracts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """<table>/<number>.parquet: the records of all units, and the registries as they are."""
    whole = make_inbox(sample.home, tmp_path_factory.mktemp("made"), UNITS)
    out = tmp_path_factory.mktemp("pieces")
    with duckdb.connect() as con:
        for name in contracts:
            (out / name).mkdir()
            parts = 1 if name in ("org_unit", "unit_alias", "work_calendar") else FILES
            for number in range(parts):
                con.execute(
                    f"copy (select * exclude (_n) from (select *, row_number() over () as _n from "
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
        shutil.copyfile(self.pieces / table / f"{number}.parquet", self.path(table, number))

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

    def night(self, as_of: dt.date) -> LargeOutcome:
        """Run, and run anew in another home; both say the same."""
        ran = LargeRun(self.inbox, YEAR, as_of, home=self.home).go()
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


LAST = DAYS[0]
TABLES = [
    "org_life_record", "party_member", "training_record", "talk_record", "inspection", "inspection_finding",
    "pairing_agreement", "pairing_activity", "pairing_item", "study_stat", "honor", "notice", "rectification",
    "appeal_request", "frontline_post", "campaign_session", "integrity_risk", "task_breakdown", "democratic_review",
    "election", "innovation_case", "secretary_meeting", "org_unit",
]  # fmt: skip
NUMBER = st.integers(0, FILES - 1).map(str)
EVENT = st.tuples(
    st.sampled_from(TABLES[:-1] * 3 + TABLES[-1:]), NUMBER, st.sampled_from(["come", "go", *CHANGES] ),
    st.integers(0, 10**6),
)  # fmt: skip
NIGHTS = st.lists(st.tuples(st.lists(EVENT, max_size=5), st.sampled_from([*DAYS, None, None])), min_size=2, max_size=4)


def play(made: Office, nights: list[tuple[list[tuple[str, str, str, int]], dt.date | None]]) -> list[bool]:
    """Let nights pass; gives which of them went on from the one before."""
    day, in_steps = DAYS[1], []
    made.night(day)
    for events, moved in nights:
        day = moved or day
        for table, number, event, seed in events:
            if table == "org_unit" and event != "thinned":
                continue
            if table == "org_unit":
                number = "0"
            if event == "come" and (made.pieces / table / f"{number}.parquet").exists():
                made.put(table, number)
            elif event == "go":
                made.take(table, number)
            elif event in CHANGES:
                made.change(table, number, event, seed)
        in_steps.append(made.night(day).in_steps)
    return in_steps


@settings(max_examples=1)
@given(NIGHTS)
def test_nights_say_what_a_whole_run_says(
    pieces: Path, contracts: Contracts, nights: list[tuple[list[tuple[str, str, str, int]], dt.date | None]]
) -> None:
    with office(pieces, contracts) as made:
        play(made, nights)


@pytest.mark.long
@settings(max_examples=60)
@given(NIGHTS)
def test_many_nights_say_what_a_whole_run_says(
    pieces: Path, contracts: Contracts, nights: list[tuple[list[tuple[str, str, str, int]], dt.date | None]]
) -> None:
    with office(pieces, contracts) as made:
        play(made, nights)
