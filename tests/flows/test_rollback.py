"""Going back to an earlier publication, and what runs make of it afterwards."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kaohe import clock
from kaohe.proceedings import Proceedings, proceedings, verify
from kaohe.rollback import rollback
from tests.helpers import CHECK, ROOT, YEAR, check, kaohe, registry, write_csv
from tests.office import ANNOUNCED, AS_OF, BY, CALENDAR, Office, refused

BACK = {"by": "机关党委", "reason": "抽查录错"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    """An office with one publication, made once."""
    office = Office(tmp_path_factory.mktemp("first"))
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室")
    write_csv(office.inbox / "名册.csv", registry(*units))
    days = [[day.isoformat(), "是" if worked else "否"] for day, worked in CALENDAR.items()]
    write_csv(office.inbox / "日历.csv", [["日历日期", "是否工作日"], *days])
    inspected(office, "1111")
    office.run(AS_OF)
    return office.inbox.parent


@pytest.fixture
def office(first: Path, tmp_path: Path) -> Office:
    shutil.copytree(first, tmp_path / "office")
    return Office(tmp_path / "office")


def inspected(office: Office, flags: str) -> None:
    write_csv(office.inbox / "抽查.csv", [CHECK, check("C1", "办公室", flags=flags)])


def moved(office: Office, flags: str) -> str:
    """What is current after a run over another ledger."""
    inspected(office, flags)
    office.run(AS_OF)
    return office.current


def test_what_was_gone_back_from_is_not_published_again_until_something_changes(office: Office) -> None:
    good = office.current
    bad = moved(office, "0000")
    act = rollback(office.home, YEAR, **BACK)
    assert (act.act, act.publication, act.details["instead_of"], act.by) == ("rollback", good, bad, "机关党委")
    assert office.current == good
    assert verify(office.home, YEAR) == []

    again = office.run(AS_OF)
    assert (again.outcome.new, office.current) == (False, good)
    assert again.outcome.held_back == act
    other_day = office.run(None)  # another day alone is no change ...
    assert clock.today() != AS_OF
    assert (other_day.outcome.new, office.current) == (False, good)
    third = moved(office, "1000")  # ... a ledger is
    assert third not in (good, bad)
    assert office.run(AS_OF).outcome.held_back is None
    inspected(office, "0000")  # what was gone back from stays so, whatever was in force in between
    assert (office.run(AS_OF).outcome.new, office.current) == (False, third)
    assert rollback(office.home, YEAR, to=bad, **BACK).publication == bad
    assert office.run(AS_OF).outcome.held_back is None
    assert office.current == bad


def test_an_as_of_date_that_was_asked_for_is_a_change(office: Office) -> None:
    moved(office, "0000")
    rollback(office.home, YEAR, **BACK)
    assert office.run(ANNOUNCED).outcome.new


def test_going_back_twice_goes_back_further(office: Office) -> None:
    first = office.current
    second = moved(office, "0000")
    moved(office, "1000")
    assert rollback(office.home, YEAR, **BACK).publication == second
    assert rollback(office.home, YEAR, **BACK).publication == first
    error = refused(rollback, office.home, YEAR, **BACK)
    assert error.key == "rollback_none"
    assert set(office.state.rolled_back) == set(Path(office.folder / name).name for name in names(office)) - {first}


def names(office: Office) -> set[str]:
    return {path.name for path in office.folder.iterdir() if path.is_dir()}


def test_never_back_across_an_announcement(office: Office) -> None:
    before = office.current
    office.announce()
    announced = office.current
    assert refused(rollback, office.home, YEAR, **BACK).key == "rollback_none"
    error = refused(rollback, office.home, YEAR, to=before, **BACK)
    assert error.key == "rollback_unknown"
    assert announced in str(error)
    inspected(office, "0000")
    assert office.run().manifest["state"] == "reviewed"
    assert rollback(office.home, YEAR, **BACK).publication == announced
    assert not office.run().outcome.new
    office.finalize()
    assert refused(rollback, office.home, YEAR, **BACK).key == "rollback_none"
    assert refused(rollback, office.home, YEAR, to=announced, **BACK).key == "rollback_unknown"


def test_what_is_no_longer_whole_is_not_gone_back_to(office: Office) -> None:
    good = office.current
    moved(office, "0000")
    acts = len(office.state.log.acts)
    scores = office.folder / good / "scores.csv"
    scores.write_bytes(scores.read_bytes() + b"\n")
    error = refused(rollback, office.home, YEAR, **BACK)
    assert (error.key, "scores.csv" in str(error)) == ("rollback_damaged", True)
    shutil.rmtree(office.folder / good)
    assert refused(rollback, office.home, YEAR, **BACK).key == "rollback_damaged"
    assert refused(rollback, office.home, YEAR, to=office.current, **BACK).key == "rollback_current"
    assert len(office.state.log.acts) == acts


@pytest.mark.parametrize(("where", "decided"), [("kaohe.acts.Log.add", False), ("kaohe.publishing.point", True)])
def test_killed_while_going_back(office: Office, where: str, decided: bool) -> None:
    good = office.current
    bad = moved(office, "0000")
    killed(where, f"from kaohe.rollback import rollback; rollback(Path({str(office.home)!r}), {YEAR}, '党委', '错')")
    assert office.current == bad
    with proceedings(office.home, YEAR):
        pass
    assert office.current == (good if decided else bad)
    assert verify(office.home, YEAR) == []


def killed(where: str, statement: str) -> None:
    """Run a statement in a process that kills itself where it would call ``where``."""
    module, _, name = where.rpartition(".")
    holder = f"m = importlib.import_module({module!r})"
    if module.rpartition(".")[2][0].isupper():
        module, _, kind = module.rpartition(".")
        holder = f"m = importlib.import_module({module!r}).{kind}"
    script = (
        "import importlib, os, signal\nfrom pathlib import Path\n"
        f"{holder}\nm.{name} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n{statement}\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr


def test_it_is_delivered_anew(office: Office) -> None:
    """A publication in force again is another delivery: its number is that of the act."""
    good = office.current
    moved(office, "0000")
    act = rollback(office.home, YEAR, **BACK)
    assert Proceedings(office.home, YEAR).made_current(good) == act


def test_by_its_command(office: Office) -> None:
    good = office.current
    bad = moved(office, "0000")
    where = ("--year", YEAR, "--home", office.home)
    done = kaohe("rollback", *where, "--by", "机关党委", "--reason", " ")
    assert (done.returncode, "--reason 不能是空的" in done.stderr) == (2, True)
    done = kaohe("rollback", *where, "--by", "机关党委", "--reason", "抽查录错", "--document", "党办〔2024〕2号")
    assert done.returncode == 0, done.stderr
    assert f"已由 {bad} 退回到 {good}" in done.stdout
    done = kaohe("history", *where)
    assert "退回" in done.stdout
    assert "抽查录错" in done.stdout
    done = kaohe("history", *where, "--lang", "en")
    assert f"from {bad}" in done.stdout.replace("\n", " ")
