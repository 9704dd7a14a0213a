"""Going back to an earlier publication, and what runs make of it afterwards."""

import io
import shutil

import pytest
from rich.console import Console

from kaohe.doctor import mend
from kaohe.lifecycle.damage import verify
from kaohe.lifecycle.proceedings import proceedings
from kaohe.lifecycle.rollback import rollback
from kaohe.summary import print_summary
from tests.helpers import YEAR, in_process
from tests.keeping import BAD, OTHER, first_of, inspected, killed, published
from tests.office import ANNOUNCED, AS_OF, Office, refused

BACK = {"by": "机关党委", "reason": "抽查录错"}


def test_what_was_gone_back_from_is_not_published_again_until_something_changes(office: Office) -> None:
    good, bad = first_of(office), office.current
    act = rollback(office.home, YEAR, **BACK)
    assert (act.act, act.publication, act.details["instead_of"], act.by) == ("rollback", good, bad, "机关党委")
    assert office.current == good
    assert verify(office.home, YEAR) == []
    assert office.state.made_current(good) == act  # so it is delivered again

    again = office.run(AS_OF)
    assert (again.outcome.new, again.outcome.held_back, office.current) == (False, act, good)
    said = io.StringIO()
    print_summary(Console(file=said, width=200), again.outcome)
    assert f"退回了 {bad}（抽查录错）" in said.getvalue()
    assert (office.run(None).outcome.new, office.current) == (False, good)  # another day alone is no change ...
    inspected(office, OTHER)
    third = office.run(AS_OF)
    assert (third.outcome.new, third.outcome.held_back) == (True, None)  # ... a ledger is
    inspected(office, BAD)  # what was gone back from stays so, whatever was in force in between
    assert (office.run(AS_OF).outcome.new, office.current) == (False, third.folder.name)
    assert rollback(office.home, YEAR, to=bad, **BACK).publication == bad
    assert (office.run(AS_OF).outcome.held_back, office.current) == (None, bad)


def test_a_new_result_of_an_earlier_year_is_no_change(office: Office) -> None:
    good = first_of(office)
    act = rollback(office.home, YEAR, **BACK)
    earlier = office.home / "published" / str(YEAR - 1)
    (earlier / "another").mkdir(parents=True)
    (earlier / "CURRENT").write_text("another\n")
    assert (office.run(AS_OF).outcome.held_back, office.current) == (act, good)


def test_an_as_of_date_that_was_asked_for_is_a_change(office: Office) -> None:
    rollback(office.home, YEAR, **BACK)
    assert office.run(ANNOUNCED).outcome.new


def test_a_damaged_publication_that_was_gone_back_from_is_known_by_its_name(office: Office) -> None:
    bad = office.current
    rollback(office.home, YEAR, **BACK)
    (office.folder / bad / "manifest.json").unlink()
    assert office.run(AS_OF).outcome.held_back is not None


def test_going_back_twice_goes_back_further(office: Office) -> None:
    first, second = first_of(office), office.current
    third = published(office, "20240401-third")
    assert rollback(office.home, YEAR, **BACK).publication == second
    assert rollback(office.home, YEAR, **BACK).publication == first
    assert refused(rollback, office.home, YEAR, **BACK).key == "rollback_none"
    assert set(office.state.rolled_back) == {second, third}
    assert rollback(office.home, YEAR, to=third, **BACK).publication == third
    assert rollback(office.home, YEAR, **BACK).publication == first


def test_never_back_across_an_announcement_or_a_final_result(office: Office) -> None:
    before = office.current
    office.announce()
    announced = office.current
    assert refused(rollback, office.home, YEAR, **BACK).key == "rollback_none"
    error = refused(rollback, office.home, YEAR, to=before, **BACK)
    assert (error.key, announced in str(error)) == ("rollback_unknown", True)
    published(office, "20240401-reviewed", state="reviewed")
    assert rollback(office.home, YEAR, **BACK).publication == announced
    office.finalize()
    assert refused(rollback, office.home, YEAR, **BACK).key == "rollback_none"
    assert refused(rollback, office.home, YEAR, to=announced, **BACK).key == "rollback_unknown"


def test_what_is_no_longer_whole_is_not_gone_back_to(office: Office) -> None:
    good = first_of(office)
    acts = len(office.state.log.acts)
    scores = office.folder / good / "scores.csv"
    scores.write_bytes(scores.read_bytes() + b"\n")
    error = refused(rollback, office.home, YEAR, **BACK)
    assert (error.key, "scores.csv" in str(error)) == ("rollback_damaged", True)
    shutil.rmtree(office.folder / good)
    assert refused(rollback, office.home, YEAR, **BACK).key == "rollback_damaged"
    assert refused(rollback, office.home, YEAR, to=office.current, **BACK).key == "rollback_current"
    assert len(office.state.log.acts) == acts


@pytest.mark.parametrize(
    ("where", "decided"), [("kaohe.lifecycle.acts.Log.add", False), ("kaohe.publishing.point", True)]
)
def test_killed_while_going_back(office: Office, where: str, decided: bool) -> None:
    good, bad = first_of(office), office.current
    killed(
        where,
        f"from kaohe.lifecycle.rollback import rollback; rollback(Path({str(office.home)!r}), {YEAR}, '党委', '错')",
    )
    assert office.current == bad
    with proceedings(office.home, YEAR):
        pass
    assert office.current == (good if decided else bad)
    assert verify(office.home, YEAR) == []


def test_by_its_command(office: Office) -> None:
    good, bad = first_of(office), office.current
    where = ("--year", YEAR, "--home", office.home)
    done = in_process("rollback", *where, "--by", "机关党委", "--reason", " ")
    assert (done.returncode, "--reason 不能是空的" in done.stderr) == (2, True)
    who = ("--by", "机关党委", "--document", "党办〔2024〕2号", "--operator", "王伟")
    done = in_process("rollback", *where, *who, "--reason", "抽查录错")
    assert done.returncode == 0, done.stderr
    assert office.state.log.head in done.stdout
    assert office.state.log.acts[-1].operator == "王伟"
    assert f"已由 {bad} 退回到 {good}" in done.stdout
    done = in_process("history", *where)
    assert ("退回" in done.stdout, "2号" in done.stdout) == (True, True)
    assert office.state.log.acts[-1].reason == "抽查录错"


def test_what_is_in_the_log_holds_though_current_could_not_be_written(office: Office) -> None:
    """The sentence says so, and the next command writes it."""
    good, bad = first_of(office), office.current
    (office.folder / ".CURRENT.new").mkdir()
    error = refused(rollback, office.home, YEAR, "党委", "错")
    assert error.key == "act_unsettled"
    assert "第 3 条（退回）已写入" in str(error) and "作数" in str(error) and ".CURRENT.new" in str(error)
    assert ([act.act for act in office.state.log.acts][-1], office.current) == ("rollback", bad)
    assert mend(office.home).findings == []
    assert office.current == good
