"""Backups: what is in them, what is not, what happens to them on the way, and what a hostile one cannot do."""

import gzip
import hashlib
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kaohe import cli, clock, doctor
from kaohe.backup import making
from kaohe.backup.archive import check
from kaohe.backup.contents import FORM, LABEL, Entry
from kaohe.backup.making import BACKUPS, back_up
from kaohe.backup.restoring import restore
from kaohe.errors import KaoheError
from kaohe.home import ASIDE, PARTS, PLACING, half_restored
from kaohe.homelock import HomeLock, lock
from kaohe.journal import recorded
from kaohe.lifecycle.acts import Log
from kaohe.lifecycle.proceedings import MOVES
from kaohe.people import fingerprint, key_of, refuse_wrong_key
from kaohe.run import Run
from kaohe.warehouse import Warehouse
from tests.helpers import ROOT, YEAR
from tests.homes import old_home
from tests.office import refused
from tests.published import files

#: What a home holds beside what is not backed up.
HELD = {
    "secret.key": b"ab" * 32,
    "warehouse/key.fingerprint": fingerprint(b"ab" * 32).encode() + b"\n",
    "sources.yml": b"inboxes: {}\n",
    "delivery.yml": b"{}\n",
    "warehouse/inputs/" + "0" * 64: b"ledger" * 1000,
    "warehouse/sources/hr/people.csv": b"a,b\n",
    "ledgers/2023/correction.csv": b"x\n",
    "schemes/2026.yml": b"id: ours\n",
    "logs/2026-11.jsonl": b'{"event": "ended"}\n',
    "plans/2023/抽查计划（2023年3月）.xlsx": b"plan",
    "published/2023/id/units/水务中心/体检单.pdf": b"%PDF",
    "published/2023/id/" + "很长的名字" * 12 + ".csv": b"long",
}
LEFT_OUT = {
    "warehouse/kaohe.duckdb": b"made again",
    "warehouse/inputs/aa.part": b"left by a kill",
    "published/2023/.id2.part/scores.csv": b"left by a kill",
    "prefect/prefect.db": b"history",
    "inbox/名册.csv": b"handed in",
    "backups/kaohe-20200101-000000.tar.gz": b"an older one",
}


def write(home: Path, held: dict[str, bytes]) -> Path:
    for name, data in held.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return home


