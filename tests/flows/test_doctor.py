"""The doctor: every thing that can be wrong with a home is broken once, found, and mended where that loses nothing."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kaohe import cli, clock, doctor, homelock
from kaohe.doctor import Report, folders, kept
from kaohe.homelock import lock
from kaohe.lifecycle.damage import verify
from kaohe.publication import published_years
from kaohe.publication.manifest import read_manifest
from kaohe.retention import expire
from kaohe.schedule import Keep
from tests.helpers import ROOT, YEAR, in_process
from tests.keeping import first_of, published
from tests.office import AS_OF, Office

Break = Callable[[Office], object]


def problems(report: Report) -> str:
    return "\n".join(finding.problem for finding in report.findings)


def input_of(office: Office, name: str) -> Path:
    manifest = read_manifest(office.folder / office.current)
    inputs = {entry["path"]: entry["sha256"] for entry in manifest["inputs"]} | manifest["contracts"]
    return office.home / "warehouse" / "inputs" / inputs[name]


def warehouse_of(office: Office) -> Path:
    return office.home / "warehouse" / "kaohe.duckdb"


def write(path: Path, data: bytes = b"half") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def spoilt(path: Path, *at: int) -> None:
    """Another byte than before at the end, or at these places."""
    data = bytearray(path.read_bytes())
    for place in at or [-1]:
        data[place] ^= 1
    path.write_bytes(bytes(data))


def newer_storage(path: Path) -> None:
    """The number of the storage format, at byte 12, is one of the future."""
    data = bytearray(path.read_bytes())
    data[12:20] = (12345).to_bytes(8, "little")
    path.write_bytes(bytes(data))


def handed_in(office: Office) -> None:
    """The schedule says where the inbox is."""
    (office.home / "schedule.yml").write_text(f"inbox: {office.inbox}\n", "utf-8")


def test_a_home_in_order(office: Office) -> None:
    assert problems(doctor.examine(office.home)) == ""
    done = in_process("doctor", "--home", office.home)
    assert (done.returncode, "一切正常" in done.stdout) == (0, True), done.stdout + done.stderr


#: What killed commands leave behind.
LEFT = ["published/2023/.x.part/scores.csv", "published/2023/.CURRENT.new", "warehouse/inputs/ab.part",
        "warehouse/.rebuild/warehouse/kaohe.duckdb", "warehouse/sources/s/.t.csv.new", "ledgers/2023/.a.csv.new",
        ".secret.key.new", "warehouse/.holder.ab.new", "warehouse/holder.ab.beat",
        "backups/.ab.kaohe-backup.part", "warehouse/.restore-placing/x"]  # fmt: skip
#: What is broken, what is said of it, and what is said once it is mended.
MENDED: list[tuple[Break, str, str]] = [
    *((lambda o, path=path: write(o.home / path), f"有 {len(LEFT)} 个写到一半", f"删去了 {len(LEFT)} 个") for path in LEFT),
    (lambda o: (o.folder / "CURRENT").unlink(), "当前发布应是", "已按日志改正"),
    (lambda o: (o.home / "secret.key").chmod(0o644), "secret.key 别人也能读（权限 644）", "secret.key 改成了"),
    (lambda o: write(o.folder / "deliveries.jsonl", b""), "deliveries.jsonl 别人也能读", "deliveries.jsonl 改成了"),
    (handed_in, "", ""),
    (lambda o: input_of(o, "名册.csv").unlink(), "1 个要用的文件没有留存，", "名册.csv"),
    (lambda o: spoilt(input_of(o, "抽查.csv")), "2 个留存文件的内容已不是原来的：", "抽查.csv"),
    (lambda o: spoilt(input_of(o, "org_unit.yml")), "org_unit.yml", "org_unit.yml"),
    (lambda o: warehouse_of(o).unlink(), "没有了；用 kaohe rebuild --year 2023", "数据仓库已重建"),
]  # fmt: skip


def test_what_can_be_mended_is(office: Office) -> None:
    """Many things at once; the warehouse is made again from inputs that had to be found first."""
    before = office.current
    for broken, _, _ in reversed(MENDED):
        broken(office)
    report = doctor.examine(office.home)
    for _, said, _ in MENDED:
        assert said in problems(report)
    assert all(finding.mend for finding in report.findings)
    assert problems(doctor.examine(office.home)) == problems(report)  # looking changes nothing

    after = doctor.mend(office.home)
    assert (problems(after), after.failed) == ("", [])
    for _, _, mended in MENDED:
        assert mended in "\n".join(after.mended)
    assert office.current == before
    assert verify(office.home, YEAR) == []
    assert not office.run(AS_OF).outcome.new


@pytest.mark.parametrize("name", LEFT)
def test_every_leftover_is_known(office: Office, name: str) -> None:
    write(office.home / name)
    (finding,) = folders.leftovers(office.home)
    assert finding.mend and finding.mend()
    assert list(folders.leftovers(office.home)) == []
    assert not (office.home / name).exists()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param(lambda path: os.truncate(path, 300_000), "", id="cut"),
        pytest.param(lambda path: os.truncate(path, 0), "", id="emptied"),
        pytest.param(lambda path: write(path, b"x" * 9000), "not a valid DuckDB", id="no database"),
        pytest.param(lambda path: write(path, b""), "", id="empty"),
        pytest.param(lambda path: spoilt(path, *range(20_000, path.stat().st_size, 50_000)),
                     "checksum", id="rotten"),
        pytest.param(newer_storage, "", id="of a later DuckDB"),
    ],
)  # fmt: skip
def test_a_warehouse_that_is_broken(office: Office, broken: Callable[[Path], object], said: str) -> None:
    broken(warehouse_of(office))
    (finding,) = kept.warehouse(office.home)
    assert "坏了或不是这个版本的" in finding.problem
    assert said in finding.problem
    assert finding.mend


def a_bad_log(office: Office) -> None:
    log = office.folder / "acts.jsonl"
    log.write_bytes(log.read_bytes().replace(b"provisional", b"provisionel", 1))


#: What is broken so that only a person can help, and what is said of it.
SAID: list[tuple[Break, str]] = [
    (lambda o: write(o.folder / "deliveries.jsonl", b"{}\n"), "deliveries.jsonl"),
    (lambda o: spoilt(o.folder / first_of(o) / "scores.csv"), "scores.csv 与发布时不同"),
    (lambda o: shutil.rmtree(o.folder / "20240401-third"), "20240401-third 已不完整"),
    (lambda o: (o.home / "secret.key").unlink(), "没有密钥"),
    (lambda o: write(o.home / "schedule.yml", b"cron: x\n"), "schedule.yml 第 1 行"),
    (lambda o: write(o.home / "sources.yml", b"a: [\n"), "sources.yml"),
    (lambda o: write(o.home / "delivery.yml", b"nobody: 1\n"), "delivery.yml"),
    (lambda o: input_of(o, "抽查.csv").unlink(), "没有留存，数据仓库坏了就不能重建：抽查.csv"),
]


def test_what_cannot_be_mended_is_said(office: Office) -> None:
    published(office, "20240401-third")
    published(office, "20240401-fourth")
    for broken, _ in SAID:
        broken(office)
    after = doctor.mend(office.home)
    for _, said in SAID:
        assert said in problems(after)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param(a_bad_log, "第 2 行与前面的记录对不上", id="a line changed"),
        pytest.param(lambda o: os.truncate(o.folder / "acts.jsonl", 10), "日志被截短或删去了", id="cut"),
        pytest.param(lambda o: (o.folder / "acts.jsonl").unlink(), "日志被截短或删去了", id="deleted"),
        pytest.param(lambda o: write(o.folder / o.current / "manifest.json"), "manifest.json", id="manifest"),
        pytest.param(lambda o: (shutil.rmtree(o.home / "ledgers"), write(o.home / "ledgers")), "应是文件夹", id="file"),
    ],
)
def test_what_only_a_backup_can_mend(office: Office, broken: Break, said: str) -> None:
    (office.home / "ledgers").mkdir()
    broken(office)
    assert said in problems(doctor.mend(office.home))


def test_a_ledger_that_somebody_changed_is_moved_aside_and_written_anew(office: Office) -> None:
    office.correct(expect="否")
    (ledger,) = (office.home / "ledgers" / str(YEAR)).iterdir()
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + "多一行\n".encode())
    assert "correction.csv 与日志不符" in problems(doctor.examine(office.home))
    after = doctor.mend(office.home)
    assert (problems(after), ledger.read_bytes()) == ("", whole)
    (aside,) = ledger.parent.glob("correction.csv.changed-*")
    assert aside.read_bytes().endswith("多一行\n".encode())


def test_a_broken_warehouse_that_cannot_be_made_again_is_moved_out_of_the_way(office: Office) -> None:
    input_of(office, "抽查.csv").unlink()
    write(warehouse_of(office), b"x" * 9000)
    after = doctor.mend(office.home)
    assert "下次 kaohe run 会从收件夹重新读入" in "\n".join(after.mended)
    assert not office.run(AS_OF).outcome.new  # the same scores again ...
    assert problems(doctor.examine(office.home)) == ""  # ... and the lost input is kept again
    assert list(office.home.glob("warehouse/kaohe.duckdb.broken-*"))


def test_a_lost_input_is_kept_again_by_the_next_run(office: Office) -> None:
    lost = input_of(office, "抽查.csv")
    lost.unlink()
    assert office.run(AS_OF).outcome.pulled.changed == []
    assert lost.exists()


def test_what_has_expired_and_is_still_there_goes(office: Office) -> None:
    first = office.folder / first_of(office)
    shutil.copytree(first, office.home / "copy")
    expire(office.home, YEAR, Keep(days=1, least=1), clock.now() + dt.timedelta(days=2))
    assert problems(doctor.examine(office.home)) == ""
    shutil.move(office.home / "copy", first)
    assert first.name in problems(doctor.examine(office.home))
    assert (problems(doctor.mend(office.home)), first.exists()) == ("", False)


def test_too_little_room(office: Office) -> None:
    assert list(folders.space(office.home)) == []
    with (office.folder / office.current / "huge").open("wb") as file:
        file.truncate(shutil.disk_usage(office.home).free // 4)  # a hole: takes no room
    (finding,) = folders.space(office.home)
    assert "磁盘只剩" in finding.problem


def test_results_of_a_newer_program(office: Office) -> None:
    code = read_manifest(office.folder / office.current)["code"]
    name = published(office, "20240401-newer", code=code | {"version": "99.1.0"})
    assert f"{name} 是新版程序 99.1.0 做的" in problems(doctor.examine(office.home))


def test_a_clock_behind_the_log(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - dt.timedelta(minutes=30))
    assert "请校准时钟" in problems(doctor.examine(office.home))
    monkeypatch.setattr(clock, "now", lambda: now - dt.timedelta(seconds=30))
    assert problems(doctor.examine(office.home)) == ""


def test_an_act_under_a_clock_that_was_behind_is_remarked_for_good(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    for minutes in (-4, -60, 0):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: now + dt.timedelta(minutes=minutes))
        published(office, f"20240401-{minutes}")
    done = in_process("audit", "verify", "--home", office.home, "--lang", "en")
    said = [line for line in done.stdout.splitlines() if "to be noted" in line]
    assert (done.returncode, len(said), "act 4 (" in said[0] and "act 3 (" in said[0]) == (0, 1, True), done.stdout
    assert problems(doctor.examine(office.home)) == ""


_HOLD = """
import sys
import duckdb
con = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def test_a_warehouse_that_another_program_has_open(office: Office) -> None:
    command = [sys.executable, "-c", _HOLD, str(warehouse_of(office))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout and holder.stdout.readline() == b"open\n"
        (finding,) = kept.warehouse(office.home)
        assert ("正被别的程序打开" in finding.problem, finding.mend) == (True, None)
        holder.communicate()
    assert list(kept.warehouse(office.home)) == []


def test_while_somebody_is_at_work_it_says_so_and_leaves_what_is_half_written(office: Office) -> None:
    part = office.folder / ".x.part" / "scores.csv"
    write(part)
    spoilt(office.folder / office.current / "scores.csv")
    held = lock(office.home)
    try:
        done = in_process("doctor", "--mend", "--format", "json", "--home", office.home)
    finally:
        held.release()
    said = json.loads(done.stdout)
    assert done.returncode == 2
    assert "占用" in said["busy"]
    assert [("scores.csv" in each["problem"], each["mendable"]) for each in said["findings"]] == [(True, False)]
    assert part.exists()


def test_nothing_can_be_written(office: Office) -> None:
    from tests.flows.test_bad_input import in_own_mounts

    script = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom pathlib import Path\nfrom kaohe import doctor\n"
    script += f"print(*doctor.mend(Path({str(office.home)!r})).sentences, sep='\\n')"
    said = in_own_mounts(f"mount --bind {office.home} {office.home} && mount -o remount,ro,bind {office.home}", script)
    assert "没有写入" in said


#: What another account may have made, so that the next night cannot write it.
OTHERS = ["published/2023/acts.jsonl", "published/2023/CURRENT", "published/2023/confirmed.json", "secret.key",
          "published/2023/deliveries.jsonl", "warehouse/kaohe.duckdb", "warehouse/lock", "logs/2024-04.jsonl"]  # fmt: skip


@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="asks for accounts as Linux has them")
def test_files_of_another_account_are_named_and_no_warehouse_is_rebuilt(office: Office) -> None:
    from tests.flows.test_bad_input import in_own_mounts

    for name in OTHERS:
        path = office.home / name
        if not path.exists():
            write(path, b"")
        path.chmod(0o400 if name in ("secret.key", "published/2023/deliveries.jsonl") else 0o444)
        if os.geteuid() == 0:
            os.chown(path, 12345, 12345)  # out of reach for the root of a namespace that does not have this number
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom pathlib import Path\nfrom kaohe import doctor\n"
    script += f"print(*doctor.mend(Path({str(office.home)!r})).sentences, sep='\\n')"
    said = in_own_mounts("true", script).splitlines()
    for name in OTHERS:
        assert sum(f"{office.home / name} 现在的账户写不了（属主是 " in line for line in said) == 1, name
    assert "坏了" not in "".join(said) and "已修复" not in "".join(said)


