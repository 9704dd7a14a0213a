"""Bad days: a damaged warehouse or snapshot, a full disk, a clock that goes back. A sentence, a way out, nothing torn."""

import re
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kaohe.errors import KaoheError
from kaohe.publication.snapshot import NAME as SNAPSHOT
from kaohe.publication.snapshot import Snapshot
from kaohe.run import Run
from kaohe.warehouse import Warehouse
from tests.helpers import AS_OF, CHECK, ROOT, SAMPLE, YEAR, Result, assess, check, copied, kaohe, write_csv
from tests.office import refused
from tests.soak.offices import look_at


def from_the_future(data: bytes) -> bytes:
    """A DuckDB file as a later version would write it: its storage number is higher, and the header's checksum right."""
    header = data[8:12] + struct.pack("<Q", 5000) + data[20:4096]
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", header):
        checksum ^= word * 0xBF58476D1CE4E5B9 % 2**64
    return struct.pack("<Q", checksum) + header + data[4096:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "cut off in the header": lambda data: data[:6000],
    "zeroed": lambda data: bytes(len(data)),
    "zeroed but for the header": lambda data: data[:12288] + bytes(len(data) - 12288),
}


@pytest.mark.parametrize("damage", [*DAMAGES, "from the future"])
def test_a_damaged_warehouse(sample: Result, tmp_path: Path, damage: str) -> None:
    home = tmp_path / "home"
    (home / "warehouse").mkdir(parents=True)
    data = (sample.home / "warehouse" / "kaohe.duckdb").read_bytes()
    path = home / "warehouse" / "kaohe.duckdb"
    path.write_bytes(DAMAGES.get(damage, from_the_future)(data))
    there = path.read_bytes()
    error = refused(Warehouse, home)
    assert error.key == ("warehouse_version" if damage == "from the future" else "warehouse_broken")
    assert all(way in str(error) for way in (f"kaohe rebuild --year 年度 --home {home}", f"kaohe doctor --home {home}"))
    assert path.read_bytes() == there, "a file that may be mended must not be touched"
    path.write_bytes(data)
    Warehouse(home, 0).__exit__()  # the lock is free


_OPENS = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


