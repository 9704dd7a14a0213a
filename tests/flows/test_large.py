"""Large runs come to what an ordinary run comes to, whatever is handed in and in however many parts."""

import csv
import datetime as dt
import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kaohe.errors import KaoheError
from kaohe.large.engine import LargeEngine
from kaohe.large.run import LargeRun
from kaohe.project import Project
from kaohe.sqltext import literal
from tests.helpers import AS_OF, ROOT, YEAR, Result, assess
from tests.large import (
    OURS,
    Large,
    make_inbox,
    parquet,
    run_large,
    same_scores,
    write_csv_of,
    write_sample,
    write_table,
    write_tables,
)
from tests.largeoffice import UNITS, records, row, write_office

SCHEME = ROOT / "tests" / "data" / "large" / "2023.yml"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inbox of an office; nobody may change it."""
    return write_office(tmp_path_factory.mktemp("office") / "inbox")


@pytest.fixture(scope="module")
def ordinary(office: Path, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """What an ordinary run makes of the office's records, as CSV."""
    folder = tmp_path_factory.mktemp("ordinary")
    return assess(write_csv_of(office, folder / "csv"), folder / "home", scheme=SCHEME)


@pytest.fixture(scope="module")
def large(office: Path, tmp_path_factory: pytest.TempPathFactory) -> Large:
    """What a large run makes of them, in one part."""
    return run_large(office, tmp_path_factory.mktemp("large"), scheme=SCHEME)


# ---- the same scores


@pytest.mark.parametrize(("files", "units"), [pytest.param(1, 250_000, marks=pytest.mark.long), (3, 31)])
def test_the_sample_has_the_scores_of_an_ordinary_run(sample: Result, tmp_path: Path, files: int, units: int) -> None:
    large = run_large(write_sample(sample, tmp_path / "inbox", files), tmp_path / "home", units)
    assert large.outcome.parts == (1 if units > 60 else 2)
    same_scores(large, sample)


@pytest.mark.long
@pytest.mark.parametrize("units", [1, 9])
def test_the_sample_in_many_parts(sample: Result, tmp_path: Path, units: int) -> None:
    same_scores(run_large(write_sample(sample, tmp_path / "inbox", 2), tmp_path / "home", units), sample)


def test_a_messy_office_has_the_scores_of_an_ordinary_run(ordinary: Result, large: Large) -> None:
    same_scores(large, ordinary)
    points = large.table("indicator_scores").filter(pl.col("indicator") == "study_xuexi")
    assert set(points["status"]) == {"scored", "not_applicable", "not_reported"} & set(points["status"])