def test_while_somebody_is_at_work_it_is_not_well(office: Office) -> None:
    held = lock(office.home)
    try:
        done = in_process("doctor", "--home", office.home)
    finally:
        held.release()
    assert (done.returncode, "只查了能查的" in done.stdout) == (2, True)


def test_the_lease_of_a_machine_that_is_gone_is_outwaited(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("SILENT_SECONDS", 0.2), ("LOOK_SECONDS", 0.02), ("SETTLE_SECONDS", 0.02)):
        monkeypatch.setattr(homelock, name, seconds)
    gone = {"token": "ab", "machine": "another", "host": "h", "process": 1, "command": "kaohe run", "since": ""}
    write(office.home / "warehouse" / homelock.HOLDER, json.dumps(gone).encode())
    report = doctor.examine(office.home)
    assert (report.busy, problems(report)) == (None, "")


def test_a_publication_that_never_came_into_force_goes(office: Office) -> None:
    """Its command was killed just before the line in the log; those that the log or a delivery names stay."""
    before, killed = sorted(office.folder.glob("2*")), office.folder / "20240401-killed"
    shutil.copytree(office.folder / office.current, killed)
    report = doctor.examine(office.home)
    assert "没有生效的发布：20240401-killed" in problems(report)
    assert problems(doctor.mend(office.home)) == ""
    assert sorted(office.folder.glob("2*")) == before


