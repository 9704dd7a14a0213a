"""benchmarks/generate.py: records of made-up units, made from the sample."""

import json
from pathlib import Path

import duckdb
import pytest

from kaohe.contracts import SQL_TYPES, Contracts, load_contracts
from kaohe.project import Project
from tests.helpers import Result
from tests.large import make_inbox

UNITS = 600


def generate(sample: Result, out: Path, *more: str) -> dict[str, int]:
    """Make units as a person would; gives the rows of each table."""
    make_inbox(sample.home, out, UNITS, "--bucket", "350", *more)
    rows: dict[str, int] = json.loads((out / "made.json").read_text())["tables"]
    return rows


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tables(folder: Path, contracts: Contracts) -> duckdb.DuckDBPyConnection:
    """A connection with a view for each table."""
    con = duckdb.connect()
    for name in contracts:
        con.execute(f"create view {name} as select * from read_parquet('{folder}/{name}/*.parquet')")
    return con


def one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    found: int = con.sql(query).fetchall()[0][0]
    return found


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(Project.find().expectations)


@pytest.fixture(scope="module")
def made(sample: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made")
    generate(sample, out)
    return out


@pytest.fixture(scope="module")
def con(made: Path, contracts: Contracts) -> duckdb.DuckDBPyConnection:
    return tables(made, contracts)


def test_about_a_hundred_rows_a_unit(made: Path, con: duckdb.DuckDBPyConnection) -> None:
    rows = json.loads((made / "made.json").read_text())
    assert rows["units"] == one(con, "select count(*) from org_unit") == UNITS
    assert 90 * UNITS < rows["rows"] < 110 * UNITS
    assert rows["rows"] == sum(one(con, f"select count(*) from {table}") for table in rows["tables"])
    assert {table for table, count in rows["tables"].items() if count == 0} == {"correction", "score_appeal"}


def test_columns_and_types_are_those_of_the_contracts(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> None:
    for name, contract in contracts.items():
        found = {column: kind.lower() for column, kind, *_ in con.sql(f"describe {name}").fetchall()}
        assert found == {column: SQL_TYPES[c.type] for column, c in contract.columns.items()}, name
        for column in contract.required:
            assert one(con, f"select count(*) from {name} where {column} is null") == 0, (name, column)


def test_keys_are_unique_and_units_known(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> None:
    for name, contract in contracts.items():
        keys = f"count(*) - count(distinct row({', '.join(contract.key)}))"
        assert one(con, f"select {keys} from {name}") == 0, name
        for column, c in contract.columns.items():
            if c.type == "unit" and c.unknown != "keep":
                unknown = f"select count(*) from {name} where {column} not in (select unit_id from org_unit)"
                assert one(con, unknown) == 0, (name, column)
    assert one(con, "select count(distinct name) from org_unit") == UNITS


def test_what_belongs_together_stays_together(con: duckdb.DuckDBPyConnection, sample: Result) -> None:
    for table in ("pairing_activity", "pairing_item"):
        assert one(con, f"select count(*) from {table} anti join pairing_agreement using (agreement_id)") == 0
    assert one(con, "select count(*) from inspection_finding join inspection using (inspection_id)") > UNITS
    of_member = "select avg((member_id in (select member_id from party_member))::integer) from"
    for table in ("training_record", "talk_record", "frontline_post"):
        assert one(con, f"{of_member} {table}") > 0.98
    lost = "select avg((inspection_id not in (select inspection_id from inspection))::integer) from inspection_finding"
    with duckdb.connect(str(sample.home / "warehouse" / "kaohe.duckdb"), read_only=True) as warehouse:
        assert one(con, lost) == pytest.approx(one(warehouse, lost.replace("from ins", "from main.ins")), abs=0.03)


def test_no_meeting_has_more_people_than_the_roster(con: duckdb.DuckDBPyConnection) -> None:
    """But for the few that have in the sample."""
    for table in ("joint_study", "loyalty_education", "warning_education", "democratic_review"):
        share = f"""select avg((due_count > members)::integer) from (
            select due_count, (select count(distinct member_id) from party_member as m where m.unit_id = meeting.unit_id
              and held_on between valid_from and coalesce(valid_to, held_on)) as members from {table} as meeting)"""
        assert one(con, share) < 0.04, table
        assert one(con, f"select count(*) from {table} where attend_count not between 0 and due_count") == 0


def test_the_shares_are_those_of_the_sample(con: duckdb.DuckDBPyConnection, sample: Result) -> None:
    counted = {
        "category": "select category, count(*) from {}org_unit group by all",
        "types": "select types[1], count(*) from {}org_life_record where held_on >= '2023-01-01' group by all",
        "platform": "select platform, count(*) from {}study_stat where period >= '2023-01-01' group by all",
        "status": "select status, count(*) from {}inspection_finding group by all",
    }
    with duckdb.connect(str(sample.home / "warehouse" / "kaohe.duckdb"), read_only=True) as warehouse:
        for name, query in counted.items():
            ours, theirs = (
                dict(found.sql(query.format(schema)).fetchall()) for found, schema in ((con, ""), (warehouse, "main."))
            )
            for value, count in theirs.items():
                share = count / sum(theirs.values())
                assert ours[value] / sum(ours.values()) == pytest.approx(share, abs=0.05), (name, value)


def test_rows_come_in_order_of_unit(made: Path, contracts: Contracts) -> None:
    for name, contract in contracts.items():
        if "unit_id" in contract.columns and name not in ("correction", "score_appeal"):
            last = ""
            for path in sorted((made / name).glob("*.parquet")):
                units = [unit for (unit,) in duckdb.sql(f"select unit_id from '{path}'").fetchall()]
                assert [last, *units] == sorted([last, *units]), name
                last = units[-1] if units else last


def test_the_same_seed_gives_the_same_bytes_on_one_core(made: Path, sample: Result, tmp_path: Path) -> None:
    generate(sample, tmp_path / "again", "--cores", "1")
    assert files(tmp_path / "again") == files(made)


def test_what_is_held_back_and_the_rest_are_all(
    made: Path, sample: Result, contracts: Contracts, tmp_path: Path
) -> None:
    now, later = tmp_path / "now", tmp_path / "later"
    generate(sample, now, "--seed", "1", "--hold-back", "0.1", "--held-back", str(later))
    everything = tables(made, contracts)
    for name, contract in contracts.items():
        folders = (
            f"'{now}/{name}/*.parquet'"
            if contract.reference
            else f"['{now}/{name}/*.parquet', '{later}/{name}/*.parquet']"
        )
        both = f"select * from read_parquet({folders})"
        assert one(everything, f"select count(*) from (({both}) except all (from {name}))") == 0
        assert one(everything, f"select count(*) from ((from {name}) except all ({both}))") == 0
    before = tables(now, contracts)
    share = one(before, "select count(*) from org_life_record") / one(
        everything, "select count(*) from org_life_record"
    )
    assert share == pytest.approx(0.9, abs=0.02)
    assert one(before, "select count(*) from pairing_item anti join pairing_agreement using (agreement_id)") == 0


def test_another_seed_and_spoiled_records(made: Path, sample: Result, contracts: Contracts, tmp_path: Path) -> None:
    generate(sample, tmp_path, "--seed", "2", "--dirty", "0.1")
    con = tables(tmp_path, contracts)
    meetings = one(con, "select count(*) from org_life_record")
    assert one(con, "select count(*) from talk_record") != one(
        tables(made, contracts), "select count(*) from talk_record"
    )
    assert one(con, "select count(*) from org_life_record anti join org_unit using (unit_id)") / meetings > 0.02
    assert one(con, "select count(*) - count(distinct record_id) from org_life_record") / meetings > 0.02
    assert one(con, "select count(*) from org_life_record where leave_count is null") / meetings > 0.02
