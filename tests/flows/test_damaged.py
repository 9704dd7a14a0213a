"""A publication that is damaged or was tampered with: it can be told, gone back from and backed up, and is not used."""

import datetime as dt
import errno
from pathlib import Path

import pytest

from kaohe import clock, homelock
from kaohe.backup.making import back_up
from kaohe.doctor import examine, mend
from kaohe.lifecycle.damage import damage
from kaohe.lifecycle.proceedings import proceedings
from kaohe.lifecycle.rollback import rollback
from kaohe.log_check import audit
from kaohe.project import file_hashes
from kaohe.publication import MANIFEST, SUMS, pointed_at
from kaohe.retention import expire, kept_inputs
from kaohe.schedule import Keep
from kaohe.warehouse import Warehouse
from tests.helpers import YEAR, in_process
from tests.keeping import BAD, GOOD, first_of, inspected
from tests.office import ANNOUNCED, AS_OF, Office, refused

BACK = {"by": "机关党委", "reason": "损坏"}


def later(days: float) -> dt.datetime:
    return clock.now() + dt.timedelta(days=days)


def cut(path: Path) -> None:
    """What a bad disk may leave."""
    path.write_bytes(path.read_bytes()[:500])


def test_a_manifest_that_is_cut_off_keeps_nobody_from_mending(office: Office, tmp_path: Path) -> None:
    first, second = first_of(office), office.current
    cut(office.folder / second / MANIFEST)
    with proceedings(office.home, YEAR) as found:
        assert MANIFEST in "".join(damage(found, second))
    assert any(MANIFEST in sentence for sentence in audit(office.home, YEAR).wrong)
    assert any(second in finding.problem for finding in examine(office.home).findings)
    assert back_up(office.home, tmp_path / "backup.tar.gz", None).damage
    assert refused(expire, office.home, YEAR, Keep(days=1, least=1), later(2)).key == "manifest_unreadable"
    assert rollback(office.home, YEAR, **BACK).publication == first


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"code": 3}', '{"log": 5}', "[" * 9999])
def test_a_manifest_that_is_none_of_ours_is_a_sentence(office: Office, text: str) -> None:
    (office.folder / office.current / MANIFEST).write_text(text, "utf-8")
    asked = ["--home", office.home, "--year", YEAR]
    for command, status in (("history", 2), ("explain", 2), ("status", 4), ("audit verify", 2)):
        done = in_process(*command.split(), *(["办公室"] if command == "explain" else []), *asked)
        assert (done.returncode, MANIFEST in done.stdout + done.stderr) == (status, True), command
        assert "Traceback" not in done.stderr and "没查成" not in done.stdout
    done = in_process("doctor", "--home", office.home)
    assert (done.returncode, MANIFEST in done.stdout, "没查成" in done.stdout) == (2, True, False), done.stdout
    assert refused(office.announce, ANNOUNCED).key == "publication_damaged"
    assert rollback(office.home, YEAR, **BACK).publication == first_of(office)


def test_a_manifest_of_a_newer_version_is_none_of_ours_and_said_to_be_newer(office: Office) -> None:
    text = '{"state": "unheard of", "code": {"version": "99.1.0"}}'
    (office.folder / office.current / MANIFEST).write_text(text, "utf-8")
    assert refused(office.announce, ANNOUNCED).key == "home_newer"
    assert "99.1.0" in "".join(finding.problem for finding in examine(office.home).findings)


@pytest.mark.parametrize("said", [b"garbage", b"..", None])
def test_a_current_that_names_nothing_is_said_with_the_way_out(office: Office, said: bytes | None) -> None:
    """Rubbish, or a folder in its place."""
    second, path = office.current, office.folder / "CURRENT"
    path.unlink()
    if said is None:
        (path / "x").mkdir(parents=True)
    else:
        path.write_bytes(said)
    for command, status in (("explain 办公室", 2), ("status", 4)):
        done = in_process(*command.split(), "--home", office.home, "--year", YEAR)
        assert (done.returncode, "CURRENT 写的不是一个还在的发布" in done.stdout + done.stderr) == (status, True), (
            command
        )
    (finding,) = examine(office.home).findings
    assert "当前发布应是" in finding.problem and second in finding.problem
    after = mend(office.home)
    assert (after.findings, after.failed, office.current) == ([], [], second)
    aside = list(office.folder.glob("CURRENT.changed-*/x"))
    assert len(aside) == (said is None)
    assert all(each.parent.name in "".join(after.mended) for each in aside)


@pytest.mark.parametrize("said", [b"\xff\xfe\x00", b"../../../etc", b"", b".."])
def test_a_current_that_is_rubbish_names_nothing_and_is_written_anew(office: Office, said: bytes) -> None:
    second = office.current
    (office.folder / "CURRENT").write_bytes(said)
    pointed = pointed_at(office.folder)
    assert pointed is not None and pointed.parent == office.folder and not pointed.exists()
    mend(office.home)
    assert office.current == second


def test_inputs_stay_while_nobody_knows_what_a_publication_needs(office: Office) -> None:
    before = kept_inputs(office.home)
    (office.folder / first_of(office) / MANIFEST).unlink()
    assert refused(expire, office.home, YEAR, Keep(days=365, least=9), later(2)).key == "manifest_unreadable"
    assert kept_inputs(office.home) == before


def tampered(publication: Path) -> None:
    """Somebody changes a number, and the list of hashes with it."""
    scores = publication / "scores.csv"
    scores.chmod(0o644)
    scores.write_text(scores.read_text("utf-8-sig").replace("0", "9", 1), "utf-8")
    (publication / SUMS).chmod(0o644)
    sums = "".join(f"{sha256}  {name}\n" for name, sha256 in file_hashes(publication, "**/*").items() if name != SUMS)
    (publication / SUMS).write_text(sums, "utf-8")


def test_what_somebody_changed_does_not_come_into_force_again(office: Office) -> None:
    first, second = first_of(office), office.current
    tampered(office.folder / first)
    inspected(office, GOOD)
    assert refused(office.run, AS_OF).key == "publication_damaged"
    assert office.current == second
    inspected(office, BAD)
    tampered(office.folder / second)
    assert refused(office.announce, ANNOUNCED).key == "publication_damaged"


def test_an_error_at_the_end_leaves_no_lock_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share that is away for a moment just when a run ends."""

    def away(_: Path) -> None:
        raise OSError(errno.ESTALE, "stale")

    warehouse = Warehouse(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(homelock, "holder", away)
        warehouse.__exit__()
    Warehouse(tmp_path, 0).__exit__()


def test_an_input_that_a_power_cut_left_empty_is_kept_again(tmp_path: Path) -> None:
    with Warehouse(tmp_path) as warehouse:
        kept = warehouse.inputs / warehouse.keep(b"a ledger")
        kept.write_bytes(b"")
        warehouse.keep_again(kept.name, b"a ledger")
        assert kept.read_bytes() == b"a ledger"