def test_a_publication_stays_if_the_log_may_have_been_longer(office: Office) -> None:
    """Two lines were cut off and CURRENT with them: what they published is not thrown away."""
    published(office, "20240401-third")
    log = office.folder / "acts.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:1]))
    (office.folder / "CURRENT").unlink()
    before = sorted(office.folder.glob("2*"))
    doctor.mend(office.home)
    doctor.mend(office.home)
    assert sorted(office.folder.glob("2*")) == before


def test_a_year_whose_first_run_failed_is_none(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    for left in (".x.part", "20250401-killed"):
        write(office.home / "published" / "2024" / left / "scores.csv")
        for command in (["audit", "verify"], ["expire"]):
            assert cli._status([*command, "--home", str(office.home)]) == 0
            assert str(YEAR) in capsys.readouterr().out
    shutil.rmtree(office.home / "published" / "2024" / "20250401-killed")
    assert problems(doctor.mend(office.home)) == ""
    assert published_years(office.home) == [YEAR]


def test_an_input_that_is_nowhere_cannot_be_mended(office: Office) -> None:
    lost = input_of(office, "抽查.csv")
    lost.unlink()
    (finding,) = kept.inputs(office.home)
    assert finding.mend is None
    handed_in(office)
    (finding,) = kept.inputs(office.home)
    assert finding.mend and finding.mend() and lost.exists()


def test_no_home_at_all(tmp_path: Path) -> None:
    for home in (tmp_path / "none", tmp_path):
        done = in_process("doctor", "--mend", "--home", home)
        assert (done.returncode, "请检查 --home" in done.stdout) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_check_that_fails_is_a_finding(office: Office) -> None:
    """The time in the last line of the log is none, as no check expects it."""
    path, last = office.folder / "acts.jsonl", office.state.log.acts[-1]
    path.write_bytes(path.read_bytes().replace(last.line, replace(last, at="noon").line))
    spoilt(office.folder / office.current / "scores.csv")
    report = doctor.examine(office.home)
    assert "有一项没查成（clocks：" in problems(report)
    assert "scores.csv 与发布时不同" in problems(report)