@contextmanager
def opened_elsewhere(path: Path) -> Iterator[int]:
    """Another program has opened a database; gives its process number."""
    command = [sys.executable, "-c", _OPENS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


def test_a_file_that_another_program_has_opened_is_not_called_damaged(tmp_path: Path) -> None:
    Warehouse(tmp_path).__exit__()
    path = tmp_path / "warehouse" / "kaohe.duckdb"
    with opened_elsewhere(path) as process:
        error = refused(Warehouse, tmp_path)
    assert error.key == "database_locked"
    assert str(path) in str(error) and f"PID {process}" in str(error) and "http" not in str(error)
    publication = tmp_path / "published" / "2023" / "20240331-x"
    publication.mkdir(parents=True)
    with opened_elsewhere(publication / SNAPSHOT):
        assert refused(Snapshot, publication).key == "database_locked"
    Warehouse(tmp_path, 0).__exit__()


def test_a_warehouse_that_was_killed_in_the_making(tmp_path: Path) -> None:
    """DuckDB does not open what it leaves behind then, so that is never where the warehouse stands."""
    folder = tmp_path / "warehouse"
    folder.mkdir()
    (folder / ".kaohe.duckdb.new").touch()
    (folder / ".kaohe.duckdb.new.wal").write_bytes(b"half")
    Warehouse(tmp_path).__exit__()
    assert {path.name for path in folder.iterdir()} == {"inputs", "kaohe.duckdb", "lock"}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot(sample: Result, tmp_path: Path, damage: str) -> None:
    publication = tmp_path / "home" / "published" / "2023" / "20240331-x"
    publication.mkdir(parents=True)
    (publication / SNAPSHOT).write_bytes(DAMAGES[damage]((sample.folder / SNAPSHOT).read_bytes()))
    error = refused(Snapshot, publication)
    assert error.key == "snapshot_broken"
    assert f"kaohe doctor --home {tmp_path / 'home'}" in str(error)


def test_a_command_on_damaged_files(sample: Result, tmp_path: Path) -> None:
    ours = copied(sample, tmp_path / "home")
    path = ours.folder / SNAPSHOT
    path.write_bytes(path.read_bytes()[:100_000])
    done = kaohe("alerts", "--home", ours.home)
    assert done.returncode == 2
    assert "kaohe doctor" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """No file can grow beyond ``size``: the system refuses it as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_while_loading_or_publishing_and_a_damaged_snapshot(inbox: Path, home: Path) -> None:
    """The old publication stays, nothing of the new one is left behind, and the next run does it all."""
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    old = assess(inbox, home)
    write_csv(inbox / "抽查二.csv", [CHECK, *(check(f"D{n}", "法规处", opinion=f"{n}" * 40) for n in range(300))])

    def stays() -> None:
        look_at(old.folder)
        assert (home / "published" / "2023" / "CURRENT").read_text().strip() == old.folder.name
        there = {path.name for path in old.folder.parent.iterdir()}
        assert there == {old.folder.name, "CURRENT", "acts.jsonl"}

    with no_file_above(4096):
        assert refused(assess, inbox, home).key == "disk_full"
    stays()
    with Run(inbox, YEAR, AS_OF, None, home, False) as run:
        run.pull()
        run.validate()
        run.score()
        with no_file_above(100_000):
            assert refused(run.publish).key == "disk_full"
        stays()
        snapshot = old.folder / SNAPSHOT
        whole = snapshot.read_bytes()
        snapshot.write_bytes(whole[:-20000])
        error = refused(run.publish)
        assert error.key == "snapshot_broken"
        assert str(snapshot) in str(error)
        snapshot.write_bytes(whole)
        stays()
    result = assess(inbox, home)
    assert result.outcome.new
    look_at(result.folder)


_SHIFTED = """
import datetime as dt
import sys
from pathlib import Path
from kaohe import clock, cli
from kaohe.lifecycle import steps as lifecycle
from kaohe.errors import KaoheError
from kaohe.run import Run

minutes, inbox, home = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
now = clock.now
clock.now = lambda: now() - dt.timedelta(minutes=minutes)
by = "--by", "机关党委", "--document", "党办1号"
if minutes == 4:
    Run(inbox, 2023, None, None, home, False)
    sys.exit()
assert cli._status(["run", "--inbox", str(inbox), "--year", "2023", "--home", str(home)]) == 2
assert cli._status(["announce", "--year", "2023", *by, "--home", str(home)]) == 2
Run(inbox, 2023, dt.date(2024, 3, 31), None, home, False)
for on in (dt.date(2024, 4, 1), now().date()):
    try:
        lifecycle.check_announcement(home, 2023, "机关党委", "党办发〔2024〕1 号", on)
    except KaoheError as error:
        print(error.key, "is found once the date is in order")
"""


def test_a_clock_that_goes_back(sample: Result, tmp_path: Path) -> None:
    ours = copied(sample, tmp_path / "home")
    log = (ours.folder.parent / "acts.jsonl").read_bytes()

    def at(minutes: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _SHIFTED, str(minutes), str(SAMPLE), str(ours.home)],
            capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False,
        )  # fmt: skip

    done = at(3 * 24 * 60)
    assert done.stdout == "units_pending is found once the date is in order\n" * 2, done.stderr
    run, act = done.stderr.splitlines()[:2]
    for said, option in ((run, "--as-of"), (act, "--on")):
        assert "时钟" in said
        assert f"用 {option} 写明日期" in said
        assert "kaohe rollback" in said
        assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", said)) == 2
    assert (ours.folder.parent / "acts.jsonl").read_bytes() == log
    few = at(4)
    assert few.returncode == 0, few.stderr


def test_one_place_tells_the_time() -> None:
    pattern = re.compile(r"datetime\.now\(|date\.today\(|utcnow\(|time\.time\(|localtime\(")
    files = [path for folder in ("kaohe", "flows") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in files if pattern.search(path.read_text("utf-8"))] == ["clock.py"]


def test_an_unknown_error_of_duckdb_stays_what_it_is(tmp_path: Path) -> None:
    """Only files that cannot be read are called damaged."""
    import duckdb

    with Warehouse(tmp_path) as warehouse, pytest.raises(duckdb.CatalogException):
        warehouse.rows("select * from nowhere")
    assert not issubclass(duckdb.CatalogException, KaoheError)