def contents(home: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files(home).items() if name != "warehouse/lock"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    ours = write(tmp_path / "home", HELD | LEFT_OUT)
    (ours / "secret.key").chmod(0o600)
    return ours


@pytest.fixture
def backup(home: Path, tmp_path: Path) -> Path:
    return back_up(home, tmp_path / "safe" / "one.tar.gz").path


# ---- there and back


def test_what_a_home_holds_comes_back_as_it_was(home: Path, backup: Path, tmp_path: Path) -> None:
    restored = restore(backup, tmp_path / "new")
    assert contents(tmp_path / "new") == HELD
    assert (restored.damage, restored.other_key) == ([], False)
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o777 == 0o600
    assert {entry.path: entry.size for entry in restored.label.files} == {
        name: len(data) for name, data in HELD.items()
    }
    assert restored.label.home == str(home)


def test_only_its_owner_can_read_a_backup(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backup.parent.iterdir()] == ["one.tar.gz"]


def test_any_unpacker_opens_it(backup: Path) -> None:
    with tarfile.open(backup) as archive:
        assert archive.getnames() == [LABEL, *(entry.path for entry in check(backup).files)]
        listed = json.load(archive.extractfile(LABEL) or io.BytesIO())["files"]
        for entry in listed:
            data = (archive.extractfile(entry["path"]) or io.BytesIO()).read()
            assert hashlib.sha256(data).hexdigest() == entry["sha256"]


def test_a_new_home_may_be_there_empty(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "new" / "lost+found").mkdir(parents=True)
    (tmp_path / "new" / ".bashrc").touch()
    restore(backup, tmp_path / "new")
    assert contents(tmp_path / "new") == HELD | {".bashrc": b""}


@pytest.mark.parametrize(
    "name", ["published/2023/CURRENT", "delivery.yml", "warehouse/kaohe.duckdb", "warehouse/inputs/a"]
)
def test_nothing_is_restored_over_anything(backup: Path, tmp_path: Path, name: str) -> None:
    write(tmp_path / "new", {name: b"there"})
    assert refused(restore, backup, tmp_path / "new").key == "restore_not_empty"
    assert contents(tmp_path / "new") == {name: b"there"}


def test_another_key_is_told(home: Path, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAOHE_KEY", "another")
    assert restore(backup, tmp_path / "new").other_key
    (home / "secret.key").unlink()
    made = back_up(home, tmp_path / "safe")
    assert (made.label.own_key, made.label.key is None) == (False, False)
    assert not restore(made.path, tmp_path / "newer").other_key


def test_a_restore_makes_no_key(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "secret.key").unlink()
    with monkeypatch.context() as set_then:
        set_then.setenv("KAOHE_KEY", "another")
        path = back_up(home, tmp_path / "safe").path
    restored = restore(path, tmp_path / "new")
    assert (restored.other_key, restored.no_key) == (False, True)
    assert not (tmp_path / "new" / "secret.key").exists()


def test_a_lost_key_does_not_become_a_new_one(home: Path) -> None:
    write(home, {"published/2023/CURRENT": b"id\n"})
    refuse_wrong_key(home)
    (home / "secret.key").unlink()
    assert refused(Run, home / "inbox", YEAR, None, None, home, strict=False).key == "key_missing"
    assert not (home / "secret.key").exists()


def test_a_backup_waits_for_a_run_to_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    def locked(home: Path, wait_seconds: float) -> HomeLock:
        waited.append(wait_seconds)
        return lock(home, wait_seconds)

    monkeypatch.setattr(making, "lock", locked)
    back_up(home)
    assert cli._status(["backup", "--wait", "7", "--home", str(home)]) == 0
    assert waited == [1800.0, 7.0]


# ---- where, and how many


def test_without_a_place_it_stands_in_the_home_and_not_in_the_next_one(home: Path) -> None:
    first = back_up(home)
    assert first.path.parent == home / BACKUPS
    assert {entry.path for entry in back_up(home).label.files} == HELD.keys()


@pytest.mark.parametrize("place", ["published/2023", "warehouse", "warehouse/inputs/x.tar.gz", "inbox", "ledgers/b"])
def test_a_backup_does_not_stand_among_what_is_backed_up(home: Path, place: str) -> None:
    before = contents(home)
    assert refused(back_up, home, home / place).key == "backup_inside"
    assert contents(home) == before


def test_a_file_that_is_there_is_not_overwritten(home: Path, backup: Path) -> None:
    before = backup.read_bytes()
    assert refused(back_up, home, backup).key == "backup_there"
    assert refused(back_up, home, backup.with_name("x.tar.gz"), 3).key == "backup_keep_file"
    assert backup.read_bytes() == before


def test_what_is_no_home_is_not_backed_up(tmp_path: Path) -> None:
    assert refused(back_up, tmp_path / "none").key == "backup_nothing"
    assert not list(tmp_path.iterdir())


def test_only_older_backups_of_this_home_are_removed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = tmp_path / "safe"
    now = clock.now()
    made = []
    for day in (10, 8, 9, 1):  # a clock that goes back: what has just been made stays
        monkeypatch.setattr(clock, "now", lambda day=day: now.replace(year=2026, month=1, day=day))
        made.append(back_up(home, safe).path)
    others = back_up(write(tmp_path / "other", HELD), safe).path
    foreign = write(safe, {"kaohe-20250101-000000.tar.gz": b"somebody's", "kaohe-x.tar.gz": b"", "note.txt": b""})
    monkeypatch.setattr(clock, "now", lambda: now.replace(year=2026, month=1, day=2))
    result = back_up(home, safe, keep=3)
    assert set(result.removed) == {made[1], made[3]}
    left = set(safe.iterdir())
    assert left == {made[0], made[2], result.path, others, *(foreign / name for name in (
        "kaohe-20250101-000000.tar.gz", "kaohe-x.tar.gz", "note.txt"))}  # fmt: skip


def test_a_damaged_home_is_backed_up_as_it_is_and_no_better_backup_goes(tmp_path: Path) -> None:
    home = old_home("page", tmp_path)
    safe = tmp_path / "safe"
    good = back_up(home, safe, keep=1)
    assert good.damage == []
    (changed,) = home.glob("published/2023/*-final/scores.csv")
    changed.write_bytes(b"1")
    bad = back_up(home, safe, keep=1)
    assert any("scores.csv" in sentence for sentence in bad.damage)
    assert (bad.removed, good.path.exists(), bad.label.damage) == ([], True, True)
    restored = restore(bad.path, tmp_path / "new")
    assert restored.damage == bad.damage
    assert restore(good.path, tmp_path / "better").damage == []
    standing = good.label.years[2023]
    assert standing and (standing.acts, standing.last) == (5, "finalize")


def without(*names: str) -> Callable[[Path], None]:
    """What somebody has removed."""

    def remove(home: Path) -> None:
        for name in names:
            for path in list(home.glob(name)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    return remove


def one_act_less(home: Path) -> None:
    """As before the final result, and nothing wrong."""
    log = home / "published" / "2023" / "acts.jsonl"
    *acts, _ = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(acts))
    moved = [act.publication for act in Log.read(log.parent).of(*MOVES)]
    (log.parent / "CURRENT").write_text(f"{moved[-1]}\n", "utf-8")


def another_key(home: Path) -> None:
    (home / "secret.key").write_text("another", "ascii")


#: What was lost, and what is said of it; of the last ones the home itself tells nothing.
GUTTED: list[tuple[Callable[[Path], None], str]] = [
    (without("secret.key"), "没有密钥"),
    (without("published"), "却没有任何发布"),
    (without("warehouse/inputs/*"), "没有留存或留存的内容已变"),
    (without("published/*/acts.jsonl", "published/*/CURRENT"), "也没有日志能说当前发布是哪一个"),
    (without("published/2022"), "2022 年度的结果"),
    (without("published", "warehouse/inputs/*"), "2022 年度的结果、2023 年度的结果"),
    (one_act_less, "2023 年度日志的第 5 条"),
    (another_key, "人员密钥 secret.key"),
]


@pytest.mark.parametrize(("lose", "said"), GUTTED, ids=[said for _, said in GUTTED])
def test_a_gutted_home_is_told_and_no_better_backup_ever_goes(
    tmp_path: Path, lose: Callable[[Path], None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home, safe = old_home("page", tmp_path), tmp_path / "safe"
    for part in ("published", "ledgers"):
        shutil.copytree(home / part / "2023", home / part / "2022")
    arguments = ["backup", "--home", str(home), "--out", str(safe), "--keep", "1"]
    assert cli._status(arguments) == 0
    (good,) = safe.iterdir()
    lose(home)
    for _ in range(3):
        capsys.readouterr()
        assert cli._status(arguments) == 3
        output = capsys.readouterr().out
        assert said in output
        assert "KAOHE_KEY，不在其中" not in output
        assert good.exists()


def test_backups_go_again_once_those_that_have_more_are_elsewhere(tmp_path: Path) -> None:
    home, safe = old_home("page", tmp_path), tmp_path / "safe"
    full = back_up(home, safe, keep=1)
    one_act_less(home)
    less = back_up(home, safe, keep=1)
    assert (less.damage, less.removed, less.exit_code) == ([], [], 3)
    again = back_up(home, safe, keep=1)
    assert (again.removed, again.exit_code) == ([less.path], 3)  # it has nothing that the new one lacks
    full.path.rename(tmp_path / full.path.name)
    last = back_up(home, safe, keep=1)
    assert (last.removed, last.fuller, last.exit_code) == ([again.path], [], 0)


@pytest.mark.parametrize("manifest", [b"[]", b"{}", b"half"])
def test_a_manifest_that_nobody_can_read_keeps_no_backup_from_being_made(tmp_path: Path, manifest: bytes) -> None:
    home = old_home("page", tmp_path)
    for path in home.glob("published/2023/*/manifest.json"):
        path.write_bytes(manifest)
    assert any("manifest.json" in sentence for sentence in back_up(home, tmp_path / "safe").damage)


def test_a_year_whose_first_run_was_killed_is_no_damage(tmp_path: Path) -> None:
    home = old_home("page", tmp_path)
    (first,) = (act.publication for act in Log.read(home / "published" / "2023").of("publish"))
    shutil.copytree(home / "published" / "2023" / first, home / "published" / "2024" / first)
    assert back_up(home, tmp_path / "safe").exit_code == 0
    assert back_up(home, tmp_path / "safe", keep=1).removed


def test_a_broken_log_is_backed_up_and_told(tmp_path: Path) -> None:
    home = old_home("page", tmp_path)
    log = home / "published" / "2023" / "acts.jsonl"
    log.write_bytes(log.read_bytes().replace("机关党委".encode(), "别的部门".encode(), 1))
    made = back_up(home, tmp_path / "safe")
    assert made.label.years == {2023: None}
    assert any("acts.jsonl" in sentence for sentence in made.damage)


# ---- what happens meanwhile


def entry(home: Path, name: str) -> Entry:
    data = (home / name).read_bytes()
    return Entry(path=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def test_a_line_added_meanwhile_is_not_in_it_and_a_file_changed_meanwhile_ends_it(home: Path) -> None:
    log, ledger = "logs/2026-11.jsonl", "ledgers/2023/correction.csv"
    listed = {name: entry(home, name) for name in (log, ledger)}
    with (home / log).open("ab") as file:
        file.write(b"more\n")
    (home / ledger).write_bytes(b"y\n")
    with tarfile.open(fileobj=io.BytesIO(), mode="w:gz") as tar:
        making._add(tar, home, listed[log])
        for change in (lambda: None, lambda: (home / ledger).write_bytes(b""), (home / ledger).unlink):
            change()
            assert refused(making._add, tar, home, listed[ledger]).key == "backup_moved"


RUN = "import sys; from pathlib import Path as P; from kaohe.backup.{0} import {1} as f; f(P(sys.argv[1]), P(sys.argv[2]))"


def process(module: str, function: str, *paths: Path, **other: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN.format(module, function), *map(str, paths)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, **other)


def killed_when(running: subprocess.Popen[str], there: Callable[[], bool]) -> None:
    """Kill -9 as soon as something is there."""
    while not there():
        assert running.poll() is None, running.communicate()
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert running.returncode == -signal.SIGKILL


def test_a_killed_backup_leaves_nothing_that_looks_like_one(home: Path, tmp_path: Path) -> None:
    write(home, {"warehouse/inputs/large": os.urandom(40 << 20)})
    safe = tmp_path / "safe"

    def half() -> bool:
        return any(part.stat().st_size > 1 << 20 for part in safe.glob(".*.part"))

    killed_when(process("making", "back_up", home, safe), half)
    assert [path.suffix for path in safe.iterdir()] == [".part"]
    (home / "warehouse" / "inputs" / "large").unlink()
    made = back_up(home, safe, keep=1)
    assert list(safe.iterdir()) == [made.path]
    assert made.removed == []


def test_a_killed_restore_has_put_nothing_in_place_and_is_simply_done_again(home: Path, tmp_path: Path) -> None:
    write(home, {"warehouse/inputs/large": os.urandom(40 << 20)})
    path, new = back_up(home, tmp_path / "safe").path, tmp_path / "new"
    first = new / "warehouse" / ".restore" / "secret.key"
    killed_when(process("restoring", "restore", path, new), first.exists)
    assert {found.name for found in new.iterdir()} == {"warehouse"}
    restore(path, new)
    assert contents(new).keys() == {*HELD, "warehouse/inputs/large"}


def test_a_restore_that_was_killed_between_two_parts_is_begun_anew(home: Path, tmp_path: Path) -> None:
    path, new = back_up(home, tmp_path / "safe").path, tmp_path / "new"
    restore(path, new)
    placing = new / "warehouse" / PLACING
    placing.mkdir()
    assert not half_restored(new)
    (new / "published").rename(placing / "published")
    assert half_restored(new)
    assert "kaohe restore" in "\n".join(doctor.examine(new).sentences)
    restore(path, new)
    assert (contents(new), half_restored(new)) == (HELD, False)
    (new / "published").rename(tmp_path / "published")
    write(
        new,
        {f"warehouse/{PLACING}/published/a": b"half", f"warehouse/{PLACING}/ledgers/a": b"somebody has made another"},
    )
    assert refused(restore, path, new).key == "restore_not_empty"


@pytest.mark.parametrize(
    "waiting", [PARTS[-1:], ("logs", *PARTS[-1:]), PARTS, ()], ids=["results", "logs", "all", "aside"]
)
def test_nobody_takes_a_half_restored_home_for_a_whole_one(
    home: Path, backup: Path, tmp_path: Path, waiting: tuple[str, ...]
) -> None:
    """Killed when these parts were not in their place yet, or (none) while it unpacked."""
    new = tmp_path / "new"
    restore(backup, new)
    placing = new / "warehouse" / (PLACING if waiting else ASIDE)
    for part in waiting or PARTS:
        if (new / part).exists():
            (placing / part).parent.mkdir(parents=True, exist_ok=True)
            (new / part).rename(placing / part)
    before = contents(new)

    def run() -> None:
        with recorded(new, "annual-assessment", YEAR), Warehouse(new):
            pass

    for act in [
        run,
        lambda: lock(new, 0),
        *([lambda: back_up(new)] if (new / "warehouse" / "inputs").is_dir() else []),
    ]:
        error = refused(act)
        assert (error.key, "再恢复一次" in str(error)) == ("home_half_restored", True)
    assert not doctor.mend(new).mended
    assert {name: data for name, data in contents(new).items() if name not in journal(new)} == before
    restore(backup, new)
    assert (contents(new), half_restored(new)) == (HELD, False)


def journal(home: Path) -> set[str]:
    """What was noted just now."""
    return {f"logs/{path.name}" for path in (home / "logs").glob(f"{clock.now():%Y-%m}.jsonl")}


def test_only_its_owner_can_read_a_restored_home(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    for name in ("there", "new"):
        restore(backup, tmp_path / name)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700


@contextmanager
def small_disk() -> Iterator[None]:
    """No file can be larger than a megabyte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_nothing_is_left(home: Path, tmp_path: Path) -> None:
    write(home, {"warehouse/inputs/large": os.urandom(3 << 20)})
    path, safe, new = back_up(home, tmp_path / "one.tar.gz").path, tmp_path / "safe", tmp_path / "new"
    with small_disk():
        assert refused(back_up, home, safe).key == "disk_full"
        assert refused(restore, path, new).key == "disk_full"
    assert not list(safe.iterdir())
    assert contents(new) == {}


# ---- what cannot be trusted


def listed(held: dict[str, bytes], **other: Any) -> dict[str, Any]:
    entries = [
        {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in held.items()
    ]
    label = {"form": 1, "program": "0.1.0", "made_at": "2026-01-01T00:00:00+08:00", "home": "/h", "key": None}
    return label | {"own_key": False, "damage": False, "years": {}, "files": entries} | other


def member(name: str, data: bytes = b"", **other: Any) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(data)
    for attribute, value in other.items():
        setattr(made, attribute, value)
    return made, data


def packed(path: Path, label: object, *members: tuple[tarfile.TarInfo, bytes], more: bytes = b"") -> Path:
    first = label if isinstance(label, bytes) else json.dumps(label).encode()
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for made, data in (member(LABEL, first), *members):
            tar.addfile(made, io.BytesIO(data))
    path.write_bytes(gzip.compress(tarred.getvalue() + more, 1))
    return path


A, B = "ledgers/2023/a.csv", "ledgers/2023/b.csv"


def held(*names: str) -> dict[str, bytes]:
    return dict.fromkeys(names, b"data")


def one(name: str = A, **other: Any) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, b"data", **other)


HOSTILE: dict[str, tuple[str, object, list[tuple[tarfile.TarInfo, bytes]], bytes]] = {
    **{
        f"path {path!r}": ("backup_path", listed(held(path)), [one(path)], b"")
        for path in (
            "/etc/passwd", "../evil", "ledgers/../../evil", "ledgers/./a", "ledgers//a", "ledgers", "ledgers/", "prefect/a",
            "ledgers\\..\\evil", "ledgers/.hidden", "C:/evil", "warehouse/kaohe.duckdb", "secret.key/a", "ledgers/a\nb", "",
        )
    },
    "twice in the list": ("backup_twins", listed({A: b"data"}) | {"files": listed(held(A))["files"] * 2}, [one(), one()], b""),
    "case": ("backup_twins", listed(held("ledgers/A", "ledgers/a")), [one("ledgers/A"), one("ledgers/a")], b""),
    "accents": ("backup_twins", listed(held("ledgers/\u00e9", "ledgers/e\u0301")), [], b""),
    "file and folder": ("backup_twins", listed(held("ledgers/a", "ledgers/A/b")), [one("ledgers/a"), one("ledgers/A/b")], b""),
    "twice": ("backup_unlisted", listed(held(A)), [one(), one()], b""),
    "unlisted": ("backup_unlisted", listed(held(A)), [one(), one(B)], b""),
    "other order": ("backup_unlisted", listed(held(A, B)), [one(B), one(A)], b""),
    "up": ("backup_unlisted", listed(held(A)), [one("../../evil")], b""),
    "symlink": ("backup_kind", listed({A: b""}), [member(A, type=tarfile.SYMTYPE, linkname="/etc/passwd")], b""),
    "hard link": ("backup_kind", listed({A: b""}), [member(A, type=tarfile.LNKTYPE, linkname="/etc/passwd")], b""),
    "device": ("backup_kind", listed({A: b""}), [member(A, type=tarfile.CHRTYPE, devmajor=1, devminor=5)], b""),
    "fifo": ("backup_kind", listed({A: b""}), [member(A, type=tarfile.FIFOTYPE)], b""),
    "folder": ("backup_kind", listed({A: b""}), [member(A, type=tarfile.DIRTYPE)], b""),
    "holes": ("backup_kind", listed(held(A)), [one(pax_headers={"GNU.sparse.map": "0,4", "GNU.sparse.size": "99999999999"})], b""),
    "larger": ("backup_changed", listed(held(A)), [member(A, b"data" * 1000)], b""),
    "other bytes": ("backup_changed", listed(held(A)), [member(A, b"Data")], b""),
    "missing": ("backup_lacks", listed(held(A, B)), [one()], b""),
    "large header": ("backup_bomb", listed(held(A)), [one(pax_headers={"comment": "0" * (3 << 20)})], b""),
    "long header": ("backup_bomb", listed(held(A)), [one(pax_headers={"comment": "0" * (40 << 10)})], b""),
    "large end": ("backup_bomb", listed(held(A)), [one()], bytes(3 << 20)),
    "newer": ("backup_newer", listed(held(A), program="0.2.0"), [one()], b""),
    "newer form": ("backup_newer", listed(held(A), form=FORM + 1, other="x"), [one()], b""),
    **{
        f"label {number}": ("backup_not_ours", label, [one()], b"")
        for number, label in enumerate((
            b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, listed(held(A), form="1"), listed(held(A), files=None),
            listed(held(A), made_at="yesterday"), listed(held(A), years={"x": None}), listed(held(A), more=1),
            listed(held(A), files=[{"path": A, "size": -1, "sha256": "0" * 64}]),
            listed(held(A), files=[{"path": A, "size": 4, "sha256": "../x"}]),
        ))
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_backup_ends_in_a_sentence_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    key, label, members, more = HOSTILE[name]
    path = packed(tmp_path / "b.tar.gz", label, *members, more=more)
    for act in (lambda: check(path), lambda: restore(path, tmp_path / "new" / "home")):
        assert refused(act).key == key
    written = {found.relative_to(tmp_path / "new").as_posix() for found in (tmp_path / "new").rglob("*")}
    assert written <= {"home", "home/warehouse", "home/warehouse/lock"}
    assert {found.name for found in tmp_path.iterdir()} <= {"b.tar.gz", "new"}


def test_a_header_with_a_senseless_number_is_no_reason_to_fail(tmp_path: Path) -> None:
    header, _ = member("x", type=tarfile.XHDTYPE)
    header.size = 1 << 80
    path = packed(tmp_path / "b.tar.gz", listed(held(A, B)), one())
    data = gzip.decompress(path.read_bytes()).rstrip(bytes(1))
    whole = data + bytes(-len(data) % 512)
    path.write_bytes(gzip.compress(whole + header.tobuf(tarfile.GNU_FORMAT)))
    assert refused(check, path).key == "backup_cut"


def test_what_those_are_made_of_is_restored_when_it_is_as_it_should_be(tmp_path: Path) -> None:
    """Or they might be refused for something else."""
    path = packed(tmp_path / "b.tar.gz", listed(held(A, B)), one(A, mode=0o7777), one(B), more=bytes(10_000))
    restore(path, tmp_path / "new")
    assert contents(tmp_path / "new") == held(A, B)
    assert (tmp_path / "new" / A).stat().st_mode & 0o7777 == 0o755


NO_BACKUPS = {
    "empty": b"", "text": b"text", "pressed text": gzip.compress(b"text"), "nothing pressed": gzip.compress(b""),
    "an empty tar": gzip.compress(bytes(2048)),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_BACKUPS)
def test_what_is_no_backup_is_told_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / "b.tar.gz"
    path.write_bytes(NO_BACKUPS[name])
    assert refused(check, path).key in ("backup_not_ours", "backup_cut")
    assert refused(check, tmp_path / "none").key == "backup_missing"


def cuts(data: bytes) -> Iterator[bytes]:
    """Cut off at many places."""
    for number in range(1, 40):
        yield data[: len(data) * number // 40]
    yield from (data[:-1], data[:-8])


def flips(data: bytes) -> Iterator[bytes]:
    """A bit turned at many places."""
    for number in range(60):
        at = len(data) * number // 60
        yield data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def test_a_backup_cut_off_anywhere_is_found(backup: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    for data in cuts(backup.read_bytes()):
        broken.write_bytes(data)
        assert refused(check, broken).key in ("backup_cut", "backup_lacks", "backup_not_ours")


def test_a_bit_turned_anywhere_is_found_or_changes_nothing(backup: Path, tmp_path: Path) -> None:
    broken, found = tmp_path / "broken.tar.gz", 0
    for data in flips(backup.read_bytes()):
        broken.write_bytes(data)
        try:
            assert check(broken) == check(backup)  # the name and time in gzip's own header
        except KaoheError as error:
            assert error.key.startswith("backup_")
            found += 1
    assert found > 55


def test_names_that_could_not_be_put_back_are_not_backed_up(home: Path) -> None:
    write(home, {"ledgers/2023/Correction.csv": b"x"})
    assert refused(back_up, home).key == "backup_twins"
    assert {path.name for path in (home / BACKUPS).iterdir()} == {"kaohe-20200101-000000.tar.gz"}


def test_the_key_is_not_made_by_a_backup(home: Path, tmp_path: Path) -> None:
    (home / "secret.key").unlink()
    assert back_up(home, tmp_path / "safe").label.key is None
    assert not (home / "secret.key").exists()
    assert key_of(home)
