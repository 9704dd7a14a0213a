"""When a large run goes on from the last one, when it does not, and that its results are those of a whole run."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from kaohe.contracts import Contracts, load_contracts
from kaohe.large.nights import follows
from kaohe.project import Project
from kaohe.scheme import load_scheme
from tests.helpers import YEAR, Result
from tests.large import make_inbox
from tests.nights import FILES, Office, lay_out, office

DAY = dt.date(2024, 3, 31)
LATE = str(FILES - 1)


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(Project.find().expectations)


@pytest.fixture(scope="module")
def pieces(sample: Result, contracts: Contracts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    whole = make_inbox(sample.home, tmp_path_factory.mktemp("made"), 24)
    return lay_out(whole, tmp_path_factory.mktemp("pieces"), contracts)


@pytest.fixture(scope="module")
def made(pieces: Path, contracts: Contracts) -> Iterator[Office]:
    """An office that was assessed on DAY; each test goes on from where the last one left it."""
    with office(pieces, contracts) as there:
        there.run(DAY)
        yield there


def ready(made: Office) -> None:
    """The last run is one from which another can go on."""
    assert (made.home / "warehouse" / "large" / "kept.json").exists()


def test_a_record_counts_for_the_member_s_unit(made: Office) -> None:
    """Talks that one unit filed with members of all: their units have them, and they are touched."""
    ready(made)
    with duckdb.connect() as con:
        (filing,) = con.sql(f"select max(unit_id) from '{made.inbox}/org_unit/0.parquet'").fetchall()[0]
        con.execute(
            f"copy (select there.* replace ('new' || row_number() over () as talk_id, '{filing}' as unit_id, "
            "member.member_id as member_id, date '2023-06-01' as talked_on) "
            f"from (select distinct member_id from '{made.inbox}/party_member/*.parquet') as member, "
            f"(select * from '{made.inbox}/talk_record/*.parquet' limit 1) as there) "
            f"to '{made.inbox}/talk_record/day.parquet' (format parquet)"
        )
    assert made.night(DAY).in_steps


def test_a_file_that_was_written_over_in_place_takes_a_whole_run(made: Office) -> None:
    ready(made)
    path = made.path("honor", "0")
    data = path.read_bytes()
    with duckdb.connect() as con:
        con.execute(f"copy (select * from '{path}' limit 1) to '{made.folder}/one' (format parquet)")
    with path.open("r+b") as file:
        file.truncate(0)
        file.write((made.folder / "one").read_bytes())
    assert data != path.read_bytes()
    assert not made.night(DAY).in_steps


def test_a_registry_that_changed_takes_a_whole_run(made: Office) -> None:
    ready(made)
    assert made.change("org_unit", "0", "thinned", seed=1, share=20)
    assert not made.run(DAY).in_steps


def test_a_publication_that_somebody_wrote_to_is_not_gone_on_from(made: Office) -> None:
    ready(made)
    current = made.home / "large" / str(YEAR) / (made.home / "large" / str(YEAR) / "CURRENT").read_text().strip()
    path = next(current.glob("indicator_scores/*/*.parquet"))
    path.write_bytes(next(made.inbox.glob("honor/*.parquet")).read_bytes())
    made.take("honor", "1")
    assert not made.run(DAY).in_steps


def test_a_broken_database_takes_a_whole_run(made: Office) -> None:
    ready(made)
    (made.home / "warehouse" / "large" / "large.duckdb").write_bytes(b"no database" * 999)
    made.take("honor", "2")
    assert not made.run(DAY).in_steps


def test_a_night_that_was_killed_is_made_up_for(made: Office) -> None:
    ready(made)
    made.put("org_life_record", LATE)
    mark = made.home / "warehouse" / "large" / "kept.json"
    code = (
        "import datetime as dt; from pathlib import Path; from kaohe.large.run import LargeRun; "
        f"LargeRun(Path({str(made.inbox)!r}), {YEAR}, dt.date({DAY.year}, {DAY.month}, {DAY.day}), "
        f"home=Path({str(made.home)!r})).go()"
    )
    with subprocess.Popen([sys.executable, "-c", code], env=os.environ) as running:
        while mark.exists() and running.poll() is None:
            time.sleep(0.001)
        os.kill(running.pid, signal.SIGKILL)
    assert not mark.exists()
    assert not made.run(DAY).in_steps
    made.take("org_life_record", LATE)
    assert made.night(DAY).in_steps


def test_nothing_new_is_nothing_to_do(made: Office) -> None:
    ready(made)
    assert not made.run(DAY).new
    ready(made)


def test_days_between_which_no_more_changes_than_dates_of_records() -> None:
    scheme = load_scheme(Project.find().scheme(YEAR))

    def day(text: str) -> dt.date:
        return dt.date.fromisoformat(text)

    assert follows(scheme, day("2023-11-01"), day("2023-11-29"))
    assert follows(scheme, day("2023-10-31"), day("2023-11-29"))
    assert not follows(scheme, day("2023-11-29"), day("2023-11-30"))
    assert not follows(scheme, day("2023-11-29"), day("2023-11-28"))
    assert not follows(scheme, day("2023-12-30"), day("2024-01-05"))
    assert follows(scheme, day("2025-01-05"), day("2025-02-05"))
    assert follows(scheme, scheme.deadline - dt.timedelta(1), scheme.deadline)
    assert not follows(scheme, scheme.deadline, scheme.deadline + dt.timedelta(1))


@pytest.mark.long
def test_days_pass_within_a_month(pieces: Path, contracts: Contracts) -> None:
    with office(pieces, contracts) as made:
        assert not made.run(dt.date(2023, 11, 10)).in_steps
        assert made.change("org_life_record", "0", "soon", seed=5, share=2)
        made.put("task_breakdown", LATE)
        assert made.night(dt.date(2023, 11, 13)).in_steps
        assert made.night(dt.date(2023, 11, 20)).in_steps
        assert not made.run(dt.date(2023, 11, 9)).in_steps


def test_files_of_regions_without_changes_are_those_of_before(made: Office) -> None:
    ready(made)
    before = made.run(DAY).publication
    with duckdb.connect() as con:
        nothing = f"select * from '{made.path('notice', '0')}' limit 0"
        con.execute(f"copy ({nothing}) to '{made.inbox}/notice/nothing.parquet' (format parquet)")
    ran = made.run(DAY)
    assert ran.in_steps and ran.publication != before
    files = [path.relative_to(before) for path in before.glob("indicator_scores/*/*.parquet")]
    assert files and all((before / path).samefile(ran.publication / path) for path in files)
