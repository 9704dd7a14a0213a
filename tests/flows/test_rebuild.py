"""The warehouse made again from what a home keeps."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest

from kaohe import doctor
from kaohe.backup.making import back_up
from kaohe.comparing.again import Again
from kaohe.comparing.sides import side
from kaohe.doctor import kept
from kaohe.home import NOTED
from kaohe.project import Project, sha256_of
from kaohe.publication.manifest import read_manifest
from kaohe.rebuild import ASIDE, rebuild
from tests.helpers import YEAR, in_process
from tests.keeping import killed, published
from tests.office import AS_OF, Office, refused


def warehouse_of(office: Office) -> Path:
    return office.home / "warehouse" / "kaohe.duckdb"


def rows_of(path: Path) -> dict[str, list[object]]:
    """Every row of what was read, by table."""
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.sql("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        return {
            f"{schema}.{table}": con.sql(f'select * from {schema}."{table}" order by all').fetchall()
            for schema, table in tables
            if schema in ("meta", "raw", "typed")
        }


def nothing_is_left(office: Office) -> None:
    assert not (office.home / "warehouse" / ASIDE).exists()


def test_it_has_every_row_and_the_next_run_has_nothing_to_do(office: Office) -> None:
    path, current = warehouse_of(office), office.current
    before, acts = rows_of(path), len(office.state.log.acts)
    killed("kaohe.run.Run.score", f"from kaohe.rebuild import rebuild; rebuild(Path({str(office.home)!r}), {YEAR})")
    assert rows_of(path) == before
    path.write_bytes(path.read_bytes()[:20_000])
    made = rebuild(office.home, YEAR)
    assert (made.identical, made.publication, made.inputs, made.program) == (True, current, 3, [])
    assert made.aside is not None
    assert re.fullmatch(r"kaohe\.duckdb\.before-\d{8}-\d{6}", made.aside.name)
    assert made.aside.stat().st_size == 20_000
    assert rows_of(path) == before
    assert before["typed.inspection"]
    assert len(office.state.log.acts) == acts
    nothing_is_left(office)

    again = office.run(AS_OF)
    assert (again.outcome.new, office.current) == (False, current)
    assert (again.outcome.pulled.new, again.outcome.pulled.changed) == ([], [])
    assert len(again.outcome.pulled.unchanged) == 3


def test_files_that_lay_deep_in_the_inbox(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = office.inbox / "/".join("abcdefghijklmnop")
    deep.mkdir(parents=True)
    (office.inbox / "抽查.csv").rename(deep / "抽查.csv")
    office.run(AS_OF)
    monkeypatch.chdir(office.home.parent)
    home = Path(office.home.name)
    assert rebuild(home, YEAR).identical


@pytest.mark.long
def test_corrections_and_the_fixed_day_of_an_announced_year_are_in_it(office: Office) -> None:
    office.announce()
    office.correct(expect="否")
    reviewed = office.run()
    assert reviewed.manifest["state"] == "reviewed"
    warehouse_of(office).unlink()
    done = in_process("rebuild", "--year", YEAR, "--home", office.home)
    assert done.returncode == 0, done.stderr
    assert f"与当前发布 {reviewed.folder.name} 完全相同" in done.stdout
    assert "kaohe.duckdb.before-" not in done.stdout
    assert not office.run().outcome.new


def test_scores_that_differ_are_said_with_their_units(office: Office) -> None:
    """A publication whose tables say something else than its inputs come to."""

    def other(folder: Path) -> None:
        with duckdb.connect(str(folder / "snapshot.duckdb")) as con:
            con.execute("update scores set total = total + 1 where unit_id = 'J02'")
            con.execute("update evidence set done = done + 1 where unit_id = 'J01'")

    published(office, "20240401-other", change=other)
    done = in_process("rebuild", "--year", YEAR, "--home", office.home)
    assert done.returncode == 2, done.stderr
    assert "scores：1 个单位不同：法规处" in done.stdout
    assert "evidence：1 个单位不同：办公室" in done.stdout
    assert "indicator_scores：" not in done.stdout
    assert "程序没有变过" in done.stdout


@pytest.mark.parametrize("table", ["scores", "evidence"])
def test_a_table_that_the_publication_lacks_differs_for_every_unit(office: Office, table: str) -> None:
    def other(folder: Path) -> None:
        with duckdb.connect(str(folder / "snapshot.duckdb")) as con:
            con.execute(f"drop table {table}")

    published(office, "20240401-other", change=other)
    made = rebuild(office.home, YEAR)
    assert {name: sorted(units) for name, units in made.different.items() if units} == {table: ["办公室", "法规处"]}


def test_a_folder_in_the_place_of_the_warehouse_is_moved_aside(office: Office) -> None:
    path, before = warehouse_of(office), rows_of(warehouse_of(office))
    path.unlink()
    (path / "somebody's").mkdir(parents=True)
    (finding,) = kept.warehouse(office.home)
    assert finding.mend
    finding.mend()
    assert rows_of(path) == before
    (aside,) = path.parent.glob("kaohe.duckdb.before-*")
    assert [each.name for each in aside.iterdir()] == ["somebody's"]
    assert doctor.examine(office.home).findings == []


def test_one_that_cannot_be_made_again_is_moved_out_of_the_way_of_the_next_run(office: Office) -> None:
    warehouse_of(office).unlink()
    warehouse_of(office).mkdir()
    shutil.rmtree(office.home / "warehouse" / "inputs")
    (finding,) = kept.warehouse(office.home)
    assert finding.mend and "kaohe.duckdb.broken-" in "".join(finding.mend())
    assert not office.run(AS_OF).outcome.new


def test_a_program_that_changed_is_named(office: Office, project: Project) -> None:
    measure = project.sql / "measures" / "spot_check.sql"
    measure.write_text(measure.read_text("utf-8") + "\n-- another\n", "utf-8")
    made = rebuild(office.home, YEAR)
    assert (made.identical, made.program) == (True, ["sql/measures/spot_check.sql"])
    measure.write_text("select nothing", "utf-8")
    before = sha256_of(warehouse_of(office))
    assert refused(rebuild, office.home, YEAR).key == "rebuild_other_program"
    assert sha256_of(warehouse_of(office)) == before
    nothing_is_left(office)


@pytest.mark.parametrize("lost", ["gone", "changed", "contract"])
def test_what_cannot_be_rebuilt_is_named(office: Office, lost: str) -> None:
    manifest = read_manifest(office.folder / office.current)
    inputs = office.home / "warehouse" / "inputs"
    name = "inspection.yml" if lost == "contract" else "抽查.csv"
    sha256 = {entry["path"]: entry["sha256"] for entry in manifest["inputs"]} | manifest["contracts"]
    kept = inputs / sha256[name]
    kept.unlink() if lost == "gone" else kept.write_bytes(kept.read_bytes() + b" ")
    before = sha256_of(warehouse_of(office))
    error = refused(rebuild, office.home, YEAR)
    assert (error.key, name in str(error), "kaohe restore" in str(error)) == ("rebuild_input_gone", True, True)
    assert sha256_of(warehouse_of(office)) == before
    nothing_is_left(office)


def test_without_its_key_or_a_whole_publication_nothing_is_made(office: Office) -> None:
    key = office.home / "secret.key"
    key.rename(office.home / "elsewhere")
    assert refused(rebuild, office.home, YEAR).key == "key_missing"
    assert not key.exists()
    (office.home / "elsewhere").rename(key)
    (office.folder / office.current / "scores.csv").write_text("其他", "utf-8")
    assert refused(rebuild, office.home, YEAR).key == "rebuild_publication"


@pytest.mark.parametrize("where", ["KAOHE_KEY", "secret.key"])
def test_another_key_is_noticed_by_everybody_until_it_is_meant(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    noted, key, before = office.home / NOTED, (office.home / "secret.key").read_bytes(), sha256_of(warehouse_of(office))
    assert key not in noted.read_bytes()
    if where == "KAOHE_KEY":
        monkeypatch.setenv("KAOHE_KEY", "another")
    else:
        (office.home / "secret.key").write_bytes(b"another")
    said = refused(rebuild, office.home, YEAR)
    assert said.key == "key_changed"
    assert f"人员密钥（{where if where == 'KAOHE_KEY' else office.home / where}）" in str(said)
    assert refused(office.run, AS_OF).key == "key_changed"
    assert [found.problem for found in doctor.examine(office.home).findings] == [str(said)]
    assert str(said) in back_up(office.home, tmp_path / "safe").damage
    with Again(office.home) as again:  # a comparison would have people under other hashes
        assert refused(again.scores, side(office.home, office.current, None).ingredients).key == "key_changed"
    assert sha256_of(warehouse_of(office)) == before

    noted.unlink()  # on purpose: the old key is really lost
    office.run(AS_OF)
    assert noted.exists()
    assert doctor.examine(office.home).findings == []
    assert rebuild(office.home, YEAR).publication == office.current


def test_a_home_that_has_not_noted_its_key_does_so_when_it_next_reads(office: Office) -> None:
    """As those of earlier versions have not."""
    noted = office.home / NOTED
    before = noted.read_bytes()
    noted.unlink()
    assert rebuild(office.home, YEAR).identical
    assert doctor.examine(office.home).findings == []
    office.run(AS_OF)
    assert noted.read_bytes() == before


@pytest.mark.parametrize("where", ["_link", "flush_folder", "put"])
def test_killed_while_it_takes_its_place(office: Office, where: str) -> None:
    """At every moment there is a warehouse, never with the write-ahead log of another."""
    path = warehouse_of(office)
    before = rows_of(path)
    made = path.with_name("made.duckdb")
    shutil.copyfile(path, made)
    path.with_name("kaohe.duckdb.wal").write_bytes(b"of a broken warehouse")
    killed(
        f"kaohe.rebuild.{where}", f"from kaohe.rebuild import _swap; _swap(Path({str(made)!r}), Path({str(path)!r}))"
    )
    assert rows_of(path) == before
    (log,) = path.parent.glob("kaohe.duckdb.before-*.wal")
    assert log.read_bytes() == b"of a broken warehouse"