@pytest.mark.parametrize("units", [pytest.param(1, marks=pytest.mark.long), 4])
def test_records_that_concern_units_of_other_parts_change_nothing(
    office: Path, ordinary: Result, tmp_path: Path, units: int
) -> None:
    large = run_large(office, tmp_path / "home", units, scheme=SCHEME)
    assert large.outcome.parts == -(-len(UNITS) // units)
    same_scores(large, ordinary)


def test_of_files_in_the_order_of_units_each_part_reads_its_own(
    office: Path, ordinary: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, set[int]] = {}
    read_files = LargeEngine.read_files

    def noting(engine: LargeEngine, table: str, inbox: Path, files: Iterable[Path]) -> dict[str, str]:
        files = list(files)
        asked.setdefault(table, set()).add(len(files))
        return read_files(engine, table, inbox, files)

    monkeypatch.setattr(LargeEngine, "read_files", noting)
    large = run_large(one_file_a_unit(office, tmp_path / "inbox"), tmp_path / "home", 4, scheme=SCHEME)
    same_scores(large, ordinary)
    narrowed = {table for table, counts in asked.items() if min(counts) < max(counts)}
    assert len(narrowed) > 5
    assert len(asked["campaign_session"]) == 1, "every part needs all of it"


def one_file_a_unit(inbox: Path, out: Path) -> Path:
    with duckdb.connect() as con:
        for path in sorted(inbox.rglob("*.parquet")):
            table = path.relative_to(inbox).with_suffix("").parts[0]
            if "unit_id" not in con.sql(f"from '{path}'").columns:
                parquet(out / table / "all.parquet", f"from '{path}'", con)
                continue
            for number, (unit,) in enumerate(con.sql(f"select distinct unit_id from '{path}' order by 1").fetchall()):
                target = out / table / path.stem / f"{number}.parquet"
                parquet(target, f"from '{path}' where unit_id is not distinct from {literal(unit)}", con)
    return out


def test_the_office_has_what_concerns_other_units(ordinary: Result) -> None:
    """Or the tests above would prove nothing."""
    done = {(unit, name): done for unit, name, done in ordinary.table("indicator_scores").select(
        "unit_id", "indicator", "done").rows()}  # fmt: skip
    assert done["A01", "members_talked_with"] == done["A06", "members_talked_with"] == 1
    assert done["A06", "training_members"] == done["A05", "training_members"] == 1
    assert ordinary.leaf("A06", "requests_closed")["due"] == ordinary.leaf("A02", "requests_closed")["due"] == 1
    assert all(ordinary.leaf(unit, "campaign_cover")["due"] for unit in UNITS)
    assert done["A01", "spot_check_round_2"] == 75 - 10


# ---- what is set aside


def test_what_an_ordinary_run_sets_aside_a_large_one_does_for_the_same_reason(ordinary: Result, large: Large) -> None:
    theirs = Counter(
        (row["table_name"], _place(int(row["_row"]) - 1, row["reason"]), row["reason"])
        for row in ordinary.quarantine.iter_rows(named=True)
    )
    ours = Counter(
        (table, _place(row, reason), reason) for (table, row), reasons in large.refused.items() for reason in reasons
    )
    assert ours == theirs
    assert {reason for *_, reason in ours} == {"bad_cell", "unknown_unit", "conflict", "duplicate", "rule"}


def _place(row: int, reason: str) -> int | None:
    """Which of equal records is kept, names of files decide."""
    return None if reason == "duplicate" else row


def test_of_equal_records_one_is_kept(large: Large) -> None:
    refused = {case: reasons for case, reasons in large.refused.items() if case[0] == "campaign_session"}
    assert [*refused.values()] == [{"duplicate"}] * 2
    leaf = large.table("indicator_scores").filter(unit_id="A02", indicator="campaign_cover").row(0, named=True)
    assert leaf["done"] == 3


def test_each_problem_has_its_sentence_and_people_are_masked(large: Large) -> None:
    quarantine = large.table("quarantine")
    assert quarantine["sentence"].null_count() == 0
    assert large.table("flagged")["sentence"].null_count() == 0
    assert quarantine.height == quarantine.unique().height > 10
    cells = [json.loads(record) for record in quarantine.filter(table_name="inspection")["record"]]
    assert {each["inspector"] for each in cells} == {"＊＊＊"}
    assert "王某" not in str(quarantine.rows()) + str(large.table("flagged").rows())
    assert {each["inspection_id"] for each in cells} >= {"C91", "C92"}


def test_what_is_restricted_stands_in_no_file(large: Large) -> None:
    for name in ("quarantine", "flagged"):
        assert "clue_summary" not in set(large.table(name)["table_name"])
    assert {"table": "clue_summary", "rule": "rule_1", "records": 1} in large.manifest["refused"]


def test_counts_of_the_manifest_are_those_of_the_files(large: Large) -> None:
    manifest, given = large.manifest, records()
    assert manifest["records_in"] == {name: len(given.get(name, [])) for name in OURS}
    assert manifest["units"] == len(UNITS)
    for name, file, key in (("refused", "quarantine", "_row"), ("flagged", "flagged", "_rec")):
        counted = {(each["table"], each["rule"]): each["records"] for each in manifest[name]}
        counted.pop(("clue_summary", "rule_1"), None)
        table = large.table(file).group_by("table_name", "rule").agg(pl.struct(key, "table_name").n_unique())
        assert counted == {(name, rule): count for name, rule, count in table.rows()}


# ---- what is published


def test_texts_are_written_as_texts(large: Large) -> None:
    """Whatever a run holds them as."""
    files = str(large.folder / "**" / "*.parquet")
    schema = "select name, converted_type from parquet_schema($1) where type = 'BYTE_ARRAY'"
    texts = duckdb.execute(schema, [files]).fetchall()
    assert {"unit_id", "indicator", "dimension", "status"} <= {name for name, _ in texts}
    assert {kind for _, kind in texts} == {"UTF8"}


def test_regions_and_leagues_add_up(large: Large) -> None:
    scores = large.table("scores")
    assert sorted(scores["unit_id"]) == UNITS
    with (large.folder / "regions.csv").open(encoding="utf-8-sig") as file:
        regions = list(csv.DictReader(file))
    assert {each["region"] for each in regions} == {"R1", "R2", "none"}
    assert sum(int(each["units"]) for each in regions) == len(UNITS)
    for each in regions:
        mine = scores.filter(region=each["region"], category=each["category"])
        ranked = mine.filter(pl.col("rank").is_not_null())
        assert (int(each["units"]), int(each["ranked"])) == (mine.height, ranked.height)
        if ranked.height:
            assert float(each["mean"]) == pytest.approx(float(sum(ranked["total"])) / ranked.height, abs=0.0051)
            assert float(each["highest"]) == float(max(ranked["total"]))
            within = ranked.sort("rank").with_columns(again=pl.col("rank").rank("min"))
            assert within["again"].to_list() == within["region_rank"].to_list()
    assert large.table("league").sort("unit_id").select("unit_id", "total", "rank", "region").rows() == scores.sort(
        "unit_id").select("unit_id", "total", "rank", "region").rows()  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("then -extra_item.points", "then extra_item.points", "total_is_sum_of_parts"),
        ("leaf.points * 0.01 as", "leaf.points * 0.02 as", "points_within_weight"),
        ("leaf.weight * 0.01 as", "leaf.weight * 0.02 as", "effective_weights_are_100"),
    ],
)
def test_scores_that_fail_an_audit_are_not_published(
    office: Path, project: Project, tmp_path: Path, right: str, wrong: str, found: str
) -> None:
    """What was written is read once more, by the audits of an ordinary run."""
    path = project.sql / "results" / "indicator_scores.sql"
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), "utf-8")
    with pytest.raises(KaoheError, match=found):
        run_large(office, tmp_path / "home", 4, scheme=SCHEME)
    assert not [*tmp_path.rglob("CURRENT")]


