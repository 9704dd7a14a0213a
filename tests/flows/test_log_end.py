"""A log that lost its end, and CURRENT with it: what else knows of the act is asked, and what it published is kept."""

import datetime as dt
import shutil
from collections.abc import Callable

import pytest

from kaohe import clock
from kaohe.delivery.log import Log as Deliveries
from kaohe.delivery.parcels import Parcel
from kaohe.doctor import examine, mend
from kaohe.freshness import confirm
from kaohe.journal import Journal
from kaohe.log_check import audit
from tests.helpers import YEAR, in_process
from tests.keeping import first_of, killed
from tests.office import Office, refused


def lines(office: Office) -> list[bytes]:
    return (office.folder / "acts.jsonl").read_bytes().splitlines(keepends=True)


def set_back(office: Office) -> None:
    """The last line goes, and CURRENT names what was in force before."""
    before = office.state.log.acts[-2].publication
    (office.folder / "acts.jsonl").write_bytes(b"".join(lines(office)[:-1]))
    (office.folder / "CURRENT").write_text(f"{before}\n")


def cut_in_half(office: Office) -> None:
    *whole, last = lines(office)
    (office.folder / "acts.jsonl").write_bytes(b"".join(whole) + last[:200])
    (office.folder / "CURRENT").unlink()


def problems(office: Office) -> str:
    return "\n".join(finding.problem for finding in examine(office.home).findings)


def there(office: Office) -> set[str]:
    return {path.name for path in office.folder.glob("2*")}


@pytest.mark.parametrize("lost", [set_back, cut_in_half])
@pytest.mark.parametrize(("state", "said"), [("announced", "第 3 条（公示）"), ("final", "第 4 条（定稿）")])
def test_what_somebody_decided_is_missed_and_stays(
    office: Office, lost: Callable[[Office], None], state: str, said: str
) -> None:
    office.announce()
    if state == "final":
        office.finalize()
    before, name = there(office), office.current
    lost(office)
    (wrong,) = [sentence for sentence in audit(office.home, YEAR).wrong if "可能少了" in sentence]
    assert name in wrong and said in wrong
    assert in_process("audit", "verify", "--home", office.home).returncode == 2
    assert wrong in problems(office)
    assert "没有生效" not in problems(office)
    assert "\n".join(finding.problem for finding in mend(office.home).findings) == wrong
    assert there(office) == before


def by_the_last_run(office: Office, name: str) -> None:
    confirm(office.home, YEAR, name, clock.now(), 0)


def by_the_journal(office: Office, name: str) -> None:
    Journal(office.home, "annual-assessment", YEAR, "1").note("ended", publication=name)
    (office.home / "logs" / "2023-01.jsonl").write_bytes(b"half a li\n[]\n")


def by_a_delivery(office: Office, name: str) -> None:
    Deliveries.read(office.folder).add("sent", Parcel("mail", "a@b.example", "leadership", 0, office.folder / name))


@pytest.mark.parametrize("whole", [True, False])
def test_what_current_names_is_said_to_stand_whole_if_its_line_alone_is_missing(office: Office, whole: bool) -> None:
    office.announce()
    path, name = office.folder / "acts.jsonl", office.current
    path.write_bytes(path.read_bytes()[:-100])
    if not whole:
        (office.folder / name / "scores.csv").write_bytes(b"")
    end = "（只缺第 3 条（公示），这个发布本身是完整的）"
    for said in (str(refused(office.run)), *audit(office.home, YEAR).wrong, problems(office)):
        assert "日志被截短或删去了" in said and (end in said) is whole, said
    path.write_bytes(b"".join(lines(office)[:1]))  # more is missing than this line
    assert end not in str(refused(office.run))


@pytest.mark.parametrize("lost", [set_back, cut_in_half])
@pytest.mark.parametrize("known", [by_the_last_run, by_the_journal, by_a_delivery])
def test_what_somebody_saw_in_force_is_missed_and_stays(
    office: Office, known: Callable[[Office, str], None], lost: Callable[[Office], None]
) -> None:
    before, name = there(office), office.current
    known(office, name)
    lost(office)
    assert any(name in sentence and "可能少了" in sentence for sentence in audit(office.home, YEAR).wrong)
    assert f"发布 {name}（初评）" in problems(office)
    mend(office.home)
    assert there(office) == before


def test_after_the_only_run_of_a_year_both_are_gone(office: Office) -> None:
    name = first_of(office)
    by_the_last_run(office, name)
    shutil.rmtree(office.folder / office.current)
    for gone in ("acts.jsonl", "CURRENT"):
        (office.folder / gone).unlink()
    done = in_process("audit", "verify", "--home", office.home)
    assert (done.returncode, "confirmed.json 说它生效过，日志可能少了第 1 条（发布）" in done.stdout) == (2, True), (
        done.stdout
    )
    mend(office.home)
    assert there(office) == {name}


def test_a_witness_of_another_year_or_of_a_run_that_failed_is_none(office: Office) -> None:
    name = office.current
    Journal(office.home, "annual-assessment", YEAR - 1, "1").note("ended", publication=name)
    Journal(office.home, "annual-assessment", YEAR, "2").note("failed", publication=name)
    set_back(office)
    assert audit(office.home, YEAR).wrong == []
    assert "没有生效的发布" in problems(office)
    mend(office.home)
    assert name not in there(office)


def test_an_announcement_that_was_killed_before_its_line_is_told_and_made_again(office: Office) -> None:
    statement = (
        "import datetime as dt\nfrom kaohe.lifecycle.steps import announce\n"
        f"announce(Path({str(office.home)!r}), {YEAR}, '机关党委', '党办〔2024〕1号', on=dt.date(2024, 4, 26))"
    )
    before = there(office)
    killed("kaohe.lifecycle.acts.Log.add", statement)
    (left,) = there(office) - before
    assert left in problems(office) and "再运行一次" in problems(office)
    mend(office.home)
    assert left in there(office)
    office.announce(dt.date(2024, 4, 26))
    assert (office.current, audit(office.home, YEAR).wrong, problems(office)) == (left, [], "")