def test_every_file_is_listed_with_its_hash(large: Large) -> None:
    lines = [line.split("  ") for line in (large.folder / "SHA256SUMS").read_text("utf-8").splitlines()]
    files = {path.relative_to(large.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
             for path in large.folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS"}  # fmt: skip
    assert {path: digest for digest, path in lines} == files
    assert (large.folder.parent / "CURRENT").read_text("utf-8").strip() == large.folder.name


def test_two_runs_give_the_same_bytes_and_a_second_one_nothing_new(office: Path, large: Large, tmp_path: Path) -> None:
    home = large.folder.parents[2]
    again = run_large(office, home, scheme=SCHEME)
    assert (again.folder, again.outcome.new) == (large.folder, False)
    for threads in (1, 4):
        assert contents(run_large(office, tmp_path / str(threads), scheme=SCHEME, threads=threads)) == contents(large)


def contents(large: Large) -> dict[str, bytes]:
    """The files of a publication but for when it was made."""
    found = {path.relative_to(large.folder).as_posix(): path.read_bytes()
             for path in large.folder.rglob("*") if path.is_file()}  # fmt: skip
    manifest = json.loads(found.pop("manifest.json"))
    found["SHA256SUMS"] = b"".join(line for line in found["SHA256SUMS"].splitlines() if b"manifest" not in line)
    del manifest["created_at"]
    return found | {"manifest.json": json.dumps(manifest).encode()}


def test_whatever_scores_depend_on_makes_another_publication(office: Path, project: Project, tmp_path: Path) -> None:
    def identity(as_of: dt.date = AS_OF, scheme: Path = SCHEME) -> str:
        return json.dumps(LargeRun(inbox, YEAR, as_of, scheme, tmp_path).identity)

    inbox = Path(shutil.copytree(office, tmp_path / "inbox"))
    scheme = Path(shutil.copy(SCHEME, tmp_path / "2023.yml"))
    seen = [identity(), identity(dt.date(2024, 4, 1))]
    scheme.write_text(scheme.read_text("utf-8").replace("title: 谈心谈话覆盖", "title: 谈心"), "utf-8")
    seen.append(identity(scheme=scheme))
    for path in ("sql/measures/honors.sql", "expectations/honor.yml"):
        with (project.root / path).open("a", encoding="utf-8") as file:
            file.write(("--" if path.endswith("sql") else "#") + " changed\n")
        seen.append(identity())
    write_table(inbox / "honor.parquet", OURS["honor"], [])
    seen.append(identity())
    (inbox / "honor.parquet").rename(inbox / "renamed.parquet")
    with pytest.raises(KaoheError, match="renamed"):
        identity()
    (inbox / "renamed.parquet").unlink()
    assert len({*seen, identity()}) == len(seen) + 1


def test_what_an_earlier_run_left_in_the_home_changes_nothing(office: Path, large: Large, tmp_path: Path) -> None:
    inbox, home = Path(shutil.copytree(office, tmp_path / "inbox")), tmp_path / "home"
    write_table(inbox / "honor.parquet", OURS["honor"], [])
    changed = run_large(inbox, home, 4, scheme=SCHEME)
    assert changed.table("indicator_scores").filter(indicator="honors", status="scored")["points"].sum() == 0
    shutil.copy(office / "honor.parquet", inbox)
    assert contents(run_large(inbox, home, scheme=SCHEME)) == contents(large)
    assert (home / "large" / str(YEAR) / "CURRENT").read_text("utf-8").strip() == large.folder.name


KILLED = """
import os, signal, sys
from pathlib import Path
import kaohe.large.engine, kaohe.large.publish
from tests.large import run_large
def die(*given, **more):
    os.kill(os.getpid(), signal.SIGKILL)
owner, name = sys.argv[1].rsplit(".", 1)
module, _, kind = owner.partition(":")
setattr(getattr(sys.modules[module], kind) if kind else sys.modules[module], name, die)
run_large(Path(sys.argv[2]), Path(sys.argv[3]), 4, scheme=Path(sys.argv[4]))
"""


@pytest.mark.parametrize(
    "point",
    [
        "kaohe.large.publish.replace",  # all is written but what says so
        *(pytest.param(point, marks=pytest.mark.long) for point in (
            "kaohe.large.engine:LargeEngine.read_files", "kaohe.large.publish:Publication.add_part",
            "kaohe.large.publish:Publication.add_scores", "kaohe.large.publish:Publication.add_problems",
            "kaohe.large.publish.flush_tree",
        )),
    ],
)  # fmt: skip
def test_killed_anywhere_nothing_is_in_force_that_is_not_whole(
    office: Path, large: Large, tmp_path: Path, point: str
) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-c", KILLED, point, str(office), str(home), str(SCHEME)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not [*home.rglob("CURRENT")]
    again = run_large(office, home, scheme=SCHEME)
    assert again.outcome.new
    assert contents(again) == contents(large)
    assert {path.name for path in again.folder.parent.iterdir()} == {"CURRENT", again.folder.name}


# ---- long


@pytest.fixture(scope="module")
def made(sample: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 made-up units' records with a fiftieth spoiled."""
    return make_inbox(sample.home, tmp_path_factory.mktemp("made"), 120, "--bucket", "50", "--dirty", "0.02")


@pytest.mark.long
@pytest.mark.parametrize("scheme", [None, "minmax"])
def test_made_records_have_the_scores_of_an_ordinary_run(made: Path, tmp_path: Path, scheme: str | None) -> None:
    """By the whole scheme in parts; by one that compares units in one part, though many are asked for."""
    path = None
    if scheme:
        path = tmp_path / "2023.yml"
        text = SCHEME.read_text("utf-8")
        for measure in ("members_talked_with", "training_met"):
            text = text.replace(
                f"measure: {measure}\n        rule: share", f"measure: {measure}\n        rule: {scheme}"
            )
        assert text.count(f"rule: {scheme}") == 2
        path.write_text(text, "utf-8")
    ordinary = assess(write_csv_of(made, tmp_path / "csv"), tmp_path / "ordinary", scheme=path)
    large = run_large(made, tmp_path / "home", 40, scheme=path)
    assert large.outcome.parts == (1 if scheme else 3)
    same_scores(large, ordinary)
    reasons = Counter(ordinary.quarantine.select("table_name", "reason").rows())
    rows = large.table("quarantine").select("table_name", "reason", "_file", "_row").unique()
    assert Counter(rows.select("table_name", "reason").rows()) == reasons
    assert {reason for _, reason in reasons} == {"conflict", "duplicate", "unknown_unit", "rule"}


@pytest.mark.long
def test_thousands_of_units_give_the_same_bytes_on_any_number_of_threads(sample: Result, tmp_path: Path) -> None:
    inbox = make_inbox(sample.home, tmp_path / "inbox", 6000, "--bucket", "2500", "--dirty", "0.01")
    made = [contents(run_large(inbox, tmp_path / f"home{n}", 6000 // n, threads=n)) for n in (1, 2, 4)]
    for other in made[1:]:
        shared = {path for path in other if not path.startswith(("indicator_scores", "SHA256SUMS"))}
        assert {path: other[path] for path in shared} == {path: made[0][path] for path in shared}
    again = contents(run_large(inbox, tmp_path / "again", 3000, threads=4))
    assert again == made[1]


# ---- hostile and odd


def test_hostile_names_lead_nowhere(tmp_path: Path) -> None:
    ids = ["'; drop table main.problem; --", "../../x", 'a"b', "=1+1", "a\x1fb", "正常"]
    regions = ["../../x", "..", "a/b", "'; drop table x; --", "=cmd|'/c calc'!A1", ""]
    units = [row("org_unit", unit_id=unit, name=f"={unit}", short_name=None, region=region, category="机关处室")
             for unit, region in zip(ids, regions, strict=True)]  # fmt: skip
    units.append(row("org_unit", unit_id="没有了", name="没有了", valid_to="2022-12-31"))  # nobody else in its part
    talks = [row("honor", honor_id=f"H{n}", unit_id=unit) for n, unit in enumerate([*ids, "x' or '1'='1"])]
    inbox = write_tables(tmp_path / "in box's", {"org_unit": units, "honor": talks})
    (inbox / "honor").mkdir()
    (inbox / "honor.parquet").rename(inbox / "honor" / 'it\'s "a" part.parquet')
    before = set(tmp_path.rglob("*"))
    large = run_large(inbox, tmp_path / "home", 2, scheme=SCHEME)
    assert large.outcome.parts == 4
    assert sorted(large.table("scores")["unit_id"]) == sorted(ids)
    assert set(large.table("league")["region"]) == {*regions, "none"} - {""}
    assert [*large.refused.values()] == [{"unknown_unit"}]
    new = set(tmp_path.rglob("*")) - before
    assert all(path.is_relative_to(tmp_path / "home") for path in new)
    with (large.folder / "league.csv").open(encoding="utf-8") as file:
        cells = {cell for line in csv.reader(file) for cell in line}
    assert {"'=1+1", "'=cmd|'/c calc'!A1", "'=正常"} <= cells
    assert not [cell for cell in cells if cell.startswith("=")]


def test_columns_may_have_their_headings_and_others_are_passed_over(tmp_path: Path) -> None:
    inbox = write_tables(tmp_path / "inbox", {"org_unit": records()["org_unit"]})
    pl.DataFrame(
        {"荣誉编号": ["H1"], "单位名称": ["A01"], "典型类型": ["个人"], "荣誉名称": ["先进"], "荣誉级别": ["市"],
         "授予日期": [dt.date(2023, 5, 1)], "it's \"odd\"": [1], "publicised_on": [None]}
    ).write_parquet(inbox / "honor.parquet")  # fmt: skip
    large = run_large(inbox, tmp_path / "home", scheme=SCHEME)
    assert large.refused == {}
    assert large.table("indicator_scores").filter(unit_id="A01", indicator="honors")["points"].to_list() == [2]


def test_a_name_of_two_units_is_nobodys_and_an_empty_table_is_none(tmp_path: Path) -> None:
    units = records()["org_unit"]
    units[0]["short_name"] = units[1]["short_name"] = "支部"
    honors = [row("honor", honor_id=f"H{n}", unit_id=unit) for n, unit in enumerate(["支部", "3支", "A01"])]
    inbox = write_tables(tmp_path / "inbox", {"org_unit": units, "honor": honors, "notice": [], "correction": []})
    large = run_large(inbox, tmp_path / "home", scheme=SCHEME)
    assert large.refused == {("honor", 1): {"unknown_unit"}}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"honor": [row("honor", unit_id="A01")]}, "inbox_no_registry"),
        ({"org_unit": []}, "inbox_no_registry"),
        ({"org_unit": [row("org_unit", unit_id="A01", valid_from="2025-01-01")]}, "nobody_to_assess"),
        ({"org_unit": [row("org_unit", unit_id="A01")], "correction": [row("correction")]}, "large_corrections"),
        ({}, "parquet_none"),
    ],
)
def test_what_cannot_be_assessed_is_said(tmp_path: Path, tables: dict[str, list[dict[str, object]]], said: str) -> None:
    (tmp_path / "inbox").mkdir()
    write_tables(tmp_path / "inbox", tables)
    with pytest.raises(KaoheError) as refused:
        run_large(tmp_path / "inbox", tmp_path / "home", scheme=SCHEME)
    assert refused.value.key == said
    assert not [*(tmp_path / "home").rglob("CURRENT")]


@pytest.mark.parametrize("broken", [slice(4, 400), slice(-60, None)], ids=["pages", "end"])
def test_a_file_that_is_not_whole_is_named(tmp_path: Path, broken: slice) -> None:
    path = write_office(tmp_path / "inbox") / "study_stat.parquet"
    data = bytearray(path.read_bytes())
    data[broken] = b"\xff" * len(data[broken])
    path.write_bytes(data)
    with pytest.raises(KaoheError, match="study_stat") as refused:
        run_large(tmp_path / "inbox", tmp_path / "home", scheme=SCHEME)
    assert refused.value.key == "parquet_broken"


def test_files_of_a_table_may_have_other_columns_and_types(tmp_path: Path) -> None:
    inbox = write_tables(tmp_path / "inbox", {"org_unit": records()["org_unit"]})
    write_table(inbox / "honor" / "a.parquet", OURS["honor"], records()["honor"])
    more = {"honor_id": ["H2", "H3"], "unit_id": ["A01", "A02"], "subject": "个人", "title": "先进", "level": "市",
            "granted_on": ["2023-05-01", "2023-02-30"]}  # fmt: skip
    pl.DataFrame(more).write_parquet(inbox / "honor" / "b.parquet")
    pl.DataFrame(more | {"honor_id": ["H4", "H5"]}).drop("level").write_parquet(inbox / "honor" / "c.parquet")
    large = run_large(inbox, tmp_path / "home", scheme=SCHEME)
    honors = large.table("indicator_scores").filter(pl.col("indicator") == "honors", pl.col("points") > 0)
    assert sorted(honors["unit_id"]) == ["A01", "A05"]
    found = large.table("quarantine").select("_file", "_row", "rule").rows()
    assert set(found) == {("honor/b.parquet", 2, "bad_cell"), ("honor/c.parquet", 1, "required"),
                          ("honor/c.parquet", 2, "bad_cell")}  # fmt: skip
